"""Elements picked by index."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from onnxocr.converters.ops.operator_view import OperatorView
from onnxocr.converters.ops.registry_types import OperatorFunction, Results


def gather(op: OperatorView) -> Results:
    """Slices along an axis."""
    (axis,) = op.fixed_integers(2, "axis") or [0]
    return op.graph.node("Gather", [op.input(0), op.input(1)], {"axis": op.axis(axis)})


def index_select(op: OperatorView) -> Results:
    """Slices along an axis."""
    axis = op.axis(op.integer("axis", 0))
    return op.graph.node("Gather", [op.input(0), op.input(1)], {"axis": axis})


def gather_nd(op: OperatorView) -> Results:
    """Elements or slices by several indices each."""
    return op.graph.node("GatherND", [op.input(0), op.input(1)])


def take_along_axis(op: OperatorView) -> Results:
    """One element per place, by an index along an axis."""
    axis = op.axis(op.integer("axis", 0))
    return op.graph.node("GatherElements", [op.input(0), op.input(1)], {"axis": axis})


def embedding(op: OperatorView) -> Results:
    """Rows of a table; the row of ``padding_idx`` is zero."""
    graph, padding = op.graph, op.integer("padding_idx", -1)
    rows = graph.node("Gather", [op.input(1), op.input(0)])
    if padding < 0:
        return rows
    padded = graph.node("Equal", [op.input(0), graph.integer(padding)])
    spread = graph.node("Unsqueeze", [padded, graph.integers([-1])])
    return graph.node("Where", [spread, graph.number(0.0, op.dtype(1)), rows])


def one_hot(op: OperatorView) -> Results:
    """A one at the place that each number says, zeros elsewhere."""
    graph = op.graph
    depth = graph.node("Reshape", [op.input(1), graph.integers([1])])
    values = graph.constant(np.array([0.0, 1.0], dtype=op.result_dtype()))
    return graph.node("OneHot", [op.input(0), depth, values])


def _triangle(upper: bool) -> OperatorFunction:
    def convert(op: OperatorView) -> Results:
        attributes = {"upper": int(upper)}
        return op.graph.node("Trilu", [op.input(0), op.graph.integer(op.integer("diagonal", 0))], attributes)

    return convert


def tril_triu(op: OperatorView) -> Results:
    """The lower or upper triangle, as old programs write both."""
    return _triangle(not op.flag("lower", True))(op)


def set_value(op: OperatorView) -> Results:
    """A part of a tensor replaced: the elements' numbers are cut out as the part is, then written to."""
    graph, x = op.graph, op.input(0)
    value, starts, ends, steps = op.input(1), *(op.fixed_integers(slot) for slot in (2, 3, 4))
    axes = [op.axis(axis) for axis in op.integers("axes")]
    op.require(not op.integers("decrease_axes", ()) and not op.integers("none_axes", ()), "drops axes")
    op.require(all(step == 1 for step in steps), "replaces every n-th element")
    for axis, start, end in zip(axes[:1], starts[:1], ends[:1], strict=True):
        op.require(len(axes) == 1 and start >= 0, "replaces a part along several axes")
        place, far = graph.integers([axis]), graph.integers([2**31 - 1])
        head = graph.node("Slice", [x, graph.integers([0]), graph.integers([start]), place])
        part = graph.node("Slice", [x, graph.integers([start]), graph.integers([end]), place])
        tail = graph.node("Slice", [x, graph.integers([end]), far, place])
        filled = graph.node("Expand", [graph.cast(value, op.dtype(0)), graph.node("Shape", [part])])
        x = graph.node("Concat", [head, filled, tail], {"axis": axis})
    return x


OPERATORS: Mapping[str, OperatorFunction] = {
    "gather": gather,
    "index_select": index_select,
    "gather_nd": gather_nd,
    "take_along_axis": take_along_axis,
    "embedding": embedding,
    "one_hot": one_hot,
    "tril": _triangle(False),
    "triu": _triangle(True),
    "tril_triu": tril_triu,
    "set_value_with_tensor": set_value,
}
