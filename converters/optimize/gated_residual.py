"""``x + x * gate`` becomes ``x * (gate + 1)`` where the gate has one number per channel.

Squeeze-and-excitation with a residual branch is written like that: the large tensor is read and written once
instead of twice.
"""

from __future__ import annotations

import numpy as np

from onnxocr.converters.optimize.graph import Graph, Node


def merge_gated_residuals(graph: Graph) -> int:
    """Rewrites gated residual branches and returns how many."""
    return sum(_merge(graph, node) for node in graph.nodes_of("Add"))


def _merge(graph: Graph, addition: Node) -> bool:
    for index in (0, 1):
        product, residual = graph.producer(addition.input(index)), addition.input(1 - index)
        if product is None or not product.is_a("Mul") or product.inputs.count(residual) != 1:
            continue
        gate = product.input(1 - product.inputs.index(residual))
        if graph.only_consumer(product.output) is not addition or not _is_gate(graph, gate, residual):
            continue
        one = graph.add_constant(np.ones(1, np.float32), f"{gate}_one")
        raised = graph.add(Node("Add", [gate, one], [graph.new_name(f"{gate}_plus_one")]))
        graph.remove(addition)
        graph.remove(product)
        graph.add(Node("Mul", [residual, raised.output], addition.outputs, name=addition.name))
        return True
    return False


def _is_gate(graph: Graph, name: str, residual: str) -> bool:
    """Whether a float32 value has one number per channel of a picture-like tensor of some area."""
    producer = graph.producer(name)
    if producer is None or not producer.is_a("HardSigmoid", "Sigmoid"):
        return False
    layer = graph.producer(producer.input(0))
    if layer is None or not layer.is_a("Conv") or graph.constant_dtype(layer.input(1)) != np.float32:
        return False
    shape, full = graph.shape(name), graph.shape(residual)
    if shape is None or full is None or len(shape) != 4 or len(full) != 4:
        return False
    return tuple(shape[2:]) == (1, 1) and shape[1] == full[1] and tuple(full[2:]) != (1, 1)
