"""Convolutions, transposed convolutions, patches (im2col) and sub-pixel shuffling."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from onnxocr.converters.ops.builder import NodeAttribute
from onnxocr.converters.ops.operator_view import OperatorView
from onnxocr.converters.ops.registry_types import OperatorFunction, Results


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
    op.require(algorithm != "SAME", "pads by SAME, which is not supported")
    kernel = [size or 1 for size in op.shape(1)[2:]]
    op.require(len(kernel) == 2, f"has weights of shape {op.shape(1)}")
    strides = op.integers("strides", (1, 1))
    dilations = op.integers("dilations", (1, 1))
    pads = [0] * 4 if algorithm == "VALID" else symmetric_or_sided(op, op.integers("paddings", (0, 0)))
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
    if not wanted:
        return output
    wanted = wanted * 2 if len(wanted) == 1 else wanted
    graph = op.graph
    bounds = [graph.integers([0, 0]), graph.integers(wanted), graph.integers([2, 3])]
    return graph.node("Slice", [output, *bounds])


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


OPERATORS: Mapping[str, OperatorFunction] = {
    "conv2d": conv2d,
    "depthwise_conv2d": conv2d,
    "conv2d_transpose": conv2d_transpose,
    "depthwise_conv2d_transpose": conv2d_transpose,
    "conv2d_transpose_bias": conv2d_transpose_bias,
    "unfold": unfold,
    "pixel_shuffle": pixel_shuffle,
}
