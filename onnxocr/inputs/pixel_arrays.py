"""From NumPy arrays to BGR pixels: what is taken as it is, what is converted, what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from onnxocr.arrays import Image
from onnxocr.errors import ImageArrayError
from onnxocr.inputs.image_size import check_image_size
from onnxocr.inputs.pillow_images import grey_to_bgr


def read_array(array: npt.NDArray[Any], *, name: str, max_pixels: int) -> Image:
    """Returns an array as an image; the given array is never written to.

    ``(H, W, 3)`` uint8 is taken as BGR, without a copy if it is contiguous. ``(H, W)`` and ``(H, W, 1)`` are
    grey, ``(H, W, 4)`` is BGRA whose fourth channel is dropped. ``bool`` counts as 0 and 255; uint16 becomes
    ``floor(v / 256)``, as in image files.

    Args:
        array: the pixels.
        name: what messages call the array.
        max_pixels: most pixels of the image.

    Raises:
        ImageArrayError: another shape or type, or NaN.
        ImageSizeError: no pixels, or more than ``max_pixels``.
    """
    array = np.asarray(array)  # sheds subclasses such as masked arrays, whose operations differ
    _check_shape(array, name)
    check_image_size(array.shape[1], array.shape[0], name=name, max_pixels=max_pixels)
    samples = _eight_bits(array, name)
    if samples.ndim == 2 or samples.shape[2] == 1:
        return grey_to_bgr(samples.reshape(samples.shape[:2]))
    return np.ascontiguousarray(samples[:, :, :3])


def _check_shape(array: npt.NDArray[Any], name: str) -> None:
    if array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (1, 3, 4)):
        return
    hint = "An image is (H, W, 3) BGR, (H, W, 4) BGRA, (H, W) or (H, W, 1) grey."
    if array.ndim == 3 and array.shape[0] in (1, 3, 4):
        hint += " For channels first, hand in array.transpose(1, 2, 0)."
    elif array.ndim == 4:
        hint += " For several images, hand in list(array)."
    raise ImageArrayError(f"{name} has the shape {array.shape}. {hint}")


def _eight_bits(array: npt.NDArray[Any], name: str) -> npt.NDArray[np.uint8]:
    eight_bits: npt.NDArray[np.uint8]
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        eight_bits = np.where(array, np.uint8(255), np.uint8(0))
        return eight_bits
    if array.dtype.kind == "u" and array.dtype.itemsize == 2:
        eight_bits = np.right_shift(array, 8).astype(np.uint8)
        return eight_bits
    if array.dtype.kind in "fc" and np.isnan(array).any():
        raise ImageArrayError(
            f"{name} holds NaN ({np.isnan(array).sum()} values); an image has numbers only."
        )
    remedy = "array.astype('uint8') if it holds 0 to 255"
    if array.dtype.kind == "f":
        remedy += ", (array * 255).astype('uint8') if it holds 0 to 1"
    raise ImageArrayError(
        f"{name} has the type {array.dtype}; an image is uint8 (or bool or uint16). Hand in {remedy}."
    )
