"""Nodes that multiply each channel by a number and add another one: Mul, Div, Add, Sub, BatchNormalization.

A node goes in; out comes what it computes as ``scale * x + shift``, if all its parameters are constants.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from onnxocr.converters.optimize.graph import Array, Graph, Node
from onnxocr.converters.optimize.linear_layer import read_layer

_FLOATS = (np.float32, np.float64)


@dataclass(frozen=True)
class ChannelAffine:
    """What a node does to its input, channel by channel (axis 1).

    Attributes:
        node: the node.
        source: name of the value that it changes.
        scale: (1,) for all channels, or (channels,); float64.
        shift: (1,) for all channels, or (channels,); float64.
    """

    node: Node
    source: str
    scale: Array
    shift: Array

    def fits(self, channels: int) -> bool:
        """Whether this works on so many channels without adding any by broadcasting."""
        return self.scale.size in (1, channels) and self.shift.size in (1, channels)


def read_affine(graph: Graph, node: Node | None) -> ChannelAffine | None:
    """Returns what a node does to each channel, None if it is not of this kind."""
    with np.errstate(all="ignore"):
        affine = None if node is None else _read(graph, node)
    # A negative variance or an infinite scale is left to the runtime.
    is_usable = affine is not None and np.all(np.isfinite(affine.scale)) and np.all(np.isfinite(affine.shift))
    return affine if is_usable else None


def _read(graph: Graph, node: Node) -> ChannelAffine | None:
    if node.is_a("BatchNormalization"):
        return _batch_norm(graph, node)
    if not node.is_a("Mul", "Div", "Add", "Sub"):
        return None
    for source, operand in ((0, 1), (1, 0)):
        if graph.is_constant(node.input(operand)) and not graph.is_constant(node.input(source)):
            values = _per_channel(graph, node.input(operand), node.input(source))
            return None if values is None else _elementwise(node, source, values)
    return None


def _elementwise(node: Node, source: int, values: Array) -> ChannelAffine | None:
    zero, one = np.zeros(1), np.ones(1)
    name = node.input(source)
    if node.is_a("Mul"):
        return ChannelAffine(node, name, values, zero)
    if node.is_a("Add"):
        return ChannelAffine(node, name, one, values)
    if node.is_a("Sub"):
        return ChannelAffine(node, name, *((one, -values) if source == 0 else (-one, values)))
    if source == 0 and np.all(values):
        return ChannelAffine(node, name, 1 / values, zero)
    return None


def _batch_norm(graph: Graph, node: Node) -> ChannelAffine | None:
    if node.attribute("training_mode", 0) or any(node.outputs[1:]):
        return None
    arrays = [graph.constant(node.input(index)) for index in range(1, 5)]
    parameters = [
        array.astype(np.float64) for array in arrays if array is not None and array.dtype in _FLOATS
    ]
    if len(parameters) != 4:
        return None
    gamma, beta, mean, variance = parameters
    scale = gamma / np.sqrt(variance + node.attribute("epsilon", 1e-5))
    return ChannelAffine(node, node.input(0), scale, beta - mean * scale)


def _per_channel(graph: Graph, name: str, source: str) -> Array | None:
    """A constant as one number per channel of the value ``source``; None if it varies otherwise."""
    array, shape = graph.constant(name), graph.shape(source)
    if array is None or array.dtype not in _FLOATS or shape is None or array.ndim > len(shape):
        return None
    aligned = (1,) * (len(shape) - array.ndim) + array.shape
    varying = [axis for axis, size in enumerate(aligned) if size != 1]
    # A single channel would become as many as the constant has, which no weights can do.
    if varying and (varying != [1] or _channels(graph, source) != array.size):
        return None
    return array.astype(np.float64).reshape(-1)


def _channels(graph: Graph, name: str) -> object:
    """Size of axis 1 of a value of known rank; the layer that makes it may tell what its shape does not."""
    layer = read_layer(graph, graph.producer(name))
    return layer.out_channels if layer is not None else (graph.shape(name) or ())[1]
