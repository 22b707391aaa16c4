"""YAML texts that crash or stall a process are refused before the library builds anything from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from onnxocr.converters import metadata
from onnxocr.errors import ModelFileError
from onnxocr.zoo import settings_text
from onnxocr.zoo.inference_yml import read_inference_yml
from onnxocr.zoo.settings_text import SettingsTextError, load_settings_text, read_settings_text

DOUBLING = "\n".join(
    ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 30))],
)
LADDER = "\n".join(["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 60))])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[" * 100_000, "nests deeper"),
        ("{a: " * 100_000, "nests deeper"),
        ("- " * 10_000, "nests deeper"),
        ("\n".join(" " * n + "a:" for n in range(100)), "nests deeper"),
        (LADDER, "nests deeper"),
        (DOUBLING, "more than 500000 values"),
        ("a: &a [*a]", "stands for nothing"),
        ("a: *b", "stands for nothing"),
        ("a: [", "not valid YAML"),
        ("a: " + "1" * 10_000, "not valid YAML"),
        ("a: 2024-99-99", "not valid YAML"),
    ],
)
def test_texts_made_to_break_the_reader_are_refused(text: str, complaint: str) -> None:
    with pytest.raises(SettingsTextError, match=complaint) as caught:
        load_settings_text(text)
    assert len(str(caught.value)) < 500


def test_aliases_as_in_official_files_are_read() -> None:
    text = "Hpi:\n  one: &id001\n    x: [1, 3]\n  other: *id001\n"
    assert load_settings_text(text) == {"Hpi": {"one": {"x": [1, 3]}, "other": {"x": [1, 3]}}}


def test_fifty_levels_are_read_and_one_more_is_not() -> None:
    assert load_settings_text("[" * 50 + "]" * 50)
    with pytest.raises(SettingsTextError, match="nests deeper"):
        load_settings_text("[" * 51 + "]" * 51)


def test_both_readers_of_the_file_refuse_deep_nesting_by_name(tmp_path: Path) -> None:
    path = tmp_path / "inference.yml"
    path.write_text("[" * 100_000)
    for read in (read_inference_yml, metadata._document):
        with pytest.raises(ModelFileError, match=r"inference\.yml is not a settings file"):
            read(path)


def test_a_file_too_large_for_settings_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings_text, "MAX_BYTES", 10)
    path = tmp_path / "inference.yml"
    path.write_text("a: 1234567")
    assert read_settings_text(path) == "a: 1234567"
    path.write_text("a: 12345678")
    with pytest.raises(ModelFileError, match="more than 10 bytes"):
        read_settings_text(path)


def test_a_huge_wrong_value_is_shortened_in_the_message(tmp_path: Path) -> None:
    path = tmp_path / "inference.yml"
    path.write_text("Global: [" + ", ".join(["word"] * 5_000) + "]\n")
    with pytest.raises(ModelFileError, match="Global is") as caught:
        read_inference_yml(path)
    assert len(str(caught.value)) < 500
