"""Hard sigmoid and hard swish written as several nodes become one or two.

``clip(x + 3, 0, 6) / 6`` becomes HardSigmoid, ``x * clip(x + 3, 0, 6) / 6`` and ``x * HardSigmoid(x)`` become
HardSwish where the operator set has it (14), ``x * HardSigmoid(x)`` where not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from onnxocr.converters.optimize.graph import Graph, Node

HARD_SWISH_OPSET = 14

# Paddle writes the slope as 0.1666667; that and 1/6 differ by two units in the last place of float32.
_SLOPE_TOLERANCE = 1e-7

# Runtimes have HardSigmoid and HardSwish for these; the operators know no integers.
_FLOATS = (np.float32, np.float16)


@dataclass(frozen=True)
class _ClippedLine:
    """A Clip node that computes ``clip(x + offset, 0, limit)``."""

    node: Node
    source: str
    offset: float
    limit: float


def merge_hard_sigmoids(graph: Graph) -> int:
    """Writes ``clip(x + a, 0, b) / b`` as HardSigmoid and returns how many."""
    merged = 0
    for node in graph.nodes_of("Div", "Mul"):
        source, divisor = _divided(graph, node)
        line = _clipped_line(graph, source)
        if line is None or not math.isclose(line.limit, divisor, rel_tol=1e-6):
            continue
        if graph.only_consumer(line.node.output) is not node:
            continue
        graph.remove(node)
        graph.add(_hard_sigmoid(line, node.output))
        merged += 1
    return merged


def merge_hard_swishes(graph: Graph) -> int:
    """Writes hard swish with as few nodes as the operator set allows and returns how many."""
    merged = sum(_merge_clipped_product(graph, node) for node in graph.nodes_of("Mul"))
    if graph.opset >= HARD_SWISH_OPSET:
        for product, gate in hard_swish_products(graph):
            _write_hard_swish(graph, product, gate)
            merged += 1
    return merged


def _merge_clipped_product(graph: Graph, node: Node) -> bool:
    """``x * clip(x + 3, 0, 6)``, with the division by 6 after it."""
    for index in (0, 1):
        line = _clipped_line(graph, node.input(index))
        if line is None or line.source != node.input(1 - index):
            continue
        division = graph.only_consumer(node.output)
        if division is None or graph.only_consumer(line.node.output) is not node:
            return False
        source, divisor = _divided(graph, division)
        if source != node.output or not math.isclose(line.limit, divisor, rel_tol=1e-6):
            return False
        graph.remove(division)
        graph.remove(node)
        gate = graph.add(_hard_sigmoid(line, graph.new_name(f"{division.output}_gate")))
        graph.add(Node("Mul", [line.source, gate.output], [division.output], name=division.name))
        return True
    return False


def hard_swish_products(graph: Graph) -> list[tuple[Node, Node]]:
    """All pairs of nodes that compute ``x * HardSigmoid(x)`` with hard swish's slope: product and gate."""
    pairs = ((node, _own_gate(graph, node)) for node in graph.nodes_of("Mul"))
    return [(node, gate) for node, gate in pairs if gate is not None]


def _own_gate(graph: Graph, product: Node) -> Node | None:
    for index in (0, 1):
        gate = graph.producer(product.input(index))
        if gate is None or not gate.is_a("HardSigmoid") or gate.input(0) != product.input(1 - index):
            continue
        has_slope = math.isclose(gate.attribute("alpha", 0.2), 1 / 6, abs_tol=_SLOPE_TOLERANCE)
        if has_slope and gate.attribute("beta", 0.5) == 0.5 and graph.only_consumer(gate.output) is product:
            return gate
    return None


def _write_hard_swish(graph: Graph, product: Node, gate: Node) -> None:
    graph.remove(product)
    graph.remove(gate)
    graph.add(Node("HardSwish", [gate.input(0)], [product.output], name=product.name))


def _hard_sigmoid(line: _ClippedLine, output: str) -> Node:
    node = Node("HardSigmoid", [line.source], [output], name=output)
    node.set_attribute("alpha", 1 / line.limit)
    node.set_attribute("beta", line.offset / line.limit)
    return node


def _divided(graph: Graph, node: Node) -> tuple[str, float]:
    """What a node divides, and by what; zero if it does not divide by a number."""
    if node.is_a("Div"):
        return node.input(0), _operand(graph, node, 1) or 0.0
    for index in (0, 1) if node.is_a("Mul") else ():
        factor = _operand(graph, node, index)
        if factor:
            return node.input(1 - index), 1 / factor
    return "", 0.0


def _operand(graph: Graph, node: Node, index: int) -> float | None:
    """The number in one of two inputs, if the other has a type that fits and gets no axes from it."""
    name, shape = node.input(index), graph.shape(node.input(1 - index))
    if not graph.is_constant(name) or graph.constant_dtype(name) not in _FLOATS or shape is None:
        return None
    return graph.scalar(name) if len(graph.shape(name) or ()) <= len(shape) else None


def _clipped_line(graph: Graph, name: str) -> _ClippedLine | None:
    clip = graph.producer(name)
    if clip is None or not clip.is_a("Clip"):
        return None
    low, high = _bound(graph, clip, "min", 1), _bound(graph, clip, "max", 2)
    addition = graph.producer(clip.input(0))
    if low != 0 or high is None or high <= 0 or addition is None or not addition.is_a("Add"):
        return None
    for index in (0, 1):
        offset = _operand(graph, addition, index)
        if offset is not None:
            return _ClippedLine(clip, addition.input(1 - index), offset, high)
    return None


def _bound(graph: Graph, clip: Node, name: str, index: int) -> float | None:
    if clip.input(index):
        return graph.scalar(clip.input(index))
    value = clip.attribute(name)
    return None if value is None else float(value)
