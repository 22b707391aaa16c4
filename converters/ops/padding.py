"""Borders around tensors: a number, a mirror image, the edge, or the other side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from onnxocr.converters.ops.operator_view import OperatorView
from onnxocr.converters.ops.registry_types import OperatorFunction, Results

_MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "edge": "edge"}


def pad(op: OperatorView) -> Results:
    """Adds numbers before and after each axis: ``paddings`` has two for every axis in turn."""
    paddings = op.integers("paddings")
    op.require(len(paddings) == 2 * op.rank(0), f"has {len(paddings)} paddings for {op.rank(0)} axes")
    amounts = op.graph.integers([*paddings[0::2], *paddings[1::2]])
    value = op.optional(1)
    if value is None:
        return op.graph.node("Pad", [op.input(0), amounts])
    number = op.graph.node("Reshape", [op.graph.cast(value, op.dtype(0)), op.graph.integers([])])
    return op.graph.node("Pad", [op.input(0), amounts, number])


def pad3d(op: OperatorView) -> Results:
    """Adds borders to the spatial axes; ``paddings`` begins with the last axis."""
    layout = op.text("data_format", "NCDHW")
    op.require(not layout.endswith("C"), f"has the layout {layout}")
    return _pad_spatial(op, op.fixed_integers(1, "paddings"))


def pad2d(op: OperatorView) -> Results:
    """Adds borders to height and width; ``paddings`` is top, bottom, left, right."""
    paddings = op.integers("paddings")
    op.require(len(paddings) == 4, f"has paddings {paddings}")
    return _pad_spatial(op, [*paddings[2:], *paddings[:2]])


def _pad_spatial(op: OperatorView, paddings: Sequence[int]) -> str:
    rank, mode = op.rank(0), op.text("mode", "constant")
    begins, ends = list(paddings[0::2]), list(paddings[1::2])
    op.require(len(begins) == len(ends) == rank - 2, f"has paddings {paddings} for {rank} axes")
    begins, ends = begins[::-1], ends[::-1]
    if mode == "circular":
        return _wrapped(op, begins, ends)
    op.require(mode in _MODES, f"pads by {mode!r}")
    inputs = [op.input(0), op.graph.integers([0, 0, *begins, 0, 0, *ends])]
    if mode == "constant":
        inputs.append(op.graph.number(op.number("pad_value", 0.0), op.dtype(0)))
    return op.graph.node("Pad", inputs, {"mode": _MODES[mode]})


def _wrapped(op: OperatorView, begins: Sequence[int], ends: Sequence[int]) -> str:
    graph, x = op.graph, op.input(0)
    for axis, (begin, end) in enumerate(zip(begins, ends, strict=True), start=2):
        place, parts = graph.integers([axis]), [x]
        op.require(begin >= 0 and end >= 0, "has a negative circular padding")
        if begin:
            bounds = [graph.integers([-begin]), graph.integers([2**31 - 1])]
            parts.insert(0, graph.node("Slice", [x, *bounds, place]))
        if end:
            parts.append(graph.node("Slice", [x, graph.integers([0]), graph.integers([end]), place]))
        if len(parts) > 1:
            x = graph.node("Concat", parts, {"axis": axis})
    return x


OPERATORS: Mapping[str, OperatorFunction] = {"pad": pad, "pad3d": pad3d, "pad2d": pad2d}
