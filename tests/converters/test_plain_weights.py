from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from onnxocr.converters.optimize import tiny_weights
from onnxocr.converters.optimize.graph import Graph
from onnxocr.converters.plain_weights import TINY, TINY_SHARE, is_tiny, zero_tiny_weights


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


@pytest.mark.parametrize(
    ("weights", "tiny"),
    [
        ([1.0, 9e-31, -9e-31, 2e-30, 0.0], [False, True, True, False, False]),
        # Small beside the largest, but not below 1e-30.
        ([1.0, 1e-29], [False, False]),
        # Below 1e-30, but not small beside the largest.
        ([1e-20, 9e-33, 2e-32], [False, True, False]),
        ([1e-31, 1e-40], [False, False]),
        ([], []),
    ],
)
def test_tiny_is_below_a_limit_and_beside_the_largest(weights: list[float], tiny: list[bool]) -> None:
    assert is_tiny(np.array(weights, np.float32)).tolist() == tiny
    assert (TINY, TINY_SHARE) == (1e-30, 1e-12)


def test_a_tensor_of_tiny_weights_only_is_left_alone() -> None:
    matrix = np.array([[1e-31, 2e-31], [3e-31, 1e-32]], np.float32)
    assert zero_tiny_weights(model_with(numpy_helper.from_array(matrix, "w"))) == 0


@pytest.mark.parametrize("scale", [1, 1e-15, 1e-31])
def test_with_and_without_the_onnx_package_the_same_weights_become_zero(scale: float) -> None:
    matrix = (np.logspace(-40, 0, 100).reshape(2, 50) * scale).astype(np.float32)
    model = model_with(numpy_helper.from_array(matrix, "w"))
    graph = Graph(onnx.load_from_string(bytes(model)))
    assert tiny_weights.zero_tiny_weights(graph) == zero_tiny_weights(model)
    np.testing.assert_array_equal(graph.constant("w"), weights_of(model))
