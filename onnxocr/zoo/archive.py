"""Takes files out of archives without trusting them: no link, device or path elsewhere is used."""

from __future__ import annotations

import bz2
import contextlib
import errno
import gzip
import lzma
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, TypeAlias, cast

from onnxocr.errors import ModelFileError
from onnxocr.zoo.settings_text import short

MAX_FILE_BYTES = 2 * 1024**3
MAX_MEMBERS = 10_000
MAX_TOTAL_BYTES = 4 * 1024**3
MAX_RATIO = 200
"""An archive that grows more than this is made to fill a disk; weights hardly shrink at all."""

_MIN_RATIO_BYTES = 16 * 1024**2
_COPY_BYTES = 1024 * 1024
# Contents are read in pieces of _COPY_BYTES; only a name or an attribute made to fill the memory is longer.
_MAX_READ_BYTES = 2 * _COPY_BYTES
# What a member's name can be to blame for; anything else is about the disk.
_NAME_ERRORS = (errno.ENAMETOOLONG, errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.EINVAL)
# Everything that the standard library raises on damaged archives; RuntimeError on encrypted ones.
_BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    ValueError,
    RuntimeError,
    NotImplementedError,
)

_Files: TypeAlias = Generator[tuple[str, int, IO[bytes]], None, None]
"""Name, size and content of each."""


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
        with _opened_tar(archive) as tar:
            for number, member in enumerate(_members(tar)):
                if number >= MAX_MEMBERS:
                    raise ModelFileError(f"{archive.name} has more than {MAX_MEMBERS} entries.")
                name = PurePosixPath(member.name).name
                if name in wanted and not member.isdir():
                    _check(member, name in found, archive)
                    found.add(name)
                    _copy(tar, member, wanted[name])
    except _BROKEN as error:
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
        if _is_tar(archive):
            with _opened_tar(archive) as tar:
                _write_all(archive, folder, _tar_files(tar, archive))
        else:
            with zipfile.ZipFile(archive) as opened:
                _write_all(archive, folder, _zip_files(opened, archive))
    except FileNotFoundError as error:
        raise ModelFileError(f"The archive {archive} does not exist.") from error
    except _BROKEN as error:
        raise ModelFileError(f"{archive.name} is not a complete tar or zip archive: {error}.") from error


def _is_tar(archive: Path) -> bool:
    """Tells a tar by its beginning. A zip is known by its end, and a tar may end in a zip."""
    with archive.open("rb") as file:
        if _decompressed(file) is not None:
            return True
    try:
        with _opened_tar(archive):
            return True
    except tarfile.ReadError:
        return False


def _decompressed(file: BinaryIO) -> IO[bytes] | None:
    """Returns the content of a compressed file, None of another one."""
    start = file.read(6)
    file.seek(0)
    if start.startswith(b"\x1f\x8b"):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=file))
    if start.startswith(b"BZh"):
        return bz2.BZ2File(file)
    return lzma.LZMAFile(file) if start == b"\xfd7zXZ\0" else None


@contextlib.contextmanager
def _opened_tar(archive: Path) -> Iterator[tarfile.TarFile]:
    packed = archive.stat().st_size
    with archive.open("rb") as file:
        bounded = cast("IO[bytes]", _Bounded(_decompressed(file) or file, packed, archive.name))
        with tarfile.open(fileobj=bounded, mode="r:") as tar:
            yield tar


class _Bounded:
    """Reads an archive's content, headers and all, and refuses what no model needs to be unpacked.

    Only the methods that :mod:`tarfile` uses for reading.
    """

    def __init__(self, stream: IO[bytes], packed: int, name: str) -> None:
        self._stream = stream
        self._packed = packed
        self._name = name

    def tell(self) -> int:
        return self._stream.tell()

    def seek(self, position: int) -> int:
        self._check(position)
        return self._stream.seek(position)

    def read(self, size: int) -> bytes:
        if size > _MAX_READ_BYTES:
            raise ModelFileError(f"{self._name} has a header of {size} bytes; no model's archive has that.")
        try:
            content = self._stream.read(size)
        except OSError as error:
            # Decompressors raise these too, but without the number that the system's errors have.
            if error.errno is not None:
                raise
            raise tarfile.ReadError(str(error)) from error
        self._check(self._stream.tell())
        return content

    def _check(self, position: int) -> None:
        _check_growth(position, self._packed, self._name)


def _check_growth(size: int, packed: int, name: str) -> None:
    if size > MAX_TOTAL_BYTES:
        raise ModelFileError(f"{name} unpacks to more than a model can have ({MAX_TOTAL_BYTES} bytes).")
    if size > max(MAX_RATIO * packed, _MIN_RATIO_BYTES):
        raise ModelFileError(f"{name} has {packed} bytes and unpacks to more than {MAX_RATIO} times as much.")


def _members(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Gives the members one by one, and reads on to the end of the file: checksums stand there."""
    while (member := tar.next()) is not None:
        yield member
        # Headers can carry attributes of any size; they are not kept.
        tar.members.clear()  # type: ignore[attr-defined]
    stream = cast("IO[bytes]", tar.fileobj)
    stream.seek(tar.offset)
    while block := stream.read(_COPY_BYTES):
        if any(block):
            raise tarfile.ReadError("there is something else behind its last complete member")


def _zip_files(opened: zipfile.ZipFile, archive: Path) -> _Files:
    for member in opened.infolist():
        kind = stat.S_IFMT(member.external_attr >> 16)
        if member.is_dir():
            continue
        if kind not in (0, stat.S_IFREG):
            raise ModelFileError(f"{member.filename} in {archive.name} is not a regular file.")
        with opened.open(member) as source:
            yield member.filename, member.file_size, source


def _tar_files(tar: tarfile.TarFile, archive: Path) -> _Files:
    for member in _members(tar):
        if member.isdir():
            continue
        source = tar.extractfile(member) if member.isreg() and not member.issparse() else None
        if source is None:
            raise ModelFileError(f"{member.name} in {archive.name} is not a regular file.")
        with source:
            yield member.name, member.size, source


def _write_all(archive: Path, folder: Path, files: _Files) -> None:
    total, packed = 0, archive.stat().st_size
    # Closed at once where a file is refused, so that the archive is not held open.
    with contextlib.closing(files):
        for number, (name, size, source) in enumerate(files):
            total += size
            if number >= MAX_MEMBERS:
                raise ModelFileError(f"{archive.name} has more than {MAX_MEMBERS} entries.")
            if size > MAX_FILE_BYTES:
                raise ModelFileError(
                    f"{archive.name} unpacks to more than a model can have (at {short(name)})."
                )
            _check_growth(total, packed, archive.name)
            _write(source, _prepared_place(folder, name, archive), size, name)


def _prepared_place(folder: Path, name: str, archive: Path) -> Path:
    try:
        target = _place(folder, name, archive)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    except OSError as error:
        if error.errno not in _NAME_ERRORS:
            raise
        raise ModelFileError(
            f"{archive.name} names a file that cannot be made here ({error.strerror}): {short(name)}."
        ) from error
    return target


def _place(folder: Path, name: str, archive: Path) -> Path:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if not parts or ".." in parts or parts[0] == "/" or ":" in parts[0] or "\0" in name:
        raise ModelFileError(f"{archive.name} names a place outside its folder: {short(name)}.")
    target = folder.joinpath(*parts)
    if target.exists():
        raise ModelFileError(f"{archive.name} holds {short(name)} twice.")
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
