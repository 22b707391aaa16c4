"""Functions of one element: activations, roots, exponentials, rounding."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from onnxocr.converters.ops.layout import any_layout
from onnxocr.converters.ops.operator_view import OperatorView
from onnxocr.converters.ops.registry_types import OperatorFunction, Results

# From there on, log(1 + exp(x)) is x in single precision.
_SAME_TO_THE_LAST_BIT = 17.0


def _direct(op_type: str) -> OperatorFunction:
    def convert(op: OperatorView) -> Results:
        return op.graph.node(op_type, [op.input(0)])

    return convert


def _constant(op: OperatorView, value: float) -> str:
    return op.graph.number(value, op.dtype(0))


def relu6(op: OperatorView) -> Results:
    """Clips to 0 ... 6 (``threshold`` in old programs)."""
    bounds = [_constant(op, 0.0), _constant(op, op.number("threshold", 6.0))]
    return op.graph.node("Clip", [op.input(0), *bounds])


def hardtanh(op: OperatorView) -> Results:
    """Clips to ``t_min`` ... ``t_max``."""
    bounds = [_constant(op, op.number("t_min", -1.0)), _constant(op, op.number("t_max", 1.0))]
    return op.graph.node("Clip", [op.input(0), *bounds])


def hardswish(op: OperatorView) -> Results:
    """X * clip(x + offset, 0, threshold) / scale; one node where the numbers are the usual ones."""
    offset, threshold, scale = (
        op.number(name, usual) for name, usual in (("offset", 3.0), ("threshold", 6.0), ("scale", 6.0))
    )
    x, graph = op.input(0), op.graph
    if (offset, threshold, scale) == (3.0, 6.0, 6.0):
        return graph.node("HardSwish", [x])
    shifted = graph.node("Add", [x, _constant(op, offset)])
    gate = graph.node("Clip", [shifted, _constant(op, 0.0), _constant(op, threshold)])
    return graph.node("Mul", [graph.node("Mul", [x, gate]), _constant(op, 1.0 / scale)])


def hardsigmoid(op: OperatorView) -> Results:
    """clip(slope * x + offset, 0, 1)."""
    attributes = {"alpha": op.number("slope", 1 / 6), "beta": op.number("offset", 0.5)}
    return op.graph.node("HardSigmoid", [op.input(0)], attributes)


def silu(op: OperatorView) -> Results:
    """X * sigmoid(x)."""
    return op.graph.node("Mul", [op.input(0), op.graph.node("Sigmoid", [op.input(0)])])


def swish(op: OperatorView) -> Results:
    """X * sigmoid(beta * x); only old programs have another beta than 1."""
    beta = op.number("beta", 1.0)
    x, graph = op.input(0), op.graph
    inner = x if beta == 1.0 else graph.node("Mul", [x, _constant(op, beta)])
    return graph.node("Mul", [x, graph.node("Sigmoid", [inner])])


def mish(op: OperatorView) -> Results:
    """X * tanh(softplus(x))."""
    graph = op.graph
    soft = graph.node("Softplus", [op.input(0)])
    return graph.node("Mul", [op.input(0), graph.node("Tanh", [soft])])


def softplus(op: OperatorView) -> Results:
    """log(1 + exp(beta * x)) / beta; x itself where beta * x is above ``threshold``."""
    beta, threshold = op.number("beta", 1.0), op.number("threshold", 20.0)
    x, graph = op.input(0), op.graph
    inner = x if beta == 1.0 else graph.node("Mul", [x, _constant(op, beta)])
    soft = graph.node("Softplus", [inner])
    if beta != 1.0:
        soft = graph.node("Div", [soft, _constant(op, beta)])
    if threshold >= _SAME_TO_THE_LAST_BIT:
        return soft
    return graph.node("Where", [graph.node("Greater", [inner, _constant(op, threshold)]), x, soft])


def gelu(op: OperatorView) -> Results:
    """The Gaussian error linear unit, exact or by tanh, in the form that runtimes recognise."""
    x, graph = op.input(0), op.graph
    if op.flag("approximate", False):
        cube = graph.node("Mul", [x, graph.node("Mul", [x, x])])
        inner = graph.node("Add", [x, graph.node("Mul", [cube, _constant(op, 0.044715)])])
        gate = graph.node("Tanh", [graph.node("Mul", [inner, _constant(op, math.sqrt(2 / math.pi))])])
    else:
        gate = graph.node("Erf", [graph.node("Div", [x, _constant(op, math.sqrt(2.0))])])
    product = graph.node("Mul", [x, graph.node("Add", [gate, _constant(op, 1.0)])])
    return graph.node("Mul", [product, _constant(op, 0.5)])


def leaky_relu(op: OperatorView) -> Results:
    """x, times ``negative_slope`` below zero."""
    return op.graph.node("LeakyRelu", [op.input(0)], {"alpha": op.number("negative_slope", 0.02)})


def elu(op: OperatorView) -> Results:
    """x, alpha * (exp(x) - 1) below zero."""
    return op.graph.node("Elu", [op.input(0)], {"alpha": op.number("alpha", 1.0)})


def celu(op: OperatorView) -> Results:
    """x, alpha * (exp(x / alpha) - 1) below zero."""
    return op.graph.node("Celu", [op.input(0)], {"alpha": op.number("alpha", 1.0)})


def selu(op: OperatorView) -> Results:
    """The scaled exponential linear unit."""
    attributes = {
        "alpha": op.number("alpha", 1.6732632423543772),
        "gamma": op.number("scale", 1.0507009873554805),
    }
    return op.graph.node("Selu", [op.input(0)], attributes)


def prelu(op: OperatorView) -> Results:
    """x, times a learnt number below zero: one for all, per channel or per element."""
    mode, rank = op.text("mode", "channel"), op.rank(0)
    slope = op.input(1)
    if mode == "channel" and rank > 2:
        slope = op.graph.node("Reshape", [slope, op.graph.integers([-1] + [1] * (rank - 2))])
    elif mode == "all":
        slope = op.graph.node("Reshape", [slope, op.graph.integers([1])])
    return op.graph.node("PRelu", [op.input(0), slope])


def thresholded_relu(op: OperatorView) -> Results:
    """X above ``threshold``, ``value`` elsewhere."""
    above = op.graph.node("Greater", [op.input(0), _constant(op, op.number("threshold", 1.0))])
    return op.graph.node("Where", [above, op.input(0), _constant(op, op.number("value", 0.0))])


def hardshrink(op: OperatorView) -> Results:
    """X outside +-``threshold``, zero inside."""
    return op.graph.node("Shrink", [op.input(0)], {"lambd": op.number("threshold", 0.5), "bias": 0.0})


def softshrink(op: OperatorView) -> Results:
    """X moved towards zero by ``threshold``, zero inside."""
    size = op.number("threshold", op.number("lambda", 0.5))
    return op.graph.node("Shrink", [op.input(0)], {"lambd": size, "bias": size})


def tanh_shrink(op: OperatorView) -> Results:
    """X - tanh(x)."""
    return op.graph.node("Sub", [op.input(0), op.graph.node("Tanh", [op.input(0)])])


def logsigmoid(op: OperatorView) -> Results:
    """-softplus(-x), which does not overflow."""
    soft = op.graph.node("Softplus", [op.graph.node("Neg", [op.input(0)])])
    return op.graph.node("Neg", [soft])


def rsqrt(op: OperatorView) -> Results:
    """1 / sqrt(x)."""
    return op.graph.node("Reciprocal", [op.graph.node("Sqrt", [op.input(0)])])


def square(op: OperatorView) -> Results:
    """X * x."""
    return op.graph.node("Mul", [op.input(0), op.input(0)])


def log1p(op: OperatorView) -> Results:
    """log(1 + x)."""
    return op.graph.node("Log", [op.graph.node("Add", [op.input(0), _constant(op, 1.0)])])


def expm1(op: OperatorView) -> Results:
    """exp(x) - 1."""
    return op.graph.node("Sub", [op.graph.node("Exp", [op.input(0)]), _constant(op, 1.0)])


def _logarithm(base: float) -> OperatorFunction:
    def convert(op: OperatorView) -> Results:
        natural = op.graph.node("Log", [op.input(0)])
        return op.graph.node("Mul", [natural, _constant(op, 1.0 / math.log(base))])

    return convert


def rounding(op: OperatorView) -> Results:
    """Rounds half away from zero, as Paddle does (ONNX rounds half to even)."""
    op.require(op.integer("decimals", 0) == 0, "rounds to decimals, which is not supported")
    x, graph = op.input(0), op.graph
    size = graph.node("Floor", [graph.node("Add", [graph.node("Abs", [x]), _constant(op, 0.5)])])
    return graph.node("Mul", [graph.node("Sign", [x]), size])


def trunc(op: OperatorView) -> Results:
    """Drops what is behind the point."""
    size = op.graph.node("Floor", [op.graph.node("Abs", [op.input(0)])])
    return op.graph.node("Mul", [op.graph.node("Sign", [op.input(0)]), size])


def clip(op: OperatorView) -> Results:
    """Limits values to bounds that are constants or computed."""
    bounds = [_scalar(op, slot) for slot in (1, 2)]
    return op.graph.node("Clip", [op.input(0), *bounds])


def _scalar(op: OperatorView, slot: int) -> str:
    name = op.optional(slot)
    if name is None:
        return ""
    known = op.graph.known(name)
    if known is not None:
        op.require(known.size == 1, f"has a bound of {known.size} numbers")
        value = np.asarray(known.ravel()[0])
        if np.issubdtype(op.dtype(0), np.integer):
            limits = np.iinfo(op.dtype(0))  # type: ignore[type-var]
            value = np.clip(value, limits.min, limits.max)
        return op.graph.constant(value.astype(op.dtype(0)))
    flat = op.graph.node("Reshape", [name, op.graph.integers([])])
    return op.graph.cast(flat, op.dtype(0)) if op.dtype(slot) != op.dtype(0) else flat


def softmax(op: OperatorView) -> Results:
    """exp(x) / sum(exp(x)) along an axis."""
    return op.graph.node("Softmax", [op.input(0)], {"axis": op.axis(op.integer("axis", -1))})


def log_softmax(op: OperatorView) -> Results:
    """The logarithm of the softmax."""
    return op.graph.node("LogSoftmax", [op.input(0)], {"axis": op.axis(op.integer("axis", -1))})


def dropout(op: OperatorView) -> Results:
    """Nothing at inference, except a factor where training did not scale up."""
    if op.text("mode", "downgrade_in_infer") == "upscale_in_train":
        return op.input(0)
    keep = 1.0 - op.fixed_number(2, "dropout_prob", 0.5)
    return op.graph.node("Mul", [op.input(0), _constant(op, keep)])


OPERATORS: Mapping[str, OperatorFunction] = {
    "relu": _direct("Relu"),
    "sigmoid": _direct("Sigmoid"),
    "tanh": _direct("Tanh"),
    "softsign": _direct("Softsign"),
    "exp": _direct("Exp"),
    "log": _direct("Log"),
    "sqrt": _direct("Sqrt"),
    "abs": _direct("Abs"),
    "sign": _direct("Sign"),
    "floor": _direct("Floor"),
    "ceil": _direct("Ceil"),
    "sin": _direct("Sin"),
    "cos": _direct("Cos"),
    "tan": _direct("Tan"),
    "atan": _direct("Atan"),
    "erf": _direct("Erf"),
    "reciprocal": _direct("Reciprocal"),
    "logical_not": _direct("Not"),
    "isnan": _direct("IsNaN"),
    "isnan_v2": _direct("IsNaN"),
    "log2": _logarithm(2.0),
    "log10": _logarithm(10.0),
    "log1p": log1p,
    "expm1": expm1,
    "round": rounding,
    "trunc": trunc,
    "rsqrt": rsqrt,
    "square": square,
    "relu6": relu6,
    "hardtanh": hardtanh,
    "hardswish": hardswish,
    "hardsigmoid": hardsigmoid,
    "silu": silu,
    "swish": swish,
    "mish": mish,
    "softplus": softplus,
    "gelu": gelu,
    "leaky_relu": leaky_relu,
    "elu": elu,
    "celu": celu,
    "selu": selu,
    "prelu": any_layout(prelu),
    "thresholded_relu": thresholded_relu,
    "hardshrink": hardshrink,
    "softshrink": softshrink,
    "tanh_shrink": tanh_shrink,
    "logsigmoid": logsigmoid,
    "clip": clip,
    "softmax": softmax,
    "log_softmax": log_softmax,
    "dropout": dropout,
}
