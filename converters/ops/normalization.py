"""Normalisation over batches, layers, groups and instances, and vector norms."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from onnxocr.converters.ops.builder import NodeAttribute
from onnxocr.converters.ops.layout import any_layout
from onnxocr.converters.ops.operator_view import OperatorView
from onnxocr.converters.ops.registry_types import OperatorFunction, Results

_MAX_CHANNELS = 1 << 20


def _channels_first(op: OperatorView) -> None:
    layout = op.text("data_format", "NCHW")
    op.require(not layout.endswith("C") or layout == "NC", f"has the layout {layout}; only NCHW is supported")


def _filled(op: OperatorView, slot: int, size: int | None, value: float) -> str:
    """Returns the weights in a slot, or as many equal numbers where it is empty."""
    name = op.optional(slot)
    if name is not None:
        return name
    op.require(size is not None and size <= _MAX_CHANNELS, f"has no weights and {size} channels")
    return op.graph.constant(np.full(size or 1, value, dtype=op.dtype(0)))


def batch_norm(op: OperatorView) -> Results:
    """Normalises with the statistics of training."""
    _channels_first(op)
    op.require(
        op.flag("is_test", False) or op.flag("use_global_stats", False),
        "was saved in training mode: call model.eval() before exporting",
    )
    channels = op.shape(1)[0]
    weights = [_filled(op, 3, channels, 1.0), _filled(op, 4, channels, 0.0)]
    return op.graph.node(
        "BatchNormalization",
        [op.input(0), *weights, op.input(1), op.input(2)],
        {"epsilon": op.number("epsilon", 1e-5)},
    )


def layer_norm(op: OperatorView) -> Results:
    """Normalises over the last axes of each sample."""
    axis = op.axis(op.integer("begin_norm_axis", 1))
    normalised = op.shape(0)[axis:]
    size = None if None in normalised else math.prod(each or 1 for each in normalised)
    weights = [_filled(op, 1, size, 1.0)]
    if op.optional(2) is not None:
        weights.append(op.input(2))
    if len(normalised) > 1:
        graph, bounds = op.graph, [axis, op.rank(0), 0]
        lengths = graph.shape_of(op.input(0), op.shape(0))
        shape = graph.node("Slice", [lengths, *(graph.integers([each]) for each in bounds)])
        weights = [graph.node("Reshape", [each, shape]) for each in weights]
    attributes = {"axis": axis, "epsilon": op.number("epsilon", 1e-5)}
    return op.graph.node("LayerNormalization", [op.input(0), *weights], attributes)


def instance_norm(op: OperatorView) -> Results:
    """Normalises each channel of each sample."""
    channels = op.shape(0)[1]
    weights = [_filled(op, 1, channels, 1.0), _filled(op, 2, channels, 0.0)]
    return op.graph.node(
        "InstanceNormalization", [op.input(0), *weights], {"epsilon": op.number("epsilon", 1e-5)}
    )


def group_norm(op: OperatorView) -> Results:
    """Normalises groups of channels of each sample: an instance normalisation with the groups as channels."""
    _channels_first(op)
    graph, x = op.graph, op.input(0)
    groups, dtype = op.integer("groups", 1), op.dtype(0)
    op.require(0 < groups <= _MAX_CHANNELS, f"makes {groups} groups")
    merged = graph.node("Reshape", [x, graph.integers([0, groups, -1])])
    weights = [graph.constant(np.full(groups, value, dtype=dtype)) for value in (1.0, 0.0)]
    attributes = {"epsilon": op.number("epsilon", 1e-5)}
    normalised = graph.node("InstanceNormalization", [merged, *weights], attributes)
    output = graph.node("Reshape", [normalised, graph.shape_of(x, op.shape(0))])
    per_channel = graph.integers([-1] + [1] * (op.rank(0) - 2))
    for slot, op_type in ((1, "Mul"), (2, "Add")):
        name = op.optional(slot)
        if name is not None:
            output = graph.node(op_type, [output, graph.node("Reshape", [name, per_channel])])
    return output


def p_norm(op: OperatorView) -> Results:
    """The length of vectors along an axis: sums of powers, the largest or the smallest element."""
    order, keep = op.number("porder", 2.0), int(op.flag("keepdim", False))
    axes = list(range(op.rank(0))) if op.flag("asvector", False) else [op.axis(op.integer("axis", -1))]
    attributes: dict[str, NodeAttribute] = {"axes": axes, "keepdims": keep}
    graph, x = op.graph, op.input(0)
    if order == 2.0:
        return graph.node("ReduceL2", [x], attributes)
    size = graph.node("Abs", [x])
    if order == 1.0:
        # As a sum of sizes: OpenVINO 2026.4 reads the axes of a ReduceL1 of this operator set as none.
        return graph.node("ReduceSum", [size, graph.integers(axes)], {"keepdims": keep})
    if math.isinf(order):
        return graph.node("ReduceMax" if order > 0 else "ReduceMin", [size], attributes)
    powers = graph.node("Pow", [size, graph.number(order, op.dtype(0))])
    total = graph.node("ReduceSum", [powers, graph.integers(axes)], {"keepdims": keep})
    return graph.node("Pow", [total, graph.number(1.0 / order, op.dtype(0))])


OPERATORS: Mapping[str, OperatorFunction] = {
    "batch_norm": any_layout(batch_norm),
    "layer_norm": layer_norm,
    "instance_norm": instance_norm,
    "group_norm": any_layout(group_norm),
    "p_norm": p_norm,
}
