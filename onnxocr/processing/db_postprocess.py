"""From a text probability map to boxes: Differentiable Binarization (Liao et al., 2020) as in PP-OCR.

The map comes in at the detector's input size; boxes leave in px of the image that the detector was given.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import pyclipper

from onnxocr.arrays import Mask, Polygon, ProbabilityMap
from onnxocr.config import TextDetectionConfig
from onnxocr.processing.geometry import least_area_quad

# PP-OCR's DBPostProcess: regions whose shorter side is below these many px of the map are noise.
MIN_KERNEL_SIDE = 3
MIN_BOX_SIDE = MIN_KERNEL_SIDE + 2

POLYGON_TOLERANCE = 0.002
"""Outlines are simplified to this fraction of their length in polygon mode."""


@dataclass(frozen=True, eq=False)
class TextRegion:
    """A detected outline, ``(4, 2)`` or ``(N, 2)`` integer x, y in px, and its mean probability."""

    polygon: Polygon
    score: float


@dataclass(frozen=True)
class MapFrame:
    """How a probability map lies on its image.

    Attributes:
        scale_x: px of the image for one px of the map.
        scale_y: the same, down.
        width: width of the image in px; boxes end there.
        height: height of the image in px.
    """

    scale_x: float
    scale_y: float
    width: int
    height: int


def find_text_regions(
    probabilities: ProbabilityMap, frame: MapFrame, config: TextDetectionConfig
) -> list[TextRegion]:
    """Returns the text regions of a probability map in the order in which OpenCV finds their contours.

    Args:
        probabilities: ``(h, w)`` float32.
        frame: where the map lies on the image.
        config: thresholds, unclip ratio, box type.
    """
    mask = binarize(probabilities, config.thresh)
    if config.use_dilation:
        mask = cv2.dilate(mask, np.ones((2, 2), np.uint8))  # type: ignore[assignment]
    contours, _ = cv2.findContours(mask * np.uint8(255), cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    find = _quads if config.box_type == "quad" else _polygons
    found = find(probabilities, contours[: config.max_candidates], config)
    return [TextRegion(to_image(polygon, frame), score) for polygon, score in found]


def binarize(probabilities: ProbabilityMap, thresh: float) -> Mask:
    """Returns 1 where the probability is greater than the threshold, compared in float32."""
    mask: Mask = (probabilities > np.float32(thresh)).astype(np.uint8)
    return mask


def unclip(outline: Polygon, unclip_ratio: float) -> list[Polygon]:
    """Expands an outline by area x ratio / length; the network was trained on shrunk kernels.

    Args:
        outline: ``(N, 2)`` x, y in px of the map; fractions are dropped, as PP-OCR's integer clipper does.
        unclip_ratio: see ``TextDetectionConfig``.

    Returns:
        The expanded outlines ``(M, 2)`` int32, normally one.
    """
    distance = cv2.contourArea(outline) * unclip_ratio / cv2.arcLength(outline, True)
    offset = pyclipper.PyclipperOffset()
    offset.AddPath(outline.astype(np.int64).tolist(), pyclipper.JT_ROUND, pyclipper.ET_CLOSEDPOLYGON)
    return [np.array(path, np.int32) for path in offset.Execute(distance)]


def mean_inside(probabilities: ProbabilityMap, outline: Polygon) -> float:
    """Returns the mean probability of the map's pixels inside an outline ``(N, 2)``, edges included."""
    height, width = probabilities.shape
    low, high = np.floor(outline.min(axis=0)).astype(int), np.ceil(outline.max(axis=0)).astype(int)
    x_min, x_max = np.clip([low[0], high[0]], 0, width - 1)
    y_min, y_max = np.clip([low[1], high[1]], 0, height - 1)
    mask = np.zeros((y_max - y_min + 1, x_max - x_min + 1), np.uint8)
    # Fractions are dropped after the shift, as PP-OCR's box_score_fast does.
    cv2.fillPoly(mask, [(outline - (x_min, y_min)).astype(np.int32)], (1,))
    return float(cv2.mean(probabilities[y_min : y_max + 1, x_min : x_max + 1], mask)[0])


def to_image(outline: Polygon, frame: MapFrame) -> Polygon:
    """Returns an outline in whole px of the image, clipped to it: int16, or int32 beyond 32767 px."""
    scaled = np.rint(outline * np.array([frame.scale_x, frame.scale_y], np.float64))
    clipped = np.clip(scaled, 0, (frame.width, frame.height))
    fits = max(frame.width, frame.height) <= np.iinfo(np.int16).max
    whole: Polygon = clipped.astype(np.int16 if fits else np.int32)
    return whole


def _quads(
    probabilities: ProbabilityMap, contours: list[Polygon], config: TextDetectionConfig
) -> Iterator[tuple[Polygon, float]]:
    for contour in contours:
        kernel, short_side = least_area_quad(contour)
        if short_side < MIN_KERNEL_SIDE:
            continue
        score = mean_inside(probabilities, _scored_outline(kernel, contour, config))
        if score < config.box_thresh:
            continue
        expanded = unclip(kernel, config.unclip_ratio)
        if not expanded:
            continue
        same_length = all(len(path) == len(expanded[0]) for path in expanded)
        quad, short_side = least_area_quad(np.concatenate(expanded) if same_length else expanded[0])
        if short_side >= MIN_BOX_SIDE:
            yield quad, score


def _polygons(
    probabilities: ProbabilityMap, contours: list[Polygon], config: TextDetectionConfig
) -> Iterator[tuple[Polygon, float]]:
    for contour in contours:
        outline = cv2.approxPolyDP(contour, POLYGON_TOLERANCE * cv2.arcLength(contour, True), True)
        outline = outline.reshape(-1, 2)
        if len(outline) < 4:
            continue
        score = mean_inside(probabilities, _scored_outline(outline, contour, config))
        if score < config.box_thresh:
            continue
        expanded = unclip(outline, config.unclip_ratio)
        if len(expanded) == 1 and least_area_quad(expanded[0])[1] >= MIN_BOX_SIDE:
            yield expanded[0], score


def _scored_outline(outline: Polygon, contour: Polygon, config: TextDetectionConfig) -> Polygon:
    return outline if config.score_mode == "fast" else contour.reshape(-1, 2)
