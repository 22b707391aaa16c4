"""Models on Hugging Face, through its own client, which knows tokens and mirrors (``HF_ENDPOINT``)."""

from __future__ import annotations

import errno
import inspect
import os
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote

from onnxocr.errors import ModelUnavailableError
from onnxocr.zoo.manifest import FileSpec, SourceSpec
from onnxocr.zoo.sources.reachability import probe
from onnxocr.zoo.sources.source import Progress

DEFAULT_ENDPOINT = "https://huggingface.co"
_DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS)


class HuggingFaceSource:
    """Brings files of a model repository.

    Args:
        scratch: a folder for the client's own records; the caller removes it.
    """

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch

    def fetch(self, spec: SourceSpec, folder: Path, progress: Progress | None) -> None:
        """Leaves the files in ``folder``; see :class:`onnxocr.zoo.sources.source.Source`."""
        status = probe(_address(spec, spec.files[0]))
        if status >= 500:
            # The client would repeat the request for about a minute.
            raise ModelUnavailableError(f"{_endpoint()} answers {status}")
        for file in spec.files:
            brought = self._download(spec, file, progress)
            size = brought.stat().st_size
            shutil.move(brought, folder / file.name)
            if progress is not None:  # older clients report nothing on the way
                progress(file.name, size, size)

    def by_hand(self, spec: SourceSpec) -> str:
        """Returns the addresses of the files."""
        return "  ".join(_address(spec, file) for file in spec.files)

    def _download(self, spec: SourceSpec, file: FileSpec, progress: Progress | None) -> Path:
        from huggingface_hub import hf_hub_download

        options: dict[str, Any] = {}
        if "tqdm_class" in inspect.signature(hf_hub_download).parameters:  # not before huggingface_hub 1.0
            options["tqdm_class"] = _progress_bar(file, progress)
        try:
            path = hf_hub_download(
                spec.location,
                file.path,
                revision=spec.revision,
                local_dir=self._scratch / spec.location,
                endpoint=_endpoint(),
                **options,
            )
        except Exception as error:
            # The client lets through errors of whichever HTTP library its version is built on, and many of
            # its own are OSErrors. Only trouble with the disk is not the source's fault.
            if isinstance(error, OSError) and error.errno in _DISK_ERRORS:
                raise
            raise ModelUnavailableError(f"{_address(spec, file)}: {_reason(error)}") from error
        return Path(path)


def _progress_bar(file: FileSpec, progress: Progress | None) -> type:
    """Returns a silent stand-in for the client's progress bar that reports to ``progress``."""
    from huggingface_hub import utils

    bar: Any = utils.tqdm  # type: ignore[attr-defined]

    class Report(bar):  # type: ignore[misc]
        def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - as tqdm's
            super().__init__(*arguments, **{**options, "disable": True})
            self._done = 0

        def update(self, n: float | None = 1) -> None:
            self._done += int(n or 0)
            if progress is not None:
                progress(file.name, self._done, file.bytes)

    return Report


def _reason(error: Exception) -> str:
    # The client hides what happened behind "cannot find the requested files in the local cache".
    cause = error.__cause__ if error.__cause__ is not None else error
    return str(cause).strip().split("\n")[0] or type(cause).__name__


def _endpoint() -> str:
    return (os.environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT).rstrip("/")


def _address(spec: SourceSpec, file: FileSpec) -> str:
    return (
        f"{_endpoint()}/{spec.location}/resolve/{quote(spec.revision or 'main', safe='')}/{quote(file.path)}"
    )
