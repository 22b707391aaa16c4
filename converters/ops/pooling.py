"""Pooling: windows, the whole map, and adaptive bins."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from onnxocr.converters.ops.builder import NodeAttribute
from onnxocr.converters.ops.convolution import padding
from onnxocr.converters.ops.layout import any_layout
from onnxocr.converters.ops.operator_view import OperatorView
from onnxocr.converters.ops.registry_types import OperatorFunction, Results

_MAX_BINS = 4096


def pool2d(op: OperatorView) -> Results:
    """Average or maximum over windows, the whole map, or a fixed number of bins."""
    kind = op.text("pooling_type", "max")
    op.require(kind in ("avg", "max"), f"pools by {kind!r}")
    layout = op.text("data_format", "NCHW")
    op.require(layout in ("NCHW", "AnyLayout"), f"has the layout {layout}; only NCHW is supported")
    kernel = op.fixed_integers(1)
    kernel = kernel * 2 if len(kernel) == 1 else kernel
    op.require(len(kernel) == 2, f"has the kernel {kernel}")
    return _pool(op, kind, kernel)


def max_pool2d_with_index(op: OperatorView) -> Results:
    """Maximum over windows, and where in its map each maximum was."""
    kernel = op.integers("kernel_size")
    output = _pool(op, "max", kernel * 2 if len(kernel) == 1 else kernel)
    if not op.is_used(1):
        return output
    op.require(not op.flag("adaptive", False), "says where adaptive maxima were, which is not supported")
    graph, (attributes, inputs) = op.graph, (_window(op, kernel), [op.input(0)])
    values, places = graph.nodes("MaxPool", inputs, attributes, outputs=2)
    # ONNX counts through the whole tensor, Paddle through one map.
    sizes = graph.node("Shape", inputs)
    area = graph.node("Mul", [graph.node("Gather", [sizes, graph.integer(axis)]) for axis in (2, 3)])
    return [values, graph.node("Mod", [places, area])]


def _pool(op: OperatorView, kind: str, kernel: list[int]) -> str:
    if op.flag("global_pooling", False):
        return _global(op, kind)
    if op.flag("adaptive", False):
        return _adaptive(op, kind, kernel)
    attributes = _window(op, kernel)
    if kind == "max":
        return op.graph.node("MaxPool", [op.input(0)], attributes)
    x, counts_pads = op.input(0), not op.flag("exclusive", True)
    pads = attributes.get("pads")
    if counts_pads and attributes["ceil_mode"] and isinstance(pads, list):
        # Runtimes disagree on windows that reach over the border; zeros that are really there settle it.
        top, left, bottom, right = pads
        x = op.graph.node("Pad", [x, op.graph.integers([0, 0, top, left, 0, 0, bottom, right])])
        attributes, counts_pads = {**attributes, "pads": [0, 0, 0, 0]}, False
    attributes["count_include_pad"] = int(counts_pads)
    return op.graph.node("AveragePool", [x], attributes)


def _window(op: OperatorView, kernel: list[int]) -> dict[str, NodeAttribute]:
    strides = op.integers("strides", (1, 1))
    strides = strides * 2 if len(strides) == 1 else strides
    return {
        "kernel_shape": kernel,
        "strides": strides,
        "ceil_mode": int(op.flag("ceil_mode", False)),
        **padding(op, kernel, strides),
    }


def _global(op: OperatorView, kind: str) -> str:
    return op.graph.node("GlobalAveragePool" if kind == "avg" else "GlobalMaxPool", [op.input(0)])


def _adaptive(op: OperatorView, kind: str, bins: list[int]) -> str:
    if bins == [1, 1]:
        return _global(op, kind)
    op.require(all(0 < count <= _MAX_BINS for count in bins), f"makes {bins} bins")
    sizes = list(op.shape(0)[2:])
    if all(size is not None and size % count == 0 for size, count in zip(sizes, bins, strict=True)):
        window = [(size or 0) // count for size, count in zip(sizes, bins, strict=True)]
        attributes: dict[str, NodeAttribute] = {"kernel_shape": window, "strides": window}
        return op.graph.node("AveragePool" if kind == "avg" else "MaxPool", [op.input(0)], attributes)
    output = op.input(0)
    for axis, (size, count) in enumerate(zip(sizes, bins, strict=True), start=2):
        if count == 1:
            reduce = "ReduceMean" if kind == "avg" else "ReduceMax"
            output = op.graph.node(reduce, [output], {"axes": [axis], "keepdims": 1})
        elif size != count:
            bins_of = _average_bins if kind == "avg" else _maximum_bins
            output = bins_of(op, output, axis, size, count)
    return output


def _maximum_bins(op: OperatorView, x: str, axis: int, size: int | None, count: int) -> str:
    """Takes the maximum of each bin along an axis of known length."""
    op.require(size is not None and count <= 256, "takes adaptive maxima along an axis of unknown length")
    graph, length, parts = op.graph, size or 0, []
    for index in range(count):
        start, stop = index * length // count, -(-(index + 1) * length // count)
        bounds = [graph.integers([start]), graph.integers([stop]), graph.integers([axis])]
        part = graph.node("Slice", [x, *bounds])
        parts.append(graph.node("ReduceMax", [part], {"axes": [axis], "keepdims": 1}))
    return graph.node("Concat", parts, {"axis": axis})


def _average_bins(op: OperatorView, x: str, axis: int, size: int | None, count: int) -> str:
    """Averages ``count`` bins along an axis by multiplying with a matrix that holds each bin's weights."""
    graph, dtype = op.graph, op.dtype(0)
    if size is not None:
        index = np.arange(size)
        starts = np.arange(count) * size // count
        ends = -((-np.arange(1, count + 1) * size) // count)
        inside = (index >= starts[:, None]) & (index < ends[:, None])
        matrix = graph.constant((inside / (ends - starts)[:, None]).astype(dtype))
    else:
        matrix = _bin_matrix(op, x, axis, count)
    if axis == 2:
        return graph.node("MatMul", [matrix, x])
    return graph.node("MatMul", [x, graph.node("Transpose", [matrix], {"perm": [1, 0]})])


def _bin_matrix(op: OperatorView, x: str, axis: int, count: int) -> str:
    """Returns the weights of the bins of an axis whose length is known only at run time."""
    graph = op.graph
    length = graph.node("Gather", [graph.node("Shape", [x]), graph.integer(axis)])
    index = graph.node("Range", [graph.integer(0), length, graph.integer(1)])
    bins = np.arange(count, dtype=np.int64).reshape(-1, 1)
    first = graph.node("Mul", [graph.constant(bins), length])
    starts = graph.node("Div", [first, graph.integer(count)])
    # Rounded up: the numerator is positive.
    last = graph.node(
        "Add", [graph.node("Mul", [graph.constant(bins + 1), length]), graph.integer(count - 1)]
    )
    ends = graph.node("Div", [last, graph.integer(count)])
    inside = graph.node(
        "And", [graph.node("GreaterOrEqual", [index, starts]), graph.node("Less", [index, ends])]
    )
    widths = graph.node("Sub", [ends, starts])
    return graph.node("Div", [graph.cast(inside, op.dtype(0)), graph.cast(widths, op.dtype(0))])


OPERATORS: Mapping[str, OperatorFunction] = {
    "pool2d": any_layout(pool2d),
    "max_pool2d_with_index": max_pool2d_with_index,
}
