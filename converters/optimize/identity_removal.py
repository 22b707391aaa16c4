"""Nodes whose output equals their input: Identity, Dropout outside training, times one, plus zero, ..."""

from __future__ import annotations

from onnxocr.converters.optimize.graph import Graph, Node

# Operator, input that is passed on, input that has to be constant, and its value.
_NEUTRAL_OPERANDS = (
    ("Add", 0, 1, 0.0),
    ("Add", 1, 0, 0.0),
    ("Sub", 0, 1, 0.0),
    ("Mul", 0, 1, 1.0),
    ("Mul", 1, 0, 1.0),
    ("Div", 0, 1, 1.0),
    ("Pow", 0, 1, 1.0),
)


def remove_identities(graph: Graph) -> int:
    """Lets readers of a copy read the original and returns how many nodes went."""
    removed = 0
    for node in graph.nodes:
        source = _passed_on(graph, node)
        if source is not None and not graph.is_constant(source):
            removed += graph.bypass(node, source)
    return removed


def _passed_on(graph: Graph, node: Node) -> str | None:
    if node.is_a("Identity"):
        return node.input(0)
    if node.is_a("Dropout"):
        return node.input(0) if _is_idle_dropout(graph, node) else None
    if node.is_a("Concat") and len(node.inputs) == 1:
        return node.input(0)
    if node.is_a("Transpose"):
        order = node.attribute("perm")
        return node.input(0) if order is not None and order == sorted(order) else None
    return _neutral_operand(graph, node)


def _is_idle_dropout(graph: Graph, node: Node) -> bool:
    mask = node.outputs[1] if len(node.outputs) > 1 else ""
    if mask:
        return False
    return not node.input(2) or graph.scalar(node.input(2)) == 0


def _neutral_operand(graph: Graph, node: Node) -> str | None:
    for op_type, passed, constant, neutral in _NEUTRAL_OPERANDS:
        if not node.is_a(op_type) or graph.scalar(node.input(constant)) != neutral:
            continue
        constant_shape, shape = graph.shape(node.input(constant)), graph.shape(node.input(passed))
        # A constant of higher rank would add axes to the result.
        if shape is not None and constant_shape is not None and len(constant_shape) <= len(shape):
            return node.input(passed)
    return None
