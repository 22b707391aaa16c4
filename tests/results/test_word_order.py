from __future__ import annotations

import pytest

from onnxocr.results.word_order import in_row_order
from tests.results.sample_page import region

Box = tuple[int, int, int, int]


@pytest.mark.parametrize(
    ("boxes", "order"),
    [
        ([], []),
        ([(0, 0, 10, 20), (10, 0, 20, 20)], [0, 1]),
        # Centres 10 and 21: 11 px are one row, sorted by x.
        ([(20, 11, 30, 31), (0, 0, 10, 20)], [1, 0]),
        ([(20, 0, 30, 20), (0, 11, 10, 31)], [1, 0]),
        # Centres 10 and 22: 12 px begin a new row.
        ([(20, 0, 30, 20), (0, 12, 10, 32)], [0, 1]),
        # Each step counts from the previous box, so a slow slope stays one row.
        ([(40, 0, 50, 20), (20, 10, 30, 30), (0, 20, 10, 40)], [2, 1, 0]),
        # Characters of a vertical line, one row each.
        ([(0, 60, 30, 90), (0, 0, 30, 30), (0, 30, 30, 60)], [1, 2, 0]),
    ],
    ids=["none", "row", "11 px lower first", "11 px higher first", "12 px", "slope", "vertical"],
)
def test_regions_go_row_by_row_and_left_to_right(boxes: list[Box], order: list[int]) -> None:
    regions = [region(*box) for box in boxes]
    assert in_row_order(regions) == [regions[index] for index in order]
