"""Shape arithmetic that leads to a Reshape becomes a constant target.

Exporters write the sizes of a Reshape as Shape, Slice, Gather and Concat nodes even where they only copy
sizes of the tensor itself. Such a target becomes 0 for a copied size and -1 for one other unknown size; a
Reshape to the shape that its tensor has is removed; the Shape of a tensor of known size becomes a constant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from onnxocr.converters.optimize.constant_evaluation import integers
from onnxocr.converters.optimize.graph import Graph, Node
from onnxocr.converters.optimize.shape_inference import ValueShape


@dataclass(frozen=True)
class _SizeOf:
    """The size of a value along one axis."""

    value: str
    axis: int


_Size: TypeAlias = "int | _SizeOf"

# The output has the shape of the first input.
_SHAPE_KEEPING = (
    *(
        "Relu",
        "Sigmoid",
        "HardSigmoid",
        "HardSwish",
        "Erf",
        "Sqrt",
        "Tanh",
        "Softmax",
        "Identity",
        "Cast",
        "Clip",
    ),
    *("BatchNormalization", "LayerNormalization"),
)


def fold_shapes(graph: Graph) -> int:
    """Simplifies shape arithmetic and returns how many nodes it changed."""
    shapes = sum(_fold_static_shape(graph, node) for node in graph.nodes_of("Shape"))
    return shapes + sum(_fold_target(graph, node) for node in graph.nodes_of("Reshape"))


def _fold_static_shape(graph: Graph, node: Node) -> bool:
    sizes = _shape_sizes(graph, node)
    if sizes is None or graph.is_protected(node.output) or not all(isinstance(size, int) for size in sizes):
        return False
    graph.remove(node)
    graph.set_constant(node.output, np.asarray(sizes, np.int64))
    return True


def _fold_target(graph: Graph, node: Node) -> bool:
    if node.attribute("allowzero", 0):
        return False
    sizes = _sizes(graph, node.input(1))
    if sizes is None:
        return False
    target = _constant_target(graph, node, sizes)
    shape = graph.shape(node.input(0))
    if target is None:
        return False
    if _is_own_shape(target, shape):
        return graph.bypass(node, node.input(0))
    if graph.is_constant(node.input(1)):
        return False
    graph.set_input(node, 1, graph.add_constant(np.asarray(target, np.int64), f"{node.output}_target"))
    return True


def _is_own_shape(target: list[int], shape: ValueShape) -> bool:
    """Whether a target gives a tensor the shape that it has; one size may be left to the runtime."""
    if shape is None or len(target) != len(shape):
        return False
    return all(size in (0, -1) or size == own for size, own in zip(target, shape, strict=True))


def _constant_target(graph: Graph, node: Node, sizes: list[_Size]) -> list[int] | None:
    roots = _same_shape(graph, node.input(0))
    target: list[int] = []
    for axis, size in enumerate(sizes):
        if isinstance(size, int):
            target.append(size)
        elif size.axis == axis and size.value in roots:
            target.append(0)
        else:
            target.append(-1)
    # One size may be left to the runtime, which has it from the number of elements.
    return target if target.count(-1) <= 1 else None


def _same_shape(graph: Graph, name: str) -> list[str]:
    """Values known to have the shape of a value: itself and what it was computed from, nearest first."""
    names = [name]
    while (node := graph.producer(names[-1])) is not None:
        if node.is_a(*_SHAPE_KEEPING):
            names.append(node.input(0))
            continue
        operands = [operand for operand in node.inputs if graph.scalar(operand) is None]
        if not node.is_a("Mul", "Add", "Sub", "Div") or len(operands) != 1:
            break
        ranks = [len(shape) for shape in map(graph.shape, node.inputs) if shape is not None]
        source = graph.shape(operands[0])
        if source is None or len(ranks) != 2 or max(ranks) != len(source):
            break
        names.append(operands[0])
    return names


def _sizes(graph: Graph, name: str) -> list[_Size] | None:
    """The numbers in a vector of sizes; None if it is not made of sizes alone."""
    constant = graph.constant(name) if name and graph.is_constant(name) else None
    if constant is not None:
        is_small = constant.dtype.kind == "i" and constant.size <= 64
        return [int(size) for size in constant.reshape(-1)] if is_small else None
    node = graph.producer(name)
    if node is None:
        return None
    if node.is_a("Shape"):
        return _shape_sizes(graph, node)
    if node.is_a("Cast", "Identity", "Squeeze", "Unsqueeze"):
        return _sizes(graph, node.input(0))
    if node.is_a("Slice", "Gather"):
        return _selected(graph, node)
    if node.is_a("Concat"):
        parts = [_sizes(graph, part) for part in node.inputs]
        return None if None in parts else [size for part in parts if part for size in part]
    return None


def _shape_sizes(graph: Graph, node: Node) -> list[_Size] | None:
    shape = graph.shape(node.input(0))
    if shape is None:
        return None
    source = _same_shape(graph, node.input(0))[0]
    sizes = [size if isinstance(size, int) else _SizeOf(source, axis) for axis, size in enumerate(shape)]
    return sizes[slice(node.attribute("start", 0), node.attribute("end"))]


def _selected(graph: Graph, node: Node) -> list[_Size] | None:
    sizes = _sizes(graph, node.input(0))
    if sizes is None:
        return None
    if node.is_a("Gather"):
        indices = graph.constant(node.input(1))
        positions = [] if indices is None else [int(index) for index in indices.reshape(-1)]
        is_valid = bool(positions) and all(-len(sizes) <= index < len(sizes) for index in positions)
        return [sizes[index] for index in positions] if is_valid else None
    if node.input(4) and not graph.is_constant(node.input(4)):
        return None
    inputs = [graph.constant(name) if name and graph.is_constant(name) else None for name in node.inputs]
    starts, ends = integers(node, "starts", inputs, 1), integers(node, "ends", inputs, 2)
    steps = integers(node, "steps", inputs, 4) or [1]
    if starts is None or ends is None or len(starts) != 1 or steps != [1]:
        return None
    return sizes[starts[0] : ends[0]]
