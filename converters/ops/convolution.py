"""Convolutions, transposed convolutions, patches (im2col) and sub-pixel shuffling."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from onnxocr.converters.ops.builder import NodeAttribute
from onnxocr.converters.ops.layout import any_layout
from onnxocr.converters.ops.operator_view import OperatorView
from onnxocr.converters.ops.registry_types import OperatorFunction, Results

_MAX_PATCH_WEIGHTS = 1 << 26
"""The weights that pick the pixels of patches grow with the square of the patch."""


def symmetric_or_sided(op: OperatorView, paddings: list[int]) -> list[int]:
    """Returns ONNX's pads (top, left, bottom, right) of Paddle's two, or four (top, bottom, left, right)."""
    if len(paddings) == 1:
        paddings = paddings * 2
    if len(paddings) == 2:
        return paddings * 2
    op.require(len(paddings) == 4, f"has paddings {paddings}")
    top, bottom, left, right = paddings
    return [top, left, bottom, right]


def same_pads(sizes: list[int | None], kernel: list[int], strides: list[int]) -> list[int] | None:
    """Returns the pads that keep ``ceil(size / stride)`` outputs; None where the input's size decides."""
    begins, ends = [], []
    for size, length, stride in zip(sizes, kernel, strides, strict=True):
        if stride == 1:
            total = length - 1
        elif size is None:
            return None
        else:
            total = max((math.ceil(size / stride) - 1) * stride + length - size, 0)
        begins.append(total // 2)
        ends.append(total - total // 2)
    return begins + ends


def padding(op: OperatorView, kernel: list[int], strides: list[int]) -> dict[str, NodeAttribute]:
    """Returns the attributes that stand for Paddle's padding algorithm and paddings."""
    algorithm = op.text("padding_algorithm", "EXPLICIT")
    if algorithm == "VALID":
        return {"pads": [0, 0, 0, 0]}
    if algorithm == "SAME":
        pads = same_pads(list(op.shape(0)[2:]), kernel, strides)
        return {"auto_pad": "SAME_UPPER"} if pads is None else {"pads": pads}
    return {"pads": symmetric_or_sided(op, op.integers("paddings", (0, 0)))}


def _layout(op: OperatorView) -> None:
    layout = op.text("data_format", "NCHW")
    op.require(layout in ("NCHW", "AnyLayout"), f"has the layout {layout}; only NCHW is supported")


def conv2d(op: OperatorView) -> Results:
    """A convolution without bias; the addition that follows is folded in later."""
    _layout(op)
    kernel = [size or 1 for size in op.shape(1)[2:]]
    op.require(len(kernel) == 2, f"has weights of shape {op.shape(1)}")
    strides = op.integers("strides", (1, 1))
    dilations = op.integers("dilations", (1, 1))
    if op.text("padding_algorithm", "EXPLICIT") == "SAME":
        # Paddle drops the dilation there.
        dilations = [1, 1]
    attributes: dict[str, NodeAttribute] = {
        "kernel_shape": kernel,
        "strides": strides,
        "dilations": dilations,
        "group": op.integer("groups", 1),
        **padding(op, kernel, strides),
    }
    return op.graph.node("Conv", [op.input(0), op.input(1)], attributes)


def conv2d_transpose(op: OperatorView) -> Results:
    """A transposed convolution: explicit pads, extra rows by ``output_padding`` or a wanted output size."""
    _layout(op)
    algorithm = op.text("padding_algorithm", "EXPLICIT")
    kernel = [size or 1 for size in op.shape(1)[2:]]
    op.require(len(kernel) == 2, f"has weights of shape {op.shape(1)}")
    strides = op.integers("strides", (1, 1))
    dilations = op.integers("dilations", (1, 1))
    cut_later = False
    if algorithm == "SAME":
        dilations, same = [1, 1], same_pads(list(op.shape(0)[2:]), kernel, strides)
        pads, cut_later = same or [0] * 4, same is None
    else:
        explicit = op.integers("paddings", (0, 0)) if algorithm == "EXPLICIT" else [0, 0]
        pads = symmetric_or_sided(op, explicit)
    extra = op.integers("output_padding", ()) or [0, 0]
    extra = extra * 2 if len(extra) == 1 else extra
    wanted = op.fixed_integers(2, "output_size")
    if wanted:
        # Any size from the smallest one to one stride more is allowed: compute the largest and cut.
        extra = [stride - 1 for stride in strides]
    attributes: dict[str, NodeAttribute] = {
        "kernel_shape": kernel,
        "strides": strides,
        "dilations": dilations,
        "group": op.integer("groups", 1),
        "pads": pads,
    }
    if any(extra):
        attributes["output_padding"] = extra
    output = op.graph.node("ConvTranspose", [op.input(0), op.input(1)], attributes)
    if cut_later:
        output = _cut_same(op, output, kernel, strides)
    if not wanted:
        return output
    wanted = wanted * 2 if len(wanted) == 1 else wanted
    graph = op.graph
    bounds = [graph.integers([0, 0]), graph.integers(wanted), graph.integers([2, 3])]
    return graph.node("Slice", [output, *bounds])


def _cut_same(op: OperatorView, output: str, kernel: list[int], strides: list[int]) -> str:
    """Cuts off what SAME pads, which depends on the size of the input: its rest after whole strides."""
    graph = op.graph
    spatial = [graph.integers([2]), graph.integers([4]), graph.integers([0])]
    size = graph.node("Slice", [graph.node("Shape", [op.input(0)]), *spatial])
    stride, zero = graph.integers(strides), graph.integers([0, 0])
    rest = graph.node("Mod", [size, stride])
    covered = graph.node("Where", [graph.node("Equal", [rest, zero]), stride, rest])
    total = graph.node("Max", [graph.node("Sub", [graph.integers(kernel), covered]), zero])
    begin = graph.node("Div", [total, graph.integers([2, 2])])
    full = graph.node("Slice", [graph.node("Shape", [output]), *spatial])
    end = graph.node("Sub", [full, graph.node("Sub", [total, begin])])
    return graph.node("Slice", [output, begin, end, graph.integers([2, 3])])


def conv2d_transpose_bias(op: OperatorView) -> Results:
    """A transposed convolution with a bias per output channel, as fused exports have it."""
    op.require(not op.fixed_integers(3, "output_size"), "has an output size beside a bias")
    plain = replace(op, operator=replace(op.operator, inputs=op.operator.inputs[:2]))
    bias = op.graph.node("Reshape", [op.input(2), op.graph.integers([-1, 1, 1])])
    return op.graph.node("Add", [str(conv2d_transpose(plain)), bias])


def unfold(op: OperatorView) -> Results:
    """Patches as columns ``(N, C * kh * kw, patches)``: a convolution whose weights pick one pixel each."""
    kernel = op.integers("kernel_sizes")
    channels = op.shape(0)[1]
    op.require(channels is not None and len(kernel) == 2, "needs a known number of channels and a 2-D kernel")
    height, width = kernel
    weights_size = (channels or 1) * (height * width) ** 2
    op.require(0 < weights_size <= _MAX_PATCH_WEIGHTS, f"takes patches of {height} x {width} px")
    # Paddle's four paddings are top, left, bottom, right here.
    pads = op.integers("paddings", (0, 0, 0, 0))
    pads = pads * 2 if len(pads) == 2 else pads
    weights = np.tile(
        np.eye(height * width, dtype=op.dtype(0)).reshape(height * width, 1, height, width),
        (channels or 1, 1, 1, 1),
    )
    attributes: dict[str, NodeAttribute] = {
        "kernel_shape": kernel,
        "strides": op.integers("strides", (1, 1)),
        "dilations": op.integers("dilations", (1, 1)),
        "group": channels or 1,
        "pads": pads,
    }
    patches = op.graph.node("Conv", [op.input(0), op.graph.constant(weights)], attributes)
    return op.graph.node("Reshape", [patches, op.graph.integers([0, 0, -1])])


def pixel_shuffle(op: OperatorView) -> Results:
    """Channels to space."""
    _layout(op)
    attributes: dict[str, NodeAttribute] = {"blocksize": op.integer("upscale_factor", 1), "mode": "CRD"}
    return op.graph.node("DepthToSpace", [op.input(0)], attributes)


def pixel_unshuffle(op: OperatorView) -> Results:
    """Space to channels."""
    _layout(op)
    channels, factor, graph = op.shape(0)[1], op.integer("downscale_factor", 1), op.graph
    op.require(channels is not None and factor > 0, "needs a known number of channels")
    sizes = graph.node("Shape", [op.input(0)])
    bounds = [graph.integers([2]), graph.integers([4]), graph.integers([0])]
    small = graph.node("Div", [graph.node("Slice", [sizes, *bounds]), graph.integers([factor, factor])])
    height, width = (graph.node("Gather", [small, graph.integers([index])]) for index in (0, 1))
    factors = graph.integers([factor])
    apart = graph.node(
        "Concat", [graph.integers([0, channels or 1]), height, factors, width, factors], {"axis": 0}
    )
    split = graph.node("Reshape", [op.input(0), apart])
    turned = graph.node("Transpose", [split], {"perm": [0, 1, 3, 5, 2, 4]})
    merged = graph.integers([0, (channels or 1) * factor * factor])
    return graph.node("Reshape", [turned, graph.node("Concat", [merged, small], {"axis": 0})])


def channel_shuffle(op: OperatorView) -> Results:
    """Channels dealt out to groups in turn."""
    _layout(op)
    channels, groups, graph = op.shape(0)[1], op.integer("groups", 1), op.graph
    op.require(channels is not None and groups > 0, "needs a known number of channels")
    split = graph.node("Reshape", [op.input(0), graph.integers([0, groups, (channels or 1) // groups, -1])])
    turned = graph.node("Transpose", [split], {"perm": [0, 2, 1, 3]})
    return graph.node("Reshape", [turned, graph.shape_of(op.input(0), op.shape(0))])


OPERATORS: Mapping[str, OperatorFunction] = {
    "conv2d": any_layout(conv2d),
    "depthwise_conv2d": any_layout(conv2d),
    "conv2d_transpose": any_layout(conv2d_transpose),
    "depthwise_conv2d_transpose": any_layout(conv2d_transpose),
    "conv2d_transpose_bias": any_layout(conv2d_transpose_bias),
    "unfold": unfold,
    "pixel_shuffle": any_layout(pixel_shuffle),
    "pixel_unshuffle": any_layout(pixel_unshuffle),
    "channel_shuffle": any_layout(channel_shuffle),
}
