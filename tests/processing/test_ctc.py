from __future__ import annotations

import numpy as np
import pytest

from onnxocr.processing.ctc import ctc_classes, decode_greedy

CLASSES = ctc_classes(["a", "b", "🇨🇳"])


def test_classes_are_blank_charset_and_space() -> None:
    assert CLASSES == ("", "a", "b", "🇨🇳", " ")


@pytest.mark.parametrize(
    ("steps", "text", "columns"),
    [
        ([1, 1, 2], "ab", (0, 2)),  # repeats merge
        ([1, 0, 1], "aa", (0, 2)),  # a blank between keeps both
        ([0, 0, 0], "", ()),
        ([2, 4, 3], "b 🇨🇳", (0, 1, 2)),  # one token may be several code points
        ([0, 1, 1, 0], "a", (1,)),
    ],
)
def test_repeats_merge_and_blanks_drop(steps: list[int], text: str, columns: tuple[int, ...]) -> None:
    decoded = decode_greedy(np.eye(5, dtype=np.float32)[steps], CLASSES)
    assert decoded.text == text
    assert decoded.columns == columns
    assert decoded.step_count == len(steps)


def test_the_score_is_the_mean_of_the_kept_steps_only() -> None:
    probabilities = np.array([[0.1, 0.9, 0, 0, 0], [0.4, 0.6, 0, 0, 0], [0.5, 0, 0.5, 0, 0]], np.float32)
    # steps 0 (a, .9) and 1 (a, .6, merged); step 2 is a tie which the blank wins
    assert decode_greedy(probabilities, CLASSES).score == pytest.approx(0.9)


def test_nothing_read_scores_zero() -> None:
    assert decode_greedy(np.eye(5, dtype=np.float32)[[0, 0]], CLASSES).score == 0.0
