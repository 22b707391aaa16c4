"""The ``onnxocr`` program: finds the subcommand, sets logging up, turns errors into messages and exit codes.

Exit codes: 0 done; 2 wrong usage or settings; 3 at least one input could not be read (all others were); 4 a
model is unknown, unobtainable or broken; 5 no runtime, device or a failed graph; 6 a result could not be
written; 1 anything unexpected; 130 interrupted. Results go to stdout, everything else to stderr.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import onnxocr
from onnxocr.cli.logs import LogLevel, set_up
from onnxocr.errors import OnnxOCRError

COMMANDS = {
    "ocr": "onnxocr.cli.ocr",
    "models": "onnxocr.cli.models",
    "convert": "onnxocr.cli.convert",
}
"""Subcommands and the modules that define them as ``app``; imported when they are asked for."""


class _LazyGroup(TyperGroup):
    """Imports a subcommand's module only when it is run or its help is shown.

    Contexts and commands are Any: Typer brings its own Click since 0.17 and uses the installed one before.
    """

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401
        if cmd_name not in COMMANDS:
            return None
        command = typer.main.get_command(import_module(COMMANDS[cmd_name]).app)
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=_LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"onnxocr {onnxocr.__version__}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool,
        typer.Option("--version", "-v", callback=_show_version, is_eager=True, help="Print the version."),
    ] = False,
    log_level: LogLevel = None,
) -> None:
    """Reads text in pictures and documents with the PP-OCR models, without Paddle."""


def main() -> None:
    """Runs the program and exits with its code."""
    set_up()
    try:
        app(prog_name="onnxocr")
    except OnnxOCRError as error:
        sys.stderr.write(f"onnxocr: {error}\n")
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of our output left (``| head``): what is still buffered has nowhere to go.
        from onnxocr.cli.result_stream import forget_stdout

        forget_stdout()
        sys.exit(1)
