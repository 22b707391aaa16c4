"""Pairs of nodes that only rearrange a tensor: merged, or removed where the second undoes the first."""

from __future__ import annotations

import numpy as np

from onnxocr.converters.optimize.constant_evaluation import integers
from onnxocr.converters.optimize.graph import Graph, Node


def merge_view_chains(graph: Graph) -> int:
    """Merges Transpose, Reshape and Unsqueeze/Squeeze pairs and returns how many."""
    return sum(
        (
            sum(_merge_transposes(graph, node) for node in graph.nodes_of("Transpose")),
            sum(_merge_reshapes(graph, node) for node in graph.nodes_of("Reshape")),
            sum(_cancel_squeeze(graph, node) for node in graph.nodes_of("Squeeze")),
        )
    )


def _sole_producer(graph: Graph, node: Node, op_type: str) -> Node | None:
    producer = graph.producer(node.input(0))
    if producer is None or not producer.is_a(op_type) or graph.only_consumer(producer.output) is not node:
        return None
    return producer


def _merge_transposes(graph: Graph, node: Node) -> bool:
    first = _sole_producer(graph, node, "Transpose")
    if first is None or "perm" not in first.attributes or "perm" not in node.attributes:
        return False
    order = [first.attribute("perm")[axis] for axis in node.attribute("perm")]
    node.set_attribute("perm", order)
    graph.set_input(node, 0, first.input(0))
    graph.remove(first)
    return True


def _merge_reshapes(graph: Graph, node: Node) -> bool:
    first = _sole_producer(graph, node, "Reshape")
    target = graph.constant(node.input(1))
    # A zero copies a size of the tensor in between.
    if first is None or target is None or not np.all(target):
        return False
    graph.set_input(node, 0, first.input(0))
    graph.remove(first)
    return True


def _cancel_squeeze(graph: Graph, node: Node) -> bool:
    first = _sole_producer(graph, node, "Unsqueeze")
    if first is None:
        return False
    shape = graph.shape(first.output)
    added, taken = _axes(graph, first, shape), _axes(graph, node, shape)
    if added is None or added != taken or not graph.bypass(node, first.output):
        return False
    return graph.bypass(first, first.input(0))


def _axes(graph: Graph, node: Node, shape: tuple[object, ...] | None) -> list[int] | None:
    axes = integers(node, "axes", [None, graph.constant(node.input(1))], 1)
    if axes is None or shape is None:
        return None
    return sorted(axis % len(shape) for axis in axes)
