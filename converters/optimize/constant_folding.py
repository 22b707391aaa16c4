"""Nodes that read nothing but constants become constants."""

from __future__ import annotations

from onnxocr.converters.optimize.constant_evaluation import can_evaluate, evaluate
from onnxocr.converters.optimize.graph import Graph


def fold_constants(graph: Graph) -> int:
    """Replaces nodes by their values and returns how many."""
    folded = 0
    for node in graph.nodes:
        if not can_evaluate(node) or graph.is_protected(node.output):
            continue
        if not all(graph.is_constant(name) for name in node.inputs if name):
            continue
        if node.is_a("Identity"):
            folded += graph.bypass(node, node.input(0))
            continue
        value = evaluate(node, [graph.constant(name) if name else None for name in node.inputs])
        if value is None:
            continue
        # The name is kept: inferred shapes and messages of the runtimes stay readable.
        graph.remove(node)
        graph.set_constant(node.output, value)
        folded += 1
    return folded
