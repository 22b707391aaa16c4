"""Rectangles around points: the least-area rectangle with its corners in a fixed order."""

from __future__ import annotations

import cv2
import numpy as np

from onnxocr.arrays import Polygon, Quad


def least_area_quad(points: Polygon) -> tuple[Quad, float]:
    """Returns the least-area rectangle around points and the length of its shorter side.

    Args:
        points: ``(N, 2)`` or ``(N, 1, 2)`` int32 or float32 x, y in px.

    Returns:
        ``(4, 2)`` float32 corners: top-left, top-right, bottom-right, bottom-left, and the shorter side in px.
    """
    rectangle = cv2.minAreaRect(points)
    return order_corners(cv2.boxPoints(rectangle)), min(rectangle[1])


def order_corners(corners: Quad) -> Quad:
    """Returns four corners as top-left, top-right, bottom-right, bottom-left.

    The two leftmost corners are left, the two rightmost right; of each pair the one with the smaller y is the
    upper. A pair of equal y counts the later one in order of x as the upper, as PP-OCR does (only a rectangle
    without height gives one).
    """
    left_a, left_b, right_a, right_b = corners[np.argsort(corners[:, 0], kind="stable")]
    top_left, bottom_left = (left_a, left_b) if left_b[1] > left_a[1] else (left_b, left_a)
    top_right, bottom_right = (right_a, right_b) if right_b[1] > right_a[1] else (right_b, right_a)
    return np.stack([top_left, top_right, bottom_right, bottom_left])


def side_length(a: Quad, b: Quad) -> float:
    """Returns the distance in px between two points ``(2,)``."""
    return float(np.linalg.norm(a - b))
