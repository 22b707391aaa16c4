"""Pixels of the pictures, with fonts that are handed in, so that the tests see the same on every machine."""

from __future__ import annotations

import logging
import random
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL.ImageFont import FreeTypeFont

from onnxocr.arrays import Image
from onnxocr.config import TextRecognitionConfig
from onnxocr.results import fonts
from onnxocr.results.fonts import FontFace
from onnxocr.results.picture import PictureItem, draw_caption, draw_page, page_items
from onnxocr.results.text_line import TextLine, Word
from onnxocr.results.typesetting import Typesetter
from tests.results.sample_page import blank_page, line, page, quad, region

PILLOW_FONT = [FontFace(None)]
CHINESE = "中文"


class FontOf(FontFace):
    """Pillow's font, made to say that it has these characters and no others."""

    def __init__(self, characters: str) -> None:
        super().__init__(None)
        self._characters_it_has = characters

    def maps(self, character: str) -> bool:
        return character in self._characters_it_has

    covers = maps


class BrokenFont(FontOf):
    """A font that vanishes between being found and being used."""

    def open(self, size_px: int) -> FreeTypeFont:
        raise OSError("gone")


def item(box: tuple[int, int, int, int], text: str) -> PictureItem:
    return PictureItem(np.array(quad(*box)), text)


def panes(image: Image, items: list[PictureItem], faces: list[FontFace] | None = None) -> tuple[Image, Image]:
    picture = np.array(draw_page(image, items, PILLOW_FONT if faces is None else faces))
    assert picture.shape == (image.shape[0], 2 * image.shape[1], 3)
    return picture[:, : image.shape[1]], picture[:, image.shape[1] :]


def dark(pane: Image) -> npt.NDArray[np.bool_]:
    return np.asarray((pane < 100).all(axis=2), bool)


def red(pane: Image) -> npt.NDArray[np.bool_]:
    channels = pane.astype(int)
    return np.asarray(channels[:, :, 0] - channels[:, :, 1:].max(axis=2) > 80)


def test_the_left_pane_is_the_page_in_rgb_and_changes_inside_the_boxes_only() -> None:
    image = np.random.default_rng(1).integers(0, 256, (60, 120, 3), np.uint8)
    left, _ = panes(image, [item((10, 5, 60, 20), "ab"), item((10, 30, 90, 50), "cd")])
    inside = np.zeros((60, 120), bool)
    inside[5:21, 10:61] = inside[30:51, 10:91] = True
    assert np.array_equal(left[~inside], image[:, :, ::-1][~inside])
    assert (left[inside] != image[:, :, ::-1][inside]).any(axis=1).mean() > 0.98


def test_boxes_are_half_transparent_and_differ_in_colour() -> None:
    left, _ = panes(blank_page(value=200), [item((10, 5, 60, 20), ""), item((10, 30, 90, 50), "")])
    # Hues 0 and 0.618 of the colour wheel, saturation 0.9, value 0.85; then the mean with 200.
    assert left[10, 20].tolist() == [208, 111, 111]
    assert left[40, 20].tolist() == [111, 140, 208]


def test_the_right_pane_has_the_text_inside_the_outlines_and_white_elsewhere() -> None:
    _, right = panes(blank_page(), [item((10, 5, 60, 20), "HHH"), item((10, 30, 90, 50), "")])
    text, no_text = dark(right)[6:20, 11:60], dark(right)[31:50, 11:90]
    assert text.sum() > 30
    assert not no_text.any()
    outside = np.ones((60, 120), bool)
    outside[5:21, 10:61] = outside[30:51, 10:91] = False
    assert (right[outside] == 255).all()
    assert (right[5, 10:61] < 255).any(axis=1).all()


def test_text_reaches_the_far_half_of_a_full_box_and_never_leaves_it() -> None:
    _, right = panes(blank_page(), [item((20, 10, 100, 40), "W" * 10)])
    columns = np.flatnonzero((right < 140).all(axis=2).any(axis=0))
    assert 20 <= columns.min() < 30
    assert 80 < columns.max() <= 100


def test_text_follows_a_tilted_quad() -> None:
    tilted = np.array([[10, 50], [90, 10], [100, 30], [20, 70]])
    picture = np.array(draw_page(blank_page(120, 80), [PictureItem(tilted, "HHHHHHHH")], PILLOW_FONT))
    rows, columns = np.nonzero((picture[:, 120:] < 140).all(axis=2))
    assert len(rows) > 50
    # Further right is further up.
    assert np.corrcoef(rows, columns)[0, 1] < -0.6


def test_boxes_more_than_twice_as_high_as_wide_have_one_character_per_row() -> None:
    _, right = panes(blank_page(60, 130), [item((20, 5, 45, 125), "HIHI")])
    rows = np.asarray(dark(right)[6:125, 22:44].any(axis=1))
    assert [bool(rows[start : start + 30].any()) for start in (0, 30, 60, 90)] == [True] * 4
    gaps = np.flatnonzero(np.diff(rows.astype(int)) == 1)
    assert len(gaps) == 4


def test_a_low_narrow_box_stays_horizontal() -> None:
    typesetter = Typesetter(PILLOW_FONT)
    _, right = panes(blank_page(60, 60), [item((20, 5, 33, 35), "HI")])
    horizontal = typesetter.draw_horizontal("HI", 13, 30)
    assert np.array_equal(dark(right)[6:35, 21:33], dark(horizontal)[1:30, 1:13])


def test_drawing_repeats_exactly_and_leaves_random_and_the_page_alone() -> None:
    image = blank_page()
    image.setflags(write=False)
    state = random.getstate()
    items = [item((10, 5, 60, 20), "ab"), item((10, 30, 90, 50), "cd")]
    first, second = (draw_page(image, items, PILLOW_FONT).tobytes() for _ in range(2))
    assert first == second
    assert random.getstate() == state
    assert (image == 200).all()


WORDS = line(
    (0, 0, 60, 20),
    "Hi a",
    0.5,
    Word(text="Hi", region=region(0, 0, 20, 20)),
    Word(text=" ", region=region(20, 0, 20, 20)),
    Word(text="a", region=region(25, 0, 60, 20)),
)


@pytest.mark.parametrize(
    ("lines", "by_word", "texts"),
    [
        ([WORDS, line((0, 30, 60, 50), "x")], False, ["Hi a", "x"]),
        ([WORDS, line((0, 30, 60, 50), "x")], True, ["Hi", "a"]),
        ([], True, []),
    ],
)
def test_items_are_lines_or_words_with_an_area(
    lines: list[TextLine], by_word: bool, texts: list[str]
) -> None:
    assert [found.text for found in page_items(lines, by_word=by_word)] == texts


def test_a_result_draws_words_if_words_were_asked_for() -> None:
    by_line = page(WORDS).img["ocr_res_img"]
    by_word = page(WORDS, recognition=TextRecognitionConfig(return_word_box=True)).img["ocr_res_img"]
    assert by_line.mode == "RGB"
    assert by_line.size == by_word.size == (240, 60)
    # The left pane of words has two colours, and none between the words.
    assert by_line.getpixel((22, 10)) != (200, 200, 200)
    assert by_word.getpixel((22, 10)) == (200, 200, 200)
    assert by_word.getpixel((10, 10)) != by_word.getpixel((40, 10))


def test_a_page_without_lines_is_the_page_beside_white() -> None:
    left, right = panes(blank_page(), [])
    assert (left == 200).all()
    assert (right == 255).all()


def test_missing_characters_are_red_with_a_hint_and_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    _, right = panes(blank_page(400, 100), [item((10, 5, 200, 35), "中A文"), item((10, 40, 200, 60), "中")])
    # Inside the outlines, which have colours of their own.
    assert red(right)[7:34, 12:198].any()
    assert dark(right)[7:34, 12:198].any()
    assert red(right)[42:59, 12:198].any()
    assert red(right)[85:].any(), "no hint at the lower edge"
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    for part in ("中 (U+4E2D), 文 (U+6587)", "Noto Sans CJK", "ONNXOCR_FONT"):
        assert part in record.getMessage()


def test_the_warning_names_five_characters_and_counts_the_rest(caplog: pytest.LogCaptureFixture) -> None:
    panes(blank_page(), [item((10, 5, 100, 35), "一二三四五六七")])
    assert "五 (U+4E94) and 2 other characters" in caplog.text


def test_nothing_is_reported_when_a_font_has_the_characters(caplog: pytest.LogCaptureFixture) -> None:
    _, right = panes(blank_page(400, 100), [item((10, 5, 200, 35), "中A文")], [FontOf("中A文?")])
    assert not red(right)[7:34, 12:198].any()
    assert not red(right)[60:].any()
    assert caplog.records == []


@pytest.mark.parametrize("text", ["", " ", "a\u3000b", "a\tb\nc", "a\u200db", "a\ufe0f", "a\u200eb"])
def test_blanks_and_marks_without_ink_are_never_missing(text: str) -> None:
    typesetter = Typesetter(PILLOW_FONT)
    typesetter.draw_horizontal(text, 100, 20)
    typesetter.draw_vertical(text, 20, 100)
    assert list(typesetter.missing) == []


def test_the_first_font_with_all_characters_draws_the_whole_line() -> None:
    half, whole = FontOf("AB?"), FontOf("AB中?")
    typesetter = Typesetter([half, whole])
    assert [(run.face, run.text) for run in typesetter._runs("A中B")] == [(whole, "A中B")]
    assert [(run.face, run.text) for run in typesetter._runs("AB")] == [(half, "AB")]


def test_a_font_that_lists_a_character_without_ink_is_passed_over() -> None:
    blank, whole = FontOf("A中?"), FontOf("A中?")
    blank.covers = lambda character: character != "中"  # type: ignore[method-assign]
    typesetter = Typesetter([blank, whole])
    assert [(run.face, run.text) for run in typesetter._runs("A中")] == [(whole, "A中")]


def test_fonts_share_a_line_that_none_of_them_has_alone() -> None:
    chinese, latin = FontOf("中文?"), FontOf("AB")
    typesetter = Typesetter([latin, chinese])
    assert [(run.face, run.text) for run in typesetter._runs("A中文 B")] == [
        (latin, "A"),
        (chinese, "中文 "),
        (latin, "B"),
    ]
    assert list(typesetter.missing) == []


def test_marks_share_the_row_of_their_letter() -> None:
    typesetter = Typesetter([FontOf("e\u0301?")])
    plain, combined = (typesetter.draw_vertical(text, 60, 60) for text in ("ee", "e\u0301e"))
    assert np.array_equal(combined[30:], plain[30:])
    assert not np.array_equal(combined[:30], plain[:30])


def test_an_item_that_cannot_be_drawn_is_reported_and_the_others_are_drawn(
    caplog: pytest.LogCaptureFixture,
) -> None:
    faces = [BrokenFont("x"), *PILLOW_FONT]
    _, right = panes(blank_page(), [item((10, 5, 60, 20), "x"), item((10, 30, 90, 50), "HHH")], faces)
    assert "Cannot draw 'x' (gone); the picture shows its outline only." in caplog.text
    assert not dark(right)[6:20, 11:60].any()
    assert (right[5, 10:61] < 255).any(axis=1).all()
    assert dark(right)[31:50, 11:90].any()


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ((30, 10, 30, 40), "its box of 0x30 px has no area"),
        ((300, 10, 340, 40), "lies outside the page"),
        ((-90, 10, -50, 40), "lies outside the page"),
    ],
)
def test_a_box_without_room_is_reported(
    box: tuple[int, int, int, int], message: str, caplog: pytest.LogCaptureFixture
) -> None:
    panes(blank_page(), [item(box, "lost")])
    assert message in caplog.text
    assert "'lost'" in caplog.text


def test_a_quad_folded_into_a_line_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    folded = np.array([[10, 10], [60, 40], [110, 70], [40, 28]])
    draw_page(blank_page(120, 80), [PictureItem(folded, "lost")], PILLOW_FONT)
    assert "'lost' (its box of" in caplog.text


def test_boxes_at_and_beyond_the_edge_are_cut_off() -> None:
    _, right = panes(blank_page(), [item((100, 40, 120, 60), "HH"), item((-20, -5, 40, 20), "HHHH")])
    assert dark(right)[41:60, 101:120].any()
    assert dark(right)[0:20, 0:40].any()


def test_a_picture_is_possible_without_any_system_font(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fonts, "font_folders", lambda: [tmp_path])
    monkeypatch.delenv("ONNXOCR_FONT", raising=False)
    fonts.system_fonts.cache_clear()
    try:
        picture = np.array(page(line((10, 5, 60, 20), "HHH")).img["ocr_res_img"])
    finally:
        fonts.system_fonts.cache_clear()
    assert dark(picture[6:20, 131:180]).any()


def test_a_caption_stands_below_the_image() -> None:
    image = blank_page(300, 40, value=77)
    picture = np.array(draw_caption(image, "Hello (0.7500)", PILLOW_FONT))
    assert picture.shape[1] == 300
    assert picture.shape[0] > 50
    assert (picture[:40] == 77).all()
    assert dark(picture[40:]).any()


def test_a_long_caption_widens_the_picture_instead_of_being_cut() -> None:
    picture = np.array(
        draw_caption(blank_page(30, 40, value=77), "a long line of text (0.7500)", PILLOW_FONT)
    )
    assert picture.shape[1] > 100
    assert (picture[:40, 30:] == 255).all()


def test_a_caption_with_missing_characters_has_a_hint_below(caplog: pytest.LogCaptureFixture) -> None:
    image = blank_page(600, 40)
    plain = draw_caption(image, "AB", PILLOW_FONT)
    hinted = draw_caption(image, CHINESE, PILLOW_FONT)
    assert hinted.height > plain.height
    assert red(np.array(hinted)[plain.height :]).any()
    assert len(caplog.records) == 1
