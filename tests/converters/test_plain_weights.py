from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from onnxocr.converters import plain_weights
from onnxocr.converters.optimize.tiny_weights import TINY
from onnxocr.converters.plain_weights import zero_tiny_weights


def model_with(tensor: onnx.TensorProto, *, as_node: bool = False) -> bytearray:
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    if as_node:
        nodes.insert(0, helper.make_node("Constant", [], ["w"], value=tensor))
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [] if as_node else [tensor],
    )
    return bytearray(helper.make_model(graph).SerializeToString())


def weights_of(model: bytearray) -> np.ndarray:
    graph = onnx.load_from_string(bytes(model)).graph
    tensor = graph.initializer[0] if graph.initializer else graph.node[0].attribute[0].t
    return numpy_helper.to_array(tensor)


MATRIX = np.array([[1.0, 1e-40], [-2e-31, 3e-30]], np.float32)
CLEAN = np.array([[1.0, 0.0], [0.0, 3e-30]], np.float32)


@pytest.mark.parametrize("as_node", [False, True], ids=["initializer", "Constant"])
@pytest.mark.parametrize("raw", [False, True], ids=["float_data", "raw_data"])
def test_only_tiny_entries_change(as_node: bool, raw: bool) -> None:
    values = MATRIX.tobytes() if raw else MATRIX.ravel().tolist()
    tensor = helper.make_tensor("w", TensorProto.FLOAT, [2, 2], values, raw=raw)
    model = model_with(tensor, as_node=as_node)
    size = len(model)
    assert zero_tiny_weights(model) == 2
    assert len(model) == size
    assert np.array_equal(weights_of(model), CLEAN)
    assert zero_tiny_weights(model) == 0


@pytest.mark.parametrize(
    "array", [np.array(1e-40, np.float32), np.array([1e-40], np.float32), np.full((2, 2), 1e-40)], ids=str
)
def test_scalars_vectors_and_other_types_are_left_alone(array: np.ndarray) -> None:
    assert zero_tiny_weights(model_with(numpy_helper.from_array(array, "w"))) == 0


@pytest.mark.parametrize("data", [b"", b"no model", b"\x3a\xff\xff\xff\xff\x0f"])
def test_bytes_that_are_no_model_are_left_alone(data: bytes) -> None:
    changed = bytearray(data)
    assert zero_tiny_weights(changed) == 0
    assert changed == data


def test_both_ways_agree_on_what_is_tiny() -> None:
    assert plain_weights.TINY == TINY
