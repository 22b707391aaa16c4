"""Cuts the region of a text line out of a page and lays it level."""

from __future__ import annotations

import numpy as np

from onnxocr.arrays import Image, Quad
from onnxocr.processing.geometry import least_area_quad, side_length
from onnxocr.processing.warp import warp_quad

VERTICAL_ASPECT = 1.5
"""Crops at least this much higher than wide hold vertical text (PP-OCR's get_rotate_crop_image)."""


def crop_line(image: Image, quad: Quad) -> Image:
    """Returns the pixels inside the least-area rectangle around a quad, turned so that the text is level.

    Args:
        image: the page.
        quad: ``(4, 2)`` integer x, y in px of the page.

    Returns:
        ``(h, w, 3)`` uint8 BGR, h and w being the rectangle's sides rounded down, bicubic; a rectangle that
        is higher than 1.5 times its width is turned counter-clockwise by 90 degrees. Pixels outside the page
        repeat its border. A quad without area gives an array without pixels.
    """
    corners, _ = least_area_quad(quad.astype(np.int32))
    top_left, top_right, bottom_right, bottom_left = corners
    width = int(max(side_length(top_left, top_right), side_length(bottom_right, bottom_left)))
    height = int(max(side_length(top_left, bottom_left), side_length(top_right, bottom_right)))
    if width == 0 or height == 0:
        return np.empty((height, width, 3), np.uint8)
    crop = warp_quad(image, corners, width, height)
    return np.ascontiguousarray(np.rot90(crop)) if height / width >= VERTICAL_ASPECT else crop
