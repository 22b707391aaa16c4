"""From Pillow images to BGR pixels, with the rules that hold for image files: of 16 bits the upper 8."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from onnxocr.arrays import Image
from onnxocr.errors import ImageArrayError, ImageDecodeError, InputError
from onnxocr.inputs.image_size import check_image_size

if TYPE_CHECKING:
    import PIL.Image

_EXIF_ORIENTATION = 0x0112


def read_pillow_image(image: PIL.Image.Image, *, name: str, max_pixels: int) -> Image:
    """Returns the pixels of a Pillow image: EXIF orientation applied, transparency dropped.

    Args:
        image: any mode but ``F`` and ``LAB``; loaded here if it was only opened, never changed.
        name: what messages call the image.
        max_pixels: most pixels of the image.

    Returns:
        A new ``(H, W, 3)`` uint8 BGR array.

    Raises:
        ImageSizeError: no pixels, or more than ``max_pixels``.
        ImageArrayError: a mode, or integer values, whose range of brightness is not known.
        ImageDecodeError: the image was only opened so far, and its data is damaged.
    """
    check_image_size(image.width, image.height, name=name, max_pixels=max_pixels)
    with pillow_errors(f"{name} was opened from damaged data"):
        image.load()
        # After loading: a PNG may carry it behind its pixels, and a TIFF has been turned by now.
        orientation = image.getexif().get(_EXIF_ORIENTATION)
        return turn_by_exif(pillow_to_bgr(image, name=name), orientation)


@contextmanager
def pillow_errors(message: str) -> Iterator[None]:
    """Turns what Pillow raises into an ImageDecodeError with ``message`` and Pillow's own words."""
    try:
        yield
    except (InputError, MemoryError):
        raise
    except Exception as error:  # for damaged data its readers raise errors of a dozen kinds
        raise ImageDecodeError(f"{message}: {error}. Get the file again.") from error


def pillow_to_bgr(image: PIL.Image.Image, *, name: str) -> Image:
    """Returns the pixels of a Pillow image as they are stored, without orientation.

    Raises:
        ImageArrayError: a mode, or integer values, whose range of brightness is not known.
    """
    mode = image.mode
    if mode in ("RGB", "RGBA", "RGBX"):
        return np.ascontiguousarray(np.asarray(image)[:, :, 2::-1])
    if mode in ("L", "1"):
        return grey_to_bgr(np.asarray(image.convert("L")))
    if mode in ("LA", "La"):
        return grey_to_bgr(np.asarray(image)[:, :, 0])
    if mode in ("P", "PA", "RGBa"):
        # Through RGBA: going to RGB at once, Pillow warns about palettes with transparency.
        return np.ascontiguousarray(np.asarray(image.convert("RGBA"))[:, :, 2::-1])
    if mode in ("CMYK", "YCbCr", "HSV"):
        return np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])
    if mode.startswith("I"):
        return grey_to_bgr(_upper_byte(np.asarray(image), name))
    raise ImageArrayError(
        f"{name} has the Pillow mode {mode!r}, whose brightness has no fixed range. "
        "Convert it to 'RGB' or 'L' first."
    )


def grey_to_bgr(grey: npt.NDArray[np.uint8]) -> Image:
    """Returns ``(H, W)`` grey values as ``(H, W, 3)`` BGR."""
    return np.repeat(grey[:, :, np.newaxis], 3, axis=2)


def turn_by_exif(image: Image, orientation: object) -> Image:
    """Returns the image as EXIF tag 0x0112 wants it seen; unknown values leave it as it is."""
    turned: dict[object, Any] = {
        2: lambda: image[:, ::-1],
        3: lambda: image[::-1, ::-1],
        4: lambda: image[::-1],
        5: lambda: image.transpose(1, 0, 2),
        6: lambda: image.transpose(1, 0, 2)[:, ::-1],
        7: lambda: image.transpose(1, 0, 2)[::-1, ::-1],
        8: lambda: image.transpose(1, 0, 2)[::-1],
    }
    if orientation not in turned:
        return image
    return np.ascontiguousarray(turned[orientation]())


def _upper_byte(values: npt.NDArray[Any], name: str) -> npt.NDArray[np.uint8]:
    # Mode "I" has 32 bits; Pillow also uses it for what was a 16-bit file.
    if values.min() < 0 or values.max() > 0xFFFF:
        raise ImageArrayError(
            f"{name} has integer values from {values.min()} to {values.max()}; only 16 bits (0 to 65535) are "
            "understood. Scale them and convert the image to 'L'."
        )
    return (values >> 8).astype(np.uint8)
