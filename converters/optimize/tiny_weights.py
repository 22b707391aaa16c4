"""Weights too small to reach any result are set to zero.

Weight decay leaves such weights behind. Below 1.2e-38 they are denormal numbers, which processors handle in
slow steps: they take half of ONNX Runtime's time on some official models. Products with small activations get
there from larger weights.
"""

from __future__ import annotations

import numpy as np

from onnxocr.converters.optimize.graph import Graph
from onnxocr.converters.plain_weights import is_tiny

# Only sums of products: elsewhere (a divisor, an epsilon) a tiny number may matter.
_WEIGHT_INPUTS = {
    "Conv": (1, 2),
    "ConvTranspose": (1, 2),
    "Gemm": (0, 1, 2),
    "MatMul": (0, 1),
    "LSTM": (1, 2, 3),
    "GRU": (1, 2, 3),
}


def zero_tiny_weights(graph: Graph) -> int:
    """Sets float32 weights that vanish beside others of their tensor to zero and returns how many."""
    return sum(_zero_in_constant(graph, name) for name in dict.fromkeys(_weight_names(graph)))


def _weight_names(graph: Graph) -> list[str]:
    return [
        node.input(index)
        for node in graph.nodes_of(*_WEIGHT_INPUTS)
        for index in _WEIGHT_INPUTS[node.op_type]
        if graph.is_constant(node.input(index)) and _is_weight_only(graph, node.input(index))
    ]


def _is_weight_only(graph: Graph, name: str) -> bool:
    readers = graph.consumers(name)
    return not graph.is_protected(name) and all(
        reader.is_a(*_WEIGHT_INPUTS)
        and all(
            index in _WEIGHT_INPUTS[reader.op_type]
            for index, read in enumerate(reader.inputs)
            if read == name
        )
        for reader in readers
    )


def _zero_in_constant(graph: Graph, name: str) -> int:
    array = graph.constant(name)
    if array is None or array.dtype != np.float32:
        return 0
    tiny = is_tiny(array)
    count = int(np.count_nonzero(tiny))
    if count:
        graph.set_constant(name, np.where(tiny, np.float32(0), array))
    return count
