"""``onnxocr convert``: Paddle models to ONNX, ONNX models made faster, ONNX models examined.

The folder or file that was written goes to stdout, explanations to stderr. Errors are raised; the program's
entry prints them.
"""

from __future__ import annotations

import importlib.util
import json
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from onnxocr.cli.progress import download_bars
from onnxocr.errors import ConversionError, MissingDependencyError, ModelError, OutputError
from onnxocr.zoo.fetch import reporting_downloads

if TYPE_CHECKING:
    import onnx

    from onnxocr.converters.conversion import ConversionResult
    from onnxocr.converters.paddle.model_files import PaddleFiles

DEFAULT_COMMAND = "model"

SUBCOMMANDS_NOTE = (
    "Also: onnxocr convert optimize FILE (make an ONNX model faster), "
    "onnxocr convert check FILE (what is wrong with an ONNX model, and what to do)."
)


class _ConversionGroup(TyperGroup):
    """Takes a first word that is no subcommand for what is to be converted.

    Contexts and arguments are Any: Typer brings its own Click since 0.17 and uses the installed one before.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401
        if not args:
            args = ["--help"]
        if args[0] not in self.commands:
            args = [DEFAULT_COMMAND, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_ConversionGroup,
    help="Convert Paddle models to ONNX, optimise and check ONNX models.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Backend(str, Enum):
    """What makes the graph."""

    NATIVE = "native"
    PADDLE2ONNX = "paddle2onnx"


class Precision(str, Enum):
    """Number format of weights and arithmetic."""

    FP32 = "fp32"
    FP16 = "fp16"


Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files that are there already.")]


@app.command(DEFAULT_COMMAND, epilog=SUBCOMMANDS_NOTE)
def convert_model(
    source: Annotated[
        str,
        typer.Argument(
            help="Folder, .tar, .tar.gz, .tgz or .zip archive, http(s) address of one, or model name.",
            show_default=False,
        ),
    ],
    output: Annotated[
        # No Path: that would make the current folder of an empty text.
        str,
        typer.Option("-o", "--output", help="Folder for the ONNX model.", show_default=False, metavar="PATH"),
    ],
    model_filename: Annotated[
        str | None, typer.Option("--model_filename", help="The program's file name, if unusual.")
    ] = None,
    params_filename: Annotated[
        str | None, typer.Option("--params_filename", help="The parameter file's name, if unusual.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="Model name to write into the result.")] = None,
    charset: Annotated[
        Path | None, typer.Option("--charset", help="A recogniser's characters, one a line.")
    ] = None,
    no_optimize: Annotated[
        bool, typer.Option("--no_optimize", help="Leave out the rewrites that make the graph faster.")
    ] = False,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify",
            help="Compare the outputs with recordings (.npz) beside the model, with Paddle or paddle2onnx, "
            "whichever is there first; if they differ, nothing is written.",
        ),
    ] = False,
    backend: Annotated[
        Backend, typer.Option("--backend", help="What makes the graph: onnxocr itself, or paddle2onnx.")
    ] = Backend.NATIVE,
    precision: Annotated[
        Precision,
        typer.Option("--precision", help="fp16 halves the file; sensitive operators stay float32."),
    ] = Precision.FP32,
    overwrite: Overwrite = False,
) -> None:
    """Convert a Paddle inference model to a folder with inference.onnx and inference.yml.

    Needs neither Paddle nor paddle2onnx.
    """
    _require_onnx()
    from onnxocr.converters.conversion import convert

    with download_bars() as bars, reporting_downloads(bars):
        result = convert(
            source,
            output,
            model_filename=model_filename,
            params_filename=params_filename,
            name=name,
            charset=charset,
            optimize=not no_optimize,
            overwrite=overwrite,
            export=_export_with_paddle2onnx if backend is Backend.PADDLE2ONNX else None,
            finish=lambda files, graph: _finish(files, graph, verify, precision),
        )
    _explain(result, checked=verify)
    typer.echo(result.directory)


@app.command()
def optimize(
    file: Annotated[Path, typer.Argument(help="An ONNX file.", show_default=False)],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="File to write; FILE_optimized.onnx beside it if not given."),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Make any ONNX model faster without changing what it computes."""
    _require_onnx()
    from onnxocr.converters.optimize import optimize_file

    target = output or file.with_name(f"{file.stem}_optimized.onnx")
    if target.exists() and not overwrite:
        raise OutputError(f"{target} exists; give another file with -o, or --overwrite.")
    _say(str(optimize_file(file, target)))
    typer.echo(target)


@app.command()
def check(
    path: Annotated[Path, typer.Argument(help="An ONNX file or a model folder.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Examine an ONNX model: charset, axes, versions, weights, speed; and say what to do.

    Exits with 4 if the model will not work as it is.
    """
    _require_onnx()
    from onnxocr.converters.clinic import PROBLEM, check_model

    report = check_model(path)
    typer.echo(json.dumps(report.as_dict(), ensure_ascii=False, indent=2) if as_json else str(report))
    if report.verdict == PROBLEM:
        raise typer.Exit(ModelError.exit_code)


def _require_onnx() -> None:
    if importlib.util.find_spec("onnx") is None:
        raise MissingDependencyError(
            "Converting and examining models needs the package onnx: pip install 'onnxocr-engine[convert]'."
        )


def _export_with_paddle2onnx(files: PaddleFiles) -> onnx.ModelProto:
    from onnxocr.converters.paddle2onnx_backend import load_with_paddle2onnx

    return load_with_paddle2onnx(files.program, files.params)


def _finish(files: PaddleFiles, graph: Path, verify: bool, precision: Precision) -> None:
    """Checks the graph and brings it to its precision; raises if it is not good enough."""
    if verify:
        from onnxocr.converters.verify import verify_conversion

        report = verify_conversion(graph, files.program, files.params)
        _say(str(report))
        if not report.passed:
            raise ConversionError(
                f"The graph differs from {report.reference} by a relative error of {report.relative:.3g} "
                f"(allowed: {report.tolerance:g}); nothing was written."
            )
    if precision is Precision.FP16:
        from onnxocr.converters.precision import halve_in_place

        halving, comparisons = halve_in_place(graph, verify=verify)
        for told in (halving, *comparisons):
            _say(str(told))


def _explain(result: ConversionResult, *, checked: bool) -> None:
    operators = sum(result.operators.values())
    told = f" ({operators} operators of {len(result.operators)} kinds)" if operators else ""
    checks = ", with the checks above" if checked else ""
    _say(f"{result.program}{told} converted in {result.seconds:.1f} s{checks}, as {result.name}")
    if result.task is None:
        _say(
            "Nothing says what the model is for. If it is an official one, or made from one, give the "
            "official name (--name PP-OCRv5_mobile_rec): the settings of that model are written with it."
        )
    if result.optimization is not None:
        _say(f"optimised: {result.optimization}")


def _say(text: str) -> None:
    typer.echo(text, err=True)
