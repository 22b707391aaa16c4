"""Resizing and sampling of maps, with Paddle's rules for coordinates and rounding."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from onnxocr.converters.ops.builder import NodeAttribute
from onnxocr.converters.ops.layout import any_layout
from onnxocr.converters.ops.operator_view import OperatorView
from onnxocr.converters.ops.registry_types import OperatorFunction, Results


def _coordinates(op: OperatorView, mode: str) -> dict[str, NodeAttribute]:
    """Returns ONNX's words for where an output pixel lies in the input.

    Paddle: with ``align_corners`` the corners coincide. Without, nearest takes the floor of ``x / scale``;
    ``align_mode`` 1 (linear only) takes ``x / scale`` too, ``align_mode`` 0 the centre of the pixel.
    """
    align = op.flag("align_corners", True)
    words: dict[str, NodeAttribute] = {"mode": mode}
    if mode == "nearest":
        words["nearest_mode"] = "round_prefer_ceil" if align else "floor"
        words["coordinate_transformation_mode"] = "align_corners" if align else "asymmetric"
        return words
    if align:
        words["coordinate_transformation_mode"] = "align_corners"
    elif mode == "linear" and op.integer("align_mode", 1) == 1:
        words["coordinate_transformation_mode"] = "asymmetric"
    else:
        words["coordinate_transformation_mode"] = "half_pixel"
    if mode == "cubic":
        words["cubic_coeff_a"] = -0.75
    return words


def _interpolation(mode: str) -> OperatorFunction:
    def convert(op: OperatorView) -> Results:
        op.require(2 < op.rank(0) < 6, f"resizes a tensor of {op.rank(0)} axes")
        attributes = _coordinates(op, mode)
        size = _wanted_size(op)
        graph, x = op.graph, op.input(0)
        if size is None:
            factors = _factors(op)
            if attributes.get("nearest_mode") == "floor" and not all(map(_is_power_of_two, factors)):
                return _nearest_by_index(op, factors)
            scales = np.array([1.0, 1.0, *factors], dtype=np.float32)
            return graph.node("Resize", [x, "", graph.constant(scales)], attributes)
        shape = graph.shape_of(x, op.shape(0))
        front = graph.node("Slice", [shape, graph.integers([0]), graph.integers([2]), graph.integers([0])])
        sizes = graph.node("Concat", [front, size], {"axis": 0})
        return graph.node("Resize", [x, "", "", sizes], attributes)

    return convert


def _wanted_size(op: OperatorView) -> str | None:
    """Returns the output sizes, None where a factor decides."""
    graph = op.graph
    if op.inputs(2):
        parts = [graph.node("Reshape", [name, graph.integers([1])]) for name in op.inputs(2)]
        op.require(len(parts) == op.rank(0) - 2, f"has {len(parts)} output sizes")
        return graph.node("Concat", parts, {"axis": 0})
    if op.optional(1) is not None:
        return op.input(1)
    if op.optional(3) is not None or any(factor > 0 for factor in op.numbers("scale", ())):
        return None
    names = ("out_d", "out_h", "out_w")[5 - op.rank(0) :]
    size = [op.integer(name, -1) for name in names]
    op.require(min(size) > 0, "says neither an output size nor a factor")
    return graph.integers(size)


def _factors(op: OperatorView) -> list[float]:
    name = op.optional(3)
    if name is None:
        factors = op.numbers("scale", ())
    else:
        known = op.graph.known(name)
        op.require(known is not None, "takes its factor from a computed value")
        factors = [] if known is None else [float(each) for each in known.ravel()]
    count = op.rank(0) - 2
    factors = factors * count if len(factors) == 1 else factors
    op.require(len(factors) == count and min(factors) > 0, f"has the factors {factors}")
    return factors


def _is_power_of_two(factor: float) -> bool:
    return math.frexp(factor)[0] == 0.5


def _nearest_by_index(op: OperatorView, factors: list[float]) -> str:
    """Takes the nearest elements by index, multiplying in single precision as Paddle does.

    ``x * (1 / factor)`` and ``x / factor`` fall on different sides of a whole number for some x, and the
    floor makes a whole pixel of it. A Resize node leaves the choice to the runtime.
    """
    graph, x = op.graph, op.input(0)
    for axis, factor in enumerate(factors, start=2):
        if factor == 1.0:
            continue
        length = graph.node("Gather", [graph.node("Shape", [op.input(0)]), graph.integer(axis)])
        wanted = graph.node("Mul", [graph.cast(length, np.float32), graph.number(factor)])
        # Cast to a whole number drops what is behind the point.
        count = graph.cast(wanted, np.int64)
        places = graph.node("Range", [graph.integer(0), count, graph.integer(1)])
        scaled = graph.node("Mul", [graph.cast(places, np.float32), graph.number(1.0 / factor)])
        x = graph.node("Gather", [x, graph.cast(scaled, np.int64)], {"axis": axis})
    return x


def grid_sample(op: OperatorView) -> Results:
    """Takes pixels at the places that a grid of coordinates in -1 ... 1 says."""
    mode, border = op.text("mode", "bilinear"), op.text("padding_mode", "zeros")
    op.require(mode in ("bilinear", "nearest"), f"samples by {mode!r}")
    op.require(border in ("zeros", "border", "reflection"), f"pads by {border!r}")
    attributes: dict[str, NodeAttribute] = {
        "mode": mode,
        "padding_mode": border,
        "align_corners": int(op.flag("align_corners", True)),
    }
    return op.graph.node("GridSample", [op.input(0), op.input(1)], attributes)


OPERATORS: Mapping[str, OperatorFunction] = {
    "nearest_interp": any_layout(_interpolation("nearest")),
    "linear_interp": any_layout(_interpolation("linear")),
    "bilinear_interp": any_layout(_interpolation("linear")),
    "trilinear_interp": any_layout(_interpolation("linear")),
    "bicubic_interp": any_layout(_interpolation("cubic")),
    "grid_sample": grid_sample,
}
