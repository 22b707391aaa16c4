"""A Paddle model becomes an ONNX model folder: reading, mapping, rewriting and writing in one call.

Takes a folder, an archive, an address or a name of the zoo; leaves ``inference.onnx`` and ``inference.yml``.
Imports neither paddle nor paddle2onnx.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from onnxocr.converters.model_writing import write_model
from onnxocr.errors import (
    MissingDependencyError,
    ModelError,
    ModelFileError,
    OutputError,
    UnknownModelError,
)
from onnxocr.zoo.archive import unpack_archive
from onnxocr.zoo.fetch import fetch_models
from onnxocr.zoo.manifest import ModelSpec, load_manifest
from onnxocr.zoo.settings_text import short
from onnxocr.zoo.sources.download import download

if TYPE_CHECKING:
    import onnx

    from onnxocr.converters.optimize import OptimizationReport
    from onnxocr.converters.paddle.model_files import PaddleFiles

_logger = logging.getLogger(__name__)

Export: TypeAlias = "Callable[[PaddleFiles], onnx.ModelProto]"
Finish: TypeAlias = "Callable[[PaddleFiles, Path], None]"

MODEL_NAME = "inference.onnx"
SETTINGS_NAME = "inference.yml"
# Characters of an address to keep as a file name; file systems take 255 bytes.
_NAME_LENGTH = 60
_ARCHIVE_ENDINGS = (".tar", ".tar.gz", ".tgz", ".zip")
_NAME_ENDINGS = ("_infer", "_inference", "_pretrained")


@dataclass(frozen=True, kw_only=True)
class ConversionResult:
    """A model that was converted.

    Attributes:
        directory: the folder with the model's files.
        model: the graph in it.
        inference_yml: the settings in it.
        name: the model's name.
        task: one of the zoo's tasks, None if nothing says it.
        program: file name of the Paddle program.
        operators: how often each Paddle operator occurs; empty where another exporter made the graph.
        optimization: what the rewrites did; None if they were switched off.
        seconds: how long it took, downloads not counted.
    """

    directory: Path
    model: Path
    inference_yml: Path
    name: str
    task: str | None
    program: str
    operators: Mapping[str, int]
    optimization: OptimizationReport | None
    seconds: float


def convert(
    source: str | Path,
    output: str | Path,
    *,
    model_filename: str | None = None,
    params_filename: str | None = None,
    name: str | None = None,
    charset: str | Path | None = None,
    optimize: bool = True,
    overwrite: bool = False,
    export: Export | None = None,
    finish: Finish | None = None,
) -> ConversionResult:
    """Converts a Paddle inference model to a folder with ``inference.onnx`` and ``inference.yml``.

    Args:
        source: a folder, a ``.tar``, ``.tar.gz``, ``.tgz`` or ``.zip`` archive, the http(s) address of one,
            or the name of a model in the zoo.
        output: the folder to write; it appears, or its two files are replaced, when they are complete.
        model_filename: the program's file name, where it is none of the usual ones.
        params_filename: the parameter file's name, where it is not the program's.
        name: the model's name; None takes the one in ``inference.yml``, the zoo's or the source's.
        charset: a recogniser's characters, one a line, where the source has none or others.
        optimize: whether to rewrite the graph for speed.
        overwrite: whether files of those names in ``output`` may be replaced.
        export: makes the graph from the Paddle files; None is this package's own way.
        finish: called with the Paddle files and the written graph before the output appears; may check the
            graph or write it anew. What it raises stops the conversion without output.

    Raises:
        ModelFileError: a file is missing, damaged, or not what it should be.
        UnsupportedOperatorError: the program has operators that cannot be converted; lists them.
        ConversionError: an operator is used in a way that cannot be converted.
        UnknownModelError: the source is neither a path nor a model of the zoo.
        ModelUnavailableError: the source cannot be downloaded.
        MissingDependencyError: the ``onnx`` package is not installed.
        OutputError: the output is there already, or cannot be written.
    """
    _require_onnx()
    place = _checked_place(output, overwrite)
    output = Path(output)
    with _opened(source) as (folder, default_name, spec):
        started = time.perf_counter()
        wish = _Wish(
            folder=folder,
            name=name or default_name,
            spec=spec or _spec_of(name),
            renamed=name is not None,
            charset=None if charset is None else Path(charset),
            model_filename=model_filename,
            params_filename=params_filename,
            optimize=optimize,
            overwrite=overwrite,
            export=export,
            finish=finish,
            place=place,
        )
        result = _convert_folder(wish, output, started)
    _logger.info("Converted %s to %s in %.1f s", source, output, result.seconds)
    return result


@dataclass(frozen=True, kw_only=True)
class _Wish:
    folder: Path
    name: str
    spec: ModelSpec | None
    renamed: bool
    charset: Path | None
    model_filename: str | None
    params_filename: str | None
    optimize: bool
    overwrite: bool
    export: Export | None
    finish: Finish | None
    place: Path


def _require_onnx() -> None:
    if importlib.util.find_spec("onnx") is None:
        raise MissingDependencyError(
            "Conversion needs the package onnx: pip install 'onnxocr-engine[convert]'."
        )


def _checked_place(output: str | Path, overwrite: bool) -> Path:
    """Returns where an output really lies: behind links, and with a name even if it is given as a dot."""
    if not str(output):
        raise OutputError("The output is empty; give a folder for the converted model.")
    try:
        place = Path(output).resolve()
        if not place.name:
            raise OutputError(f"{output} is no folder that a model can be written to; give one below it.")
        if place.exists() and not place.is_dir():
            raise OutputError(f"{output} is a file; give a folder for the converted model.")
        present = (place / MODEL_NAME).exists()
    # RuntimeError: a link that leads to itself, up to Python 3.12.
    except (OSError, ValueError, RuntimeError) as error:
        raise OutputError(
            f"The converted model cannot be written to {short(str(output))}: {error}."
        ) from error
    if present and not overwrite:
        raise OutputError(f"{Path(output) / MODEL_NAME} exists; give another folder, or overwrite=True.")
    return place


@contextlib.contextmanager
def _opened(source: str | Path) -> Iterator[tuple[Path, str, ModelSpec | None]]:
    """Gives a folder with the model's files, its name, and the zoo's entry if it is from there."""
    address = _address(source)
    path, is_folder, is_file = (Path(), False, True) if address else _looked_up(source)
    if is_folder:
        name = _plain_name(path.resolve().name)
        yield path, name, _spec_of(name)
    elif is_file:
        with contextlib.ExitStack() as held:
            if address:
                path = _downloaded(address, held)
            folder = _unpacked(path, held)
            name = _plain_name(path.name)
            try:
                yield folder, name, _spec_of(name)
            except ModelError as error:
                # The folder is gone when the message is read.
                error.args = tuple(str(part).replace(str(folder), str(source)) for part in error.args)
                raise
    else:
        spec = _zoo_entry(str(source))
        (files,) = fetch_models([spec], formats=("paddle",))
        yield files.directory, spec.name, spec


def _address(source: str | Path) -> str | None:
    """Returns the source if it is an address to download from."""
    if not str(source).strip():
        raise ModelFileError(
            "No model is given; name a folder, an archive, an address or a model of the zoo."
        )
    scheme, separator, _ = str(source).partition("://")
    if isinstance(source, Path) or not separator or not scheme.isalnum():
        return None
    if scheme.lower() not in ("http", "https"):
        raise ModelFileError(f"{source} cannot be downloaded: only http:// and https:// addresses can.")
    return source


def _looked_up(source: str | Path) -> tuple[Path, bool, bool]:
    """Returns a source's path, whether it is a folder, and whether it is a file."""
    try:
        path = Path(source).expanduser()
        folder, file = path.is_dir(), path.is_file()
        if file:
            path.open("rb").close()
    # RuntimeError: there is no such user's home folder.
    except (OSError, RuntimeError) as error:
        raise ModelFileError(f"The Paddle model {short(str(source))} cannot be read: {error}.") from error
    return path, folder, file


def _downloaded(address: str, held: contextlib.ExitStack) -> Path:
    name = address.split("?")[0].rstrip("/").rpartition("/")[2]
    with _full_disk_explained(address):
        # The end is kept: it tells the model's name without the ending.
        path = Path(held.enter_context(_scratch_folder())) / (name[-_NAME_LENGTH:].strip(".") or "archive")
        download(address, path, size=None, progress=None)
    return path


def _unpacked(archive: Path, held: contextlib.ExitStack) -> Path:
    with _full_disk_explained(archive.name):
        folder = Path(held.enter_context(_scratch_folder()))
        unpack_archive(archive, folder)
    return folder


@contextlib.contextmanager
def _full_disk_explained(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{what} cannot be stored in the temporary folder {tempfile.tempdir or ''} ({error}); "
            "name one with more room in the environment variable TMPDIR (TEMP on Windows)."
        ) from error


def _scratch_folder() -> tempfile.TemporaryDirectory[str]:
    # On Windows a file that an error's traceback still maps cannot be deleted; the system's clean-up gets it.
    return tempfile.TemporaryDirectory(prefix="onnxocr-convert-", ignore_cleanup_errors=True)


def _zoo_entry(name: str) -> ModelSpec:
    if "/" in name or "\\" in name or name.lower().endswith(_ARCHIVE_ENDINGS):
        raise ModelFileError(f"The Paddle model {name} does not exist.")
    try:
        return load_manifest().get(name)
    except UnknownModelError as error:
        raise UnknownModelError(f"There is no folder or archive {name!r}, and: {error}") from error


def _plain_name(name: str) -> str:
    """Returns a model's name without the endings that archives of Paddle models have."""
    for ending in sorted(_ARCHIVE_ENDINGS, key=len, reverse=True):
        if name.lower().endswith(ending):
            name = name[: -len(ending)]
            break
    for ending in _NAME_ENDINGS:
        name = name.removesuffix(ending)
    return name or "model"


def _spec_of(name: str | None) -> ModelSpec | None:
    return next((model for model in load_manifest().models if model.name == name), None)


def _convert_folder(wish: _Wish, output: Path, started: float) -> ConversionResult:
    from onnxocr.converters.metadata import describe, settings_bytes, warn_about_charset, write_metadata
    from onnxocr.converters.paddle.model_files import find_paddle_files

    files = find_paddle_files(
        wish.folder, model_filename=wish.model_filename, params_filename=wish.params_filename
    )
    model, counts = _own_graph(files) if wish.export is None else (wish.export(files), {})
    report = None
    if wish.optimize:
        model, report = _optimized(model)
    description = describe(
        files, name=wish.name, name_rules=wish.renamed, spec=wish.spec, charset=wish.charset
    )
    warn_about_charset(model, description)
    sources = [path for path in (files.program, files.params, files.inference_yml) if path is not None]
    write_metadata(model, description, sources)
    finish = None if wish.finish is None else partial(wish.finish, files)
    _write(model, settings_bytes(files, description, wish.spec), wish.place, wish.overwrite, finish)
    return ConversionResult(
        directory=output,
        model=output / MODEL_NAME,
        inference_yml=output / SETTINGS_NAME,
        name=description.name,
        task=description.task,
        program=files.program.name,
        operators=counts,
        optimization=report,
        seconds=time.perf_counter() - started,
    )


def _own_graph(files: PaddleFiles) -> tuple[onnx.ModelProto, Mapping[str, int]]:
    from onnxocr.converters.ops.lowering import operator_counts, to_onnx
    from onnxocr.converters.paddle.model_files import read_program

    # The program's arrays are views of the mapped files; the model has its own copies when this returns.
    program = read_program(files)
    return to_onnx(program), operator_counts(program.operators)


def _optimized(model: onnx.ModelProto) -> tuple[onnx.ModelProto, OptimizationReport]:
    from onnxocr.converters.optimize import optimize_model

    return optimize_model(model)


def _write(
    model: onnx.ModelProto,
    settings: bytes,
    output: Path,
    overwrite: bool,
    finish: Callable[[Path], None] | None,
) -> None:
    """Writes both files aside and moves them to the output's place when they are complete."""
    # In the output where it exists: its parent may be another file system, or not be writable.
    staged = (output if output.is_dir() else output.parent) / f".onnxocr-{uuid.uuid4().hex}.partial"
    present = output / SETTINGS_NAME
    try:
        if not overwrite and present.is_file() and present.read_bytes() != settings:
            raise OutputError(f"{present} exists and differs; give another folder, or overwrite=True.")
        staged.mkdir(parents=True)
        (staged / SETTINGS_NAME).write_bytes(settings)
        write_model(model, staged / MODEL_NAME)
        if finish is not None:
            finish(staged / MODEL_NAME)
        if output.exists():
            for name in (SETTINGS_NAME, MODEL_NAME):
                (staged / name).replace(output / name)
        else:
            staged.rename(output)
    except (OSError, ValueError) as error:
        raise OutputError(f"The converted model cannot be written to {output}: {error}.") from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)
