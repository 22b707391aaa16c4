"""Rectangles around points: the least-area rectangle with its corners in a fixed order.

OpenCV has ``minAreaRect``, but its releases round differently and choose differently between rectangles of
almost equal area, by up to a px; that changes crops and, rarely, texts. The reference answers stem from
OpenCV 4.10, so its single-precision arithmetic is written down here once, and every installed OpenCV gives
the same boxes.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from onnxocr.arrays import Polygon, Quad, Tensor

_HALF = np.float32(0.5)


def least_area_quad(points: Polygon) -> tuple[Quad, float]:
    """Returns the least-area rectangle around points and the length of its shorter side.

    Args:
        points: ``(N, 2)`` or ``(N, 1, 2)`` int32 x, y in px.

    Returns:
        ``(4, 2)`` float32 corners: top-left, top-right, bottom-right, bottom-left, and the shorter side in
        px.
    """
    hull = cv2.convexHull(points).reshape(-1, 2)
    if len(hull) < 3:
        return order_corners(np.repeat(hull[[0, -1]], 2, axis=0).astype(np.float32)), 0.0
    corner, along, across = _least_rectangle(hull.astype(np.float32), hull.astype(np.int64))
    width, height = _length(along), _length(across)
    x, y = corner + (along + across) * _HALF
    # OpenCV keeps the angle in degrees and makes the corners from it, term by term in this order.
    degrees = np.float32(float(np.float32(math.atan2(along[1], along[0])) * np.float32(180)) / math.pi)
    angle = float(degrees) * math.pi / 180
    cosine, sine = np.float32(math.cos(angle)) * _HALF, np.float32(math.sin(angle)) * _HALF
    first = np.array([x - sine * height - cosine * width, y + cosine * height - sine * width])
    second = np.array([x + sine * height - cosine * width, y - cosine * height - sine * width])
    twice = np.float32(2) * np.array([x, y])
    return order_corners(np.stack([first, second, twice - first, twice - second])), float(min(width, height))


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


def _least_rectangle(hull: Tensor, whole: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Rotating calipers (Toussaint, 1983): one side of the least rectangle lies on an edge of the hull.

    Args:
        hull: ``(N, 2)`` float32 corners, x turning towards y.
        whole: the same as int64.

    Returns:
        A corner of the rectangle and the vectors of the two sides that meet there, each ``(2,)`` float32.
    """
    edges = np.roll(whole, -1, axis=0) - whole
    low, right, high, left = touched = _extremes(hull)
    # Which of the four calipers passes over an edge: the one whose extreme point was the last before it.
    edge = np.arange(len(hull))
    chains = (np.array([right, high, left, low]) - touched) % len(hull)
    caliper = np.argmax((edge - touched[:, None]) % len(hull) < chains[:, None], axis=0)
    # An edge that lies on a caliper at the start is met by the caliper before it at the end of the quarter
    # turn.
    twice = _turn_back(edges, caliper)[:, 1] == 0
    edge = np.concatenate([edge, edge[twice]])
    caliper = np.concatenate([caliper, (caliper[twice] + 3) % 4])
    turned = _turn_back(edges[edge], caliper)
    # In the order of their angles; parallel edges must tie exactly, hence the common divisor.
    reduced = turned // np.gcd(turned[:, 0], turned[:, 1])[:, None]
    order = np.lexsort((caliper, np.arctan2(reduced[:, 1], reduced[:, 0])))[: len(hull)]
    passed = np.cumsum(caliper[order, None] == np.arange(4), axis=0)
    at = (touched + passed) % len(hull)  # (N, 4): point touched by each caliper after each step
    lengths = np.sqrt((turned[order].astype(np.float64) ** 2).sum(axis=1))
    base = turned[order].astype(np.float32) * (1.0 / lengths).astype(np.float32)[:, None]
    across = hull[at[:, 1]] - hull[at[:, 3]]
    down = hull[at[:, 2]] - hull[at[:, 0]]
    width = across[:, 0] * base[:, 0] + across[:, 1] * base[:, 1]
    height = -down[:, 0] * base[:, 1] + down[:, 1] * base[:, 0]
    areas = width * height
    best = len(areas) - 1 - int(np.argmin(areas[::-1]))  # the last of equals
    a, b = base[best]
    corner = _meeting_point(a, b, hull[at[best, 3]], hull[at[best, 0]])
    return corner, np.array([a, b]) * width[best], np.array([-b, a]) * height[best]


def _extremes(hull: Tensor) -> Tensor:
    """Returns the indices of the points with least y, greatest x, greatest y, least x, first of equals."""
    x, y = hull[:, 0], hull[:, 1]
    return np.array([np.argmin(y), np.argmax(x), np.argmax(y), np.argmin(x)])


def _turn_back(edges: Tensor, quarter_turns: Tensor) -> Tensor:
    """Returns each edge turned back by its number of quarter turns."""
    x, y = edges[:, 0], edges[:, 1]
    return np.stack(
        [np.choose(quarter_turns, (x, y, -x, -y)), np.choose(quarter_turns, (y, -x, -y, x))], axis=1
    )


def _length(vector: Tensor) -> np.float32:
    x, y = float(vector[0]), float(vector[1])
    length: np.float32 = np.float32(math.sqrt(x * x + y * y))
    return length


def _meeting_point(a: np.float32, b: np.float32, left: Tensor, low: Tensor) -> Tensor:
    """Returns where the side through ``left`` along (-b, a) meets the side through ``low`` along (a, b)."""
    c_left = a * left[0] + left[1] * b
    c_low = -b * low[0] + low[1] * a
    scale = np.float32(1) / (a * a - (-b) * b)
    return np.array([(c_left * a - c_low * b) * scale, (a * c_low - (-b) * c_left) * scale], np.float32)
