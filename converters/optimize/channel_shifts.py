"""Scales and shifts between an activation and a convolution are written as BatchNormalization.

What could not go into any weights stays an element-wise node, and around such a node ONNX Runtime leaves its
blocked layout: it reorders the whole tensor before and after. A BatchNormalization it keeps in that layout.
OpenVINO takes both forms alike.
"""

from __future__ import annotations

import numpy as np

from onnxocr.converters.optimize.affine_sinking import completes_gelu
from onnxocr.converters.optimize.channel_affine import ChannelAffine, read_affine
from onnxocr.converters.optimize.graph import Graph, Node

_OLDEST_OPSET = 9


def write_shifts_as_batch_norms(graph: Graph) -> int:
    """Rewrites Add, Sub, Mul and Div by constants in front of convolutions and returns how many."""
    if graph.opset < _OLDEST_OPSET:
        return 0
    written = 0
    for node in graph.nodes_of("Add", "Sub", "Mul", "Div"):
        affine = read_affine(graph, node)
        channels = None if affine is None else _channels(graph, affine)
        if affine is None or channels is None or not affine.fits(channels) or completes_gelu(graph, node):
            continue
        if any(
            reader.is_a("Conv") and reader.input(0) == node.output for reader in graph.consumers(node.output)
        ):
            _write(graph, affine, channels)
            written += 1
    return written


def _channels(graph: Graph, affine: ChannelAffine) -> int | None:
    """Channels of the picture-like float32 tensor that is changed; None for all others."""
    shape = graph.shape(affine.source)
    constants = [graph.constant_dtype(name) for name in affine.node.inputs if graph.is_constant(name)]
    if shape is None or len(shape) != 4 or constants != [np.float32]:
        return None
    return shape[1] if isinstance(shape[1], int) else None


def _write(graph: Graph, affine: ChannelAffine, channels: int) -> None:
    old = affine.node
    # A mean of 0 and a variance of 1 without epsilon leave scale and shift as they are.
    parameters = (affine.scale, affine.shift, np.zeros(1), np.ones(1))
    arrays = [np.broadcast_to(values, channels).astype(np.float32) for values in parameters]
    kinds = ("scale", "shift", "mean", "variance")
    names = [
        graph.add_constant(array, f"{old.output}_{kind}") for array, kind in zip(arrays, kinds, strict=True)
    ]
    node = Node("BatchNormalization", [affine.source, *names], old.outputs, name=old.name)
    node.set_attribute("epsilon", 0.0)
    graph.remove(old)
    graph.add(node)
