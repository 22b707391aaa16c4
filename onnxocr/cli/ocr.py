"""``onnxocr ocr``: the text of pictures and documents on stdout."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from onnxocr.cli.engine_options import CONTEXT_SETTINGS, engine_parameters, given, with_parameters
from onnxocr.cli.logs import LogLevel
from onnxocr.cli.progress import download_bars, page_bar
from onnxocr.cli.result_stream import Format, ResultStream
from onnxocr.cli.save_targets import SaveTargets
from onnxocr.errors import InputError
from onnxocr.inputs.sources import count_pages
from onnxocr.pipelines.compatibility import LegacyArguments
from onnxocr.pipelines.ocr import PaddleOCR
from onnxocr.results.ocr_result import OCRResult
from onnxocr.zoo.fetch import reporting_downloads

app = typer.Typer(
    context_settings=CONTEXT_SETTINGS,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)


def ocr(
    input: Annotated[
        list[str], typer.Option("--input", "-i", help="File, folder or URL; may be given several times.")
    ],
    save_path: Annotated[
        str | None, typer.Option("--save_path", help="Folder for one JSON file and one picture a page.")
    ] = None,
    format: Annotated[Format, typer.Option("--format", help="Form of the result on stdout.")] = Format.text,
    log_level: LogLevel = None,
    **arguments: Any,  # noqa: ANN401 - the constructor's arguments, see engine_options
) -> None:
    """Reads pictures, PDFs, folders and URLs; the text goes to stdout, everything else to stderr."""
    failed: list[InputError] = []

    def note(error: InputError) -> None:
        failed.append(error)
        sys.stderr.write(f"onnxocr: {error}\n")

    targets = SaveTargets(save_path, input) if save_path else None
    pages = count_pages(input)
    several = len(input) > 1 or Path(input[0]).is_dir()
    stream = ResultStream(format, lambda result: several or _is_one_of_pages(result, pages))
    with download_bars() as progress, reporting_downloads(progress):
        engine = PaddleOCR(**given(arguments))
    with engine, page_bar(pages) as advance, stream:
        for result in engine.predict_iter(input, on_error=note):
            stream.write(result)
            if targets:
                result.save_all(targets.folder_for(result["input_path"]))
            advance()
    if failed:
        if several:
            sys.stderr.write(f"onnxocr: {len(failed)} of the inputs could not be read, see above.\n")
        raise typer.Exit(InputError.exit_code)


app.command(context_settings=CONTEXT_SETTINGS)(
    with_parameters(ocr, engine_parameters(PaddleOCR, LegacyArguments))
)


def _is_one_of_pages(result: OCRResult, pages: int | None) -> bool:
    return result["page_index"] is not None and pages != 1
