"""The standard operator set of a graph is raised to the one that has HardSwish.

Only where that pays (a hard swish written as several nodes, which OpenVINO runs slower) and only if every
node means the same afterwards: the operators below did not change between operator sets 11 and 14 except for
more number types, or are rewritten here. One other operator and the graph stays as it is.
"""

from __future__ import annotations

import numpy as np

from onnxocr.converters.optimize.graph import Graph, Node
from onnxocr.converters.optimize.hard_activations import HARD_SWISH_OPSET, hard_swish_products

OLDEST_OPSET = 11
_OLDEST_IR_VERSION = 4

_UNCHANGED = frozenset(
    (
        *("Abs", "Add", "ArgMax", "AveragePool", "Cast", "Ceil", "Clip", "Concat", "Constant", "Conv"),
        *("ConvTranspose", "DepthToSpace", "Div", "Elu", "Equal", "Erf", "Exp", "Expand", "Flatten", "Floor"),
        *(
            "GRU",
            "Gather",
            "Gemm",
            "GlobalAveragePool",
            "GlobalMaxPool",
            "Greater",
            "HardSigmoid",
            "Identity",
        ),
        *(
            "LSTM",
            "LeakyRelu",
            "Less",
            "Log",
            "MatMul",
            "Max",
            "MaxPool",
            "Min",
            "Mul",
            "Neg",
            "Not",
            "PRelu",
        ),
        *(
            "Pad",
            "Pow",
            "Range",
            "Reciprocal",
            "ReduceMax",
            "ReduceMean",
            "ReduceMin",
            "Relu",
            "Reshape",
            "Resize",
        ),
        *(
            "Shape",
            "Sigmoid",
            "Slice",
            "Softplus",
            "Sqrt",
            "Sub",
            "Sum",
            "Tanh",
            "Tile",
            "Transpose",
            "Where",
        ),
    )
)
_AXES_BECAME_INPUT = ("Squeeze", "Unsqueeze", "ReduceSum")


def raise_opset_for_hard_swish(graph: Graph) -> int:
    """Raises the operator set to 14 if a hard swish waits for it; returns 1 if it did."""
    if not OLDEST_OPSET <= graph.opset < HARD_SWISH_OPSET or graph.has_functions:
        return 0
    if graph.ir_version < _OLDEST_IR_VERSION or not hard_swish_products(graph):
        return 0
    if not all(_is_convertible(graph, node) for node in graph.nodes):
        return 0
    for node in graph.nodes_of(*_AXES_BECAME_INPUT):
        _move_axes_to_input(graph, node)
    graph.opset = HARD_SWISH_OPSET
    return 1


def _is_convertible(graph: Graph, node: Node) -> bool:
    if node.has_subgraphs:
        return False
    if not node.is_standard or node.is_a(*_UNCHANGED) or node.is_a(*_AXES_BECAME_INPUT):
        return True
    if node.is_a("BatchNormalization"):
        return len(node.outputs) == 1
    if node.is_a("Softmax", "LogSoftmax"):
        return _normalizes_last_axis(graph, node)
    return False


def _normalizes_last_axis(graph: Graph, node: Node) -> bool:
    """Until operator set 12 Softmax runs over all axes from ``axis`` on, later over that axis alone."""
    shape = graph.shape(node.input(0))
    if graph.opset >= 13:
        return True
    return (
        shape is not None and node.attribute("axis", 1) in (-1, len(shape) - 1) and "axis" in node.attributes
    )


def _move_axes_to_input(graph: Graph, node: Node) -> None:
    axes = node.attributes.pop("axes", None)
    if axes is not None:
        graph.set_input(node, 1, graph.add_constant(np.asarray(axes.ints, np.int64), f"{node.output}_axes"))
