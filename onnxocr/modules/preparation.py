"""From fetched files to the graph that is run: Paddle files are converted, graphs rewritten for speed, once.

The result stands in the model's cache folder beside the originals, which are kept. ``ONNXOCR_OPTIMIZE=0``
runs the originals. Models outside the cache (a user's own folder, a local source) are run as they are.
"""

from __future__ import annotations

import importlib.util
import logging
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import onnxocr
from onnxocr.errors import (
    MissingDependencyError,
    ModelError,
    ModelFileError,
    ModelUnavailableError,
    OutputError,
)
from onnxocr.zoo.cache import HOME_VARIABLE, Wanted, locked, models_folder
from onnxocr.zoo.fetch import ModelFiles
from onnxocr.zoo.switches import is_switched_on
from onnxocr.zoo.verification import sha256_of, verify_file

OPTIMIZE_VARIABLE = "ONNXOCR_OPTIMIZE"

_logger = logging.getLogger(__name__)


def usable_formats() -> tuple[str, ...]:
    """Returns the file formats that can be made to run here: Paddle's too, if ``onnx`` is installed."""
    return ("onnx", "paddle") if _can_convert() else ("onnx",)


def prepare(files: ModelFiles) -> ModelFiles:
    """Returns the files with the graph that is to be run.

    Raises:
        ModelError: Paddle files cannot be converted.
        MissingDependencyError: they would have to be, and the ``convert`` extra is not installed.
    """
    if files.spec is None or files.directory.parent != models_folder():
        return files
    if files.model.suffix != ".onnx":
        return _converted(files)
    if not is_switched_on(OPTIMIZE_VARIABLE, default=True):
        return files
    return _optimized(files)


def _optimized(files: ModelFiles) -> ModelFiles:
    """Returns the files with the rewritten graph, or with a log line the original one."""
    can_convert = _can_convert()
    target = _beside(files, "optimized" if can_convert else "plain")
    rewrite = _rewrite if can_convert else _zero_tiny_weights
    try:
        _make_once(files, target, lambda part: rewrite(files.model, part / files.model.name))
    except (OSError, ModelError, OutputError) as error:
        _logger.warning("%s runs as it was fetched, not rewritten for speed: %s", files.name, error)
        return files
    return replace(files, model=target / files.model.name, model_sha256=None)


def _rewrite(source: Path, target: Path) -> None:
    from onnxocr.converters.optimize import optimize_file

    optimize_file(source, target)


def _zero_tiny_weights(source: Path, target: Path) -> None:
    """Writes the graph with its denormal weights set to zero, for which no package is needed."""
    from onnxocr.converters.plain_weights import zero_tiny_weights

    model = bytearray(source.read_bytes())
    zero_tiny_weights(model)
    target.write_bytes(model)


def _converted(files: ModelFiles) -> ModelFiles:
    if not _can_convert():
        raise MissingDependencyError(
            f"{files.name} was fetched in Paddle's format, and converting it needs the onnx package: "
            'pip install "onnxocr-engine[convert]".'
        )
    from onnxocr.converters import convert

    target = _beside(files, "converted")
    try:
        _make_once(
            files, target, lambda part: convert(files.directory, part, name=files.name, overwrite=True)
        )
    except OSError as error:
        raise ModelUnavailableError(
            f"The converted {files.name} cannot be written to {target}: {error}. Set {HOME_VARIABLE} to a "
            "folder that can be written."
        ) from error
    charset = target / "charset.txt"
    return replace(
        files,
        directory=target,
        model=target / "inference.onnx",
        model_sha256=None,
        inference_yml=target / "inference.yml",
        charset=charset if charset.is_file() else files.charset,
    )


def _beside(files: ModelFiles, what: str) -> Path:
    """Returns the folder for what is made of these files; another release or original has another one."""
    digest = files.model_sha256 or sha256_of(files.model)
    return files.directory / f"{what}-{onnxocr.__version__}-{digest[:16]}"


def _make_once(files: ModelFiles, target: Path, make: Callable[[Path], object]) -> None:
    """Calls ``make`` with an empty folder and puts that at ``target``, unless a sound one is there."""
    if _is_sound(target):
        return
    assert files.spec is not None
    with locked([Wanted(files.spec)]) as work:
        if _is_sound(target):  # another process made it while this one waited
            return
        part = work / "prepared"
        part.mkdir()
        make(part)
        (part / _CHECKSUM).write_text(sha256_of(part / "inference.onnx"), "ascii")
        shutil.rmtree(target, ignore_errors=True)
        part.rename(target)


_CHECKSUM = "inference.onnx.sha256"


def _is_sound(folder: Path) -> bool:
    try:
        verify_file(
            folder / "inference.onnx", sha256=(folder / _CHECKSUM).read_text("ascii").strip(), size=None
        )
    except FileNotFoundError:
        return False
    except (ModelFileError, OSError, UnicodeDecodeError) as error:
        _logger.warning("What was made of a model in %s cannot be used and is made again: %s", folder, error)
        return False
    return True


def _can_convert() -> bool:
    return importlib.util.find_spec("onnx") is not None
