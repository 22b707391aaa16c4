"""The same conversion through the paddle2onnx package: Paddle files enter, an ONNX file leaves.

Works in a process of its own, because the exporter writes to stdout and ends the process on some models.
``.pdmodel`` files need only the compiled exporter of paddle2onnx 1.3.1, which is loaded without the package's
own start (that imports paddle); ``inference.json`` needs paddle2onnx 2.x with paddlepaddle.
"""

from __future__ import annotations

import importlib.machinery
import importlib.metadata
import importlib.util
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from onnxocr.errors import ConversionError, MissingDependencyError

if TYPE_CHECKING:
    import onnx

STANDALONE_VERSION = "1.3.1"
"""The release whose exporter runs without Paddle."""

OPSET = 17
TIMEOUT_S = 900.0

_EXPORTER = "paddle2onnx_cpp2py_export"
_INSTALL_STANDALONE = f"pip install paddle2onnx=={STANDALONE_VERSION} --no-deps"
_INSTALL_WITH_PADDLE = "pip install 'paddlepaddle>=3.0' 'paddle2onnx>=2.0'"


@dataclass(frozen=True)
class _Installation:
    """An installed paddle2onnx.

    Attributes:
        version: as its metadata says.
        folder: the folder of the package.
    """

    version: str
    folder: Path

    @property
    def needs_paddle(self) -> bool:
        """Whether its exporter is linked against Paddle (2.x)."""
        return int(self.version.split(".")[0]) >= 2


def export_with_paddle2onnx(program: Path, params: Path, target: Path) -> str:
    """Converts a Paddle model with the installed paddle2onnx.

    Args:
        program: ``.pdmodel`` or ``.json``.
        params: ``.pdiparams``.
        target: the ONNX file to write.

    Returns:
        The version of paddle2onnx that did it.

    Raises:
        MissingDependencyError: paddle2onnx, or the Paddle that it needs, is not installed; names the command.
        ConversionError: it could not convert the model; gives its own words.
    """
    installation = require_paddle2onnx(program)
    target.unlink(missing_ok=True)
    arguments = ["-m", __name__, *(str(path.resolve()) for path in (program, params, target))]
    try:
        done = subprocess.run(
            [sys.executable, *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ConversionError(
            f"paddle2onnx {installation.version} did not finish {program} within {TIMEOUT_S:.0f} s."
        ) from error
    if done.returncode != 0 or not target.is_file() or target.stat().st_size == 0:
        raise ConversionError(
            f"paddle2onnx {installation.version} could not convert {program} (exit code {done.returncode}): "
            f"{_last_words(done.stdout + done.stderr)}"
        )
    return installation.version


def load_with_paddle2onnx(program: Path, params: Path | None) -> onnx.ModelProto:
    """Returns the graph that the installed paddle2onnx makes of a Paddle model.

    Raises:
        MissingDependencyError: paddle2onnx, or the Paddle that it needs, is not installed.
        ConversionError: it failed, the model has no parameter file, or the result is no ONNX model.
    """
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    if params is None:
        raise ConversionError(f"paddle2onnx needs a parameter file, and there is none beside {program}.")
    with tempfile.TemporaryDirectory(prefix="onnxocr-paddle2onnx-") as folder:
        target = Path(folder) / "model.onnx"
        version = export_with_paddle2onnx(program, params, target)
        try:
            return onnx.load(target)
        except DecodeError as error:
            raise ConversionError(
                f"paddle2onnx {version} made no ONNX model of {program}: {error}"
            ) from error


def require_paddle2onnx(program: Path) -> _Installation:
    """Returns the installed paddle2onnx if it can convert such a file.

    Raises:
        MissingDependencyError: it is not installed, is the wrong release, or lacks Paddle; names the command.
    """
    installation = _installed()
    is_old_format = program.suffix.lower() == ".pdmodel"
    if installation is None:
        wanted = _INSTALL_STANDALONE if is_old_format else _INSTALL_WITH_PADDLE
        raise MissingDependencyError(f"paddle2onnx is not installed; for {program.name}: {wanted}")
    if installation.needs_paddle:
        if importlib.util.find_spec("paddle") is None:
            or_standalone = f", or without Paddle: {_INSTALL_STANDALONE}" if is_old_format else ""
            raise MissingDependencyError(
                f"paddle2onnx {installation.version} needs Paddle: {_INSTALL_WITH_PADDLE}{or_standalone}"
            )
    elif not is_old_format:
        raise MissingDependencyError(
            f"paddle2onnx {installation.version} cannot read {program.name}: {_INSTALL_WITH_PADDLE}"
        )
    return installation


def _installed() -> _Installation | None:
    # Finding a top-level package does not import it; importing this one would import paddle.
    spec = importlib.util.find_spec("paddle2onnx")
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    if not folders:
        return None
    try:
        return _Installation(importlib.metadata.version("paddle2onnx"), Path(folders[0]))
    except importlib.metadata.PackageNotFoundError:
        return None


def _last_words(text: str) -> str:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    lines = [line.strip() for line in plain.splitlines() if line.strip()]
    telling = [
        line for line in lines if re.search(r"error|fail|unimplemented|not support", line, re.IGNORECASE)
    ]
    return " | ".join((telling or lines)[-3:]) or "it said nothing."


def _export_standalone(folder: Path, program: str, params: str) -> bytes:
    """Converts with the compiled exporter alone; runs in the process of its own."""
    spec = importlib.machinery.PathFinder.find_spec(_EXPORTER, [str(folder)])
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder} holds no {_EXPORTER} for this Python; reinstall: {_INSTALL_STANDALONE}")
    exporter: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(exporter)
    # By position, as the compiled function has no names: operator set, may be raised, verbose, checked,
    # experimental operators, optimised, custom operators, runtime, calibration, weights elsewhere, fp16.
    settings: tuple[Any, ...] = (OPSET, True, False, True, True, True, {}, "onnxruntime", "", "", False)
    return bytes(exporter.export(program, params, *settings))


def _run(program: str, params: str, target: str) -> None:
    installation = require_paddle2onnx(Path(program))
    if installation.needs_paddle:
        package = importlib.import_module("paddle2onnx")
        package.export(program, params, target, opset_version=OPSET, verbose=False, optimize_tool="None")
    else:
        Path(target).write_bytes(_export_standalone(installation.folder, program, params))


if __name__ == "__main__":
    _run(*sys.argv[1:])
