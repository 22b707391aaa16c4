from __future__ import annotations

import numpy as np
import pytest

from onnxocr.processing.box_order import reading_order


@pytest.mark.parametrize(
    ("corners", "expected"),
    [
        # observed on PaddleX 3.7.2
        (
            [(50, 10), (10, 15), (30, 19), (5, 30), (100, 8), (1, 24)],
            [(10, 15), (50, 10), (100, 8), (1, 24), (30, 19), (5, 30)],
        ),
        ([(30, 0), (10, 9)], [(10, 9), (30, 0)]),  # 9 px apart: one row
        ([(30, 0), (10, 10)], [(30, 0), (10, 10)]),  # 10 px apart: two rows
        ([(30, 5), (30, 5)], [(30, 5), (30, 5)]),
        ([], []),
    ],
)
def test_rows_from_top_to_bottom_and_left_to_right(
    corners: list[tuple[int, int]], expected: list[tuple[int, int]]
) -> None:
    quads = [np.array([corner, corner, corner, corner], np.int16) for corner in corners]
    assert [corners[index] for index in reading_order(quads)] == expected
