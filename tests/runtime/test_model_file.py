from __future__ import annotations

import os
from pathlib import Path

import pytest

from onnxocr.errors import ModelFileError
from onnxocr.runtime.model_file import check_model_file
from tests.runtime.graphs import save_doubling


def test_an_onnx_file_is_let_through_with_its_header(tmp_path: Path) -> None:
    path = save_doubling(tmp_path / "m.onnx", metadata={"key": "value"})
    assert check_model_file(path).metadata == {"key": "value"}


def test_the_suffix_of_an_onnx_file_does_not_matter(tmp_path: Path) -> None:
    assert check_model_file(save_doubling(tmp_path / "m.bin")).ir_version == 8


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        (
            "a.onnx",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n",
            "git-lfs pointer.*git lfs pull",
        ),
        ("a.onnx", b"<!DOCTYPE html><html>Not found</html>", "web page.*fetch the model again"),
        ("a.onnx", b"\n <html lang='en'>", "web page"),
        ("a.onnx", b'<?xml version="1.0"?><net name="x">', "XML file"),
        ("a.onnx", b"PK\x03\x04rest", "zip archive"),
        ("a.onnx", b"\x1f\x8b\x08rest", "gzip archive"),
        ("a.onnx", b'{"base_code": {"magic": "pir"}}', "JSON file.*convert it to ONNX"),
        ("inference.pdmodel", b"\x0a\x93\x01\x08", "Paddle model.*convert it to ONNX"),
        ("inference.pdiparams", b"\x00\x00\x00\x00", "Paddle model"),
        ("inference.json", b"{}", "Paddle model"),
        ("a.onnx", b"", "file is empty"),
        ("a.onnx", b"hello, I am a text file", "not an ONNX model, or it is cut off or damaged"),
    ],
)
def test_what_is_no_onnx_file_is_called_by_its_name(
    tmp_path: Path, name: str, content: bytes, what: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=f"(?s){name}.*{what}"):
        check_model_file(path)


def test_a_missing_file_and_a_folder_are_refused_by_path(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"nothing\.onnx does not exist"):
        check_model_file(tmp_path / "nothing.onnx")
    with pytest.raises(ModelFileError, match="is a folder"):
        check_model_file(tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every file")
def test_an_unreadable_file_is_refused_with_the_cause(tmp_path: Path) -> None:
    path = save_doubling(tmp_path / "m.onnx")
    path.chmod(0)
    with pytest.raises(ModelFileError, match="cannot be read"):
        check_model_file(path)
