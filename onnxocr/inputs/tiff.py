"""From TIFF files to BGR pages, one frame at a time, as PaddleOCR 3.7 reads them through Pillow."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from onnxocr.arrays import Image
from onnxocr.errors import InputError
from onnxocr.inputs.image_size import check_image_size
from onnxocr.inputs.page import Page
from onnxocr.inputs.pillow_images import grey_to_bgr, pillow_errors, pillow_to_bgr

if TYPE_CHECKING:
    from PIL.TiffImagePlugin import TiffImageFile

_IMAGE_WIDTH, _IMAGE_LENGTH = 256, 257  # tags of the TIFF 6.0 specification


def iter_tiff_pages(
    file: BinaryIO,
    *,
    name: str,
    input_path: str | None,
    max_pixels: int,
    report: Callable[[InputError, int], None],
) -> Iterator[Page]:
    """Yields the frames of a TIFF, holding one at a time.

    The orientation tag is applied, transparency dropped, and values above 255 in 16-bit grey are clipped to
    255 (unlike in PNG, where the upper byte is taken).

    Args:
        file: the open TIFF; the caller closes it.
        name: what messages call the file.
        input_path: handed on to the pages.
        max_pixels: most pixels of one frame.
        report: called with the error of a frame and its index; returns to go on with the next frame.

    Raises:
        ImageDecodeError: the file as a whole cannot be opened.
    """
    with _open(file, name) as tiff:
        for index in itertools.count():
            page_name = f"{name}, page {index + 1},"
            try:
                if not _seek(tiff, index, page_name):
                    return
            except InputError as error:
                report(error, index)
                return  # the way to the frames behind it is lost
            page = None  # lets go of the last page before the next is made
            try:
                page = Page(_read_frame(tiff, name=page_name, max_pixels=max_pixels), input_path, index)
            except InputError as error:
                report(error, index)
            if page is not None:
                yield page


def count_tiff_frames(file: BinaryIO, *, name: str) -> int:
    """Returns how many frames an open TIFF has, without decoding them.

    Raises:
        ImageDecodeError: the file is damaged.
    """
    with _open(file, name) as tiff, pillow_errors(f"{name} is a damaged TIFF"):
        return int(tiff.n_frames)


def _open(file: BinaryIO, name: str) -> TiffImageFile:
    from PIL.TiffImagePlugin import TiffImageFile

    with pillow_errors(f"{name} is a damaged or truncated TIFF"):
        # The class itself: Image.open warns about every image above its own, process-wide limit.
        return TiffImageFile(file)


def _seek(tiff: TiffImageFile, index: int, name: str) -> bool:
    """Goes to a frame; returns False if there is none."""
    with pillow_errors(f"{name} is damaged or truncated"):
        try:
            tiff.seek(index)
        except EOFError:
            return False
    return True


def _read_frame(tiff: TiffImageFile, *, name: str, max_pixels: int) -> Image:
    import PIL.Image

    with pillow_errors(f"{name} cannot be decoded"):
        check_image_size(tiff.width, tiff.height, name=name, max_pixels=max_pixels)
        # Allocating itself, Pillow would first compare with its own, process-wide limit.
        stored_size = (tiff.tag_v2[_IMAGE_WIDTH], tiff.tag_v2[_IMAGE_LENGTH])
        tiff.im = PIL.Image.new(tiff.mode, stored_size).im
        tiff.load()
    if tiff.mode.startswith("I") or tiff.mode == "F":
        values = np.nan_to_num(np.asarray(tiff), nan=0)
        return grey_to_bgr(np.clip(values, 0, 255).astype(np.uint8))
    return pillow_to_bgr(tiff, name=name)
