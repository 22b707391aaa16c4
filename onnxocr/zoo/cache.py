"""The model cache: one folder per model with its files and a record of where they came from.

A folder appears under its final name only when it is complete and checked, so a reader needs no lock.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from onnxocr.errors import ModelFileError, ModelUnavailableError
from onnxocr.zoo.manifest import ModelSpec, SourceSpec
from onnxocr.zoo.model_files import ModelFiles
from onnxocr.zoo.verification import verify_file

HOME_VARIABLE = "ONNXOCR_HOME"
RECORD_NAME = "origin.json"
LOCK_TIMEOUT_S = 3600.0

_GRAPHS = {"onnx": ("inference.onnx",), "paddle": ("inference.json", "inference.pdmodel")}
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wanted:
    """A model in a file format; the unit that the cache keeps."""

    spec: ModelSpec
    format: str = "onnx"

    @property
    def folder_name(self) -> str:
        """Its folder below the models folder."""
        return self.spec.name if self.format == "onnx" else f"{self.spec.name}.{self.format}"

    @property
    def folder(self) -> Path:
        """Its folder, there or not."""
        return models_folder() / self.folder_name


def models_folder() -> Path:
    """Returns the folder of all cached models: ``$ONNXOCR_HOME/models``, or below the user's cache folder."""
    home = os.environ.get(HOME_VARIABLE)
    if home:
        return Path(home).expanduser() / "models"
    import platformdirs

    return platformdirs.user_cache_path("onnxocr", appauthor=False) / "models"


def cached_files(spec: ModelSpec, file_format: str = "onnx") -> ModelFiles | None:
    """Returns a model's files from the cache after checking sizes and checksums; None if it is not there.

    A damaged model counts as not there; a warning is logged.
    """
    wanted = Wanted(spec, file_format)
    try:
        return verified_files(wanted)
    except FileNotFoundError:
        return None
    except (ModelFileError, OSError) as error:
        _logger.warning("The cached model in %s cannot be used: %s", wanted.folder, error)
        return None


def verified_files(wanted: Wanted) -> ModelFiles:
    """Returns a cached model's files after checking sizes and checksums.

    Raises:
        FileNotFoundError: the model is not in the cache.
        ModelFileError: it is damaged.
        OSError: it cannot be read.
    """
    folder = wanted.folder
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no {folder}.")
    record = _read_record(folder)
    if record is None:
        return _adopt(wanted)
    known = _known_checksums(wanted.spec, str(record["source"]))
    checked = {
        # The table overrules the record: a release may learn that a published file was bad.
        name: verify_file(folder / name, sha256=known.get(name) or facts["sha256"], size=facts["bytes"])
        for name, facts in record["files"].items()
    }
    return _model_files(wanted, checked, str(record["source"]))


def install(wanted: Wanted, staged: Path, source: SourceSpec) -> ModelFiles:
    """Checks the files in ``staged``, writes their record and moves the folder to its final name.

    The caller holds the model's lock, and ``staged`` is on the same file system.

    Raises:
        ModelFileError: a file is not what the source should have delivered.
        OSError: the cache cannot be written.
    """
    facts = {
        file.name: {
            "sha256": verify_file(staged / file.name, sha256=file.sha256, size=file.bytes),
            "bytes": (staged / file.name).stat().st_size,
        }
        for file in source.files
    }
    fetched = datetime.now(timezone.utc).isoformat(timespec="seconds")
    record = {"source": source.label, "conversion": source.conversion, "fetched": fetched, "files": facts}
    (staged / RECORD_NAME).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    _replace_folder(staged, wanted.folder)
    return _model_files(wanted, {name: str(fact["sha256"]) for name, fact in facts.items()}, source.label)


def remove(wanted: Wanted) -> bool:
    """Deletes a model from the cache; returns whether there was one.

    Raises:
        OSError: it cannot be deleted.
    """
    if not wanted.folder.is_dir():
        return False
    with locked([wanted]) as work:
        _replace_folder(None, wanted.folder, aside=work / "removed")
    return True


@contextlib.contextmanager
def locked(wanted: Sequence[Wanted]) -> Iterator[Path]:
    """Holds the locks of some models and gives a work folder beside them, removed afterwards.

    What a killed process left of its work folder is removed first.

    Raises:
        ModelUnavailableError: another process held a lock for ``LOCK_TIMEOUT_S``.
        OSError: the cache cannot be written.
    """
    import filelock

    root = models_folder()
    locks = root / ".locks"
    locks.mkdir(parents=True, exist_ok=True)
    # One order for all processes, or two of them could wait for each other.
    names = sorted({each.folder_name for each in wanted})
    with contextlib.ExitStack() as held:
        for name in names:
            path = locks / f"{name}.lock"
            try:
                held.enter_context(filelock.FileLock(path, timeout=LOCK_TIMEOUT_S))
            except filelock.Timeout as error:
                raise ModelUnavailableError(
                    f"Another process has held {path} for {LOCK_TIMEOUT_S:.0f} s. "
                    "If none is downloading models, delete that file."
                ) from error
            for leftover in root.glob(_work_folder_name(name, "?" * 32)):
                shutil.rmtree(leftover, ignore_errors=True)
        work = root / _work_folder_name(names[0], uuid.uuid4().hex)
        work.mkdir()
        held.callback(shutil.rmtree, work, ignore_errors=True)
        yield work


def _work_folder_name(name: str, mark: str) -> str:
    return f".{name}.{mark}.partial"


def _replace_folder(new: Path | None, target: Path, aside: Path | None = None) -> None:
    """Puts ``new`` in the place of ``target``; what was there is moved aside in one step, then deleted."""
    if aside is None and new is not None:
        aside = new.with_name(f"{new.name}.replaced")
    if aside is not None and target.exists():
        target.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)
    if new is not None:
        new.rename(target)


def _read_record(folder: Path) -> dict[str, Any] | None:
    try:
        record = json.loads((folder / RECORD_NAME).read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ModelFileError(f"{RECORD_NAME} is damaged: {error}.") from error
    files = record.get("files") if isinstance(record, dict) else None
    fits = isinstance(files, dict) and all(
        isinstance(facts, dict)
        and isinstance(facts.get("sha256"), str)
        and isinstance(facts.get("bytes"), int)
        for facts in files.values()
    )
    if not fits or "source" not in record:
        raise ModelFileError(f"{RECORD_NAME} is damaged: it lists no files.")
    return dict(record)


def _known_checksums(spec: ModelSpec, label: str) -> dict[str, str | None]:
    return {
        file.name: file.sha256 for source in spec.sources if source.label == label for file in source.files
    }


def _adopt(wanted: Wanted) -> ModelFiles:
    """Accepts a folder that a person filled, if all files of one of the model's sources are in it."""
    complaints: list[str] = []
    for source in wanted.spec.sources:
        if source.format != wanted.format:
            continue
        try:
            checked = {
                file.name: verify_file(wanted.folder / file.name, sha256=file.sha256, size=file.bytes)
                for file in source.files
            }
            return _model_files(wanted, checked, f"placed by hand, as from {source.label}")
        except ModelFileError as error:
            complaints.append(f"{error} ({source.label})")
    raise ModelFileError(f"It has no {RECORD_NAME} and fits no source: {' '.join(complaints)}")


def _model_files(wanted: Wanted, checked: Mapping[str, str], origin: str) -> ModelFiles:
    """Returns the record of a model; only files that were checked take part, by name with their SHA-256."""
    folder = wanted.folder
    graphs = [folder / name for name in _GRAPHS[wanted.format] if name in checked]
    if not graphs:
        raise ModelFileError(f"{' or '.join(_GRAPHS[wanted.format])} is missing in {folder}.")
    return ModelFiles(
        name=wanted.spec.name,
        directory=folder,
        model=graphs[0],
        inference_yml=folder / "inference.yml" if "inference.yml" in checked else None,
        charset=folder / "charset.txt" if "charset.txt" in checked else None,
        origin=origin,
        spec=wanted.spec,
        model_sha256=checked[graphs[0].name],
    )
