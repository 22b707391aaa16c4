"""Perspective warp whose pixels do not depend on the installed OpenCV.

OpenCV 4 warps in fixed point: positions on a grid of 1/32 px, bicubic weights in 1/32768. OpenCV 5 does it
otherwise, and recognisers read other texts from some of its crops. The reference answers stem from OpenCV 4,
so on any other release its arithmetic is done here. That takes about 1.3 ms for a line of 150x30 px where
OpenCV takes 0.13.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from onnxocr.arrays import Image, Quad, Tensor

_STEPS_PER_PX = 32
_STEP_BITS = 5
_WEIGHT_BITS = 15
_HAS_FIXED_POINT_WARP = int(cv2.__version__.split(".")[0]) == 4

LARGEST_COORDINATE = 32767
"""OpenCV keeps the source coordinates of a warp in int16."""

_PX_AT_ONCE = 1 << 18  # bounds the memory of a crop as large as a page

_MARGIN = 4  # bicubic interpolation looks two px to each side


def warp_quad(image: Image, corners: Quad, width: int, height: int) -> Image:
    """Returns the pixels inside four corners as an image of ``width`` x ``height`` px, bicubic.

    Args:
        image: ``(H, W, 3)`` uint8.
        corners: ``(4, 2)`` float32 x, y in px: top-left, top-right, bottom-right, bottom-left.
        width: width of the result in px, above 0.
        height: height of the result in px, above 0.

    Pixels outside the image repeat its border.
    """
    if _HAS_FIXED_POINT_WARP and max(image.shape[:2]) <= LARGEST_COORDINATE:
        warped: Image = cv2.warpPerspective(  # type: ignore[assignment]
            image,
            _to_level(corners, width, height),
            (width, height),
            flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return warped
    part, corners = _around(image, corners)
    return warp_in_fixed_point(part, _to_level(corners, width, height), width, height)


def warp_in_fixed_point(image: Image, transform: Tensor, width: int, height: int) -> Image:
    """Returns what OpenCV 4's bicubic ``warpPerspective`` with ``BORDER_REPLICATE`` returns, to the bit.

    Args:
        image: ``(H, W, 3)`` uint8.
        transform: ``(3, 3)`` float64, from px of the image to px of the result.
        width: width of the result in px.
        height: height of the result in px.
    """
    rows_at_once = max(_PX_AT_ONCE // width, 1)
    blocks = [
        _warp_rows(image, transform, width, range(start, min(start + rows_at_once, height)))
        for start in range(0, height, rows_at_once)
    ]
    return np.concatenate(blocks)


def fixed_point_positions(transform: Tensor, width: int, rows: range) -> tuple[Tensor, Tensor]:
    """Returns where each pixel of a warped image comes from, rounded to 1/32 px.

    Args:
        transform: ``(3, 3)`` float64, from source to target.
        width: width of the target in px.
        rows: rows of the target.

    Returns:
        ``(2, N)`` whole source px x, y of N pixels, and ``(N,)`` fractions as 32 * y + x, int64.
    """
    inverse = cv2.invert(transform)[1]
    x, y = np.arange(width, dtype=np.float64), np.array(rows, np.float64)[:, None]
    divisor = inverse[2, 0] * x + (inverse[2, 1] * y + inverse[2, 2])
    scale = np.divide(_STEPS_PER_PX, divisor, out=np.zeros_like(divisor), where=divisor != 0)
    numerators = [inverse[row, 0] * x + (inverse[row, 1] * y + inverse[row, 2]) for row in (0, 1)]
    steps = np.stack([np.rint(numerator * scale).ravel() for numerator in numerators]).astype(np.int64)
    fraction = steps & (_STEPS_PER_PX - 1)
    return steps >> _STEP_BITS, fraction[1] * _STEPS_PER_PX + fraction[0]


@cache
def bicubic_weights() -> Tensor:
    """Returns ``(1024, 16)`` int32 weights in 1/32768 of the 4x4 neighbours, row by row, for each fraction.

    Keys's cubic (1981) with a = -0.75. Weights are rounded one by one; what the sum lacks goes to the largest
    of the four lower right ones, what it has too much is taken from the smallest, as OpenCV 4 does.
    """
    one = 1 << _WEIGHT_BITS
    line = np.array([_cubic(np.float32(step / _STEPS_PER_PX)) for step in range(_STEPS_PER_PX)], np.float32)
    products = line[:, None, :, None] * line[None, :, None, :] * np.float32(one)
    weights: Tensor = np.rint(products).astype(np.int32).reshape(-1, 16)
    inner = np.array([10, 11, 14, 15])
    for entry in weights:
        excess = int(entry.sum()) - one
        if excess:
            chosen = entry[inner].argmax() if excess < 0 else entry[inner].argmin()
            entry[inner[chosen]] -= excess
    return weights


def _cubic(x: np.float32) -> list[np.float32]:
    a, one = np.float32(-0.75), np.float32(1)
    before, after = x + one, one - x
    first = ((a * before - np.float32(5) * a) * before + np.float32(8) * a) * before - np.float32(4) * a
    second = ((a + np.float32(2)) * x - (a + np.float32(3))) * x * x + one
    third = ((a + np.float32(2)) * after - (a + np.float32(3))) * after * after + one
    return [first, second, third, one - first - second - third]


def _warp_rows(image: Image, transform: Tensor, width: int, rows: range) -> Image:
    positions, fractions = fixed_point_positions(transform, width, rows)
    weights = bicubic_weights()[fractions]
    height, stride, channels = image.shape
    pixels = np.ascontiguousarray(image).reshape(-1, channels)
    x = [np.clip(positions[0] + offset, 0, stride - 1) for offset in (-1, 0, 1, 2)]
    y = [np.clip(positions[1] + offset, 0, height - 1) * stride for offset in (-1, 0, 1, 2)]
    total = np.full((len(fractions), channels), 1 << (_WEIGHT_BITS - 1), np.int32)
    for tap in range(16):
        total += pixels.take(y[tap // 4] + x[tap % 4], axis=0) * weights[:, tap, None]
    block: Image = np.clip(total >> _WEIGHT_BITS, 0, 255).astype(np.uint8).reshape(len(rows), width, channels)
    return block


def _to_level(corners: Quad, width: int, height: int) -> Tensor:
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    return cv2.getPerspectiveTransform(corners, target)


def _around(image: Image, corners: Quad) -> tuple[Image, Quad]:
    """Returns image and corners, cut down to the part around the corners if it is too large for int16."""
    height, width = image.shape[:2]
    if max(height, width) <= LARGEST_COORDINATE:
        return image, corners
    low = np.clip(np.floor(corners.min(axis=0)).astype(int) - _MARGIN, 0, (width - 1, height - 1))
    high = np.clip(np.ceil(corners.max(axis=0)).astype(int) + _MARGIN, low + 1, (width, height))
    return image[low[1] : high[1], low[0] : high[0]], (corners - low).astype(np.float32)
