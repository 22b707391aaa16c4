from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper

from onnxocr.converters.optimize.constant_evaluation import evaluate
from onnxocr.converters.optimize.constant_folding import fold_constants
from onnxocr.converters.optimize.graph import Node
from tests.converters.optimize.models import Array, floats, ints, model, operators, rewritten, run

INTEGERS = np.array([7, -7, 8, 2], np.int64)


@pytest.mark.parametrize(
    ("op_type", "attributes", "inputs", "expected"),
    [
        ("Add", {}, [ints(1, 2), ints(3)], ints(4, 5)),
        ("Sub", {}, [ints(1, 2), ints(3)], ints(-2, -1)),
        ("Mul", {}, [ints(2, 3), ints(4, 5)], ints(8, 15)),
        # ONNX rounds towards zero.
        ("Div", {}, [INTEGERS, ints(2)], ints(3, -3, 4, 1)),
        ("Div", {}, [floats(1, 3), floats(2, 2)], floats(0.5, 1.5)),
        ("Cast", {"to": TensorProto.FLOAT}, [ints(1, 2)], floats(1, 2)),
        ("Cast", {"to": TensorProto.INT64}, [floats(1.9, -1.9)], ints(1, -1)),
        ("Concat", {"axis": 0}, [ints(1), ints(2, 3)], ints(1, 2, 3)),
        ("Gather", {"axis": 0}, [INTEGERS, ints(-1, 0)], ints(2, 7)),
        ("Identity", {}, [ints(5)], ints(5)),
        ("Neg", {}, [ints(5, -1)], ints(-5, 1)),
        ("Reshape", {}, [ints(1, 2, 3, 4), ints(2, -1)], np.array([[1, 2], [3, 4]])),
        ("Reshape", {}, [np.zeros((2, 3), np.int64), ints(0, 1, 3)], np.zeros((2, 1, 3), np.int64)),
        ("Shape", {}, [np.zeros((2, 3, 4))], ints(2, 3, 4)),
        ("Shape", {"start": 1, "end": 3}, [np.zeros((2, 3, 4))], ints(3, 4)),
        ("Slice", {}, [INTEGERS, ints(1), ints(3)], ints(-7, 8)),
        ("Slice", {"starts": [-3], "ends": [100], "axes": [0]}, [INTEGERS], ints(-7, 8, 2)),
        ("Slice", {}, [INTEGERS, ints(0), ints(4), ints(0), ints(2)], ints(7, 8)),
        ("Sqrt", {}, [floats(4, 9)], floats(2, 3)),
        ("Squeeze", {}, [np.zeros((1, 2, 1)), ints(2)], np.zeros((1, 2))),
        ("Squeeze", {"axes": [0]}, [np.zeros((1, 2, 1))], np.zeros((2, 1))),
        ("Squeeze", {}, [np.zeros((1, 2, 1))], np.zeros(2)),
        ("Unsqueeze", {}, [ints(3), ints(0)], np.array([[3]])),
        ("Unsqueeze", {"axes": [1]}, [ints(3)], np.array([[3]])),
        ("Transpose", {"perm": [1, 0]}, [np.array([[1, 2], [3, 4]])], np.array([[1, 3], [2, 4]])),
    ],
)
def test_operators_follow_the_rules_of_onnx(
    op_type: str, attributes: dict[str, object], inputs: list[Array], expected: Array
) -> None:
    node = Node(op_type, [f"i{index}" for index in range(len(inputs))], ["y"])
    for name, value in attributes.items():
        node.set_attribute(name, value)
    result = evaluate(node, inputs)
    assert result is not None
    assert (result.shape, result.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize(
    ("op_type", "inputs"),
    [
        ("Div", [ints(1), ints(0)]),
        ("Add", [ints(1), floats(1)]),
        ("Slice", [INTEGERS, ints(3), ints(0), ints(0), ints(-1)]),
        ("Reshape", [ints(1, 2, 3), ints(2, 2)]),
        ("Concat", [ints(1), np.zeros((1, 1))]),
        ("Unsqueeze", [ints(1)]),
    ],
)
def test_what_does_not_fit_is_left_to_the_runtime(op_type: str, inputs: list[Array]) -> None:
    node = Node(op_type, [f"i{index}" for index in range(len(inputs))], ["y"])
    if op_type == "Concat":
        node.set_attribute("axis", 0)
    assert evaluate(node, inputs) is None


@pytest.mark.parametrize(
    ("array", "target"),
    [
        (ints(1, 2), TensorProto.STRING),
        (np.array(["1", "2"], object), TensorProto.FLOAT),
        (floats(1.3, 1000), TensorProto.INT4),
        (floats(1.3, 1000), TensorProto.FLOAT8E4M3FN),
        (floats(1.3, 1000), TensorProto.BFLOAT16),
    ],
)
def test_casts_with_rounding_rules_of_their_own_are_left_to_the_runtime(array: Array, target: int) -> None:
    node = Node("Cast", ["x"], ["y"])
    node.set_attribute("to", target)
    assert evaluate(node, [array]) is None


def test_chains_of_constants_become_one_constant() -> None:
    text = "g (float[2,3] x) => (float[3,2] y) { a = Concat<axis=0>(three, two) y = Reshape(x, a) }"
    original = model(text, three=ints(3), two=ints(2))
    result, counts = rewritten(original, fold_constants)
    assert (operators(result), counts) == (["Reshape"], [1])
    feed = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(run(result, x=feed)[0], feed.reshape(3, 2))


def test_constant_nodes_become_initializers() -> None:
    text = "g (float[N] x) => (float[N] y) { c = Constant<value_float=2.5>() y = Mul(x, c) }"
    result, counts = rewritten(model(text), fold_constants)
    assert (operators(result), counts) == (["Mul"], [1])
    np.testing.assert_array_equal(run(result, x=floats(2, 4))[0], floats(5, 10))


def test_a_constant_that_is_a_graph_output_keeps_its_node() -> None:
    text = "g (float[N] x) => (float[N] y, float c) { c = Constant<value_float=2.5>() y = Mul(x, c) }"
    result, _ = rewritten(model(text), fold_constants)
    assert operators(result) == ["Constant", "Mul"]


def test_an_initializer_that_is_also_an_input_is_no_constant() -> None:
    original = model("g (float[2] x, float[2] k) => (float[2] y) { a = Neg(k) y = Add(x, a) }")
    original.graph.initializer.append(helper.make_tensor("k", TensorProto.FLOAT, [2], [1, 2]))
    result, counts = rewritten(original, fold_constants)
    assert (operators(result), counts) == (["Neg", "Add"], [0])
    assert [tensor.name for tensor in result.graph.initializer] == ["k"]
