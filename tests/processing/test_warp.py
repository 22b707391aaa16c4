from __future__ import annotations

import cv2
import numpy as np
import pytest

from onnxocr.arrays import Image, Quad
from onnxocr.processing import warp


@pytest.fixture
def page() -> Image:
    noise = np.random.default_rng(1).integers(0, 256, (150, 300, 3), dtype=np.uint8)
    smooth: Image = cv2.GaussianBlur(noise, (0, 0), 2)  # type: ignore[assignment]
    return smooth


def tilted(seed: int) -> Quad:
    generator = np.random.default_rng(seed)
    angle, centre = generator.uniform(-0.6, 0.6), generator.uniform([80, 40], [220, 110])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    half = generator.uniform([20, 5], [90, 20])
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    quad: Quad = (square * half @ turn.T + centre).astype(np.float32)
    return quad


@pytest.mark.skipif(not warp._HAS_FIXED_POINT_WARP, reason="compares with OpenCV 4's own warp")
@pytest.mark.parametrize("seed", range(25))
def test_our_arithmetic_is_that_of_opencv_4(page: Image, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    opencv = warp.warp_quad(page, tilted(seed), 97, 23)
    monkeypatch.setattr(warp, "_HAS_FIXED_POINT_WARP", False)
    monkeypatch.setattr(warp, "_PX_AT_ONCE", 1000)  # in blocks of ten rows
    assert np.array_equal(warp.warp_quad(page, tilted(seed), 97, 23), opencv)


def test_the_pixels_recorded_from_opencv_4(page: Image) -> None:
    # Recorded with OpenCV 4.14: warpPerspective, INTER_CUBIC, BORDER_REPLICATE.
    recorded = np.array(
        [
            [131, 130, 124, 149, 103, 135, 116, 135, 138, 134, 137, 117],
            [131, 130, 121, 138, 106, 126, 117, 131, 129, 117, 128, 128],
            [128, 128, 111, 135, 124, 122, 121, 143, 134, 128, 141, 121],
            [133, 114, 103, 138, 145, 124, 122, 134, 131, 135, 135, 108],
        ]
    )
    assert np.array_equal(warp.warp_quad(page, tilted(3), 12, 4)[:, :, 0], recorded)


def test_weights_add_up() -> None:
    weights = warp.bicubic_weights()
    assert (weights.sum(axis=1) == 32768).all()
    assert weights[0].reshape(4, 4)[1, 1] == 32768  # no fraction: the pixel itself


@pytest.mark.parametrize("seed", range(5))
def test_images_wider_than_int16_are_warped_from_the_part_around_the_quad(
    page: Image, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = warp.warp_quad(page, tilted(seed), 97, 23).astype(int)
    monkeypatch.setattr(warp, "LARGEST_COORDINATE", 200)
    assert np.abs(warp.warp_quad(page, tilted(seed), 97, 23).astype(int) - whole).max() <= 2


def test_far_to_the_right_of_a_very_wide_image() -> None:
    wide = np.zeros((20, 40000, 3), np.uint8)
    wide[:, 39000:39010] = 255
    crop = warp.warp_quad(
        wide, np.array([[38990, 0], [39020, 0], [39020, 20], [38990, 20]], np.float32), 30, 20
    )
    assert crop[:, :10].max() == 0
    assert crop[:, 10:20].min() == 255
