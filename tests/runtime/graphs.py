"""Tiny ONNX graphs with answers that can be worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

IR_VERSION = 8
OPSET = 17


def save_model(
    path: Path,
    nodes: Sequence[onnx.NodeProto],
    *,
    input_shape: Sequence[int | str] = ("N", 3, "H", "W"),
    output_shape: Sequence[int | str] = ("N", 3, "H", "W"),
    initializers: Mapping[str, np.ndarray] | None = None,
    metadata: Mapping[str, str] | None = None,
    opset: int = OPSET,
    ir_version: int = IR_VERSION,
) -> Path:
    """Saves a graph from ``x`` to ``y``, both float32."""
    graph = helper.make_graph(
        list(nodes),
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, list(input_shape))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, list(output_shape))],
        [numpy_helper.from_array(array, name) for name, array in (initializers or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir_version)
    helper.set_model_props(model, dict(metadata or {}))
    path.write_bytes(model.SerializeToString())
    return path


def save_doubling(
    path: Path,
    *,
    metadata: Mapping[str, str] | None = None,
    opset: int = OPSET,
    ir_version: int = IR_VERSION,
) -> Path:
    """Saves y = x + x."""
    nodes = [helper.make_node("Add", ["x", "x"], ["y"])]
    return save_model(path, nodes, metadata=metadata, opset=opset, ir_version=ir_version)


def save_adding_1_2_3(path: Path) -> Path:
    """Saves y = x + (1, 2, 3) along the last axis: a last axis of other than 1 or 3 fails while running."""
    nodes = [helper.make_node("Add", ["x", "steps"], ["y"])]
    return save_model(path, nodes, initializers={"steps": np.array([1, 2, 3], np.float32)})


def save_convolutions(path: Path, layers: int = 6) -> Path:
    """Saves a stack of 3x3 convolutions of 3 channels with fixed random weights: work for several threads."""
    random = np.random.default_rng(0)
    nodes, weights = [], {}
    for layer in range(layers):
        weights[f"w{layer}"] = random.normal(0, 0.2, (3, 3, 3, 3)).astype(np.float32)
        before, after = f"h{layer}" if layer else "x", f"h{layer + 1}" if layer < layers - 1 else "y"
        nodes.append(helper.make_node("Conv", [before, f"w{layer}"], [after], pads=[1, 1, 1, 1]))
    return save_model(path, nodes, initializers=weights)
