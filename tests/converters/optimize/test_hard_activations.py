from __future__ import annotations

import numpy as np
import pytest

from onnxocr.converters.optimize.hard_activations import merge_hard_sigmoids, merge_hard_swishes
from onnxocr.converters.optimize.operator_set import raise_opset_for_hard_swish
from tests.converters.optimize.models import (
    Array,
    assert_same_outputs,
    constants_in,
    model,
    noise,
    operators,
    rewritten,
)

X = noise(2, 3, 4, 4) * np.float32(4)
HEAD = "g (float[N,3,H,W] x) => (float[N,3,H,W] y) { "
NUMBERS: dict[str, Array] = {
    "three": np.array([3], np.float32),
    "zero": np.array(0, np.float32),
    "six": np.array(6, np.float32),
    "sixth": np.array(1 / 6, np.float32),
}


HARD_SWISHES = [
    "a = Add(x, three) b = Clip(a, zero, six) c = Mul(x, b) y = Div(c, six) }",
    "a = Add(three, x) b = Clip(a, zero, six) c = Mul(b, x) y = Mul(c, sixth) }",
    "a = Add(x, three) b = Clip(a, zero, six) c = Div(b, six) y = Mul(x, c) }",
    "a = HardSigmoid<alpha=0.16666667, beta=0.5>(x) y = Mul(x, a) }",
    "a = HardSigmoid<alpha=0.1666667, beta=0.5>(x) y = Mul(a, x) }",
]


@pytest.mark.parametrize("text", HARD_SWISHES)
@pytest.mark.parametrize(("opset", "expected"), [(14, ["HardSwish"]), (12, ["HardSigmoid", "Mul"])])
def test_hard_swish_becomes_as_few_nodes_as_the_operator_set_allows(
    text: str, opset: int, expected: list[str]
) -> None:
    original = model(HEAD + text, opset, **constants_in(text, NUMBERS))
    result, _ = rewritten(original, merge_hard_swishes, merge_hard_sigmoids, merge_hard_swishes)
    assert operators(result) == expected
    assert_same_outputs(original, result, x=X)


@pytest.mark.parametrize(
    "text",
    [
        "a = Add(x, three) b = Clip(a, zero, six) y = Div(b, six) }",
        "a = Add(three, x) b = Clip(a, zero, six) y = Mul(sixth, b) }",
    ],
)
def test_hard_sigmoid_becomes_one_node(text: str) -> None:
    original = model(HEAD + text, **constants_in(text, NUMBERS))
    result, counts = rewritten(original, merge_hard_sigmoids)
    assert (operators(result), counts) == (["HardSigmoid"], [1])
    assert_same_outputs(original, result, x=X)


@pytest.mark.parametrize(
    "text",
    [
        # Another slope, another offset, another divisor, another lower bound.
        "a = HardSigmoid<alpha=0.2, beta=0.5>(x) y = Mul(x, a) }",
        "a = HardSigmoid<alpha=0.16666667, beta=0.4>(x) y = Mul(x, a) }",
        "a = Add(x, three) b = Clip(a, zero, six) c = Mul(x, b) y = Div(c, three) }",
        "a = Add(x, three) b = Clip(a, three, six) c = Mul(x, b) y = Div(c, six) }",
        # The gate of another tensor.
        "r = Relu(x) a = HardSigmoid<alpha=0.16666667, beta=0.5>(r) y = Mul(x, a) }",
    ],
)
def test_what_is_no_hard_swish_stays(text: str) -> None:
    original = model(HEAD + text, **constants_in(text, NUMBERS))
    result, counts = rewritten(original, merge_hard_swishes)
    assert counts == [0]
    assert operators(result) == operators(original)


@pytest.mark.parametrize("element", ["int32", "double"])
@pytest.mark.parametrize("rest", ["y = Div(b, six) }", "c = Mul(x, b) y = Div(c, six) }"])
def test_types_that_runtimes_have_no_hard_activations_for_stay(rest: str, element: str) -> None:
    dtype = np.int32 if element == "int32" else np.float64
    constants = {name: array.astype(dtype) for name, array in NUMBERS.items() if name != "sixth"}
    head = f"g ({element}[N,3,H,W] x) => ({element}[N,3,H,W] y) {{ "
    original = model(head + "a = Add(x, three) b = Clip(a, zero, six) " + rest, **constants)
    result, counts = rewritten(original, merge_hard_swishes, merge_hard_sigmoids)
    assert (operators(result), counts) == (operators(original), [0, 0])


@pytest.mark.parametrize(
    "rest",
    [
        "y = Div(b, six4) }",
        "y = Mul(sixth4, b) }",
        "c = Mul(x, b) y = Div(c, six4) }",
    ],
)
def test_a_divisor_that_adds_axes_stays(rest: str) -> None:
    text = "g (float[N,8] x) => (float[A,B,C,D] y) { a = Add(x, three) b = Clip(a, zero, six) " + rest
    four_axes = {f"{name}4": NUMBERS[name].reshape(1, 1, 1, 1) for name in ("six", "sixth")}
    original = model(text, **constants_in(text, NUMBERS | four_axes))
    result, counts = rewritten(original, merge_hard_swishes, merge_hard_sigmoids)
    assert (operators(result), counts) == (operators(original), [0, 0])


def test_hard_sigmoid_times_its_input_stays_if_the_gate_is_read_elsewhere() -> None:
    text = HEAD + "a = HardSigmoid<alpha=0.16666667, beta=0.5>(x) b = Mul(x, a) y = Add(a, b) }"
    assert rewritten(model(text), merge_hard_swishes)[1] == [0]


SWISH = "a = HardSigmoid<alpha=0.16666667, beta=0.5>(x) b = Mul(x, a) "


@pytest.mark.parametrize(
    ("text", "operators_after"),
    [
        ("y = Relu(b) }", ["HardSwish", "Relu"]),
        ("c = Unsqueeze<axes=[0]>(b) y = Squeeze<axes=[0]>(c) }", ["HardSwish", "Unsqueeze", "Squeeze"]),
        ("y = Softmax<axis=3>(b) }", ["HardSwish", "Softmax"]),
    ],
)
def test_the_operator_set_is_raised_for_hard_swish(text: str, operators_after: list[str]) -> None:
    original = model(HEAD + SWISH + text, 11)
    result, _ = rewritten(original, raise_opset_for_hard_swish, merge_hard_swishes)
    assert operators(result) == operators_after
    assert [item.version for item in result.opset_import] == [14]
    assert_same_outputs(original, result, x=X)


@pytest.mark.parametrize(
    ("text", "opset"),
    [
        # Softmax over the last two axes at once means something else from operator set 13 on.
        (SWISH + "y = Softmax<axis=2>(b) }", 11),
        # Dropout and Split are not in the list of operators that mean the same.
        (SWISH + "y = Dropout(b) }", 11),
        # No hard swish, nothing to gain.
        ("y = Relu(x) }", 11),
        # Older than what was compared.
        (SWISH + "y = Relu(b) }", 10),
    ],
)
def test_the_operator_set_stays_where_raising_it_could_change_results(text: str, opset: int) -> None:
    result, counts = rewritten(model(HEAD + text, opset), raise_opset_for_hard_swish)
    assert counts == [0]
    assert [item.version for item in result.opset_import] == [opset]
