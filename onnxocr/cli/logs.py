"""What the program says on stderr beside errors: log lines and warnings, set up once."""

from __future__ import annotations

import logging
import sys
import warnings
from typing import Annotated, TextIO

import typer

LEVELS = ("debug", "info", "warning", "error")


def set_up(level: str = "warning") -> None:
    """Sends log lines and warnings to stderr, ours from ``level`` on, those of libraries from warnings on."""
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="onnxocr: %(levelname)s: %(message)s"
    )
    logging.getLogger("onnxocr").setLevel(level.upper())
    warnings.filterwarnings("default", category=DeprecationWarning, module="onnxocr")
    warnings.showwarning = _show_warning


def _choose_level(level: str | None) -> str | None:
    if level is not None:
        if level not in LEVELS:
            raise typer.BadParameter(f"{level!r} is none of {', '.join(LEVELS)}.")
        set_up(level)
    return level


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    # Where in our code a user's option was looked at helps nobody.
    sys.stderr.write(f"onnxocr: WARNING: {message}\n")


LogLevel = Annotated[
    str | None,
    typer.Option(
        "--log_level",
        callback=_choose_level,
        is_eager=True,
        metavar="|".join(LEVELS),
        help="What is logged on stderr (warning).",
    ),
]
"""The option ``--log_level``, of the program and of its subcommands."""
