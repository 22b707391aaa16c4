"""Models are written weight by weight and read back as they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from onnxocr.converters.model_writing import write_model


def test_what_is_written_is_what_was_there(tmp_path: Path) -> None:
    weights = [
        numpy_helper.from_array(np.arange(size, dtype=np.float32), f"w{size}")
        for size in (0, 1, 30, 200, 50_000)
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Add", ["x", "w1"], ["y"])], "g", ends[:1], ends[1:], weights)
    model = helper.make_model(graph, producer_name="test", ir_version=8)
    helper.set_model_props(model, {"character": "ä\nb"})
    write_model(model, tmp_path / "m.onnx")
    assert onnx.load(tmp_path / "m.onnx") == model
    assert (tmp_path / "m.onnx").stat().st_size == model.ByteSize()


def test_a_model_without_weights_is_written_too(tmp_path: Path) -> None:
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", ends[:1], ends[1:])
    model = helper.make_model(graph, ir_version=8)
    write_model(model, tmp_path / "m.onnx")
    assert onnx.load(tmp_path / "m.onnx") == model
