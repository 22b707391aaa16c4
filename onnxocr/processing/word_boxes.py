"""Where each word of a line stands, from the time steps at which its characters were read.

Words are runs of Latin letters and digits; CJK characters stand alone; whatever lies between (spaces,
punctuation, other scripts) forms runs of its own. This is PaddleOCR's grouping, over charset tokens instead
of code points, so that a token of several code points does not shift those behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from onnxocr.arrays import Quad
from onnxocr.processing.ctc import DecodedText
from onnxocr.results.text_line import Word, WordRegion

Kind = Literal["cn", "en&num", "symbol"]

VERTICAL_ASPECT = 1.5
"""Quads more than this much higher than wide hold vertical text."""


@dataclass(frozen=True)
class WordGroup:
    """Neighbouring tokens of one kind and the time steps at which they were read."""

    tokens: tuple[str, ...]
    columns: tuple[int, ...]
    kind: Kind


def group_words(decoded: DecodedText) -> list[WordGroup]:
    """Returns the tokens of a line in groups of one kind, in text order.

    A full stop between digits and a hyphen behind letters or digits stay with them (``3.14``, ``VGG-16``).
    """
    kinds = _token_kinds(decoded.tokens)
    starts = [0] + [i + 1 for i, (kind, following) in enumerate(pairwise(kinds)) if kind != following]
    ends = [*starts[1:], len(kinds)]
    return [
        WordGroup(decoded.tokens[start:end], decoded.columns[start:end], kinds[start])
        for start, end in zip(starts, ends, strict=True)
        if end > start
    ]


def text_column_count(step_count: int, aspect: float, model_aspect: float) -> float:
    """Returns how many of a recogniser's time steps the text fills; the rest looks at padding.

    Args:
        step_count: time steps of the output.
        aspect: width over height of the crop.
        model_aspect: width over height of the recogniser's least input.
    """
    return step_count * (aspect / max(model_aspect, aspect))


def locate_words(decoded: DecodedText, quad: Quad, column_count: float) -> tuple[Word, ...]:
    """Returns the words of a line with their regions, in text order.

    Args:
        decoded: the line, horizontal or vertical.
        quad: ``(4, 2)`` integer x, y of the line in px of the page.
        column_count: number of time steps that the text fills.

    A region spans the line's axis-aligned height (its width, if the line is vertical); along the line it
    reaches from the first to behind the last time step of a word. A CJK character is centred on its time step
    and as wide as the line's characters are on average.
    """
    groups = group_words(decoded)
    axis = _LineAxis.of(quad)
    cell = axis.size / column_count
    cjk_width = _cjk_width(groups, cell, axis.size / max(len(decoded.text), 1))
    words: list[Word] = []
    for group in groups:
        if group.kind == "cn":
            words += [
                Word(text=token, region=axis.centred(column, cell, cjk_width))
                for token, column in zip(group.tokens, group.columns, strict=True)
            ]
        else:
            first, last = group.columns[0], group.columns[-1]
            region = axis.span(axis.start + int(first * cell), axis.start + int((last + 1) * cell))
            words.append(Word(text="".join(group.tokens), region=region))
    return tuple(words)


def _token_kinds(tokens: Sequence[str]) -> list[Kind]:
    kinds: list[Kind] = []
    for index, token in enumerate(tokens):
        kind = _kind(token)
        in_word = bool(kinds) and kinds[-1] == "en&num"
        following = tokens[index + 1] if index + 1 < len(tokens) else ""
        joins = token == "-" or (token == "." and following.isdigit())
        kinds.append("en&num" if in_word and joins else kind)
    return kinds


def _kind(token: str) -> Kind:
    if all("\u4e00" <= char <= "\u9fff" for char in token):
        return "cn"
    return "en&num" if token.isascii() and token.isalnum() else "symbol"


def _cjk_width(groups: Sequence[WordGroup], cell: float, fallback: float) -> float:
    """Returns the mean width in px of CJK characters: the pitch of runs of two or more, or ``fallback``."""
    pitches = [
        (group.columns[-1] - group.columns[0] + 1) * cell / (len(group.columns) - 1)
        for group in groups
        if group.kind == "cn" and len(group.columns) > 1
    ]
    return sum(pitches) / len(pitches) if pitches else fallback


@dataclass(frozen=True)
class _LineAxis:
    """The direction in which a line runs, and its extent across, in px of the page."""

    start: int
    size: int
    across: tuple[int, int]
    vertical: bool

    @classmethod
    def of(cls, quad: Quad) -> _LineAxis:
        corners = quad.astype(int)
        x_start, x_end = int(corners[0, 0]), int(corners[1, 0])
        y_start, y_end = int(corners[0, 1]), int(corners[2, 1])
        width, height = (int(side) for side in corners.max(axis=0) - corners.min(axis=0))
        if height > VERTICAL_ASPECT * width:
            return cls(y_start, y_end - y_start, (x_start, x_end), True)
        return cls(x_start, x_end - x_start, (y_start, y_end), False)

    def span(self, begin: int, end: int) -> WordRegion:
        near, far = self.across
        if self.vertical:
            return (near, begin), (far, begin), (far, end), (near, end)
        return (begin, near), (end, near), (end, far), (begin, far)

    def centred(self, column: int, cell: float, width: float) -> WordRegion:
        centre = (column + 0.5) * cell
        begin = max(int(centre - width / 2), 0) + self.start
        end = min(int(centre + width / 2), self.size) + self.start
        return self.span(begin, end)
