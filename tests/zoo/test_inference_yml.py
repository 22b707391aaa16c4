"""PaddleX's inference.yml: what is read and refused, and that the fast reader agrees with the library."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from onnxocr.errors import ModelFileError
from onnxocr.zoo.inference_yml import InferenceConfig, parse_inference_yml, read_inference_yml

DETECTOR = """\
Global:
  model_name: spark_det
PreProcess:
  transform_ops:
  - DecodeImage:
      channel_first: false
      img_mode: BGR
  - DetLabelEncode: null
  - DetResizeForTest:
      resize_long: 960
  - ToCHWImage: null
PostProcess:
  name: DBPostProcess
  thresh: 0.2
  box_thresh: 0.45
  max_candidates: 3000
  unclip_ratio: 1.4
"""


def test_detector_settings_come_by_the_names_of_our_config() -> None:
    config = parse_inference_yml(DETECTOR)
    assert config.model_name == "spark_det"
    assert dict(config.postprocess) == {
        "thresh": 0.2,
        "box_thresh": 0.45,
        "max_candidates": 3000,
        "unclip_ratio": 1.4,
        "limit_side_len": 960,
    }
    assert (config.image_shape, config.character_dict, config.labels) == (None, None, None)


def test_windows_line_ends_and_byte_order_mark_make_no_difference(tmp_path: Path) -> None:
    path = tmp_path / "inference.yml"
    path.write_bytes(b"\xef\xbb\xbf" + DETECTOR.replace("\n", "\r\n").encode())
    assert read_inference_yml(path) == parse_inference_yml(DETECTOR)


def test_fixed_detector_input() -> None:
    text = DETECTOR.replace("resize_long: 960", "image_shape: [640, 320]")
    assert parse_inference_yml(text).postprocess["input_shape"] == (3, 640, 320)


def test_classifier_labels() -> None:
    text = "PostProcess:\n  Topk:\n    topk: 1\n    label_list: ['0', 90]\n"
    assert parse_inference_yml(text).labels == ("0", "90")


def recogniser(lines: list[str], after: str = "") -> str:
    shape = "PreProcess:\n  transform_ops:\n  - RecResizeImg:\n      image_shape: [3, 48, 320]\n"
    return (
        f"{shape}PostProcess:\n  name: CTCLabelDecode\n  character_dict:\n" + "\n".join(lines) + "\n" + after
    )


# What PyYAML writes for these characters, and what a person might.
ENTRIES = [
    ("  - a", "a"),
    ("  - 一", "一"),
    ("  - ''''", "'"),
    ("  - '\"'", '"'),
    ("  - '#'", "#"),
    ("  - '1'", "1"),
    ("  - ' '", " "),
    ('  - "\\u3000"', "\u3000"),
    ('  - "\\uFEFF"', "\ufeff"),
    ('  - "\\u2028"', "\u2028"),
    ("  - \u3000", "\u3000"),
    ("  - 🇩🇪", "🇩🇪"),
    ("  - '='", "="),
    ("  - '~'", "~"),
    ("  - \\", "\\"),
    ("  - x  # a remark", "x"),
    ("  - ９", "９"),
    ("  - ''", ""),
]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("after", ["", "Global:\n  model_name: spark_rec\n", "  use_space_char: true\n"])
def test_character_entries_in_every_form_of_yaml(newline: str, after: str) -> None:
    text = recogniser([line for line, _ in ENTRIES], after).replace("\n", newline)
    config = parse_inference_yml(text)
    assert config.character_dict == tuple(value for _, value in ENTRIES)
    assert config.image_shape == (3, 48, 320)
    assert config.model_name == ("spark_rec" if "Global" in after else None)


@pytest.mark.parametrize(
    "text",
    [
        "PostProcess:\n  character_dict: [a, b]\n",
        "PostProcess:\n  character_dict:\n    - a\n    - b\n",
        "PostProcess:\n  character_dict:\n  - a\n\n  - b\n",
        "PostProcess:\n  character_dict:\n  -   a\n  - b\n",
        "PostProcess:\n  character_dict:\n  -\n    a\n  - b\n",
        "PostProcess:\n  character_dict: # all\n  - a\n  - b\n",
        "PostProcess: {character_dict: [a, b]}\n",
    ],
)
def test_other_ways_to_write_the_list_are_read_too(text: str) -> None:
    assert parse_inference_yml(text).character_dict == ("a", "b")


@given(st.lists(st.text(min_size=1, max_size=2), min_size=1, max_size=30))
def test_what_the_yaml_library_writes_is_read_back(characters: list[str]) -> None:
    text = yaml.safe_dump({"PostProcess": {"character_dict": characters}}, allow_unicode=True)
    expected = yaml.safe_load(text)["PostProcess"]["character_dict"]
    assert parse_inference_yml(text).character_dict == tuple(expected)


def test_a_list_of_eighteen_thousand_characters_is_read_at_once() -> None:
    lines = [f"  - {chr(code)}" for code in range(0x4E00, 0x4E00 + 18_708)]
    text = recogniser(lines)
    start = time.perf_counter()
    config = parse_inference_yml(text)
    assert time.perf_counter() - start < 0.25  # the YAML library's Python loader takes above 1 s
    assert config.character_dict is not None
    assert len(config.character_dict) == 18_708


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a: [", "not valid YAML"),
        ("- a\n", "holds no settings"),
        ("", "holds no settings"),
        ("Global: 3\n", "Global is 3"),
        ("Global:\n  model_name: 3\n", "Global.model_name is 3"),
        (recogniser(["  - a", "  - 1"]), "holds 1, which is not text"),
        ("PostProcess:\n  character_dict: abc\n", "'abc' instead of a list"),
        (DETECTOR.replace("0.45", "high"), "box_thresh has the value 'high'"),
        (DETECTOR.replace("3000", "true"), "max_candidates has the value True"),
        (DETECTOR.replace("960", "long"), "resize_long is"),
        (recogniser(["  - a"]).replace("[3, 48, 320]", "[3, 48]"), "RecResizeImg.image_shape is"),
        ("PreProcess:\n  transform_ops:\n  - DecodeImage\n", "instead of one operator"),
        ("a: !!python/object:os.system {}\n", "not valid YAML"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_by_name(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "inference.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ModelFileError, match=r"inference\.yml") as caught:
        read_inference_yml(path)
    assert complaint in str(caught.value)


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="cannot be read"):
        read_inference_yml(tmp_path / "none.yml")
    (tmp_path / "latin.yml").write_bytes(b"name: caf\xe9")
    with pytest.raises(ModelFileError, match="cannot be read"):
        read_inference_yml(tmp_path / "latin.yml")


def test_an_empty_config_says_nothing() -> None:
    assert parse_inference_yml("Global: {}\n") == InferenceConfig()
