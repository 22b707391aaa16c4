"""Reading order of quads: rows from top to bottom, in a row from left to right."""

from __future__ import annotations

from collections.abc import Sequence

from onnxocr.arrays import Quad

ROW_TOLERANCE_PX = 10
"""Top-left corners closer than this in y belong to one row (PP-OCR's SortQuadBoxes)."""


def reading_order(quads: Sequence[Quad]) -> list[int]:
    """Returns the indices of quads in reading order.

    Sorted by the top-left corner's y, then x; after that a quad moves left past its predecessors as long as
    they are in its row and begin further right.
    """
    corners = [(int(quad[0][1]), int(quad[0][0])) for quad in quads]
    order = sorted(range(len(quads)), key=lambda index: corners[index])
    for last in range(1, len(order)):
        for at in range(last, 0, -1):
            (y_before, x_before), (y, x) = corners[order[at - 1]], corners[order[at]]
            if abs(y - y_before) >= ROW_TOLERANCE_PX or x >= x_before:
                break
            order[at - 1], order[at] = order[at], order[at - 1]
    return order
