"""Conv, ConvTranspose and Gemm nodes with constant weights: their outputs and inputs scaled in the weights.

A node goes in; out comes the change of its weights and bias with which it computes
``scale * layer(x) + shift`` or ``layer(scale * x + shift)``. Everything is worked out in float64 and rounded
once, after all changes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from onnxocr.converters.optimize.graph import Array, Graph, Node

_FLOATS = (np.float32, np.float64)


@dataclass(frozen=True)
class LinearLayer:
    """A layer whose weights can be rewritten.

    Attributes:
        node: the Conv, ConvTranspose or Gemm node.
        in_channels: channels (features) of its input.
        out_channels: channels (features) of its output.
        groups: groups that the channels are split into.
        mixes_borders: whether an output depends on less input at the borders, so that a constant added to the
            input does not come out as a constant.
    """

    node: Node
    in_channels: int
    out_channels: int
    groups: int
    mixes_borders: bool


def read_layer(graph: Graph, node: Node | None) -> LinearLayer | None:
    """Returns the layer of a node, None if it is no layer or its weights cannot be rewritten."""
    if node is None or not node.is_a("Conv", "ConvTranspose", "Gemm"):
        return None
    weight_shape = graph.shape(node.input(1))
    if not graph.is_constant(node.input(1)) or weight_shape is None or node.inputs.count(node.input(0)) > 1:
        return None
    if node.input(2) and not graph.is_constant(node.input(2)):
        return None
    sizes = [size for size in weight_shape if isinstance(size, int)]
    if node.is_a("Gemm"):
        return _gemm(graph, node, sizes)
    groups = node.attribute("group", 1)
    if node.is_a("Conv"):
        return LinearLayer(node, sizes[1] * groups, sizes[0], groups, _is_padded(node, sizes))
    return LinearLayer(node, sizes[0], sizes[1] * groups, groups, True)


@dataclass(frozen=True)
class LayerChange:
    """New parameters of a layer, not yet applied.

    Attributes:
        layer: the layer.
        factor: what its weights are multiplied by; float64, broadcastable to them.
        bias: (out_channels,) float64.
    """

    layer: LinearLayer
    factor: Array
    bias: Array

    def apply(self, graph: Graph) -> None:
        """Changes the layer; constants that others read as well are copied first."""
        node = self.layer.node
        dtype = graph.constant_dtype(node.input(1))
        graph.scale_constant(_own_weight(graph, node), self.factor)
        if node.input(2) and graph.only_consumer(node.input(2)) is node:
            graph.set_constant(node.input(2), self.bias, dtype)
        elif node.input(2) or np.any(self.bias):
            name = graph.add_constant(self.bias, f"{node.output}_bias")
            graph.set_constant(name, self.bias, dtype)
            graph.set_input(node, 2, name)


def scaled_outputs(graph: Graph, layer: LinearLayer, scale: Array, shift: Array) -> LayerChange | None:
    """The change that lets a layer compute ``scale * layer(x) + shift``; None if it does not fit its type.

    Args:
        graph: the graph of the layer.
        layer: the layer.
        scale: (1,) or (out_channels,).
        shift: (1,) or (out_channels,).
    """
    bias = _bias(graph, layer)
    if bias is None:
        return None
    factors = np.broadcast_to(scale, layer.out_channels)
    change = LayerChange(layer, _along_outputs(layer, factors, _rank(graph, layer)), bias * factors + shift)
    return change if _fits(graph, change) else None


def absorbed_inputs(graph: Graph, layer: LinearLayer, scale: Array, shift: Array) -> LayerChange | None:
    """The change that lets a layer compute ``layer(scale * x + shift)``; None if it does not fit its type.

    Args:
        graph: the graph of the layer.
        layer: the layer; one that mixes borders takes no shift.
        scale: (1,) or (in_channels,).
        shift: (1,) or (in_channels,).
    """
    bias = _bias(graph, layer)
    if bias is None or (layer.mixes_borders and np.any(shift)):
        return None
    rank = _rank(graph, layer)
    if np.any(shift):
        weight = graph.exact_constant(layer.node.input(1))
        if weight is None:
            return None
        shifts = _along_inputs(layer, np.broadcast_to(shift, layer.in_channels), rank)
        bias = bias + _sum_per_output(layer, weight * shifts)
    change = LayerChange(layer, _along_inputs(layer, np.broadcast_to(scale, layer.in_channels), rank), bias)
    return change if _fits(graph, change) else None


def _gemm(graph: Graph, node: Node, sizes: list[int]) -> LinearLayer | None:
    is_plain = node.attribute("alpha", 1.0) == 1 and node.attribute("beta", 1.0) == 1
    if not is_plain or node.attribute("transA", 0):
        return None
    inputs, outputs = reversed(sizes) if node.attribute("transB", 0) else sizes
    if node.input(2) and graph.shape(node.input(2)) != (outputs,):
        return None
    return LinearLayer(node, inputs, outputs, 1, False)


def _is_padded(node: Node, sizes: list[int]) -> bool:
    if node.attribute("auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
        return True
    return any(node.attribute("pads", ()))


def _bias(graph: Graph, layer: LinearLayer) -> Array | None:
    """(out_channels,) float64, zeros if there is none; None if the layer has a type that cannot be scaled."""
    if graph.constant_dtype(layer.node.input(1)) not in _FLOATS:
        return None
    name = layer.node.input(2)
    bias = graph.exact_constant(name) if name else np.zeros(layer.out_channels)
    return bias if bias is not None and bias.shape == (layer.out_channels,) else None


def _rank(graph: Graph, layer: LinearLayer) -> int:
    return len(graph.shape(layer.node.input(1)) or ())


def _along_outputs(layer: LinearLayer, values: Array, rank: int) -> Array:
    """Values per output channel, shaped to multiply the weights."""
    if layer.node.is_a("Gemm"):
        return values.reshape((-1, 1) if layer.node.attribute("transB", 0) else (1, -1))
    spatial = (1,) * (rank - 2)
    if layer.node.is_a("Conv"):
        return values.reshape(-1, 1, *spatial)
    # ConvTranspose keeps (in, out / groups): the input channels of a group select its outputs.
    per_group = np.repeat(values.reshape(layer.groups, -1), layer.in_channels // layer.groups, axis=0)
    return per_group.reshape(layer.in_channels, -1, *spatial)


def _along_inputs(layer: LinearLayer, values: Array, rank: int) -> Array:
    """Values per input channel, shaped to multiply the weights."""
    if layer.node.is_a("Gemm"):
        return values.reshape((1, -1) if layer.node.attribute("transB", 0) else (-1, 1))
    spatial = (1,) * (rank - 2)
    if layer.node.is_a("ConvTranspose"):
        return values.reshape(-1, 1, *spatial)
    per_group = np.repeat(values.reshape(layer.groups, -1), layer.out_channels // layer.groups, axis=0)
    return per_group.reshape(layer.out_channels, -1, *spatial)


def _sum_per_output(layer: LinearLayer, products: Array) -> Array:
    """Sums products that have the shape of the weights of a Conv or Gemm over everything but the output."""
    if layer.node.is_a("Gemm"):
        return np.asarray(products.sum(axis=1 if layer.node.attribute("transB", 0) else 0))
    return np.asarray(products.reshape(layer.out_channels, -1).sum(axis=1))


def _fits(graph: Graph, change: LayerChange) -> bool:
    """Whether the new parameters are finite in the type of the layer."""
    name = change.layer.node.input(1)
    dtype = graph.constant_dtype(name)
    weight = graph.constant(name)
    if dtype is None or weight is None or not np.all(np.isfinite(change.factor)):
        return False
    largest = np.abs(weight).max(initial=0).astype(np.float64) * np.abs(change.factor).max(initial=0)
    limit = np.finfo(dtype).max
    return bool(largest <= limit and np.all(np.abs(change.bias) <= limit))


def _own_weight(graph: Graph, node: Node) -> str:
    name = node.input(1)
    weight = graph.constant(name)
    if graph.only_consumer(name) is node or weight is None:
        return name
    copy = graph.add_constant(weight, f"{node.output}_weight")
    graph.set_input(node, 1, copy)
    return copy
