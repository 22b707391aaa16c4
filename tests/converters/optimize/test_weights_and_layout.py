"""Tiny weights, gated residuals, shifts as batch norms."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import numpy_helper

from onnxocr.converters.optimize.channel_shifts import write_shifts_as_batch_norms
from onnxocr.converters.optimize.gated_residual import merge_gated_residuals
from onnxocr.converters.optimize.tiny_weights import zero_tiny_weights
from tests.converters.optimize.models import (
    assert_same_outputs,
    floats,
    model,
    noise,
    operators,
    rewritten,
    run,
)

DENORMAL = np.float32(1e-42)
X = noise(2, 3, 4, 5)


def test_tiny_weights_become_zero_and_outputs_stay_bit_identical() -> None:
    weight = noise(4, 3, 1, 1)
    weight[0, 0], weight[1, 1], weight[2, 2] = DENORMAL, np.float32(-9e-31), np.float32(2e-30)
    text = "g (float[N,3,H,W] x) => (float[N,4,H,W] y) { y = Conv(x, w) }"
    original = model(text, w=weight)
    result, counts = rewritten(original, zero_tiny_weights)
    stored = numpy_helper.to_array(result.graph.initializer[0])
    assert counts == [2]
    assert (stored[0, 0], stored[1, 1], stored[2, 2]) == (0, 0, np.float32(2e-30))
    np.testing.assert_array_equal(run(original, x=X)[0], run(result, x=X)[0])


def test_weights_that_are_all_tiny_stay_because_a_scale_may_follow() -> None:
    text = "g (float[N,4] x) => (float[N,4] y) { a = MatMul(x, w) y = Mul(a, big) }"
    original = model(text, w=noise(4, 4) * np.float32(1e-31), big=floats(1e32))
    result, counts = rewritten(original, zero_tiny_weights)
    assert counts == [0]
    assert_same_outputs(original, result, x=noise(3, 4, seed=1))


@pytest.mark.parametrize(
    "text",
    [
        # An addend, and a weight that is read as something else as well.
        "g (float[N,4] x) => (float[N,4] y) { y = Add(x, w) }",
        "g (float[N,4] x) => (float[N,4] y) { a = MatMul(x, w) y = Div(a, w) }",
    ],
)
def test_tiny_numbers_elsewhere_stay(text: str) -> None:
    assert rewritten(model(text, w=np.diag(floats(1, 1, 1, DENORMAL))), zero_tiny_weights)[1] == [0]


SQUEEZE_EXCITATION = (
    "g (float[N,3,4,5] x) => (float[N,3,4,5] y) { c = Relu(x) p = GlobalAveragePool(c) q = Conv(p, w) "
    "g = HardSigmoid<alpha=0.2, beta=0.5>(q) "
)


@pytest.mark.parametrize("rest", ["m = Mul(c, g) y = Add(c, m) }", "m = Mul(g, c) y = Add(m, c) }"])
def test_a_gated_residual_reads_the_large_tensor_once(rest: str) -> None:
    original = model(SQUEEZE_EXCITATION + rest, w=noise(3, 3, 1, 1))
    result, counts = rewritten(original, merge_gated_residuals)
    assert counts == [1]
    assert operators(result)[-3:] == ["HardSigmoid", "Add", "Mul"]
    assert_same_outputs(original, result, x=X)


@pytest.mark.parametrize(
    "text",
    [
        # The product is read elsewhere, the residual is another tensor, the gate has the size of the tensor.
        SQUEEZE_EXCITATION + "m = Mul(c, g) a = Add(c, m) y = Sub(a, m) }",
        SQUEEZE_EXCITATION + "m = Mul(c, g) y = Add(x, m) }",
        "g (float[N,3,4,5] x) => (float[N,3,4,5] y) { q = Conv(x, w) g = Sigmoid(q) m = Mul(x, g) "
        "y = Add(x, m) }",
    ],
)
def test_other_products_stay(text: str) -> None:
    assert rewritten(model(text, w=noise(3, 3, 1, 1)), merge_gated_residuals)[1] == [0]


@pytest.mark.parametrize("operation", ["Add(a, k)", "Sub(k, a)", "Mul(k, a)", "Div(a, k)"])
def test_a_shift_before_a_convolution_becomes_a_batch_norm(operation: str) -> None:
    text = (
        f"g (float[N,3,H,W] x) => (float[N,2,H,W] y) {{ a = Relu(x) b = {operation} "
        "y = Conv<pads=[1,1,1,1]>(b, w) }"
    )
    original = model(text, k=floats(0.7), w=noise(2, 3, 3, 3))
    result, counts = rewritten(original, write_shifts_as_batch_norms)
    assert (operators(result), counts) == (["Relu", "BatchNormalization", "Conv"], [1])
    assert_same_outputs(original, result, x=X)


def test_a_shift_that_no_convolution_reads_stays() -> None:
    text = "g (float[N,3,H,W] x) => (float[N,3,H,W] y) { a = Add(x, k) y = Relu(a) }"
    assert rewritten(model(text, k=floats(0.7)), write_shifts_as_batch_norms)[1] == [0]
