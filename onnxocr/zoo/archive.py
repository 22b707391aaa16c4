"""Takes named files out of a tar archive without trusting it: no path, link or device in it is used."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from onnxocr.errors import ModelFileError

MAX_FILE_BYTES = 2 * 1024**3
MAX_MEMBERS = 10_000
_COPY_BYTES = 1024 * 1024


def extract_files(archive: Path, wanted: Mapping[str, Path]) -> None:
    """Writes the wanted files of a tar archive to places that the caller chose.

    Args:
        archive: the tar, compressed or not.
        wanted: file name in the archive, in whichever folder there, to the path to write.

    Raises:
        ModelFileError: it is no complete tar, lacks a wanted file, has one twice, or has something else than
            a regular file of reasonable size under that name.
        OSError: a file cannot be written.
    """
    found: set[str] = set()
    try:
        with tarfile.open(archive) as tar:
            for number, member in enumerate(tar):
                if number >= MAX_MEMBERS:
                    raise ModelFileError(f"{archive.name} has more than {MAX_MEMBERS} entries.")
                name = PurePosixPath(member.name).name
                if name in wanted and not member.isdir():
                    _check(member, name in found, archive)
                    found.add(name)
                    _copy(tar, member, wanted[name])
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise ModelFileError(f"{archive.name} is not a complete tar archive: {error}.") from error
    missing = sorted(set(wanted) - found)
    if missing:
        raise ModelFileError(f"{archive.name} does not hold {', '.join(missing)}.")


def _check(member: tarfile.TarInfo, seen: bool, archive: Path) -> None:
    if not member.isreg() or member.issparse():
        raise ModelFileError(f"{member.name} in {archive.name} is not a regular file.")
    if member.size > MAX_FILE_BYTES:
        raise ModelFileError(
            f"{member.name} in {archive.name} has {member.size} bytes, more than {MAX_FILE_BYTES}."
        )
    if seen:
        raise ModelFileError(f"{archive.name} holds {PurePosixPath(member.name).name} twice.")


def _copy(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    source = tar.extractfile(member)
    if source is None:
        raise ModelFileError(f"{member.name} cannot be read.")
    with source, target.open("wb") as file:
        shutil.copyfileobj(source, file, _COPY_BYTES)
    if target.stat().st_size != member.size:
        raise ModelFileError(
            f"{member.name} breaks off after {target.stat().st_size} of {member.size} bytes."
        )
