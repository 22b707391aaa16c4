"""Resizing and sampling of maps, with Paddle's rules for coordinates and rounding."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from onnxocr.converters.ops.builder import NodeAttribute
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
        layout = op.text("data_format", "NCHW")
        op.require(layout == "NCHW" and op.rank(0) == 4, f"resizes {op.rank(0)} axes in layout {layout}")
        attributes = _coordinates(op, mode)
        size = _wanted_size(op)
        graph, x = op.graph, op.input(0)
        if size is None:
            factors = np.array([1.0, 1.0, *_factors(op)], dtype=np.float32)
            return graph.node("Resize", [x, "", graph.constant(factors)], attributes)
        shape = graph.shape_of(x, op.shape(0))
        front = graph.node("Slice", [shape, graph.integers([0]), graph.integers([2]), graph.integers([0])])
        sizes = graph.node("Concat", [front, size], {"axis": 0})
        return graph.node("Resize", [x, "", "", sizes], attributes)

    return convert


def _wanted_size(op: OperatorView) -> str | None:
    """Returns the two output sizes, None where a factor decides."""
    graph = op.graph
    if op.inputs(2):
        parts = [graph.node("Reshape", [name, graph.integers([1])]) for name in op.inputs(2)]
        op.require(len(parts) == 2, f"has {len(parts)} output sizes")
        return graph.node("Concat", parts, {"axis": 0})
    if op.optional(1) is not None:
        return op.input(1)
    if op.optional(3) is not None or any(factor > 0 for factor in op.numbers("scale", ())):
        return None
    size = [op.integer("out_h", -1), op.integer("out_w", -1)]
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
    factors = factors * 2 if len(factors) == 1 else factors
    op.require(len(factors) == 2 and min(factors) > 0, f"has the factors {factors}")
    return factors


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
    "nearest_interp": _interpolation("nearest"),
    "bilinear_interp": _interpolation("linear"),
    "bicubic_interp": _interpolation("cubic"),
    "grid_sample": grid_sample,
}
