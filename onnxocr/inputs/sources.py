"""From whatever a caller hands in to pages, one at a time and in order.

Accepted are paths, folders, URLs, the bytes of a file, open binary files, NumPy arrays and Pillow images, and
lists, tuples and iterators of these. What a file is, is told by its content.
"""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, TypeGuard

import numpy as np

from onnxocr.config import InputLimits
from onnxocr.errors import ImageDecodeError, InputError, UnsupportedInputError
from onnxocr.inputs.file_kind import HEAD_BYTES, file_kind, unreadable
from onnxocr.inputs.folders import files_in_folder, open_file
from onnxocr.inputs.images import decode_image
from onnxocr.inputs.page import Page
from onnxocr.inputs.pdf import count_pdf_pages, iter_pdf_pages
from onnxocr.inputs.pillow_images import read_pillow_image
from onnxocr.inputs.pixel_arrays import read_array
from onnxocr.inputs.tiff import count_tiff_frames, iter_tiff_pages
from onnxocr.inputs.urls import download, is_url

if TYPE_CHECKING:
    import PIL.Image

_ACCEPTED = (
    "Hand in a path, folder, URL, bytes, open binary file, NumPy array or Pillow image, or a list or "
    "generator of these."
)


def iter_pages(
    source: object,
    *,
    limits: InputLimits | None = None,
    on_error: Callable[[InputError], None] | None = None,
) -> Iterator[Page]:
    """Yields the pages of an input in order; nothing is opened before its turn, one page is held at a time.

    A folder is read recursively, sorted by full path. The pages of PDF and TIFF files come one by one with
    their ``page_index``.

    Args:
        source: path, folder, URL, bytes of a file, open binary file, NumPy array, Pillow image, or a list,
            tuple or iterator of these (not nested).
        limits: what is accepted; None takes the defaults.
        on_error: called with the error of an item or page that cannot be read, which is then passed over;
            None raises it. The error has the attributes ``input_path`` and ``page_index``, with the meaning
            they have in :class:`onnxocr.inputs.page.Page`.

    Raises:
        InputError: an item cannot be read, and ``on_error`` is None.
    """
    reader = _Reader(limits or InputLimits(), on_error)
    if not _is_collection(source):
        yield from reader.item_pages(source, "")
        return
    position = 0
    for item in source:
        yield from reader.item_pages(item, f" at position {position}")
        position += 1  # noqa: SIM113 - enumerate would hold an item while the next one is produced
        del item


def count_pages(source: object, limits: InputLimits | None = None) -> int | None:
    """Returns how many pages :func:`iter_pages` yields at most, or None if nobody can know.

    PDF and TIFF files are opened, other images are not. What cannot be read counts as no page. Unknown are
    the counts of URLs, open files and iterators; nothing is taken from them.

    Args:
        source: as for :func:`iter_pages`.
        limits: what is accepted; None takes the defaults.
    """
    if not _is_collection(source):
        return _count_item(source)
    if not isinstance(source, Sequence):
        return None
    counts = [_count_item(item) for item in source]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


@dataclass(frozen=True)
class _Reader:
    """Reads items under one set of limits; raises their errors or hands them on."""

    limits: InputLimits
    on_error: Callable[[InputError], None] | None

    def item_pages(self, item: object, where: str) -> Iterator[Page]:
        """Yields the pages of one item; ``where`` tells in messages which one, if it has no path."""
        path = _as_path(item)
        if path is None:
            return self._guarded(self._data_pages(item, where), None)
        if is_url(path):
            return self._guarded(self._url_pages(path), path)
        if _is_folder(path):
            return self._guarded(self._folder_pages(path), path)
        return self._guarded(self._file_pages(path), path)

    def _guarded(self, pages: Iterator[Page], input_path: str | None) -> Iterator[Page]:
        try:
            yield from pages
        except InputError as error:
            if "page_index" in vars(error):
                raise  # has been through _report already
            self._report(error, input_path, None)

    def _report(self, error: InputError, input_path: str | None, page_index: int | None) -> None:
        error.input_path = input_path
        error.page_index = page_index
        if self.on_error is None:
            raise error
        _forget_locals(error)
        self.on_error(error)

    def _folder_pages(self, folder: str) -> Iterator[Page]:
        for path in files_in_folder(folder):
            yield from self._guarded(self._file_pages(path), path)

    def _file_pages(self, path: str) -> Iterator[Page]:
        with open_file(path) as file:
            yield from self._content_pages(file, path, path)

    def _url_pages(self, url: str) -> Iterator[Page]:
        yield from self._content_pages(io.BytesIO(download(url, self.limits)), url, url)

    def _data_pages(self, item: object, where: str) -> Iterator[Page]:
        max_pixels = self.limits.max_pixels
        if isinstance(item, np.ndarray):
            yield Page(read_array(item, name=f"The array{where}", max_pixels=max_pixels), None, None)
        elif _is_pillow_image(item):
            yield Page(
                read_pillow_image(item, name=f"The Pillow image{where}", max_pixels=max_pixels), None, None
            )
        elif isinstance(item, (bytes, bytearray, memoryview)):
            yield from self._content_pages(io.BytesIO(bytes(item)), f"The data{where}", None)
        elif _is_open_file(item):
            yield from self._content_pages(_whole(item, where), f"The open file{where}", None)
        else:
            raise UnsupportedInputError(_refusal(item, where))

    def _content_pages(self, file: BinaryIO, name: str, path: str | None) -> Iterator[Page]:
        """Yields the pages of a seekable file, whatever it is."""
        try:
            head = file.read(HEAD_BYTES)
            file.seek(0)
            kind = file_kind(head)
            data = file.read() if kind == "image" else b""
        except OSError as error:
            raise ImageDecodeError(f"{name} cannot be read: {error.strerror}.") from error
        if kind is None:
            raise unreadable(head, name=name, path=path)

        def report(error: InputError, page_index: int) -> None:
            self._report(error, path, page_index)

        if kind == "pdf":
            yield from iter_pdf_pages(file, name=name, input_path=path, limits=self.limits, report=report)
        elif kind == "tiff":
            max_pixels = self.limits.max_pixels
            yield from iter_tiff_pages(file, name=name, input_path=path, max_pixels=max_pixels, report=report)
        else:
            image = decode_image(data, name=name, max_pixels=self.limits.max_pixels)
            del data  # not held while the page is being read
            yield Page(image, path, None)


def _forget_locals(error: BaseException | None) -> None:
    """Frees what the frames of an error hold, such as the bytes of a broken file: callers collect errors."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


def _count_item(item: object) -> int | None:
    path = _as_path(item)
    try:
        if path is not None:
            return _count_in_path(path)
        if isinstance(item, (bytes, bytearray, memoryview)):
            return _count_in_file(io.BytesIO(bytes(item)), "The data")
    except InputError:
        return 0  # reported when its turn to be read comes
    if isinstance(item, np.ndarray) or _is_pillow_image(item):
        return 1
    return None if _is_open_file(item) else 0


def _count_in_path(path: str) -> int | None:
    if is_url(path):
        return None
    if _is_folder(path):
        return sum(_count_item(file) or 0 for file in files_in_folder(path))
    with open_file(path) as file:
        return _count_in_file(file, path)


def _count_in_file(file: BinaryIO, name: str) -> int:
    kind = file_kind(file.read(HEAD_BYTES))
    file.seek(0)
    if kind == "pdf":
        return count_pdf_pages(file, name=name)
    if kind == "tiff":
        return count_tiff_frames(file, name=name)
    return 0 if kind is None else 1


def _as_path(item: object) -> str | None:
    if not isinstance(item, (str, os.PathLike)):
        return None
    path = os.fspath(item)
    return path if isinstance(path, str) else None


def _is_folder(path: str) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 - unlike Path.is_dir, it takes any string in Python 3.10 to 3.13


def _is_collection(source: object) -> TypeGuard[Iterable[object]]:
    if isinstance(source, (str, bytes, bytearray, memoryview)) or _is_open_file(source):
        return False
    return isinstance(source, (Sequence, Iterator))


def _is_open_file(source: object) -> TypeGuard[BinaryIO]:
    return callable(getattr(source, "read", None))


def _is_pillow_image(source: object) -> TypeGuard[PIL.Image.Image]:
    # Whoever has a Pillow image has imported Pillow: no need to do so here to find out.
    pillow = sys.modules.get("PIL.Image")
    return pillow is not None and isinstance(source, pillow.Image)


def _whole(file: BinaryIO, where: str) -> BinaryIO:
    remedy = "Open it in binary mode, 'rb', and hand it in at its start."
    if isinstance(file, io.TextIOBase):
        raise UnsupportedInputError(f"The open file{where} is open for text. {remedy}")
    try:
        data = file.read()
    except (OSError, ValueError) as error:
        raise ImageDecodeError(f"The open file{where} cannot be read: {error}. {remedy}") from error
    if not isinstance(data, bytes):
        raise UnsupportedInputError(f"The open file{where} gives {type(data).__name__}, not bytes. {remedy}")
    return io.BytesIO(data)


def _refusal(item: object, where: str) -> str:
    seen = f"A {type(item).__name__}{where} is no image and no document."
    if _is_collection(item):
        return f"{seen} Lists may not be nested; hand in one flat list."
    return f"{seen} {_ACCEPTED}"
