from __future__ import annotations

import json
import logging
import random
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from onnxocr.errors import OutputError
from onnxocr.results.base import Result
from onnxocr.results.file_naming import base_name, picture_suffix
from onnxocr.results.text_detection_result import TextDetResult
from tests.results.sample_page import RUNTIME, blank_page, line, page

LINES = (line((10, 5, 60, 20), "ab", 0.75), line((10, 30, 90, 50), "中文", 0.25))

TWO_LINE_JSON = """\
{
  "input_path": "in/t.png",
  "page_index": null,
  "model_settings": {
    "use_doc_preprocessor": false,
    "use_textline_orientation": false
  },
  "dt_polys": DT,
  "text_det_params": {
    "limit_side_len": 64,
    "limit_type": "min",
    "thresh": 0.3,
    "max_side_limit": 4000,
    "box_thresh": 0.6,
    "unclip_ratio": 1.5
  },
  "text_type": "general",
  "textline_orientation_angles": [
    -1,
    -1
  ],
  "text_rec_score_thresh": 0.0,
  "return_word_box": false,
  "rec_texts": [
    "ab",
    "中文"
  ],
  "rec_scores": [
    0.75,
    0.25
  ],
  "rec_polys": DT,
  "rec_boxes": [
    [
      10,
      5,
      60,
      20
    ],
    [
      10,
      30,
      90,
      50
    ]
  ]
}"""
TWO_LINE_POLYGONS = """[
    [
      [
        10,
        5
      ],
      [
        60,
        5
      ],
      [
        60,
        20
      ],
      [
        10,
        20
      ]
    ],
    [
      [
        10,
        30
      ],
      [
        90,
        30
      ],
      [
        90,
        50
      ],
      [
        10,
        50
      ]
    ]
  ]"""


class TwoPictures(Result):
    """A result as a pipeline with several pictures has it."""

    def _exported(self) -> dict[str, object]:
        return dict(self)

    def _pictures(self) -> dict[str, object]:
        return {name: np.full((2, 3, 3), value, np.uint8) for name, value in (("first", 10), ("second", 20))}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_json_file_is_exactly_this(tmp_path: Path) -> None:
    written = page(*LINES).save_to_json(tmp_path / "x.json", indent=2)
    assert written == tmp_path / "x.json"
    assert written.read_bytes().decode("utf-8") == TWO_LINE_JSON.replace("DT", TWO_LINE_POLYGONS)
    assert names(tmp_path) == ["x.json"]


def test_the_json_file_has_four_spaces_and_characters_unless_told_otherwise(tmp_path: Path) -> None:
    result = page(*LINES)
    result.save_to_json(tmp_path / "a.json")
    assert (tmp_path / "a.json").read_text("utf-8") == json.dumps(
        result.json["res"], indent=4, ensure_ascii=False
    )
    result.save_to_json(tmp_path / "b.json", 1, True)
    assert (tmp_path / "b.json").read_text("ascii") == json.dumps(result.json["res"], indent=1)


def test_an_undecodable_byte_in_a_file_name_does_not_lose_the_result(tmp_path: Path) -> None:
    path = "in/caf\udce9.png"
    page(input_path=path).save_to_json(tmp_path / "x.json")
    assert json.loads((tmp_path / "x.json").read_text("utf-8"))["input_path"] == path


@pytest.mark.parametrize(
    ("input_path", "page_index", "json_name", "picture_name"),
    [
        ("in/t.png", None, "t_res.json", "t_ocr_res_img.png"),
        ("t.JPG", None, "t_res.json", "t_ocr_res_img.JPG"),
        ("in/a.b.jpeg", None, "a.b_res.json", "a.b_ocr_res_img.jpeg"),
        ("in/t.pdf", 0, "t_0_res.json", "t_0_ocr_res_img.png"),
        ("in/t.pdf", 12, "t_12_res.json", "t_12_ocr_res_img.png"),
        ("in/mp.tif", 0, "mp_0_res.json", "mp_0_ocr_res_img.tif"),
        ("in/scan.ras", None, "scan_res.json", "scan_ocr_res_img.png"),
        ("in/no_suffix", None, "no_suffix_res.json", "no_suffix_ocr_res_img.png"),
        (
            "https://example.com/a/b/shop%20sign.jpg?width=3#top",
            None,
            "shop sign_res.json",
            "shop sign_ocr_res_img.jpg",
        ),
        ("HTTP://example.com/a.pdf", 3, "a_3_res.json", "a_3_ocr_res_img.png"),
        ("https://example.com/", None, "example_res.json", "example_ocr_res_img.png"),
        ("https://example.com/..%2f..%2fa%3Ab.png", None, "a_b_res.json", "a_b_ocr_res_img.png"),
    ],
)
def test_files_in_a_folder_are_named_after_the_input(
    input_path: str, page_index: int | None, json_name: str, picture_name: str, tmp_path: Path
) -> None:
    result = page(input_path=input_path, page_index=page_index)
    written = result.save_all(tmp_path / "new" / "folder")
    assert [path.name for path in written] == [json_name, picture_name]
    assert names(tmp_path / "new" / "folder") == sorted([json_name, picture_name])


def test_module_results_are_named_res(tmp_path: Path) -> None:
    result = TextDetResult(
        input_path="t.bmp", page_index=None, image=blank_page(), polygons=[], scores=[], runtime=RUNTIME
    )
    assert [path.name for path in result.save_all(tmp_path)] == ["t_res.json", "t_res.bmp"]


def test_arrays_get_names_that_do_not_repeat_even_if_random_is_seeded() -> None:
    names_seen = set()
    for _ in range(200):
        random.seed(0)
        names_seen.add(page(input_path=None)._base_name())
    assert len(names_seen) == 200
    assert all(re.fullmatch(r"\d{10}_\d{4,}_[0-9a-f]{8}\.png", name) for name in names_seen)


def test_an_array_keeps_its_name_over_several_saves(tmp_path: Path) -> None:
    result = page(input_path=None)
    first, again = result.save_all(tmp_path), result.save_all(tmp_path)
    assert first == again
    assert first[0].name.removesuffix("_res.json") == first[1].name.removesuffix("_ocr_res_img.png")


def test_pages_of_a_document_in_memory_carry_their_number() -> None:
    assert base_name(None, 2, "17_0000_ab") == "17_0000_ab_2.png"


@pytest.mark.parametrize(
    ("name", "suffix"),
    [("a.PNG", ".PNG"), ("a.webp", ".webp"), ("a.pdf", ".png"), ("a", ".png"), ("a.svg", ".png")],
)
def test_pictures_take_the_suffix_of_picture_inputs(name: str, suffix: str) -> None:
    assert picture_suffix(name) == suffix


@pytest.mark.parametrize(
    ("file_name", "file_format"),
    [
        ("x.png", "PNG"),
        ("x.JPG", "JPEG"),
        ("x.tiff", "TIFF"),
        ("x.bmp", "BMP"),
        ("x.webp", "WEBP"),
        ("x.ppm", "PPM"),
    ],
)
def test_a_picture_path_is_written_in_its_format(file_name: str, file_format: str, tmp_path: Path) -> None:
    target = tmp_path / "deep" / file_name
    assert page(*LINES).save_to_img(target) == [target]
    with Image.open(target) as picture:
        assert (picture.format, picture.size) == (file_format, (240, 60))


@pytest.mark.parametrize("folder", ["out", "out.txt", "x.json", "x.png"])
def test_an_existing_folder_is_a_folder_whatever_its_name(folder: str, tmp_path: Path) -> None:
    (tmp_path / folder).mkdir()
    result = page()
    assert result.save_to_json(tmp_path / folder) == tmp_path / folder / "t_res.json"
    assert result.save_to_img(str(tmp_path / folder)) == [tmp_path / folder / "t_ocr_res_img.png"]


@pytest.mark.parametrize("name", ["x.json", "x.png", "plain"])
def test_save_all_always_makes_a_folder(name: str, tmp_path: Path) -> None:
    page().save_all(tmp_path / name)
    assert names(tmp_path / name) == ["t_ocr_res_img.png", "t_res.json"]


def test_a_single_picture_file_gets_the_first_picture_and_says_what_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    result = TwoPictures({"input_path": "t.png", "page_index": None})
    result.save_to_img(tmp_path / "x.png")
    with Image.open(tmp_path / "x.png") as picture:
        assert picture.getpixel((0, 0)) == (10, 10, 10)
    assert "left out: second" in caplog.text
    assert [path.name for path in result.save_to_img(tmp_path)] == ["t_first.png", "t_second.png"]


def test_existing_files_are_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "x.json"
    target.write_text("x" * 100_000)
    page().save_to_json(target)
    assert json.loads(target.read_text("utf-8"))["rec_texts"] == []


def test_saved_files_have_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    page().save_to_json(tmp_path / "x.json")
    assert (tmp_path / "x.json").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "x.webp"
    target.write_bytes(b"old")
    too_wide = page(image=blank_page(9000, 2))
    with pytest.raises(OutputError, match=re.escape(str(target))):
        too_wide.save_to_img(target)
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["x.webp"]


def test_a_file_where_a_folder_is_needed_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for save in (page().save_to_json, page().save_to_img, page().save_all):
        with pytest.raises(OutputError, match="file") as caught:
            save(tmp_path / "file")
        assert isinstance(caught.value.__cause__, OSError)
        assert caught.value.exit_code == 6


def test_two_inputs_of_one_name_in_one_folder_are_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    page(input_path="a/t.png").save_to_json(tmp_path)
    page(input_path="a/t.png").save_to_json(tmp_path)
    assert caplog.text == ""
    page(input_path="b/t.png").save_to_json(tmp_path)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "held the result of a/t.png and now gets that of b/t.png" in caplog.text


def test_pages_saved_to_one_file_are_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for index in range(2):
        page(input_path="a/t.pdf", page_index=index).save_to_json(tmp_path / "x.json")
    assert "held the result of a/t.pdf, page 0 and now gets that of a/t.pdf, page 1" in caplog.text
