"""The order in which PaddleOCR lists the word boxes of a line: regions in, the same regions sorted out."""

from __future__ import annotations

from collections.abc import Iterable

from onnxocr.results.text_line import WordRegion

# PaddleX, inference/pipelines/components/common/cal_ocr_word_box: a step of 12 px down begins a new row.
_ROW_STEP_PX = 12


def in_row_order(regions: Iterable[WordRegion]) -> list[WordRegion]:
    """Returns word regions in rows from top to bottom, each row from left to right, by their centres.

    In a horizontal line that is text order. In steep lines it need not be, and then PaddleOCR's
    ``text_word_boxes`` no longer stand beside their ``text_word``; ``TextLine.words`` keeps each word with
    its own region.
    """
    rows: list[list[WordRegion]] = []
    previous_y = 0.0
    for region in sorted(regions, key=_centre_y):
        y = _centre_y(region)
        if rows and y - previous_y < _ROW_STEP_PX:
            rows[-1].append(region)
        else:
            rows.append([region])
        previous_y = y
    return [region for row in rows for region in sorted(row, key=_centre_x)]


def _centre_x(region: WordRegion) -> float:
    return sum(x for x, _ in region) / 4


def _centre_y(region: WordRegion) -> float:
    return sum(y for _, y in region) / 4
