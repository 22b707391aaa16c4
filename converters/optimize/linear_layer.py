"""Conv, ConvTranspose and Gemm nodes with constant weights: scaling their outputs and inputs by way of the weights.

A node goes in; its weights and bias are replaced so that it computes ``scale * layer(x) + shift`` or
``layer(scale * x + shift)``. Sums are formed in float64 and rounded once.
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
        mixes_borders: whether an output depends on less input at the borders, so that a constant added to the input
            does not come out as a constant.
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


def scale_outputs(graph: Graph, layer: LinearLayer, scale: Array, shift: Array) -> bool:
    """Lets a layer compute ``scale * layer(x) + shift``; False if that does not fit its number format.

    Args:
        graph: the graph of the layer.
        layer: the layer.
        scale: (1,) or (out_channels,).
        shift: (1,) or (out_channels,).
    """
    weight, bias = _parameters(graph, layer)
    if weight is None or bias is None:
        return False
    factors = np.broadcast_to(scale, layer.out_channels)
    new_weight = weight.astype(np.float64) * _along_outputs(layer, factors, weight.ndim)
    return _store(graph, layer, new_weight, bias * factors + shift)


def absorb_inputs(graph: Graph, layer: LinearLayer, scale: Array, shift: Array) -> bool:
    """Lets a layer compute ``layer(scale * x + shift)``; False if that does not fit its number format.

    Args:
        graph: the graph of the layer.
        layer: the layer; one that mixes borders takes no shift.
        scale: (1,) or (in_channels,).
        shift: (1,) or (in_channels,).
    """
    weight, bias = _parameters(graph, layer)
    if weight is None or bias is None or (layer.mixes_borders and np.any(shift)):
        return False
    exact = weight.astype(np.float64)
    if np.any(shift):
        shifts = _along_inputs(layer, np.broadcast_to(shift, layer.in_channels), weight)
        bias = bias + _sum_per_output(layer, exact * shifts)
    scales = _along_inputs(layer, np.broadcast_to(scale, layer.in_channels), weight)
    return _store(graph, layer, exact * scales, bias)


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


def _parameters(graph: Graph, layer: LinearLayer) -> tuple[Array | None, Array | None]:
    weight = graph.constant(layer.node.input(1))
    if weight is None or weight.dtype not in _FLOATS:
        return None, None
    name = layer.node.input(2)
    stored = graph.constant(name) if name else None
    bias = np.zeros(layer.out_channels) if stored is None else stored.astype(np.float64)
    return weight, bias if bias.shape == (layer.out_channels,) else None


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


def _along_inputs(layer: LinearLayer, values: Array, weight: Array) -> Array:
    """Values per input channel, shaped to multiply the weights."""
    if layer.node.is_a("Gemm"):
        return values.reshape((1, -1) if layer.node.attribute("transB", 0) else (-1, 1))
    spatial = (1,) * (weight.ndim - 2)
    if layer.node.is_a("ConvTranspose"):
        return values.reshape(-1, 1, *spatial)
    per_group = np.repeat(values.reshape(layer.groups, -1), layer.out_channels // layer.groups, axis=0)
    return per_group.reshape(layer.out_channels, -1, *spatial)


def _sum_per_output(layer: LinearLayer, products: Array) -> Array:
    """Sums products that have the shape of the weights of a Conv or Gemm over everything but the output."""
    if layer.node.is_a("Gemm"):
        return np.asarray(products.sum(axis=1 if layer.node.attribute("transB", 0) else 0))
    return np.asarray(products.reshape(layer.out_channels, -1).sum(axis=1))


def _store(graph: Graph, layer: LinearLayer, weight: Array, bias: Array) -> bool:
    original = graph.constant(layer.node.input(1))
    dtype = np.float32 if original is None else original.dtype
    limit = np.finfo(dtype).max
    if not all(np.all(np.isfinite(values)) and np.all(np.abs(values) <= limit) for values in (weight, bias)):
        return False
    _set_parameter(graph, layer.node, 1, weight.astype(dtype), "weight")
    if layer.node.input(2) or np.any(bias):
        _set_parameter(graph, layer.node, 2, bias.astype(dtype), "bias")
    return True


def _set_parameter(graph: Graph, node: Node, index: int, array: Array, kind: str) -> None:
    name = node.input(index)
    if name and graph.only_consumer(name) is node and node.inputs.count(name) == 1:
        graph.set_constant(name, array)
    else:
        graph.set_input(node, index, graph.add_constant(array, f"{node.output}_{kind}"))
