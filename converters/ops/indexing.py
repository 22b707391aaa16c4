"""Elements picked by index."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from onnxocr.converters.ops.operator_view import OperatorView
from onnxocr.converters.ops.registry_types import OperatorFunction, Results

_FAR = 2**31 - 1


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
    """A part of a tensor replaced by numbers that stand in the program, or by a tensor in the last input."""
    if op.optional(4) is not None:
        return _replaced(op, op.input(4), first_bound=1)
    values, shape = op.numbers("values", ()), op.integers("shape", (1,))
    for name in ("fp32_values", "fp64_values", "int32_values", "int64_values", "bool_values"):
        values = values or op.numbers(name, ())
    array = np.asarray(values).astype(op.dtype(0)).reshape(shape)
    return _replaced(op, op.graph.constant(array), first_bound=1)


def set_value_with_tensor(op: OperatorView) -> Results:
    """A part of a tensor replaced by another tensor."""
    value = op.input(1)
    if op.dtype(1) != op.dtype(0):
        value = op.graph.cast(value, op.dtype(0))
    return _replaced(op, value, first_bound=2)


def _replaced(op: OperatorView, value: str, first_bound: int) -> str:
    starts, ends, steps = (
        op.fixed_integers(first_bound + index, name) for index, name in enumerate(("starts", "ends", "steps"))
    )
    axes = [op.axis(axis) for axis in op.integers("axes")]
    op.require(not op.integers("none_axes", ()), "adds axes while it replaces a part")
    op.require(all(step == 1 for step in steps), "replaces every n-th element, which is not supported")
    op.require(len(axes) == len(starts) == len(ends), f"replaces {starts} to {ends} along {axes}")
    dropped = sorted(op.axis(axis) for axis in op.integers("decrease_axes", ()))
    if dropped and op.rank(0) > len(dropped):
        # The value has no such axes; counted from the end, where broadcasting begins.
        spread = [axis - op.rank(0) for axis in dropped if axis >= dropped[0]]
        kept = op.rank(0) - len(dropped)
        lengths = op.graph.integers([1] * kept)
        value = op.graph.node("Expand", [value, lengths])
        value = op.graph.node("Unsqueeze", [value, op.graph.integers(spread)])
    return _write_part(op, op.input(0), value, list(zip(axes, starts, ends, strict=True)))


def _write_part(op: OperatorView, x: str, value: str, cuts: list[tuple[int, int, int]]) -> str:
    """Cuts along the first axis into before, part and behind, and writes into the part along the others."""
    graph = op.graph
    if not cuts:
        return graph.node("Expand", [value, graph.node("Shape", [x])])
    (axis, start, end), *others = cuts
    if start == -1 and end == 0:
        end = _FAR
    place = graph.integers([axis])
    pieces = [
        graph.node("Slice", [x, graph.integers([low]), graph.integers([high]), place])
        for low, high in ((0, start), (start, end), (end, _FAR))
    ]
    pieces[1] = _write_part(op, pieces[1], value, others)
    return graph.node("Concat", pieces, {"axis": axis})


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
    "set_value": set_value,
    "set_value_with_tensor": set_value_with_tensor,
}
