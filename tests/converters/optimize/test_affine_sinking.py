from __future__ import annotations

import numpy as np
import pytest

from onnxocr.converters.optimize.affine_sinking import sink_scales_and_shifts
from onnxocr.converters.optimize.channel_shifts import write_shifts_as_batch_norms
from tests.converters.optimize.models import (
    Array,
    assert_same_outputs,
    constants_in,
    model,
    noise,
    operators,
    rewritten,
)

IMAGE = noise(2, 4, 5, 6)
SCALAR = np.array([0.7], np.float32)
START = "g (float[N,4,H,W] x) => (float[N,C,P,Q] y) { a = Relu(x) "


@pytest.mark.parametrize(
    ("text", "weight", "left"),
    [
        # A scale passes through padding, groups and transposed convolutions.
        ("b = Mul(a, s) y = Conv<pads=[1,1,1,1]>(b, w) }", (3, 4, 3, 3), []),
        ("b = Mul(a, v) y = Conv<pads=[1,1,1,1], group=2>(b, w) }", (6, 2, 3, 3), []),
        ("b = Div(a, s) y = ConvTranspose<strides=[2,2]>(b, w) }", (4, 3, 2, 2), []),
        # A shift passes where nothing is padded.
        ("b = Add(a, v) y = Conv(b, w) }", (3, 4, 3, 3), []),
        ("b = Sub(v, a) y = Conv<group=2>(b, w) }", (6, 2, 2, 2), []),
        ("m = Mul(a, s) b = Add(m, t) y = Conv(b, w) }", (3, 4, 1, 1), []),
        # Where it is padded the shift stays, without its scale.
        ("m = Mul(a, s) b = Add(m, t) y = Conv<pads=[1,1,1,1]>(b, w) }", (3, 4, 3, 3), ["Add"]),
        ("m = Mul(a, v) b = Sub(m, u) y = Conv<group=4, pads=[0,1,0,1]>(b, w) }", (4, 1, 1, 3), ["Add"]),
        ('m = Mul(a, s) b = Add(m, t) y = Conv<auto_pad="SAME_UPPER">(b, w) }', (3, 4, 2, 2), ["Add"]),
        ("m = Mul(a, s) b = Add(m, t) y = ConvTranspose<strides=[2,2]>(b, w) }", (4, 3, 3, 3), ["Add"]),
    ],
)
def test_scales_and_shifts_go_into_the_convolution_after_them(
    text: str, weight: tuple[int, ...], left: list[str]
) -> None:
    constants = {"s": SCALAR, "t": np.array([0.4], np.float32), "w": noise(*weight, seed=1)}
    constants |= {"v": noise(1, 4, 1, 1, seed=2), "u": noise(1, 4, 1, 1, seed=3)}
    original = model(START + text, **constants_in(text, constants))
    result, counts = rewritten(original, sink_scales_and_shifts, sink_scales_and_shifts)
    layer = "ConvTranspose" if "ConvTranspose" in text else "Conv"
    assert operators(result) == ["Relu", *left, layer]
    assert counts[0] > 0
    assert_same_outputs(original, result, x=IMAGE)


def test_a_scale_goes_into_every_convolution_that_reads_it() -> None:
    text = START + "b = Mul(a, s) c = Conv(b, w) d = Conv<pads=[1,1,1,1]>(b, k) y = Add(c, d) }"
    original = model(text, s=SCALAR, w=noise(3, 4, 1, 1), k=noise(3, 4, 3, 3, seed=1))
    result, counts = rewritten(original, sink_scales_and_shifts)
    assert (operators(result), counts) == (["Relu", "Conv", "Conv", "Add"], [1])
    assert_same_outputs(original, result, x=IMAGE)


@pytest.mark.parametrize(
    ("text", "constants"),
    [
        # A residual branch or a pooling needs the scaled value.
        ("b = Mul(a, s) c = Conv(b, w) y = Add(b, c) }", {"s": SCALAR, "w": noise(4, 4, 1, 1)}),
        # A shift alone, in front of padding.
        ("b = Add(a, s) y = Conv<pads=[1,1,1,1]>(b, w) }", {"s": SCALAR, "w": noise(3, 4, 3, 3)}),
        # A scale of zero cannot be taken out of scale and shift.
        (
            "m = Mul(a, z) b = Add(m, s) y = Conv<pads=[1,1,1,1]>(b, w) }",
            {"z": np.zeros(1, np.float32), "s": SCALAR, "w": noise(3, 4, 3, 3)},
        ),
        # The factor of an exact GELU: without it the runtimes do not find the pattern.
        (
            "d = Div(a, r) e = Erf(d) f = Add(e, o) p = Mul(a, f) b = Mul(p, h) y = Conv(b, w) }",
            {
                "r": np.array(1.4142135, np.float32),
                "o": np.array(1, np.float32),
                "h": np.array(0.5, np.float32),
                "w": noise(3, 4, 1, 1),
            },
        ),
        # Weights that are computed.
        ("b = Mul(a, s) k = Relu(w) y = Conv(b, k) }", {"s": SCALAR, "w": noise(3, 4, 1, 1)}),
    ],
)
def test_what_something_else_depends_on_stays(text: str, constants: dict[str, Array]) -> None:
    original = model(START + text, **constants)
    result, counts = rewritten(original, sink_scales_and_shifts)
    assert counts == [0]
    assert operators(result) == operators(original)


@pytest.mark.parametrize("channels", ["1", "C"])
@pytest.mark.parametrize(
    "text",
    [
        "b = Mul(x, v) y = Conv(b, w) }",
        "b = Add(x, v) y = Conv(b, w) }",
        "m = Mul(x, s) b = Add(m, v) y = Conv<pads=[1,1,1,1]>(b, w) }",
        "m = Mul(x, v) b = Add(m, s) y = Conv<pads=[1,1,1,1]>(b, w) }",
    ],
)
def test_a_constant_that_makes_one_channel_into_several_stays(text: str, channels: str) -> None:
    head = f"g (float[N,{channels},H,W] x) => (float[N,3,P,Q] y) {{ "
    constants = {"s": SCALAR, "v": noise(1, 4, 1, 1), "w": noise(3, 4, 3, 3, seed=1)}
    original = model(head + text, **constants_in(text, constants))
    result, _ = rewritten(original, sink_scales_and_shifts, write_shifts_as_batch_norms)
    assert_same_outputs(original, result, x=noise(2, 1, 5, 6))


def test_a_graph_output_keeps_its_value() -> None:
    text = "g (float[N,4,H,W] x) => (float[N,4,H,W] b, float[N,3,H,W] y) { b = Mul(x, s) y = Conv(b, w) }"
    original = model(text, s=SCALAR, w=noise(3, 4, 1, 1))
    assert rewritten(original, sink_scales_and_shifts)[1] == [0]
