"""Where a recogniser's characters come from, and that they stay whole."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from onnxocr.errors import CharsetError
from onnxocr.zoo.charset import load_charset, split_charset
from onnxocr.zoo.manifest import parse_manifest
from onnxocr.zoo.model_files import ModelFiles
from tests.zoo.entries import recogniser_entry, table

YML = "PostProcess:\n  character_dict:\n  - a\n  - b\n  - c\n"


def model(
    tmp_path: Path, *, yml: str | None = None, txt: bytes | None = None, **charset: object
) -> ModelFiles:
    settings, characters = tmp_path / "inference.yml", tmp_path / "charset.txt"
    if yml is not None:
        settings.write_text(yml, encoding="utf-8")
    if txt is not None:
        characters.write_bytes(txt)
    entry = recogniser_entry(
        "spark_rec", "PP-OCRv5", "mobile", "ch", charset={"origin": "spark.txt", **charset}
    )
    return ModelFiles(
        name="spark_rec",
        directory=tmp_path,
        model=tmp_path / "inference.onnx",
        inference_yml=settings if yml is not None else None,
        charset=characters if txt is not None else None,
        origin="test",
        spec=parse_manifest(table(entry)).models[0] if charset else None,
    )


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("a\nb", ("a", "b")),
        ("a\nb\n", ("a", "b")),
        ("a\r\nb\r\n", ("a", "b")),
        ("\u3000\n \n🇩🇪\n", ("\u3000", " ", "🇩🇪")),
        ("a\u2028\n\x85\n\x0b\n\x1c", ("a\u2028", "\x85", "\x0b", "\x1c")),
        ("a\n\nb\n", ("a", "", "b")),
        ("", ()),
    ],
)
def test_only_line_feeds_part_entries(text: str, entries: tuple[str, ...]) -> None:
    assert split_charset(text) == entries


def test_metadata_comes_before_the_settings_and_these_before_the_text_file(tmp_path: Path) -> None:
    files = model(tmp_path, yml=YML, txt=b"x\ny\n")
    assert load_charset(files, {"character": "1\n2"}) == ("1", "2")
    assert load_charset(files, {}) == ("a", "b", "c")
    assert load_charset(model(tmp_path, txt=b"x\ny\n"), {}) == ("x", "y")
    assert load_charset(model(tmp_path, yml="Global: {}\n", txt=b"\xef\xbb\xbfx\n"), {"character": ""}) == (
        "x",
    )


def test_no_charset_is_an_error_that_says_where_it_could_be(tmp_path: Path) -> None:
    with pytest.raises(CharsetError, match=r"spark_rec.*metadata 'character'.*inference.yml.*charset.txt"):
        load_charset(model(tmp_path), {})


def test_a_text_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CharsetError, match="UTF-8"):
        load_charset(model(tmp_path, txt="中文".encode("gbk")), {})


def test_a_model_of_the_zoo_gets_its_own_characters_or_an_error(tmp_path: Path) -> None:
    right = hashlib.sha256(b"a\nb\nc").hexdigest()
    assert load_charset(model(tmp_path, yml=YML, characters=3, sha256=right), {}) == ("a", "b", "c")
    assert load_charset(model(tmp_path, yml=YML, characters=3), {}) == ("a", "b", "c")
    with pytest.raises(CharsetError, match=r"has 4 characters, but .* has 3"):
        load_charset(model(tmp_path, yml=YML, characters=4), {})
    with pytest.raises(CharsetError, match=r"are not those of spark_rec \(spark.txt\)"):
        load_charset(model(tmp_path, yml=YML, characters=3, sha256="0" * 64), {})
