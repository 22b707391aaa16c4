"""Image sizes that the networks take: the detector's multiples of 32, the recogniser's fixed height.

Images come in and leave as ``(H, W, 3)`` uint8 BGR; nothing is normalised here.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass

import cv2
import numpy as np

from onnxocr.arrays import Image
from onnxocr.config import DETECTION_STRIDE, InputShape, LimitType, TextDetectionConfig

_log = logging.getLogger(__name__)

SMALLEST_SIDES = 64
"""Images with a height and width that sum to less are padded first (PP-OCR's DetResizeForTest)."""

MAX_RECOGNITION_WIDTH = 3200
"""Widest recogniser input; longer lines are squeezed (PP-OCR's OCRReisizeNormImg)."""


def pad_small_image(image: Image) -> Image:
    """Returns an image of at least 32x32 px, padded with black below and on the right if it is small."""
    height, width = image.shape[:2]
    if height + width >= SMALLEST_SIDES:
        return image
    padded = np.zeros((max(DETECTION_STRIDE, height), max(DETECTION_STRIDE, width), 3), np.uint8)
    padded[:height, :width] = image
    return padded


def limit_ratio(height: int, width: int, limit_side_len: int, limit_type: LimitType) -> float:
    """Returns the factor that brings an image of that size within the limit; see ``TextDetectionConfig``."""
    if limit_type == "max":
        return limit_side_len / max(height, width) if max(height, width) > limit_side_len else 1.0
    if limit_type == "min":
        return limit_side_len / min(height, width) if min(height, width) < limit_side_len else 1.0
    return limit_side_len / max(height, width)


def detection_size(height: int, width: int, config: TextDetectionConfig) -> tuple[int, int]:
    """Returns the detector's input ``(height, width)`` in px for an image of that size.

    Both are multiples of 32, at least 32, unless ``config.input_shape`` fixes them. Halves round to the even
    multiple, as Python's ``round`` does.
    """
    if config.input_shape is not None:
        return config.input_shape[1], config.input_shape[2]
    ratio = limit_ratio(height, width, config.limit_side_len, config.limit_type)
    resized = int(height * ratio), int(width * ratio)
    if max(resized) > config.max_side_limit:
        shrink = config.max_side_limit / max(resized)
        resized = int(resized[0] * shrink), int(resized[1] * shrink)
        # PaddleOCR warns here. A library that is embedded stays silent about what every large scan meets; the
        # result states the limit.
        _log.info("An image of %dx%d px is above max_side_limit %d.", width, height, config.max_side_limit)
    return _to_stride(resized[0]), _to_stride(resized[1])


def resize_for_detection(image: Image, config: TextDetectionConfig) -> Image:
    """Returns the image at the detector's input size, the same object if it has that size already."""
    height, width = detection_size(image.shape[0], image.shape[1], config)
    if image.shape[:2] == (height, width):
        return image
    resized: Image = cv2.resize(image, (width, height))  # type: ignore[assignment]
    return resized


@dataclass(frozen=True)
class RecognitionSize:
    """Width of a recogniser input in px: of the whole tensor, and of the part that the text fills."""

    tensor_width: int
    text_width: int


def recognition_size(height: int, width: int, shape: InputShape) -> RecognitionSize:
    """Returns how wide a crop becomes at the recogniser's height.

    Args:
        height: height of the crop in px.
        width: width of the crop in px.
        shape: the model's ``(C, H, W)``; W is the least tensor width.

    The tensor grows with the crop's aspect ratio, so no line is squeezed below 3200 px.
    """
    _, model_height, model_width = shape
    aspect = width / height
    tensor_width = int(model_height * max(model_width / model_height, aspect))
    if tensor_width > MAX_RECOGNITION_WIDTH:
        return RecognitionSize(MAX_RECOGNITION_WIDTH, MAX_RECOGNITION_WIDTH)
    return RecognitionSize(tensor_width, min(tensor_width, math.ceil(model_height * aspect)))


def resize_for_recognition(crop: Image, text_width: int, model_height: int) -> Image:
    """Returns a crop of one line at the recogniser's height, ``(model_height, text_width, 3)``."""
    resized: Image = cv2.resize(crop, (text_width, model_height))  # type: ignore[assignment]
    return resized


def _to_stride(side: int) -> int:
    return max(round(side / DETECTION_STRIDE) * DETECTION_STRIDE, DETECTION_STRIDE)
