"""Takes files out of archives without trusting them: no link, device or path elsewhere is used."""

from __future__ import annotations

import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import IO

from onnxocr.errors import ModelFileError

MAX_FILE_BYTES = 2 * 1024**3
MAX_MEMBERS = 10_000
MAX_TOTAL_BYTES = 4 * 1024**3
MAX_RATIO = 200
"""An archive that grows more than this is made to fill a disk; weights hardly shrink at all."""

_MIN_RATIO_BYTES = 16 * 1024**2
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


def unpack_archive(archive: Path, folder: Path) -> None:
    """Writes all files of an archive into a folder.

    Args:
        archive: tar (compressed or not) or zip; told by its content.
        folder: an existing folder; the archive's folders are made in it.

    Raises:
        ModelFileError: it is neither tar nor zip, is cut off, names a place outside the folder, holds a link
            or a device, or is larger than a model can be.
        OSError: a file cannot be written.
    """
    try:
        # Tar first: it is known by its beginning, a zip by its end, and a tar may end in a zip.
        if tarfile.is_tarfile(archive):
            with tarfile.open(archive) as tar:
                _write_all(archive, folder, _tar_files(tar, archive))
        else:
            with zipfile.ZipFile(archive) as opened:
                _write_all(archive, folder, _zip_files(opened, archive))
    except FileNotFoundError as error:
        raise ModelFileError(f"The archive {archive} does not exist.") from error
    except _BROKEN as error:
        raise ModelFileError(f"{archive.name} is not a complete tar or zip archive: {error}.") from error


# Everything that the standard library raises on damaged archives; RuntimeError on encrypted ones.
_BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ValueError,
    RuntimeError,
    NotImplementedError,
)


def _zip_files(opened: zipfile.ZipFile, archive: Path) -> Iterator[tuple[str, int, IO[bytes]]]:
    for member in opened.infolist():
        kind = stat.S_IFMT(member.external_attr >> 16)
        if member.is_dir():
            continue
        if kind not in (0, stat.S_IFREG):
            raise ModelFileError(f"{member.filename} in {archive.name} is not a regular file.")
        with opened.open(member) as source:
            yield member.filename, member.file_size, source


def _tar_files(tar: tarfile.TarFile, archive: Path) -> Iterator[tuple[str, int, IO[bytes]]]:
    for member in tar:
        if member.isdir():
            continue
        source = tar.extractfile(member) if member.isreg() and not member.issparse() else None
        if source is None:
            raise ModelFileError(f"{member.name} in {archive.name} is not a regular file.")
        with source:
            yield member.name, member.size, source


def _write_all(archive: Path, folder: Path, files: Iterator[tuple[str, int, IO[bytes]]]) -> None:
    total, packed = 0, archive.stat().st_size
    for number, (name, size, source) in enumerate(files):
        total += size
        if number >= MAX_MEMBERS:
            raise ModelFileError(f"{archive.name} has more than {MAX_MEMBERS} entries.")
        if size > MAX_FILE_BYTES or total > MAX_TOTAL_BYTES:
            raise ModelFileError(f"{archive.name} unpacks to more than a model can have (at {name}).")
        if total > max(MAX_RATIO * packed, _MIN_RATIO_BYTES):
            raise ModelFileError(
                f"{archive.name} has {packed} bytes and unpacks to more than {MAX_RATIO} times as much."
            )
        target = _place(folder, name, archive)
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(source, target, size, name)


def _place(folder: Path, name: str, archive: Path) -> Path:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if not parts or ".." in parts or parts[0] == "/" or ":" in parts[0] or "\0" in name:
        raise ModelFileError(f"{archive.name} names a place outside its folder: {name!r}.")
    target = folder.joinpath(*parts)
    if target.exists():
        raise ModelFileError(f"{archive.name} holds {name} twice.")
    return target


def _write(source: IO[bytes], target: Path, size: int, name: str) -> None:
    """Copies no more than the stated size, whatever the compressed data goes on to say."""
    left = size
    with target.open("wb") as file:
        while left and (block := source.read(min(left, _COPY_BYTES))):
            file.write(block)
            left -= len(block)
    if left:
        raise ModelFileError(f"{name} breaks off after {size - left} of {size} bytes.")
