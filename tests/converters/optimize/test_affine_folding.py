from __future__ import annotations

import numpy as np
import pytest

from onnxocr.converters.optimize.affine_folding import fold_batch_norms, fold_scales_and_shifts
from tests.converters.optimize.models import Array, assert_same_outputs, model, noise, operators, rewritten

IMAGE = noise(2, 3, 5, 7)
CONV = "g (float[N,3,H,W] x) => (float[N,4,P,Q] y) { c = Conv<pads=[1,1,1,1]>(x, w) "


def statistics(channels: int) -> dict[str, Array]:
    return {
        "gamma": noise(channels, seed=1),
        "beta": noise(channels, seed=2),
        "mean": noise(channels, seed=3),
        "variance": np.abs(noise(channels, seed=4)) + np.float32(0.1),
    }


@pytest.mark.parametrize(
    ("layer", "weight"),
    [
        ("Conv<pads=[1,1,1,1]>", (4, 3, 3, 3)),
        ("Conv<group=3>", (6, 1, 3, 3)),
        ("ConvTranspose<strides=[2,2]>", (3, 4, 2, 2)),
        ("ConvTranspose<pads=[1,0,0,0]>", (3, 2, 3, 1)),
    ],
)
@pytest.mark.parametrize("has_bias", [False, True])
def test_batch_norm_goes_into_the_layer_before_it(
    layer: str, weight: tuple[int, ...], has_bias: bool
) -> None:
    is_transposed = layer.startswith("ConvTranspose")
    channels = weight[1] * (3 if "group" in layer else 1) if is_transposed else weight[0]
    constants = {"w": noise(*weight, seed=9), **statistics(channels)}
    if has_bias:
        constants["b"] = noise(channels, seed=8)
    inputs = "x, w, b" if has_bias else "x, w"
    text = (
        f"g (float[N,3,H,W] x) => (float[N,{channels},P,Q] y) {{ c = {layer}({inputs}) "
        "y = BatchNormalization(c, gamma, beta, mean, variance) }"
    )
    original = model(text, **constants)
    result, counts = rewritten(original, fold_batch_norms)
    assert (operators(result), counts) == ([layer.partition("<")[0]], [1])
    assert_same_outputs(original, result, x=IMAGE)


def test_batch_norm_goes_into_the_groups_of_a_transposed_convolution() -> None:
    text = (
        "g (float[N,4,H,W] x) => (float[N,6,P,Q] y) { c = ConvTranspose<group=2, strides=[2,2]>(x, w) "
        "y = BatchNormalization(c, gamma, beta, mean, variance) }"
    )
    original = model(text, w=noise(4, 3, 2, 2), **statistics(6))
    result, _ = rewritten(original, fold_batch_norms)
    assert operators(result) == ["ConvTranspose"]
    assert_same_outputs(original, result, x=noise(1, 4, 3, 3))


@pytest.mark.parametrize("transposed", [0, 1])
def test_batch_norm_goes_into_gemm(transposed: int) -> None:
    weight = noise(3, 5) if not transposed else noise(5, 3)
    text = (
        f"g (float[N,3] x) => (float[N,5] y) {{ c = Gemm<transB={transposed}>(x, w, b) "
        "y = BatchNormalization(c, gamma, beta, mean, variance) }"
    )
    original = model(text, w=weight, b=noise(5, seed=7), **statistics(5))
    result, _ = rewritten(original, fold_batch_norms)
    assert operators(result) == ["Gemm"]
    assert_same_outputs(original, result, x=noise(2, 3))


@pytest.mark.parametrize(
    ("operation", "constant"),
    [
        ("Add(c, k)", noise(1, 4, 1, 1, seed=5)),
        ("Add(k, c)", noise(4, 1, 1, seed=5)),
        ("Mul(k, c)", np.array([1.7], np.float32)),
        ("Div(c, k)", np.array(2.5, np.float32)),
        ("Sub(c, k)", noise(1, 4, 1, 1, seed=5)),
        ("Sub(k, c)", noise(1, 4, 1, 1, seed=5)),
        ("Mul(c, k)", np.zeros((1, 4, 1, 1), np.float32) + np.float32(-1)),
    ],
)
def test_constant_per_channel_goes_into_the_convolution(operation: str, constant: Array) -> None:
    original = model(CONV + f"y = {operation} }}", w=noise(4, 3, 3, 3, seed=9), k=constant)
    result, counts = rewritten(original, fold_scales_and_shifts)
    assert (operators(result), counts) == (["Conv"], [1])
    assert result.graph.node[0].output[0] == "y"
    assert_same_outputs(original, result, x=IMAGE)


@pytest.mark.parametrize(
    ("text", "constants"),
    [
        # Something else reads the convolution.
        ("d = Add(c, k) e = Relu(c) y = Add(d, e) }", {"k": noise(1, 4, 1, 1)}),
        # The constant varies along the width, or has more channels than the convolution.
        ("y = Add(c, k) }", {"k": noise(1, 1, 1, 7)}),
        # Division of a constant is not linear.
        ("y = Div(k, c) }", {"k": noise(1, 4, 1, 1)}),
        # Division by zero is the runtime's matter.
        ("y = Div(c, k) }", {"k": np.zeros(1, np.float32)}),
        # The factor takes the weights beyond float32.
        ("y = Mul(c, k) }", {"k": np.array([3e38], np.float32)}),
    ],
)
def test_what_is_no_constant_per_channel_stays(text: str, constants: dict[str, Array]) -> None:
    original = model(CONV + text, w=noise(4, 3, 3, 3, seed=9) * np.float32(10), **constants)
    result, counts = rewritten(original, fold_scales_and_shifts)
    assert counts == [0]
    assert operators(result) == operators(original)


def test_a_constant_that_adds_channels_stays() -> None:
    text = "g (float[N,3,H,W] x) => (float[N,4,H,W] y) { c = Conv(x, w) y = Add(c, k) }"
    original = model(text, w=noise(1, 3, 1, 1), k=noise(1, 4, 1, 1))
    assert rewritten(original, fold_scales_and_shifts)[1] == [0]


def test_weights_that_two_convolutions_share_change_for_one_only() -> None:
    text = "g (float[N,3,H,W] x) => (float[N,3,H,W] y) { c = Conv(x, w) d = Mul(c, k) y = Conv(d, w) }"
    original = model(text, w=noise(3, 3, 1, 1), k=np.array([3], np.float32))
    result, counts = rewritten(original, fold_scales_and_shifts)
    assert (operators(result), counts) == (["Conv", "Conv"], [1])
    assert_same_outputs(original, result, x=IMAGE)


def test_batch_norm_in_training_mode_stays() -> None:
    text = CONV + "y, m, v = BatchNormalization<training_mode=1>(c, gamma, beta, mean, variance) }"
    original = model(text, w=noise(4, 3, 3, 3), **statistics(4))
    assert rewritten(original, fold_batch_norms)[1] == [0]


def test_many_scales_round_the_weights_once() -> None:
    factors = [np.array([value], np.float32) for value in (1.1, 0.7, 1.9, 0.3, 2.3, 0.9)]
    names = [f"k{index}" for index in range(len(factors))]
    steps = " ".join(f"v{i + 1} = Mul(v{i}, {name})" for i, name in enumerate(names))
    text = f"g (float[N,3,H,W] x) => (float[N,4,H,W] v6) {{ v0 = Conv(x, w) {steps} }}"
    weight = noise(4, 3, 1, 1)
    result, _ = rewritten(
        model(text, w=weight, **dict(zip(names, factors, strict=True))), fold_scales_and_shifts
    )
    exact = weight.astype(np.float64) * np.prod([factor.astype(np.float64) for factor in factors])
    stored = np.frombuffer(result.graph.initializer[0].raw_data, np.float32)
    np.testing.assert_array_equal(stored, exact.astype(np.float32).ravel())
