"""Pairs of nodes that only rearrange a tensor: merged, or removed where the second undoes the first.

A Squeeze moves behind activations and batch normalisations, to where an Unsqueeze may undo it: these then
stand next to the convolution that they can be merged with.
"""

from __future__ import annotations

import numpy as np

from onnxocr.converters.optimize.constant_evaluation import integers
from onnxocr.converters.optimize.graph import Graph, Node

_ELEMENTWISE = ("Relu", "Sigmoid", "HardSigmoid", "HardSwish", "Tanh", "Erf", "Clip")


def merge_view_chains(graph: Graph) -> int:
    """Merges Transpose, Reshape, Squeeze and Unsqueeze with each other and returns how many."""
    return sum(
        (
            sum(_sink_squeeze(graph, node) for node in graph.nodes_of("Squeeze")),
            sum(_cancel_unsqueeze(graph, node) for node in graph.nodes_of("Unsqueeze")),
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
    # The first one is dead then, or still serves others.
    return added is not None and added == taken and graph.bypass(node, first.input(0))


def _cancel_unsqueeze(graph: Graph, node: Node) -> bool:
    first = _sole_producer(graph, node, "Squeeze")
    if first is None:
        return False
    # A Squeeze with axes removes sizes of one only, so that this always gives back what it took.
    shape = graph.shape(first.input(0))
    taken, added = _axes(graph, first, shape), _axes(graph, node, shape)
    return taken is not None and taken == added and graph.bypass(node, first.input(0))


def _sink_squeeze(graph: Graph, node: Node) -> bool:
    follower = graph.only_consumer(node.output)
    axes = _axes(graph, node, graph.shape(node.input(0)))
    if follower is None or axes is None or len(follower.outputs) != 1 or follower.input(0) != node.output:
        return False
    if not follower.is_a(*_ELEMENTWISE) and not (follower.is_a("BatchNormalization") and min(axes) > 1):
        return False
    output = follower.output
    graph.remove(node)
    graph.set_input(follower, 0, node.input(0))
    graph.set_output(follower, graph.new_name(f"{output}_unsqueezed"))
    graph.add(Node("Squeeze", [follower.output, *node.inputs[1:]], [output], node.attributes, node.name))
    return True


def _axes(graph: Graph, node: Node, shape: tuple[object, ...] | None) -> list[int] | None:
    axes = integers(node, "axes", [None, graph.constant(node.input(1))], 1)
    # Runtimes take an empty list for no list, which means every axis of size one.
    if not axes or shape is None:
        return None
    return sorted(axis % len(shape) for axis in axes)
