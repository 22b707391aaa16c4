"""Positions worked out by hand: 10 columns over 100 px make cells of 10 px."""

from __future__ import annotations

import numpy as np
import pytest

from onnxocr.processing.ctc import DecodedText
from onnxocr.processing.word_boxes import group_words, locate_words, text_column_count

LEVEL = np.array([[100, 20], [200, 20], [200, 50], [100, 50]], np.int16)
UPRIGHT = np.array([[20, 100], [50, 100], [50, 200], [20, 200]], np.int16)


def decoded(tokens: list[str], columns: list[int] | None = None, steps: int = 10) -> DecodedText:
    return DecodedText(
        tokens=tuple(tokens),
        columns=tuple(columns if columns is not None else range(len(tokens))),
        step_count=steps,
        score=1.0,
    )


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("Hello VGG-16 3.14", ["Hello", " ", "VGG-16", " ", "3.14"]),  # PaddleOCR's own example
        ("3.a", ["3", ".", "a"]),
        ("-5", ["-", "5"]),
        ("中文ab", ["中文", "ab"]),
        ("で、", ["で、"]),  # kana are symbols to PaddleOCR
        ("", []),
    ],
)
def test_groups_end_where_the_kind_changes(text: str, groups: list[str]) -> None:
    assert ["".join(group.tokens) for group in group_words(decoded(list(text)))] == groups


def test_a_latin_word_reaches_from_its_first_to_behind_its_last_column() -> None:
    (word,) = locate_words(decoded(["a", "b"], [2, 4]), LEVEL, 10)
    assert (word.text, word.box) == ("ab", (120, 20, 150, 50))


def test_cjk_characters_stand_alone_as_wide_as_their_pitch() -> None:
    # columns 1 and 3: pitch (3 - 1 + 1) * 10 / (2 - 1) = 30 px around the centres 15 and 35
    words = locate_words(decoded(["中", "文"], [1, 3]), LEVEL, 10)
    assert [(word.text, word.box) for word in words] == [
        ("中", (100, 20, 130, 50)),
        ("文", (120, 20, 150, 50)),
    ]


def test_a_single_cjk_character_is_as_wide_as_the_line_over_its_length() -> None:
    (word,) = locate_words(decoded(["中"], [9]), LEVEL, 10)
    assert word.box == (145, 20, 200, 50)  # 100 px wide around 95, ended at the line's end


def test_vertical_lines_are_divided_downwards() -> None:
    (word,) = locate_words(decoded(["a", "b"], [2, 4]), UPRIGHT, 10)
    assert word.box == (20, 120, 50, 150)


def test_a_token_of_two_code_points_does_not_shift_its_successors() -> None:
    words = locate_words(decoded(["🇨🇳", "a"], [0, 5]), LEVEL, 10)
    assert [(word.text, word.box[0]) for word in words] == [("🇨🇳", 100), ("a", 150)]


@pytest.mark.parametrize(
    ("aspect", "columns"),
    [(320 / 48, 40), (160 / 48, 20), (640 / 48, 40)],  # half the input is padding in the second case
)
def test_columns_that_look_at_padding_do_not_count(aspect: float, columns: float) -> None:
    assert text_column_count(40, aspect, 320 / 48) == pytest.approx(columns)
