"""``onnxocr ocr``: the text of pictures and documents on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from onnxocr.cli.engine_options import CONTEXT_SETTINGS, engine_parameters, given, with_parameters
from onnxocr.cli.progress import download_bars, page_bar
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


class Format(str, Enum):
    """What stands on stdout: plain lines of text, one JSON array, or one JSON object a line."""

    text = "text"
    json = "json"
    jsonl = "jsonl"


def ocr(
    input: Annotated[
        list[str], typer.Option("--input", "-i", help="File, folder or URL; may be given several times.")
    ],
    save_path: Annotated[
        str | None, typer.Option("--save_path", help="Folder for one JSON file and one picture a page.")
    ] = None,
    format: Annotated[Format, typer.Option("--format", help="Form of the result on stdout.")] = Format.text,
    **arguments: Any,  # noqa: ANN401 - the constructor's arguments, see engine_options
) -> None:
    """Reads pictures, PDFs, folders and URLs; the text goes to stdout, everything else to stderr."""
    failed: list[InputError] = []

    def note(error: InputError) -> None:
        failed.append(error)
        sys.stderr.write(f"onnxocr: {error}\n")

    pages = count_pages(input)
    several = len(input) > 1 or Path(input[0]).is_dir()
    write, finish = _writer(format, headings=lambda result: several or _is_one_of_pages(result, pages))
    with download_bars() as progress, reporting_downloads(progress):
        engine = PaddleOCR(**given(arguments))
    with engine, page_bar(pages) as advance:
        for result in engine.predict_iter(input, on_error=note):
            write(result)
            if save_path:
                result.save_all(save_path)
            advance()
    finish()
    if failed:
        if pages != 1:
            sys.stderr.write(f"onnxocr: {len(failed)} of the inputs could not be read, see above.\n")
        raise typer.Exit(InputError.exit_code)


app.command(context_settings=CONTEXT_SETTINGS)(
    with_parameters(ocr, engine_parameters(PaddleOCR, LegacyArguments))
)


def _is_one_of_pages(result: OCRResult, pages: int | None) -> bool:
    return result["page_index"] is not None and pages != 1


def _writer(
    form: Format, headings: Callable[[OCRResult], bool]
) -> tuple[Callable[[OCRResult], None], Callable[[], None]]:
    """Returns a function that writes one page to stdout, and one that ends the output."""
    written = 0

    def out(text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()

    def write(result: OCRResult) -> None:
        nonlocal written
        if form is Format.text:
            out(_heading(result, first=written == 0) if headings(result) else "")
            out("".join(f"{line.text}\n" for line in result.lines))
        elif form is Format.jsonl:
            out(json.dumps(result.json["res"], ensure_ascii=False) + "\n")
        else:
            out(("[\n" if written == 0 else ",\n") + json.dumps(result.json["res"], ensure_ascii=False))
        written += 1

    def finish() -> None:
        if form is Format.json:
            out("\n]\n" if written else "[]\n")

    return write, finish


def _heading(result: OCRResult, *, first: bool) -> str:
    page = "" if result["page_index"] is None else f" page {result['page_index'] + 1}"
    return f"{'' if first else chr(10)}==> {result['input_path']}{page} <==\n"
