"""Is a file on disk the one it should be? Size, checksum, and the usual impostors of a download."""

from __future__ import annotations

import hashlib
from pathlib import Path

from onnxocr.errors import ModelFileError

_READ_BYTES = 1024 * 1024


def sha256_of(path: Path) -> str:
    """Returns the SHA-256 of a file in lower-case hexadecimal.

    Raises:
        OSError: the file cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_READ_BYTES):
            digest.update(block)
    return digest.hexdigest()


def verify_file(path: Path, *, sha256: str | None, size: int | None) -> str:
    """Returns the SHA-256 of a file after checking it against what is known.

    Raises:
        ModelFileError: it is missing, empty, a web page or a git-lfs pointer, or size or checksum differ.
        OSError: it cannot be read.
    """
    if not path.is_file():
        raise ModelFileError(f"{path.name} is missing.")
    found_size = path.stat().st_size
    if impostor := _impostor(path):
        raise ModelFileError(f"{path.name} is {impostor} instead of a model file.")
    if size is not None and found_size != size:
        raise ModelFileError(f"{path.name} has {found_size} bytes instead of {size}.")
    found = sha256_of(path)
    if sha256 is not None and found != sha256:
        raise ModelFileError(f"{path.name} has the SHA-256 {found} instead of {sha256}.")
    return found


def _impostor(path: Path) -> str | None:
    with path.open("rb") as file:
        start = file.read(256).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not start:
        return "empty"
    if start.startswith((b"<!doctype html", b"<html", b"<?xml")):
        return "a web page"
    if start.startswith(b"version https://git-lfs"):
        return "a git-lfs pointer"
    return None
