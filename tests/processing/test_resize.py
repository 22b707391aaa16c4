"""Sizes observed on PaddleX 3.7.2, and rules worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from onnxocr.config import LimitType, TextDetectionConfig
from onnxocr.processing.resize import (
    RecognitionSize,
    detection_size,
    pad_small_image,
    recognition_size,
    resize_for_detection,
)

SHAPE = (3, 48, 320)


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [
        (200, 600, (192, 608)),
        (48, 600, (64, 800)),
        (10, 10, (64, 64)),
        (5000, 3000, (4000, 2400)),
        (100, 5000, (64, 4000)),
        (20, 8000, (32, 4000)),
        (
            3,
            40000,
            (32, 4000),
        ),  # 64/3 makes it 853,333 px wide, 4000/853,333 makes it 0 px high: 32 is the least
        (80, 112, (64, 128)),  # 2.5 and 3.5 multiples of 32 go to the even one
    ],
)
def test_detection_enlarges_to_the_limit_and_ends_on_multiples_of_32(
    height: int, width: int, expected: tuple[int, int]
) -> None:
    assert detection_size(height, width, TextDetectionConfig()) == expected


@pytest.mark.parametrize(
    ("limit_type", "expected"),
    [("max", (640, 960)), ("resize_long", (640, 960)), ("min", (992, 1504))],
)
def test_detection_limit_types(limit_type: LimitType, expected: tuple[int, int]) -> None:
    config = TextDetectionConfig(limit_side_len=960, limit_type=limit_type)
    assert detection_size(1000, 1500, config) == expected


def test_resize_long_enlarges_too() -> None:
    config = TextDetectionConfig(limit_side_len=960, limit_type="resize_long")
    assert detection_size(100, 480, config) == (192, 960)  # 200 px is 6.25 multiples of 32


def test_shrinking_to_the_longest_side_is_said(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "onnxocr"):
        detection_size(5000, 3000, TextDetectionConfig())
    assert "3000x5000 px is above max_side_limit 4000" in caplog.text


def test_a_fixed_input_shape_overrules_the_limits() -> None:
    assert detection_size(5000, 3000, TextDetectionConfig(input_shape=(3, 320, 640))) == (320, 640)


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [(20, 43, (32, 43)), (40, 10, (40, 32)), (1, 1, (32, 32)), (32, 32, (32, 32))],
)
def test_very_small_images_are_padded_with_black(height: int, width: int, expected: tuple[int, int]) -> None:
    image = np.full((height, width, 3), 200, np.uint8)
    padded = pad_small_image(image)
    assert padded.shape == (*expected, 3)
    assert (padded[:height, :width] == 200).all()
    assert int(padded.sum()) == height * width * 3 * 200


def test_an_image_that_fits_is_not_copied() -> None:
    image = np.zeros((64, 96, 3), np.uint8)
    assert resize_for_detection(image, TextDetectionConfig()) is image


@pytest.mark.parametrize(
    ("height", "width", "tensor_width", "text_width"),
    [
        (48, 321, 321, 321),
        (48, 319, 320, 319),
        (49, 462, 452, 452),
        (10, 1000, 3200, 3200),
        (32, 100, 320, 150),
        (1, 1, 320, 48),
        (100, 3, 320, 2),
    ],
)
def test_recognition_keeps_the_aspect_ratio(
    height: int, width: int, tensor_width: int, text_width: int
) -> None:
    assert recognition_size(height, width, SHAPE) == RecognitionSize(tensor_width, text_width)
