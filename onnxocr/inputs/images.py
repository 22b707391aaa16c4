"""From the bytes of one image file to BGR pixels, as PaddleOCR 3.7 on OpenCV 4.10 gives them.

Data that is cut off or damaged is found before the decoder sees it: OpenCV may return half a picture for such
data, and its libraries write to the process's stderr, where a host program's own output goes.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

import cv2
import numpy as np

from onnxocr.arrays import Image
from onnxocr.errors import ImageDecodeError, ImageSizeError
from onnxocr.inputs.image_header import ImageHeader, read_image_header
from onnxocr.inputs.image_size import check_image_size
from onnxocr.inputs.jpeg_segments import jpeg_is_complete
from onnxocr.inputs.pillow_images import pillow_errors, pillow_to_bgr
from onnxocr.inputs.png_chunks import deciding_chunks

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

# The widest and highest PNG that libpng reads as OpenCV builds it; no other format here goes as far.
_MAX_SIDE_PX = 1_000_000
_PILLOW_FORMATS = frozenset({"GIF", "JPEG 2000"})


def decode_image(data: bytes, *, name: str, max_pixels: int) -> Image:
    """Returns the pixels of one image file.

    EXIF orientation is applied for JPEG and PNG, transparency is dropped without compositing, grey and
    palette images are expanded, and 16-bit samples become ``floor(v / 256)``. Of a GIF the first frame is
    taken.

    Args:
        data: the whole file. TIFF is not read here, see :mod:`onnxocr.inputs.tiff`.
        name: what messages call the image.
        max_pixels: most pixels of the image.

    Returns:
        A new ``(H, W, 3)`` uint8 BGR array.

    Raises:
        ImageDecodeError: no data, no known image format, or damaged or truncated data.
        ImageSizeError: no pixels, or more than ``max_pixels``; found before memory is asked for.
    """
    if not data:
        raise ImageDecodeError(f"{name} is empty (0 bytes).")
    header = read_image_header(data)
    if header is None:
        raise ImageDecodeError(
            f"{name} holds no image that can be read here: it starts with {data[:16]!r}. "
            "Known are JPEG, PNG, BMP, WebP, PNM, Sun raster, GIF, JPEG 2000, TIFF and PDF."
        )
    if header.width == header.height == 0:
        raise ImageDecodeError(
            f"{name} is a {header.format} with a damaged or truncated header. Get the file again."
        )
    check_image_size(header.width, header.height, name=name, max_pixels=max_pixels)
    if max(header.width, header.height) > _MAX_SIDE_PX:
        raise ImageSizeError(
            f"{name} is {header.width} x {header.height} px; no side may exceed {_MAX_SIDE_PX:,}."
        )
    if header.format in _PILLOW_FORMATS:
        return _decode_with_pillow(data, header.format, name)
    return _decode_with_opencv(_checked(data, header, name), header.format, name)


def _checked(data: bytes, header: ImageHeader, name: str) -> bytes:
    """Returns data that the decoder reads to the end without complaint."""
    if header.format == "PNG":
        return deciding_chunks(data, name=name)
    if header.format == "JPEG":
        if not jpeg_is_complete(data):
            raise _truncated(data, header.format, name)
        return data
    if len(data) < header.pixel_start + header.pixel_bytes:
        raise _truncated(data, header.format, name)
    if header.pixel_bytes == 0:
        # Run-length coding, or numbers as text: only decoding tells whether all pixels are there.
        _decode_with_pillow(data, header.format, name)
    # OpenCV wants white space behind the last number of a text PNM.
    return data + b"\n" if header.format == "PNM" else data


def _decode_with_opencv(data: bytes, format: str, name: str) -> Image:
    flags = cv2.IMREAD_COLOR
    if format == "WebP":
        # OpenCV 4.10 knows no orientation in WebP; later versions do.
        flags |= cv2.IMREAD_IGNORE_ORIENTATION
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise _damaged(format, name) from error
    if image is None:
        raise _damaged(format, name)
    return image  # type: ignore[return-value]  # IMREAD_COLOR always gives uint8


def _decode_with_pillow(data: bytes, format: str, name: str) -> Image:
    from PIL.BmpImagePlugin import BmpImageFile
    from PIL.GifImagePlugin import GifImageFile
    from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
    from PIL.PpmImagePlugin import PpmImageFile
    from PIL.SunImagePlugin import SunImageFile

    # The classes themselves: Image.open warns about every image above its own, process-wide limit.
    readers: dict[str, Callable[[BinaryIO], ImageFile]] = {
        "BMP": BmpImageFile,
        "GIF": GifImageFile,
        "JPEG 2000": Jpeg2KImageFile,
        "PNM": PpmImageFile,
        "Sun raster": SunImageFile,
    }
    with pillow_errors(f"{name} is a damaged {format}"), readers[format](io.BytesIO(data)) as image:
        return pillow_to_bgr(image, name=name)


def _damaged(format: str, name: str) -> ImageDecodeError:
    return ImageDecodeError(f"{name} is a damaged {format} that cannot be decoded. Get the file again.")


def _truncated(data: bytes, format: str, name: str) -> ImageDecodeError:
    return ImageDecodeError(
        f"{name} is a truncated {format}: it ends after {len(data):,} bytes. Get the file again."
    )
