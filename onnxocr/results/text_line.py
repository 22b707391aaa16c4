"""One text line of a page as one record, so that no sorting can part a box from its text or score."""

from __future__ import annotations

from dataclasses import dataclass

from onnxocr.arrays import Quad

WordRegion = tuple[tuple[int, int], tuple[int, int], tuple[int, int], tuple[int, int]]


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word, a run of punctuation or spaces, or one CJK character of a line.

    Attributes:
        text: its characters.
        region: four corners ``(x, y)`` in px of the page: top-left, top-right, bottom-right, bottom-left.
    """

    text: str
    region: WordRegion

    @property
    def box(self) -> tuple[int, int, int, int]:
        """``(x_min, y_min, x_max, y_max)`` in px of the page."""
        xs, ys = zip(*self.region, strict=True)
        return min(xs), min(ys), max(xs), max(ys)


@dataclass(frozen=True, kw_only=True, eq=False)
class TextLine:
    """A detected region and what was read in it.

    Attributes:
        quad: ``(4, 2)`` integer x, y in px of the page: top-left, top-right, bottom-right, bottom-left.
        detection_score: mean text probability inside the box, 0 to 1.
        text: what was read; empty if nothing was.
        score: mean confidence of the characters, 0 to 1.
        words: located words in text order, or None if they were not asked for.
        orientation: 0 upright, 1 upside down, -1 if no classifier ran (PaddleOCR's class ids).
    """

    quad: Quad
    detection_score: float
    text: str
    score: float
    words: tuple[Word, ...] | None = None
    orientation: int = -1

    @property
    def box(self) -> tuple[int, int, int, int]:
        """``(x_min, y_min, x_max, y_max)`` in px of the page."""
        (x_min, y_min), (x_max, y_max) = self.quad.min(axis=0), self.quad.max(axis=0)
        return int(x_min), int(y_min), int(x_max), int(y_max)
