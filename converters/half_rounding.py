"""A half-precision graph to one in float32 that rounds every value as a GPU would: its error, seen on a CPU.

CPU kernels compute half-precision graphs in float32 and keep what lies between two nodes unrounded, so that
running the graph itself shows only the rounding of its weights.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper, shape_inference


def with_rounded_values(model: onnx.ModelProto) -> onnx.ModelProto:
    """Returns a float32 graph whose values are rounded wherever the given one holds half precision.

    Args:
        model: a graph with half-precision parts and float32 inputs and outputs; it is not changed.
    """
    halves = _half_values(model)
    result = onnx.ModelProto()
    result.CopyFrom(model)
    for tensor in result.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT16:
            wide = numpy_helper.to_array(tensor).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(wide, tensor.name))
    nodes = [written for node in model.graph.node for written in _rounded(node, halves)]
    del result.graph.node[:]
    result.graph.node.extend(nodes)
    del result.graph.value_info[:]
    return result


def _half_values(model: onnx.ModelProto) -> set[str]:
    inferred = shape_inference.infer_shapes(model).graph
    return {
        value.name for value in inferred.value_info if value.type.tensor_type.elem_type == TensorProto.FLOAT16
    }


def _rounded(node: onnx.NodeProto, halves: set[str]) -> list[onnx.NodeProto]:
    """Returns a node in float32, with its outputs cast to half precision and back where they were half."""
    written = onnx.NodeProto()
    written.CopyFrom(node)
    if node.op_type == "Cast" and (node.input[0] in halves or node.output[0] in halves):
        written = helper.make_node("Identity", node.input, node.output, name=node.name)
    casts = []
    for index, name in enumerate(node.output):
        if name in halves:
            exact, short = f"{name}_exact", f"{name}_short"
            written.output[index] = exact
            casts.append(helper.make_node("Cast", [exact], [short], to=TensorProto.FLOAT16))
            casts.append(helper.make_node("Cast", [short], [name], to=TensorProto.FLOAT))
    return [written, *casts]
