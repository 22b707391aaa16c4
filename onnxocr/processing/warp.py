"""Perspective warp whose pixels do not depend on the installed OpenCV.

OpenCV 4 warps on a grid of 1/32 px with integer weights; OpenCV 5 changed ``warpPerspective`` and reads other texts
from some crops. Its ``remap`` still takes OpenCV 4's fixed-point maps, so on OpenCV 5 the maps are worked out here.
"""

from __future__ import annotations

import cv2
import numpy as np

from onnxocr.arrays import Image, Quad, Tensor

_STEPS_PER_PX = 32
_STEP_BITS = 5
_WARPS_ON_A_GRID = int(cv2.__version__.split(".")[0]) < 5

LARGEST_COORDINATE = 32767
"""OpenCV keeps the source coordinates of a warp in int16."""

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
    if max(image.shape[:2]) > LARGEST_COORDINATE:
        image, corners = _around(image, corners)
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    transform = cv2.getPerspectiveTransform(corners, target)
    if _WARPS_ON_A_GRID:
        return cv2.warpPerspective(
            image, transform, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
    positions, fractions = fixed_point_maps(transform, width, height)
    return cv2.remap(image, positions, fractions, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def fixed_point_maps(transform: Tensor, width: int, height: int) -> tuple[Tensor, Tensor]:
    """Returns where each pixel of a warped image comes from, as OpenCV 4's ``warpPerspective`` rounds it.

    Args:
        transform: ``(3, 3)`` float64, from source to target.
        width: width of the target in px.
        height: height of the target in px.

    Returns:
        ``(height, width, 2)`` int16 whole source px, and ``(height, width)`` uint16 fractions in 1/32 px, as
        ``cv2.convertMaps`` packs them.
    """
    inverse = cv2.invert(transform)[1]
    x, y = np.arange(width, dtype=np.float64), np.arange(height, dtype=np.float64)[:, None]
    divisor = inverse[2, 0] * x + (inverse[2, 1] * y + inverse[2, 2])
    scale = np.divide(_STEPS_PER_PX, divisor, out=np.zeros_like(divisor), where=divisor != 0)
    source = [
        np.rint((inverse[row, 0] * x + (inverse[row, 1] * y + inverse[row, 2])) * scale).astype(np.int64)
        for row in (0, 1)
    ]
    whole = np.stack([np.clip(part >> _STEP_BITS, -32768, LARGEST_COORDINATE) for part in source], axis=-1)
    column, row = (part & (_STEPS_PER_PX - 1) for part in source)
    return whole.astype(np.int16), (row * _STEPS_PER_PX + column).astype(np.uint16)


def _around(image: Image, corners: Quad) -> tuple[Image, Quad]:
    """Returns the part of an image around four corners, and the corners in px of that part."""
    height, width = image.shape[:2]
    low = np.clip(np.floor(corners.min(axis=0)).astype(int) - _MARGIN, 0, (width - 1, height - 1))
    high = np.clip(np.ceil(corners.max(axis=0)).astype(int) + _MARGIN, low + 1, (width, height))
    part = np.ascontiguousarray(image[low[1] : high[1], low[0] : high[0]])
    return part, (corners - low).astype(np.float32)
