"""Sums, means, extremes and other values taken along axes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from onnxocr.converters.ops.operator_view import OperatorView
from onnxocr.converters.ops.registry_types import OperatorFunction, Results


def _axes(op: OperatorView) -> list[int]:
    """Returns the axes to reduce; none given means all."""
    axes = op.fixed_integers(1) or op.integers("axis", ())
    if op.flag("reduce_all", False) or not axes:
        return list(range(op.rank(0)))
    return [op.axis(axis) for axis in axes]


def _reduce(op: OperatorView, op_type: str, x: str) -> str:
    axes, keep = _axes(op), int(op.flag("keepdim", op.flag("keep_dim", False)))
    if op_type == "ReduceSum":
        return op.graph.node(op_type, [x, op.graph.integers(axes)], {"keepdims": keep})
    return op.graph.node(op_type, [x], {"axes": axes, "keepdims": keep})


def _reduction(op_type: str) -> OperatorFunction:
    def convert(op: OperatorView) -> Results:
        x = op.input(0)
        if op.dtype(0) == np.bool_:
            x = op.graph.cast(x, np.int64)
        return _reduce(op, op_type, x)

    return convert


def logsumexp(op: OperatorView) -> Results:
    """The logarithm of the sum of exponentials; the maximum is taken out first so that nothing overflows.

    Not a ReduceLogSumExp: OpenVINO 2026.4 reads the axes of one of this operator set as none.
    """
    graph, x, axes = op.graph, op.input(0), _axes(op)
    highest = graph.node("ReduceMax", [x], {"axes": axes, "keepdims": 1})
    powers = graph.node("Exp", [graph.node("Sub", [x, highest])])
    total = graph.node("ReduceSum", [powers, graph.integers(axes)], {"keepdims": 1})
    output = graph.node("Add", [graph.node("Log", [total]), highest])
    if op.flag("keepdim", False):
        return output
    return graph.node("Squeeze", [output, graph.integers(axes)])


def _truth(op_type: str) -> OperatorFunction:
    def convert(op: OperatorView) -> Results:
        reduced = _reduce(op, op_type, op.graph.cast(op.input(0), np.int64))
        return op.graph.cast(reduced, np.bool_)

    return convert


def mean_all(op: OperatorView) -> Results:
    """The mean of all elements."""
    return op.graph.node("ReduceMean", [op.input(0)], {"keepdims": 0})


def _position(op_type: str) -> OperatorFunction:
    def convert(op: OperatorView) -> Results:
        x, graph = op.input(0), op.graph
        keep = int(op.flag("keepdims", False))
        (axis,) = op.fixed_integers(1, "axis") or [-1]
        if op.flag("flatten", False):
            x, axis = graph.node("Reshape", [x, graph.integers([-1])]), 0
        else:
            axis = op.axis(axis)
        # Paddle takes the first of several, which is ONNX's rule too.
        return graph.node(op_type, [x], {"axis": axis, "keepdims": keep})

    return convert


def topk(op: OperatorView) -> Results:
    """The largest or smallest elements along an axis, and where they were."""
    graph = op.graph
    count = graph.node("Reshape", [op.input(1), graph.integers([1])])
    attributes = {
        "axis": op.axis(op.integer("axis", -1)),
        "largest": int(op.flag("largest", True)),
        "sorted": int(op.flag("sorted", True)),
    }
    return graph.nodes("TopK", [op.input(0), count], attributes, outputs=2)


def argsort(op: OperatorView) -> Results:
    """All elements along an axis in order, and where they were."""
    graph, axis = op.graph, op.axis(op.integer("axis", -1))
    shape = graph.shape_of(op.input(0), op.shape(0))
    count = graph.node("Gather", [shape, graph.integers([axis])])
    attributes = {"axis": axis, "largest": int(op.flag("descending", False)), "sorted": 1}
    return graph.nodes("TopK", [op.input(0), count], attributes, outputs=2)


def cumsum(op: OperatorView) -> Results:
    """Running sums along an axis, or over all elements."""
    x, graph = op.input(0), op.graph
    (axis,) = op.fixed_integers(1, "axis") or [-1]
    if op.flag("flatten", False):
        x, axis = graph.node("Reshape", [x, graph.integers([-1])]), 0
    attributes = {
        "exclusive": int(op.flag("exclusive", False)),
        "reverse": int(op.flag("reverse", False)),
    }
    return graph.node("CumSum", [x, graph.integer(axis)], attributes)


OPERATORS: Mapping[str, OperatorFunction] = {
    "mean": _reduction("ReduceMean"),
    "sum": _reduction("ReduceSum"),
    "max": _reduction("ReduceMax"),
    "min": _reduction("ReduceMin"),
    "amax": _reduction("ReduceMax"),
    "amin": _reduction("ReduceMin"),
    "prod": _reduction("ReduceProd"),
    "logsumexp": logsumexp,
    "any": _truth("ReduceMax"),
    "all": _truth("ReduceMin"),
    "mean_all": mean_all,
    "argmax": _position("ArgMax"),
    "argmin": _position("ArgMin"),
    "topk": topk,
    "argsort": argsort,
    "cumsum": cumsum,
}
