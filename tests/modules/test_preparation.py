"""Rewriting on first use, over a small model in a cache folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from onnxocr.modules import preparation
from onnxocr.modules.preparation import prepare, usable_formats
from onnxocr.zoo.manifest import load_manifest
from onnxocr.zoo.model_files import ModelFiles

NAME = "PP-OCRv5_mobile_det"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelFiles:
    monkeypatch.setenv("ONNXOCR_HOME", str(tmp_path))
    monkeypatch.delenv("ONNXOCR_OPTIMIZE", raising=False)
    folder = tmp_path / "models" / NAME
    folder.mkdir(parents=True)
    graph = helper.make_graph(
        [helper.make_node("Mul", ["x", "w"], ["m"]), helper.make_node("Identity", ["m"], ["y"])],
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 2])],
        [onnx.numpy_helper.from_array(np.array([[1.0, 1e-40]], np.float32), "w")],
    )
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), folder / "inference.onnx"
    )
    return ModelFiles(
        name=NAME,
        directory=folder,
        model=folder / "inference.onnx",
        inference_yml=None,
        charset=None,
        origin="test",
        spec=load_manifest().get(NAME),
    )


def operators(path: Path) -> list[str]:
    return [node.op_type for node in onnx.load(path).graph.node]


def test_a_graph_is_rewritten_once_and_the_original_kept(files: ModelFiles) -> None:
    prepared = prepare(files)
    assert prepared.model != files.model
    assert operators(prepared.model) == ["Mul"]
    assert operators(files.model) == ["Mul", "Identity"]
    made = prepared.model.stat().st_mtime_ns
    assert prepare(files) == prepared
    assert prepared.model.stat().st_mtime_ns == made


def test_a_damaged_result_is_made_again(files: ModelFiles, caplog: pytest.LogCaptureFixture) -> None:
    prepared = prepare(files)
    prepared.model.write_bytes(b"broken")
    assert operators(prepare(files).model) == ["Mul"]
    assert "made again" in caplog.text


def test_another_original_has_another_result(files: ModelFiles) -> None:
    first = prepare(files).model
    model = onnx.load(files.model)
    model.doc_string = "another"
    onnx.save(model, files.model)
    assert prepare(files).model != first


def test_a_switch_keeps_the_original(files: ModelFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONNXOCR_OPTIMIZE", "0")
    assert prepare(files) == files


def test_without_the_onnx_package_tiny_weights_are_set_to_zero(
    files: ModelFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparation, "_can_convert", lambda: False)
    prepared = prepare(files)
    assert operators(prepared.model) == ["Mul", "Identity"]
    assert prepared.model.read_bytes() != files.model.read_bytes()
    (tensor,) = onnx.load(prepared.model).graph.initializer
    assert onnx.numpy_helper.to_array(tensor).tolist() == [[1.0, 0.0]]
    assert usable_formats() == ("onnx",)


def test_a_cache_that_cannot_be_written_runs_the_original_and_says_so(
    files: ModelFiles, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr(preparation, "_make_once", refuse)
    assert prepare(files) == files
    assert "not rewritten for speed: read-only" in caplog.text


def test_models_outside_the_cache_are_left_alone(files: ModelFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONNXOCR_HOME", "/elsewhere")
    assert prepare(files) == files
