"""Recurrent layers: LSTM, GRU and plain cells, several layers deep, in one direction or both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from onnxocr.converters.ops.builder import NodeAttribute
from onnxocr.converters.ops.operator_view import OperatorView
from onnxocr.converters.ops.registry_types import OperatorFunction, Results

# Order of the gates: Paddle has LSTM input, forget, cell, output and GRU reset, update, candidate;
# ONNX has LSTM input, output, forget, cell and GRU update, reset, candidate.
_CELLS: Mapping[str, tuple[str, tuple[int, ...], dict[str, NodeAttribute]]] = {
    "LSTM": ("LSTM", (0, 3, 1, 2), {}),
    "GRU": ("GRU", (1, 0, 2), {"linear_before_reset": 1}),
    "RNN_TANH": ("RNN", (0,), {"activations": "Tanh"}),
    "RNN_RELU": ("RNN", (0,), {"activations": "Relu"}),
}


def rnn(op: OperatorView) -> Results:
    """All layers of a recurrent network; input and output are (time, batch, features)."""
    mode = op.text("mode", "LSTM")
    op.require(mode in _CELLS, f"has cells of kind {mode!r}")
    directions = 2 if op.flag("is_bidirec", False) else 1
    layers = op.integer("num_layers", 1)
    weights = op.inputs(2)
    op.require(
        0 < layers <= 64 and len(weights) == 4 * layers * directions,
        f"has {len(weights)} weights for {layers} layers",
    )
    output, finals = op.input(0), list[tuple[str, ...]]()
    for layer in range(layers):
        output, states = _layer(op, mode, output, layer, layers, directions)
        finals.append(states)
    last = [_joined(op, [states[kind] for states in finals]) for kind in range(len(finals[0]))]
    # Outputs in PIR's order: result, dropout state (none at inference), final states.
    return [output, "", *last]


def _layer(
    op: OperatorView, mode: str, x: str, layer: int, layers: int, directions: int
) -> tuple[str, tuple[str, ...]]:
    op_type, order, extra = _CELLS[mode]
    cells = range(layer * directions, (layer + 1) * directions)
    total = layers * directions
    matrices = [_stacked(op, [2 * cell + part for cell in cells], order) for part in (0, 1)]
    biases = [
        np.concatenate([_gates(op, 2 * total + 2 * cell + part, order) for part in (0, 1)]) for cell in cells
    ]
    states = [_initial(op, kind, cells, total) for kind in range(2 if mode == "LSTM" else 1)]
    attributes: dict[str, NodeAttribute] = {
        "hidden_size": op.integer("hidden_size"),
        "direction": "bidirectional" if directions == 2 else "forward",
        **extra,
    }
    if "activations" in attributes:
        attributes["activations"] = [attributes["activations"]] * directions  # type: ignore[assignment]
    inputs = [x, *matrices, op.graph.constant(np.stack(biases)), _lengths(op), *states]
    results = op.graph.nodes(op_type, inputs, attributes, outputs=1 + len(states))
    # (time, direction, batch, hidden) to (time, batch, direction * hidden)
    turned = op.graph.node("Transpose", [results[0]], {"perm": [0, 2, 1, 3]})
    return op.graph.node("Reshape", [turned, op.graph.integers([0, 0, -1])]), results[1:]


def _gates(op: OperatorView, number: int, order: Sequence[int]) -> np.ndarray:
    array = op.graph.known(op.inputs(2)[number])
    op.require(array is not None, "has weights that are computed")
    parts = np.split(np.asarray(array), len(order), axis=0)
    return np.concatenate([parts[gate] for gate in order], axis=0)


def _stacked(op: OperatorView, numbers: Sequence[int], order: Sequence[int]) -> str:
    return op.graph.constant(np.stack([_gates(op, number, order) for number in numbers]))


def _lengths(op: OperatorView) -> str:
    name = op.optional(3)
    return "" if name is None else op.graph.cast(name, np.int32)


def _initial(op: OperatorView, kind: int, cells: range, total: int) -> str:
    """Returns the state that a layer starts with; none stands for zeros."""
    states = op.inputs(1)
    if kind >= len(states) or op.graph.fill_of(states[kind]) == 0.0:
        return ""
    if len(cells) == total:
        return states[kind]
    graph = op.graph
    bounds = [graph.integers([cells.start]), graph.integers([cells.stop]), graph.integers([0])]
    return graph.node("Slice", [states[kind], *bounds])


def _joined(op: OperatorView, states: Sequence[str]) -> str:
    return states[0] if len(states) == 1 else op.graph.node("Concat", states, {"axis": 0})


OPERATORS: Mapping[str, OperatorFunction] = {"rnn": rnn}
