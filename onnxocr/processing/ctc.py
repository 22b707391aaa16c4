"""Greedy decoding of connectionist temporal classification (Graves et al., 2006)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from onnxocr.arrays import Tensor

BLANK = 0
"""Class of the CTC blank; class i + 1 is the charset's entry i, the last class is the space."""


@dataclass(frozen=True, kw_only=True)
class DecodedText:
    """One decoded line.

    Attributes:
        tokens: the charset entries that were read, in order; an entry may be several code points.
        columns: for each token the time step it was read at.
        step_count: number of time steps of the network's output.
        score: mean confidence of the tokens, 0.0 if there are none.
    """

    tokens: tuple[str, ...]
    columns: tuple[int, ...]
    step_count: int
    score: float

    @property
    def text(self) -> str:
        """The tokens in one string."""
        return "".join(self.tokens)


def ctc_classes(charset: Sequence[str]) -> tuple[str, ...]:
    """Returns what each class of a PP-OCR recogniser stands for: blank, the charset, space."""
    return ("", *charset, " ")


def decode_greedy(probabilities: Tensor, classes: Sequence[str]) -> DecodedText:
    """Returns the most probable class of each step, repeats merged and blanks dropped.

    Args:
        probabilities: ``(T, len(classes))`` float32, softmax over classes.
        classes: as ``ctc_classes`` gives them.
    """
    best = probabilities.argmax(axis=1)
    keep = best != BLANK
    keep[1:] &= best[1:] != best[:-1]
    columns = np.flatnonzero(keep)
    confidences = probabilities[columns, best[columns]]
    return DecodedText(
        tokens=tuple(classes[index] for index in best[columns]),
        columns=tuple(columns.tolist()),
        step_count=len(best),
        score=float(confidences.mean()) if len(columns) else 0.0,
    )
