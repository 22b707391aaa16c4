"""Models in folders and files of the user's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from onnxocr.errors import ModelFileError
from onnxocr.zoo.local import local_model_files
from tests.zoo.entries import GRAPH, SETTINGS
from tests.zoo.place import write_tree


def test_a_folder_with_graph_settings_and_charset(tmp_path: Path) -> None:
    write_tree(tmp_path, {"inference.onnx": GRAPH, "inference.yml": SETTINGS, "charset.txt": b"a\n"})
    files = local_model_files(tmp_path)
    assert files.model == tmp_path / "inference.onnx"
    assert files.inference_yml == tmp_path / "inference.yml"
    assert files.charset == tmp_path / "charset.txt"
    assert (files.name, files.directory, files.spec) == ("spark_det", tmp_path, None)
    assert files.origin == f"local {tmp_path}"


def test_a_graph_alone_is_a_model(tmp_path: Path) -> None:
    write_tree(tmp_path, {"mine.onnx": GRAPH})
    files = local_model_files(tmp_path / "mine.onnx")
    assert (files.name, files.model) == ("mine", tmp_path / "mine.onnx")
    assert (files.inference_yml, files.charset) == (None, None)
    assert local_model_files(tmp_path / "mine.onnx", "spark_det").name == "spark_det"


@pytest.mark.parametrize(
    ("tree", "path", "complaint"),
    [
        ({}, "none", "does not exist"),
        ({"m/readme.md": b"x"}, "m", r"has no inference.onnx \(it holds readme.md\)"),
        ({"m/inference.json": b"{}"}, "m", "holds a Paddle model .*onnxocr convert"),
        ({"m/inference.pdmodel": b"x"}, "m", "holds a Paddle model"),
        ({"m.pdparams": b"x"}, "m.pdparams", "is not an ONNX model"),
        ({"m/inference.onnx": GRAPH, "m/inference.yml": b"a: ["}, "m", "not valid YAML"),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, tree: dict[str, bytes], path: str, complaint: str) -> None:
    write_tree(tmp_path, tree)
    with pytest.raises(ModelFileError, match=complaint):
        local_model_files(tmp_path / path)


def test_settings_of_another_model_are_refused(tmp_path: Path) -> None:
    write_tree(tmp_path, {"inference.onnx": GRAPH, "inference.yml": SETTINGS})
    assert local_model_files(tmp_path, "spark_det").name == "spark_det"
    with pytest.raises(ModelFileError, match=r"expected 'flame_det', but .*inference.yml says 'spark_det'"):
        local_model_files(tmp_path, "flame_det")
