"""Scales and shifts go into the weights of the layers after them.

A scale passes every convolution, padded or not, because padding adds zeros. A shift passes only where nothing
is padded. Where a padded convolution follows a scale and a shift, ``scale * x + shift`` is written as
``scale * (x + shift / scale)``: the scale goes, one addition stays.
"""

from __future__ import annotations

import numpy as np

from onnxocr.converters.optimize.channel_affine import ChannelAffine, read_affine
from onnxocr.converters.optimize.graph import Array, Graph, Node
from onnxocr.converters.optimize.linear_layer import LinearLayer, absorbed_inputs, read_layer

_NO_SHIFT = np.zeros(1)


def sink_scales_and_shifts(graph: Graph) -> int:
    """Folds Mul, Div, Add, Sub and BatchNormalization into all layers that read them and returns how many."""
    sunk = 0
    for node in graph.nodes_of("Mul", "Div", "Add", "Sub", "BatchNormalization"):
        affine = read_affine(graph, node)
        if affine is None or completes_gelu(graph, node):
            continue
        layers = _reading_layers(graph, affine)
        if layers is None:
            continue
        sunk += _sink(graph, affine, layers) or _sink_scale_before(graph, affine, layers)
    return sunk


def completes_gelu(graph: Graph, node: Node) -> bool:
    """Whether a node is the factor 0.5 of ``0.5 * x * (1 + erf(x / sqrt(2)))``; runtimes look for that."""
    producers = [graph.producer(name) for name in node.inputs]
    for product in producers:
        if product is None or not product.is_a("Mul"):
            continue
        for name in product.inputs:
            addition = graph.producer(name)
            if addition is None or not addition.is_a("Add"):
                continue
            terms = [graph.producer(term) for term in addition.inputs]
            if any(term is not None and term.is_a("Erf") for term in terms):
                return True
    return False


def _reading_layers(graph: Graph, affine: ChannelAffine) -> list[LinearLayer] | None:
    """The layers that read an affine node, None if there are none or something else reads it as well."""
    output = affine.node.output
    if graph.is_protected(output):
        return None
    layers = []
    for reader in graph.consumers(output):
        layer = read_layer(graph, reader)
        if layer is None or reader.input(0) != output or not affine.fits(layer.in_channels):
            return None
        layers.append(layer)
    return layers or None


def _sink(graph: Graph, affine: ChannelAffine, layers: list[LinearLayer]) -> bool:
    if np.any(affine.shift) and any(layer.mixes_borders for layer in layers):
        return False
    if not _absorb(graph, layers, affine.scale, affine.shift):
        return False
    return graph.bypass(affine.node, affine.source)


def _sink_scale_before(graph: Graph, addition: ChannelAffine, layers: list[LinearLayer]) -> bool:
    """Sinks the scale in front of an addition that cannot sink itself."""
    scaling = read_affine(graph, graph.producer(addition.source))
    is_addition = addition.node.is_a("Add", "Sub") and np.all(addition.scale == 1)
    if not is_addition or scaling is None or np.any(scaling.shift) or not np.all(scaling.scale):
        return False
    if graph.only_consumer(addition.source) is not addition.node:
        return False
    shift = _as_float32(addition.shift / scaling.scale)
    if shift is None or not _absorb(graph, layers, scaling.scale, _NO_SHIFT):
        return False
    shape = graph.shape(addition.source) or ()
    values = shift if shift.size == 1 else shift.reshape(-1, *(1,) * (len(shape) - 2))
    name = graph.add_constant(values, f"{addition.node.output}_shift")
    graph.remove(addition.node)
    graph.add(Node("Add", [scaling.source, name], addition.node.outputs, name=addition.node.name))
    graph.remove(scaling.node)
    return True


def _as_float32(values: Array) -> Array | None:
    with np.errstate(over="ignore"):
        rounded = values.astype(np.float32)
    return rounded if bool(np.all(np.isfinite(rounded))) else None


def _absorb(graph: Graph, layers: list[LinearLayer], scale: Array, shift: Array) -> bool:
    """Changes all layers or, if one of them cannot, none."""
    changes = [absorbed_inputs(graph, layer, scale, shift) for layer in layers]
    ready = [change for change in changes if change is not None]
    if len(ready) != len(layers):
        return False
    for change in ready:
        change.apply(graph)
    return True
