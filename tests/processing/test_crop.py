from __future__ import annotations

import numpy as np
import pytest

from onnxocr.arrays import Image, Quad
from onnxocr.processing.crop import crop_line
from onnxocr.processing.geometry import least_area_quad, order_corners


@pytest.fixture
def page() -> Image:
    return np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)


def quad(*corners: tuple[int, int]) -> Quad:
    return np.array(corners, np.int16)


def test_a_level_quad_gives_the_plain_slice(page: Image) -> None:
    crop = crop_line(page, quad((10, 20), (70, 20), (70, 40), (10, 40)))
    assert np.array_equal(crop, page[20:40, 10:70])


def test_an_upright_quad_is_turned_counter_clockwise(page: Image) -> None:
    crop = crop_line(page, quad((10, 10), (30, 10), (30, 40), (10, 40)))  # 30 / 20 = 1.5
    assert np.array_equal(crop, np.rot90(page[10:40, 10:30]))


def test_a_quad_just_below_the_vertical_aspect_is_not_turned(page: Image) -> None:
    crop = crop_line(page, quad((10, 10), (30, 10), (30, 39), (10, 39)))
    assert np.array_equal(crop, page[10:39, 10:30])


def test_outside_the_page_the_border_repeats(page: Image) -> None:
    crop = crop_line(page, quad((-10, 0), (40, 0), (40, 10), (-10, 10)))
    assert (crop[:, :10] == page[:10, :1]).all()


def test_a_quad_without_area_has_no_pixels(page: Image) -> None:
    assert crop_line(page, quad((10, 10), (40, 10), (40, 10), (10, 10))).size == 0


def test_corners_are_ordered_clockwise_from_top_left() -> None:
    shuffled = np.array([[9, 8], [1, 2], [0, 7], [10, 1]], np.float32)
    assert order_corners(shuffled).tolist() == [[1, 2], [10, 1], [9, 8], [0, 7]]


def test_the_least_area_quad_of_a_turned_square() -> None:
    corners, short_side = least_area_quad(np.array([[10, 0], [20, 10], [10, 20], [0, 10]], np.int32))
    assert short_side == pytest.approx(200**0.5, abs=1e-3)
    assert {tuple(np.rint(corner).astype(int)) for corner in corners} == {
        (10, 0),
        (20, 10),
        (10, 20),
        (0, 10),
    }
