"""Identities, dead code, views, shape arithmetic, duplicate constants."""

from __future__ import annotations

import numpy as np
import pytest

from onnxocr.converters.optimize.dead_code import remove_dead_code
from onnxocr.converters.optimize.duplicate_constants import merge_duplicate_constants
from onnxocr.converters.optimize.identity_removal import remove_identities
from onnxocr.converters.optimize.shape_folding import fold_shapes
from onnxocr.converters.optimize.view_chains import merge_view_chains
from tests.converters.optimize.models import (
    Array,
    assert_same_outputs,
    constants_in,
    floats,
    ints,
    model,
    noise,
    operators,
    rewritten,
    run,
)

X = noise(2, 3, 4, 5)
HEAD = "g (float[N,3,H,W] x) => (float[A,B,C,D] y) { r = Relu(x) "
CONSTANTS: dict[str, Array] = {
    "zero": np.zeros(1, np.float32),
    "one": np.ones(1, np.float32),
    "ones5": np.ones((1, 1, 1, 1, 1), np.float32),
    "no": np.array(False),
    "i0": np.array([0], np.int64),
    "i1": np.array([1], np.int64),
    "i2": np.array([2], np.int64),
    "i3": np.array([3], np.int64),
    "m1": np.array([-1], np.int64),
    "none": np.array([], np.int64),
    "three": np.ones(3, np.float32),
    "flat": np.array([2, 3, 20], np.int64),
    "square": np.array([2, 3, 5, 4], np.int64),
    "copy": np.array([0, 3, 5, 4], np.int64),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("y = Identity(r) }", ["Relu"]),
        ("y = Dropout(r) }", ["Relu"]),
        ("y = Dropout(r, half, no) }", ["Relu"]),
        ("y = Add(r, zero) }", ["Relu"]),
        ("y = Add(zero, r) }", ["Relu"]),
        ("y = Sub(r, zero) }", ["Relu"]),
        ("y = Mul(one, r) }", ["Relu"]),
        ("y = Div(r, one) }", ["Relu"]),
        ("y = Pow(r, one) }", ["Relu"]),
        ("y = Concat<axis=1>(r) }", ["Relu"]),
        ("y = Transpose<perm=[0,1,2,3]>(r) }", ["Relu"]),
        ("a = Identity(r) b = Identity(a) y = Neg(b) }", ["Relu", "Neg"]),
        # These do something.
        ("y = Sub(zero, r) }", ["Relu", "Sub"]),
        ("y = Div(one, r) }", ["Relu", "Div"]),
        ("y = Transpose<perm=[0,1,3,2]>(r) }", ["Relu", "Transpose"]),
        ("y, mask = Dropout(r) z = Not(mask) }", ["Relu", "Dropout"]),
    ],
)
def test_nodes_that_pass_their_input_on_are_removed(text: str, expected: list[str]) -> None:
    constants = constants_in(text, CONSTANTS | {"half": np.array(0.5, np.float32)})
    original = model(HEAD + text, **constants)
    result, _ = rewritten(original, remove_identities)
    assert operators(result) == expected
    if "Div(one" not in text:
        assert_same_outputs(original, result, x=X)


def test_a_neutral_constant_that_adds_an_axis_stays() -> None:
    original = model(
        "g (float[2,3] x) => (float[A,B,C,D,E] y) { y = Mul(x, ones5) }", ones5=CONSTANTS["ones5"]
    )
    assert operators(rewritten(original, remove_identities)[0]) == ["Mul"]


def test_an_input_that_is_an_output_keeps_its_identity() -> None:
    original = model("g (float[N] x) => (float[N] y) { y = Identity(x) }")
    assert operators(rewritten(original, remove_identities)[0]) == ["Identity"]


def test_nodes_and_constants_without_effect_go() -> None:
    text = "g (float[N] x) => (float[N] y) { a = Add(x, k) b = Relu(a) y = Neg(x) }"
    result, counts = rewritten(model(text, k=noise(1)), remove_dead_code)
    assert (operators(result), counts) == (["Neg"], [2])
    assert not result.graph.initializer


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = Transpose<perm=[0,2,3,1]>(r) y = Transpose<perm=[0,2,1,3]>(a) }", ["Relu", "Transpose"]),
        ("a = Reshape(r, flat) y = Reshape(a, square) }", ["Relu", "Reshape"]),
        ("a = Unsqueeze(r, i0) y = Squeeze(a, i0) }", ["Relu"]),
        # A zero copies a size of the tensor in between; another axis; another reader.
        ("a = Reshape(r, flat) y = Reshape(a, copy) }", ["Relu", "Reshape", "Reshape"]),
        ("a = Reshape(r, flat) b = Neg(a) y = Reshape(b, square) }", ["Relu", "Reshape", "Neg", "Reshape"]),
    ],
)
def test_views_of_views_become_one_view(text: str, expected: list[str]) -> None:
    original = model(HEAD + text, **constants_in(text, CONSTANTS))
    result, _ = rewritten(original, merge_view_chains)
    assert operators(result) == expected
    assert_same_outputs(original, result, x=X)


@pytest.mark.parametrize("pair", [("Unsqueeze", "Squeeze"), ("Squeeze", "Unsqueeze")])
def test_a_pair_from_an_input_straight_to_an_output_stays(pair: tuple[str, str]) -> None:
    # Neither name may change, and without a node between them they would be two names of one value.
    first, second = pair
    text = f"g (float[1,N] x) => (float[1,N] y) {{ a = {first}(x, i0) y = {second}(a, i0) }}"
    original = model(text, **constants_in(text, CONSTANTS))
    result, counts = rewritten(original, merge_view_chains)
    assert (operators(result), counts) == ([first, second], [0])
    assert_same_outputs(original, result, x=noise(1, 5))


RESHAPED = ["Relu", "Reshape"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # A Reshape to the shape that the tensor has.
        ("s = Shape(r) y = Reshape(r, s) }", ["Relu"]),
        ("a = Mul(r, half) s = Shape(r) b = Reshape(a, s) y = Neg(b) }", ["Relu", "Mul", "Neg"]),
        # Leading sizes are copied, the rest is flattened; one unknown size is worked out by the runtime.
        ("s = Shape(r) t = Slice(s, i0, i2) u = Concat<axis=0>(t, m1, i1) y = Reshape(r, u) }", RESHAPED),
        ("s = Shape(r) t = Gather(s, i3) u = Concat<axis=0>(t, i1, n24, i1) y = Reshape(r, u) }", RESHAPED),
        (
            "s = Shape(r) t = Slice(s, i3, i4) u = Concat<axis=0>(i1, i2, n12, t) y=Reshape(r, u) }",
            RESHAPED,
        ),
        # The size of another tensor that no rule connects with this one.
        (
            "p = Slice(x, i0, i1, i0) s = Shape(p) t = Slice(s, i2, i4) u = Concat<axis=0>(i2, i3, t) "
            "y = Reshape(r, u) }",
            ["Relu", "Slice", "Shape", "Slice", "Concat", "Reshape"],
        ),
    ],
)
def test_reshapes_get_constant_targets(text: str, expected: list[str]) -> None:
    more = {"half": floats(0.5), "i4": ints(4), "n24": ints(24), "n12": ints(12)}
    original = model(HEAD + text, **constants_in(text, CONSTANTS | more))
    result, _ = rewritten(original, fold_shapes)
    assert operators(result) == expected
    assert_same_outputs(original, result, x=X)


def test_a_slice_whose_steps_are_computed_is_no_slice_of_every_size() -> None:
    text = (
        "g (float[2,3,4,5] x, int64[1] every) => (float[A,B,C] y) { s = Shape(x) "
        "t = Slice(s, i0, i4, i0, every) u = Concat<axis=0>(t, m1) y = Reshape(x, u) }"
    )
    original = model(text, **constants_in(text, CONSTANTS | {"i4": ints(4)}))
    result, _ = rewritten(original, fold_shapes)
    # Every second size: 2 and 4.
    assert run(result, x=X, every=ints(2))[0].shape == (2, 4, 15)


def test_the_shape_of_a_tensor_of_known_size_is_a_constant() -> None:
    text = "g (float[2,3] x, int64[2] z) => (int64[2] y) { s = Shape(x) y = Add(s, z) }"
    result, _ = rewritten(model(text), fold_shapes)
    assert operators(result) == ["Add"]


def test_a_squeeze_moves_behind_what_works_on_single_numbers_until_an_unsqueeze_undoes_it() -> None:
    text = (
        "g (float[N,3,1,W] x) => (float[N,3,1,W] y) { a = Squeeze(x, i2) "
        "b = BatchNormalization(a, gamma, beta, mean, variance) c = HardSwish(b) y = Unsqueeze(c, i2) }"
    )
    statistics = {name: noise(3, seed=1) for name in ("gamma", "beta", "mean")}
    original = model(text, i2=ints(2), variance=np.abs(noise(3)), **statistics)
    result, counts = rewritten(original, merge_view_chains, merge_view_chains, merge_view_chains)
    assert operators(result) == ["BatchNormalization", "HardSwish"]
    assert counts[-1] == 0
    assert_same_outputs(original, result, x=noise(2, 3, 1, 5))


@pytest.mark.parametrize(
    "text",
    [
        # Softmax and additions see the axes; channels are counted from the front; another axis comes back.
        "a = Squeeze(x, i2) b = Softmax(a) y = Unsqueeze(b, i2) }",
        "a = Squeeze(x, i2) b = Add(a, a) y = Unsqueeze(b, i2) }",
        "a = Squeeze(x, i2) y = Unsqueeze(a, i1) }",
        # An empty list of axes.
        "a = Squeeze(x, none) b = BatchNormalization(a, three, three, three, three) y = Relu(b) }",
    ],
)
def test_other_squeezes_stay(text: str) -> None:
    original = model("g (float[N,3,1,W] x) => (float[A,B,C,D] y) { " + text, **constants_in(text, CONSTANTS))
    result, counts = rewritten(original, merge_view_chains)
    assert (operators(result), counts) == (operators(original), [0])


def test_equal_constants_are_stored_once() -> None:
    text = "g (float[2] x) => (float[2] y) { a = Add(x, k) b = Mul(a, same) y = Sub(b, other) }"
    constants = {"k": floats(1, 2), "same": floats(1, 2), "other": floats(1, 3)}
    original = model(text, **constants)
    result, counts = rewritten(original, merge_duplicate_constants)
    assert counts == [1]
    assert [tensor.name for tensor in result.graph.initializer] == ["k", "other"]
    assert_same_outputs(original, result, x=noise(2))


def test_constants_of_equal_bytes_and_different_shape_stay_apart() -> None:
    text = "g (float[2,2] x) => (float[2,2] y) { a = Add(x, k) y = Mul(a, j) }"
    original = model(text, k=np.array([[1, 2]], np.float32), j=np.array([[1], [2]], np.float32))
    assert rewritten(original, merge_duplicate_constants)[1] == [0]
