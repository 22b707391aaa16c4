"""Writes a file whole or not at all, and says so when one input's output replaces another's."""

from __future__ import annotations

import logging
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from onnxocr.errors import OutputError

logger = logging.getLogger(__name__)

# Enough for the folders that people look at; bounded, so that a process that writes for months does not grow.
_REMEMBERED_FILES = 20_000
_written: OrderedDict[str, str] = OrderedDict()
_written_lock = threading.Lock()


def write_file(path: Path, write: Callable[[BinaryIO], object], *, origin: str) -> None:
    """Writes a file beside its place and then moves it there, making missing folders.

    Logs a warning if this process wrote the same file for another input before (among the last 20,000 files).

    Args:
        path: where the file shall be; one that is there is replaced.
        write: gets the open file.
        origin: which input the content belongs to.

    Raises:
        OutputError: the folder or the file could not be made, or the content is not possible in this format.
    """
    part = path.with_name(f".{uuid.uuid4().hex[:12]}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("xb") as file:
                write(file)
            _warn_if_another_input(path, origin)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    # Pillow: ValueError for a size that a format cannot hold, KeyError for a format it was built without.
    except (OSError, ValueError, KeyError) as error:
        raise OutputError(
            f"Cannot write {path}: {error}. Check that the folder can be written and has space, and for a "
            "picture that its format allows this size (PNG allows the largest)."
        ) from error


def _warn_if_another_input(path: Path, origin: str) -> None:
    """Remembers whose output a file holds, and warns if it was another input's."""
    key = str(path.resolve())
    with _written_lock:
        before = _written.pop(key, None)
        _written[key] = origin
        if len(_written) > _REMEMBERED_FILES:
            _written.popitem(last=False)
    if before is not None and before != origin:
        logger.warning(
            "%s held the result of %s and now gets that of %s; save them to different folders to keep both.",
            path,
            before,
            origin,
        )
