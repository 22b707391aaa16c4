"""Batch normalisation, scales, shifts and biases go into the weights of the layer before them."""

from __future__ import annotations

from onnxocr.converters.optimize.channel_affine import ChannelAffine, read_affine
from onnxocr.converters.optimize.graph import Graph
from onnxocr.converters.optimize.linear_layer import read_layer, scaled_outputs


def fold_batch_norms(graph: Graph) -> int:
    """Folds BatchNormalization nodes into the Conv, ConvTranspose or Gemm before them; returns how many."""
    return _fold(graph, ("BatchNormalization",))


def fold_scales_and_shifts(graph: Graph) -> int:
    """Folds Mul, Div, Add and Sub by constants per channel into the layer before them; returns how many."""
    return _fold(graph, ("Mul", "Div", "Add", "Sub"))


def _fold(graph: Graph, op_types: tuple[str, ...]) -> int:
    folded = 0
    for node in graph.nodes_of(*op_types):
        affine = read_affine(graph, node)
        folded += affine is not None and _fold_into_producer(graph, affine)
    return folded


def _fold_into_producer(graph: Graph, affine: ChannelAffine) -> bool:
    layer = read_layer(graph, graph.producer(affine.source))
    if layer is None or not affine.fits(layer.out_channels):
        return False
    if graph.only_consumer(affine.source) is not affine.node:
        return False
    change = scaled_outputs(graph, layer, affine.scale, affine.shift)
    if change is None:
        return False
    change.apply(graph)
    graph.remove(affine.node)
    graph.set_output(layer.node, affine.node.output)
    return True
