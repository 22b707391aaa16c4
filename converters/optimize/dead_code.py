"""Nodes and constants that no output depends on."""

from __future__ import annotations

from onnxocr.converters.optimize.graph import Graph, Node


def remove_dead_code(graph: Graph) -> int:
    """Removes unread nodes and constants and returns how many nodes."""
    candidates = graph.nodes
    removed: set[Node] = set()
    while candidates:
        node = candidates.pop()
        if node in removed or any(graph.is_protected(name) or graph.consumers(name) for name in node.outputs):
            continue
        graph.remove(node)
        removed.add(node)
        producers = [graph.producer(name) for name in node.inputs]
        candidates.extend(producer for producer in producers if producer is not None)
    for name in graph.constant_names():
        if not graph.consumers(name) and not graph.is_protected(name):
            graph.remove_constant(name)
    return len(removed)
