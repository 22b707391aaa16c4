"""The dict views of the detection and recognition modules, as observed on PaddleOCR 3.7.0."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from onnxocr.results.text_detection_result import TextDetResult
from onnxocr.results.text_recognition_result import TextRecResult
from tests.results.sample_page import RUNTIME, blank_page, quad

QUADS = [np.array(quad(10, 30, 90, 50)), np.array(quad(10, 5, 60, 20))]


def detection(polygons: Any = (), scores: Any = (), image: Any = None) -> TextDetResult:  # noqa: ANN401
    return TextDetResult(
        input_path="in/t.png",
        page_index=None,
        image=blank_page() if image is None else image,
        polygons=polygons,
        scores=scores,
        runtime=RUNTIME,
    )


def recognition(words: Any = None, text: str = "Hello") -> TextRecResult:  # noqa: ANN401
    return TextRecResult(
        input_path="in/line.png",
        page_index=None,
        image=blank_page(200, 40),
        text=text,
        score=0.75,
        column_count=56,
        words=words,
        runtime=RUNTIME,
    )


@pytest.mark.parametrize("polygons", [QUADS, np.stack(QUADS)], ids=["list", "array"])
def test_detection_keeps_the_detectors_order(polygons: Any) -> None:  # noqa: ANN401
    result = detection(polygons, [np.float64(0.75), 0.5])
    assert list(result) == ["input_path", "page_index", "input_img", "dt_polys", "dt_scores"]
    assert (result["dt_polys"].shape, result["dt_polys"].dtype) == ((2, 4, 2), np.int16)
    assert [type(score) for score in result["dt_scores"]] == [float, float]
    assert result.runtime is RUNTIME
    assert result.json == {
        "res": {
            "input_path": "in/t.png",
            "page_index": None,
            "dt_polys": [quad(10, 30, 90, 50), quad(10, 5, 60, 20)],
            "dt_scores": [0.75, 0.5],
        }
    }


def test_detection_of_nothing_is_an_empty_int16_array() -> None:
    result = detection()
    assert (result["dt_polys"].shape, result["dt_polys"].dtype) == ((0,), np.int16)
    assert result.json["res"]["dt_polys"] == result.json["res"]["dt_scores"] == []
    assert np.array_equal(result.img["res"], blank_page())


def test_polygons_of_different_length_stay_a_list() -> None:
    triangle = np.array([[0, 0], [9, 0], [0, 9]])
    result = detection([QUADS[0], triangle], [0.5, 0.5])
    assert result.json["res"]["dt_polys"] == [quad(10, 30, 90, 50), triangle.tolist()]
    assert result.img["res"].shape == (60, 120, 3)


def test_detection_picture_is_rgb_with_red_outlines_of_two_px() -> None:
    picture = detection([QUADS[1]], [0.5], image=blank_page(value=7)).img["res"]
    assert picture.shape == (60, 120, 3)
    assert picture[5, 30].tolist() == [255, 0, 0]
    assert picture[12, 10].tolist() == [255, 0, 0]
    assert picture[12, 30].tolist() == [7, 7, 7]
    # Two px and not one: a row beside the outline is red as well.
    assert [255, 0, 0] in (picture[4, 30].tolist(), picture[6, 30].tolist())


def test_detection_picture_leaves_the_callers_array_alone() -> None:
    image = np.asfortranarray(blank_page())
    before = image.copy()
    detection([QUADS[0]], [0.5], image=image).img  # noqa: B018 - drawing is the point
    assert np.array_equal(image, before)


def test_recognition_exports_text_and_score() -> None:
    result = recognition()
    assert list(result) == ["input_path", "page_index", "input_img", "rec_text", "rec_score", "vis_font"]
    assert result.json == {
        "res": {"input_path": "in/line.png", "page_index": None, "rec_text": "Hello", "rec_score": 0.75}
    }
    assert (result.text, result.score, result.runtime) == ("Hello", 0.75, RUNTIME)


def test_recognition_with_words_has_the_pair_of_paddleocr() -> None:
    result = recognition([(("H", "e"), (2, 6), "en&num"), ((" ",), (9,), "symbol")], text="He ")
    columns = [56.0, [["H", "e"], [" "]], [[2, 6], [9]], ["en&num", "symbol"]]
    assert result["rec_text"] == ("He ", columns)
    assert type(result["rec_text"][1][0]) is float
    assert result.json["res"]["rec_text"] == ["He ", columns]
    assert result.text == "He "


def test_recognition_of_nothing_with_words_has_empty_lists() -> None:
    assert recognition([], text="")["rec_text"] == ("", [56.0, [], [], []])
