from __future__ import annotations

import numpy as np
import pytest

from onnxocr.arrays import ProbabilityMap
from onnxocr.config import TextDetectionConfig
from onnxocr.processing.db_postprocess import (
    MapFrame,
    binarize,
    find_text_regions,
    mean_inside,
    to_image,
    unclip,
)

SAME = MapFrame(1.0, 1.0, 200, 100)


def map_with(*boxes: tuple[int, int, int, int, float]) -> ProbabilityMap:
    probabilities = np.zeros((100, 200), np.float32)
    for x_min, y_min, x_max, y_max, value in boxes:
        probabilities[y_min : y_max + 1, x_min : x_max + 1] = value
    return probabilities


def test_a_pixel_is_text_only_above_the_threshold() -> None:
    assert binarize(np.array([[0.3, 0.30001, 0.2]], np.float32), 0.3).tolist() == [[0, 1, 0]]


def test_a_box_is_expanded_by_area_times_ratio_over_length() -> None:
    # 60 x 20 px: 1200 * 1.5 / 160 = 11.25 px on every side; pyclipper works in whole px
    (expanded,) = unclip(np.array([[10, 10], [70, 10], [70, 30], [10, 30]], np.float32), 1.5)
    assert expanded.min(axis=0).tolist() == [-1, -1]
    assert expanded.max(axis=0).tolist() == [81, 41]


def test_a_rectangle_is_found_with_its_mean_probability() -> None:
    (region,) = find_text_regions(map_with((40, 40, 100, 60, 0.8)), SAME, TextDetectionConfig())
    assert region.score == pytest.approx(0.8, abs=1e-6)
    # 11.25 px around x 40..100, y 40..60
    assert region.polygon.tolist() == [[29, 29], [111, 29], [111, 71], [29, 71]]
    assert region.polygon.dtype == np.int16


@pytest.mark.parametrize(("value", "found"), [(0.59, 0), (0.61, 1)])
def test_boxes_below_the_box_threshold_are_dropped(value: float, found: int) -> None:
    assert len(find_text_regions(map_with((40, 40, 100, 60, value)), SAME, TextDetectionConfig())) == found


def test_kernels_of_less_than_three_px_are_noise() -> None:
    # a kernel of 3 rows is 2 px high between its pixels' centres
    assert find_text_regions(map_with((40, 40, 100, 42, 1.0)), SAME, TextDetectionConfig()) == []
    assert len(find_text_regions(map_with((40, 40, 100, 43, 1.0)), SAME, TextDetectionConfig())) == 1


def test_only_the_first_candidates_are_looked_at() -> None:
    two = map_with((10, 10, 50, 30, 0.9), (100, 60, 150, 80, 0.9))
    assert len(find_text_regions(two, SAME, TextDetectionConfig())) == 2
    assert len(find_text_regions(two, SAME, TextDetectionConfig(max_candidates=1))) == 1


def test_the_slow_score_follows_the_contour() -> None:
    # An L fills half of its bounding box: the box's mean is low, the contour's is not.
    shape = map_with((20, 20, 120, 30, 0.9), (20, 20, 40, 80, 0.9))
    fast = find_text_regions(shape, SAME, TextDetectionConfig(box_thresh=0.7))
    slow = find_text_regions(shape, SAME, TextDetectionConfig(box_thresh=0.7, score_mode="slow"))
    assert (len(fast), len(slow)) == (0, 1)


def test_dilation_joins_regions_one_px_apart() -> None:
    apart = map_with((20, 20, 60, 40, 0.9), (62, 20, 100, 40, 0.9))
    assert len(find_text_regions(apart, SAME, TextDetectionConfig())) == 2
    assert len(find_text_regions(apart, SAME, TextDetectionConfig(use_dilation=True))) == 1


def test_polygon_mode_keeps_more_than_four_corners() -> None:
    y, x = np.mgrid[:100, :200]
    disc = (((x - 100) ** 2 + (y - 50) ** 2) < 900).astype(np.float32)
    (region,) = find_text_regions(disc, SAME, TextDetectionConfig(box_type="poly"))
    assert len(region.polygon) > 4


def test_coordinates_are_scaled_rounded_half_to_even_and_clipped_to_the_image() -> None:
    frame = MapFrame(0.5, 2.0, 50, 100)
    outline = np.array([[5, 10], [3, 60], [400, -3]], np.float32)
    assert to_image(outline, frame).tolist() == [[2, 20], [2, 100], [50, 0]]


def test_coordinates_beyond_int16_are_kept() -> None:
    frame = MapFrame(10.0, 1.0, 40000, 32)
    outline = to_image(np.array([[3999, 3]], np.float32), frame)
    assert outline.tolist() == [[39990, 3]]


def test_the_mean_is_taken_inside_the_map_only() -> None:
    probabilities = np.full((10, 10), 0.5, np.float32)
    outline = np.array([[-5, -5], [20, -5], [20, 20], [-5, 20]], np.float32)
    assert mean_inside(probabilities, outline) == pytest.approx(0.5)
