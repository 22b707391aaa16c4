"""Operators computed with NumPy, for nodes whose inputs are all constants.

A node and its input arrays go in, the array of its one output comes out. Only operators that occur in shape
arithmetic and around weights are known; the rules are those of the ONNX operator set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from onnx import TensorProto, numpy_helper

from onnxocr.converters.optimize.graph import Array, Node

_Inputs: TypeAlias = Sequence[Array | None]

# NumPy converts between these as runtimes do. Text, bfloat16 and numbers of fewer bits follow other rules.
_CASTS: Mapping[int, type[np.generic]] = {
    TensorProto.BOOL: np.bool_,
    TensorProto.INT8: np.int8,
    TensorProto.INT16: np.int16,
    TensorProto.INT32: np.int32,
    TensorProto.INT64: np.int64,
    TensorProto.UINT8: np.uint8,
    TensorProto.UINT16: np.uint16,
    TensorProto.UINT32: np.uint32,
    TensorProto.UINT64: np.uint64,
    TensorProto.FLOAT16: np.float16,
    TensorProto.FLOAT: np.float32,
    TensorProto.DOUBLE: np.float64,
}


def can_evaluate(node: Node) -> bool:
    """Whether this operator is known here."""
    return node.is_a(*_EVALUATORS) and len(node.outputs) == 1


def evaluate(node: Node, inputs: _Inputs) -> Array | None:
    """Returns the output of a node, None if it uses a variant of the operator that is not known here.

    Args:
        node: a node that ``can_evaluate`` accepts.
        inputs: its inputs in order, None where one is left out.
    """
    try:
        with np.errstate(all="ignore"):
            result = _EVALUATORS[node.op_type](node, inputs)
    except (ValueError, IndexError, TypeError):
        # The constants do not fit the operator; the runtime is the one to complain about that.
        return None
    return None if result is None else np.asarray(result)


def integers(node: Node, name: str, inputs: _Inputs, index: int) -> list[int] | None:
    """A list of integers that older operator sets keep in an attribute and newer ones in an input."""
    value = node.attribute(name)
    if value is not None:
        return [int(number) for number in value]
    array = inputs[index] if index < len(inputs) else None
    return None if array is None else [int(number) for number in array.reshape(-1)]


def _given(inputs: _Inputs, index: int = 0) -> Array:
    array = inputs[index]
    if array is None:
        raise ValueError(f"Input {index} is left out.")
    return array


def _constant(node: Node, _inputs: _Inputs) -> Array | None:
    if "value" in node.attributes:
        tensor = node.attribute("value")
        return None if tensor.external_data else numpy_helper.to_array(tensor)
    for name, dtype in (("value_float", np.float32), ("value_int", np.int64)):
        if name in node.attributes:
            return np.asarray(node.attribute(name), dtype)
    for name, dtype in (("value_floats", np.float32), ("value_ints", np.int64)):
        if name in node.attributes:
            return np.asarray(node.attribute(name), dtype)
    return None


def _cast(node: Node, inputs: _Inputs) -> Array | None:
    array, target = _given(inputs), _CASTS.get(node.attribute("to"))
    return None if target is None or array.dtype not in _CASTS.values() else array.astype(target)


def _reshape(node: Node, inputs: _Inputs) -> Array:
    data, target = _given(inputs), [int(size) for size in _given(inputs, 1)]
    if not node.attribute("allowzero", 0):
        target = [data.shape[axis] if size == 0 else size for axis, size in enumerate(target)]
    return data.reshape(target)


def _squeeze(node: Node, inputs: _Inputs) -> Array:
    axes = integers(node, "axes", inputs, 1)
    return np.squeeze(_given(inputs), None if axes is None else tuple(axes))


def _unsqueeze(node: Node, inputs: _Inputs) -> Array | None:
    axes = integers(node, "axes", inputs, 1)
    return None if axes is None else np.expand_dims(_given(inputs), tuple(axes))


def _concat(node: Node, inputs: _Inputs) -> Array:
    return np.concatenate([_given(inputs, index) for index in range(len(inputs))], node.attribute("axis"))


def _gather(node: Node, inputs: _Inputs) -> Array:
    return np.take(_given(inputs), _given(inputs, 1), axis=node.attribute("axis", 0))


def _slice(node: Node, inputs: _Inputs) -> Array | None:
    data = _given(inputs)
    starts, ends = integers(node, "starts", inputs, 1), integers(node, "ends", inputs, 2)
    if starts is None or ends is None:
        return None
    axes = integers(node, "axes", inputs, 3) or list(range(len(starts)))
    steps = integers(node, "steps", inputs, 4) or [1] * len(starts)
    if any(step < 1 for step in steps):
        return None
    index: list[slice] = [slice(None)] * data.ndim
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        index[axis] = slice(start, end, step)
    return data[tuple(index)]


def _transpose(node: Node, inputs: _Inputs) -> Array:
    return np.transpose(_given(inputs), node.attribute("perm"))


def _shape(node: Node, inputs: _Inputs) -> Array:
    sizes = _given(inputs).shape[slice(node.attribute("start", 0), node.attribute("end"))]
    return np.asarray(sizes, np.int64)


def _divide(_node: Node, inputs: _Inputs) -> Array | None:
    left, right = _given(inputs), _given(inputs, 1)
    if not np.issubdtype(left.dtype, np.integer):
        return np.asarray(left / right)
    if not right.all():
        return None
    # Integer division rounds towards zero in ONNX, towards minus infinity in NumPy.
    return np.asarray(np.sign(left) * np.sign(right) * (np.abs(left) // np.abs(right))).astype(left.dtype)


def _arithmetic(function: Callable[[Array, Array], Array]) -> Callable[[Node, _Inputs], Array | None]:
    def compute(_node: Node, inputs: _Inputs) -> Array | None:
        left, right = _given(inputs), _given(inputs, 1)
        return function(left, right) if left.dtype == right.dtype else None

    return compute


_EVALUATORS: Mapping[str, Callable[[Node, _Inputs], Array | None]] = {
    "Add": _arithmetic(np.add),
    "Cast": _cast,
    "Concat": _concat,
    "Constant": _constant,
    "Div": _divide,
    "Gather": _gather,
    "Identity": lambda _node, inputs: _given(inputs),
    "Mul": _arithmetic(np.multiply),
    "Neg": lambda _node, inputs: np.negative(_given(inputs)),
    "Reshape": _reshape,
    "Shape": _shape,
    "Slice": _slice,
    "Sqrt": lambda _node, inputs: np.sqrt(_given(inputs)),
    "Squeeze": _squeeze,
    "Sub": _arithmetic(np.subtract),
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
