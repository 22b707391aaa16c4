"""The keys, order, types and values of OCRResult, as observed on PaddleOCR 3.7.0."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from onnxocr.config import TextRecognitionConfig
from onnxocr.results.text_line import TextLine, Word
from tests.results.sample_page import RUNTIME, blank_page, line, page, quad, region

WITH_WORDS = TextRecognitionConfig(return_word_box=True)

RAW_KEYS = [
    "input_path",
    "page_index",
    "doc_preprocessor_res",
    "dt_polys",
    "model_settings",
    "text_det_params",
    "text_type",
    "text_rec_score_thresh",
    "return_word_box",
    "rec_texts",
    "rec_scores",
    "rec_polys",
    "vis_fonts",
]
EXPORTED_KEYS = [
    "input_path",
    "page_index",
    "model_settings",
    "dt_polys",
    "text_det_params",
    "text_type",
    "textline_orientation_angles",
    "text_rec_score_thresh",
    "return_word_box",
    "rec_texts",
    "rec_scores",
    "rec_polys",
    "rec_boxes",
]
TWO_LINES = (line((10, 5, 60, 20), "ab", 0.75), line((10, 30, 90, 50), "中文", 0.25))
HELLO = line(
    (0, 0, 60, 20),
    "Hi 中",
    0.5,
    Word(text="Hi", region=region(0, 0, 20, 20)),
    Word(text=" ", region=region(20, 0, 25, 20)),
    Word(text="中", region=region(25, 0, 60, 20)),
)


@pytest.mark.parametrize(
    ("lines", "recognition", "raw", "exported"),
    [
        (
            TWO_LINES,
            TextRecognitionConfig(),
            [*RAW_KEYS, "textline_orientation_angles", "rec_boxes"],
            EXPORTED_KEYS,
        ),
        (
            (),
            TextRecognitionConfig(),
            [*RAW_KEYS, "rec_boxes"],
            [key for key in EXPORTED_KEYS if key != "textline_orientation_angles"],
        ),
        (
            (HELLO,),
            WITH_WORDS,
            [
                *RAW_KEYS,
                "text_word",
                "text_word_region",
                "textline_orientation_angles",
                "rec_boxes",
                "text_word_boxes",
            ],
            [*EXPORTED_KEYS, "text_word_boxes", "text_word"],
        ),
    ],
    ids=["two lines", "no line", "with words"],
)
def test_keys_come_in_the_order_of_paddleocr(
    lines: tuple[TextLine, ...], recognition: TextRecognitionConfig, raw: list[str], exported: list[str]
) -> None:
    result = page(*lines, recognition=recognition)
    assert list(result) == raw
    assert list(result.json["res"]) == exported
    assert list(result.str["res"]) == exported


def test_json_holds_plain_values_only() -> None:
    assert page(*TWO_LINES).json == {
        "res": {
            "input_path": "in/t.png",
            "page_index": None,
            "model_settings": {"use_doc_preprocessor": False, "use_textline_orientation": False},
            "dt_polys": [quad(10, 5, 60, 20), quad(10, 30, 90, 50)],
            "text_det_params": {
                "limit_side_len": 64,
                "limit_type": "min",
                "thresh": 0.3,
                "max_side_limit": 4000,
                "box_thresh": 0.6,
                "unclip_ratio": 1.5,
            },
            "text_type": "general",
            "textline_orientation_angles": [-1, -1],
            "text_rec_score_thresh": 0.0,
            "return_word_box": False,
            "rec_texts": ["ab", "中文"],
            "rec_scores": [0.75, 0.25],
            "rec_polys": [quad(10, 5, 60, 20), quad(10, 30, 90, 50)],
            "rec_boxes": [[10, 5, 60, 20], [10, 30, 90, 50]],
        }
    }


def test_raw_values_have_the_types_of_paddleocr() -> None:
    result = page(HELLO, recognition=WITH_WORDS)
    assert [(q.shape, q.dtype) for q in result["dt_polys"]] == [((4, 2), np.int16)]
    assert [(q.shape, q.dtype) for q in result["rec_polys"]] == [((4, 2), np.int16)]
    assert result["rec_boxes"].dtype == np.int16
    assert type(result["rec_scores"][0]) is float
    assert result["textline_orientation_angles"] == [-1]
    assert result["vis_fonts"] == []
    assert result["text_word"] == [["Hi", " ", "中"]]
    assert result["text_word_region"][0][0] == ((0, 0), (20, 0), (20, 20), (0, 20))
    assert [(b.shape, b.dtype) for b in result["text_word_boxes"]] == [((3, 4), np.int64)]


def test_str_stacks_lists_into_arrays() -> None:
    shown = page(*TWO_LINES).str["res"]
    assert {
        key: (value.shape, value.dtype.name) for key, value in shown.items() if hasattr(value, "dtype")
    } == {
        "dt_polys": ((2, 4, 2), "int16"),
        "textline_orientation_angles": ((2,), "int64"),
        "rec_scores": ((2,), "float64"),
        "rec_polys": ((2, 4, 2), "int16"),
        "rec_boxes": ((2, 4), "int16"),
    }


def test_a_page_without_text_has_empty_values() -> None:
    result = page(recognition=WITH_WORDS)
    assert result.lines == result.detected_lines == ()
    for key in ("dt_polys", "rec_texts", "rec_scores", "rec_polys", "text_word", "text_word_boxes"):
        assert result[key] == []
    assert (result["rec_boxes"].shape, result["rec_boxes"].dtype) == ((0,), np.float64)
    assert result.str["res"]["dt_polys"].dtype == np.float64
    assert result.json["res"]["rec_boxes"] == []
    assert result.json["res"]["text_word_boxes"] == []


@pytest.mark.parametrize(
    ("threshold", "texts"), [(0.0, ["ab", "中文"]), (0.25, ["ab", "中文"]), (0.26, ["ab"]), (1.0, [])]
)
def test_a_line_is_kept_if_its_score_reaches_the_threshold(threshold: float, texts: list[str]) -> None:
    result = page(*TWO_LINES, recognition=TextRecognitionConfig(score_thresh=threshold))
    assert [kept.text for kept in result.lines] == texts
    assert result["rec_texts"] == texts
    assert len(result["rec_scores"]) == len(result["rec_polys"]) == len(result["rec_boxes"]) == len(texts)
    assert result.detected_lines == TWO_LINES
    assert len(result["dt_polys"]) == len(result["textline_orientation_angles"]) == 2
    assert result["text_rec_score_thresh"] == threshold


def test_a_line_without_text_is_kept_at_threshold_zero() -> None:
    result = page(line((0, 0, 20, 20), "", 0.0), recognition=WITH_WORDS)
    assert result["rec_texts"] == [""]
    assert result["text_word"] == [[]]
    assert result["text_word_boxes"][0].shape == (0, 4)
    assert result.json["res"]["text_word_boxes"] == [[]]


def test_coordinates_beyond_int16_keep_their_value() -> None:
    result = page(line((0, 0, 20, 20), "a"), line((32_760, 0, 40_000, 30), "far"))
    assert {polygon.dtype.name for polygon in result["dt_polys"]} == {"int32"}
    assert result.json["res"]["rec_boxes"][1] == [32_760, 0, 40_000, 30]


def test_word_boxes_of_a_steep_line_are_in_rows_while_words_keep_theirs() -> None:
    steep = line(
        (0, 0, 40, 40),
        "ab",
        0.5,
        Word(text="a", region=region(0, 20, 20, 40)),
        Word(text="b", region=region(20, 0, 40, 20)),
    )
    result = page(steep, recognition=WITH_WORDS)
    assert result["text_word"] == [["a", "b"]]
    assert result["text_word_boxes"][0].tolist() == [[20, 0, 40, 20], [0, 20, 20, 40]]
    assert [(word.text, word.box) for word in result.lines[0].words or ()] == [
        ("a", (0, 20, 20, 40)),
        ("b", (20, 0, 40, 20)),
    ]


def test_the_page_is_handed_on_as_it_is() -> None:
    image = blank_page()
    assert page(image=image)["doc_preprocessor_res"]["output_img"] is image


def test_the_result_tells_what_ran() -> None:
    assert page().runtime == {"text_detection": RUNTIME, "text_recognition": RUNTIME}


def test_a_changed_dict_value_is_what_gets_exported() -> None:
    result = page(*TWO_LINES)
    result["rec_texts"][0] = "corrected"
    assert result.json["res"]["rec_texts"] == ["corrected", "中文"]


def test_a_result_survives_pickle_and_copy() -> None:
    result = page(*TWO_LINES)
    for twin in (pickle.loads(pickle.dumps(result)), copy.copy(result), copy.deepcopy(result)):
        assert type(twin) is type(result)
        assert twin.json == result.json
        assert [kept.text for kept in twin.lines] == ["ab", "中文"]
