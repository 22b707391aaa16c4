"""Tensors made from numbers, and changes of the element type."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from onnxocr.converters.ops.operator_view import OperatorView, graph_dtype
from onnxocr.converters.ops.registry_types import OperatorFunction, Results

_MAX_ELEMENTS = 1 << 20


def _dtype(op: OperatorView) -> np.dtype[np.generic]:
    return _type_of(op, op.text("dtype", ""))


def _type_of(op: OperatorView, word: str) -> np.dtype[np.generic]:
    """Returns the element type that an attribute names; where it leaves it open, the program's."""
    undecided = not word or word == "unknown" or word.startswith("Undefined")
    return op.result_dtype() if undecided else graph_dtype(word)


def constant(op: OperatorView) -> Results:
    """Numbers that stand in the program."""
    return _array(op, op.numbers("value"), op.integers("shape"))


def full_int_array(op: OperatorView) -> Results:
    """A list of whole numbers."""
    return op.graph.constant(np.asarray(op.integers("value", ()), dtype=np.int64))


def assign_value(op: OperatorView) -> Results:
    """Numbers that stand in the program; old versions name the attribute after its type."""
    names = ("values", "fp32_values", "int32_values", "int64_values", "bool_values")
    given = next((op.numbers(name) for name in names if op.has(name) and op.numbers(name)), [])
    return _array(op, given, op.integers("shape"))


def _array(op: OperatorView, values: list[float], shape: list[int]) -> str:
    op.require(math.prod(shape) == len(values), f"has {len(values)} numbers for the shape {shape}")
    return op.graph.constant(np.asarray(values).astype(_dtype(op)).reshape(shape))


def full(op: OperatorView) -> Results:
    """One number everywhere."""
    return _filled(op, op.graph.integers(op.integers("shape", ())), op.number("value"))


def fill_constant(op: OperatorView) -> Results:
    """One number everywhere, as old programs write it: shape and number may be computed."""
    shape = op.optional(0) or op.graph.integers(op.integers("shape", ()))
    if op.optional(1) is not None:
        return _spread(op, op.input(1), shape)
    text = op.text("str_value", "")
    return _filled(op, shape, float(text) if text else op.number("value"))


def full_with_tensor(op: OperatorView) -> Results:
    """One computed number everywhere."""
    known = op.graph.known(op.input(0))
    if known is not None and known.size == 1:
        return _filled(op, op.input(1), float(known.ravel()[0]))
    return _spread(op, op.input(0), op.input(1))


def _spread(op: OperatorView, value: str, shape: str) -> str:
    return op.graph.node("Expand", [op.graph.cast(value, _dtype(op)), shape])


def _filled(op: OperatorView, shape: str, value: float) -> str:
    graph, dtype = op.graph, _dtype(op)
    known = graph.known(shape)
    if known is not None:
        sizes = [int(size) for size in known.ravel()]
        op.require(all(size >= 0 for size in sizes), f"has the shape {sizes}")
        if math.prod(sizes) <= _MAX_ELEMENTS:
            return graph.constant(np.full(sizes, value).astype(dtype))
    output = graph.node("Expand", [graph.number(value, dtype), shape])
    graph.note_fill(output, value)
    return output


def full_like(op: OperatorView) -> Results:
    """One number everywhere, in the shape of another tensor."""
    shape = op.graph.shape_of(op.input(0), op.shape(0))
    return _filled(op, shape, op.fixed_number(1, "value", 0.0))


def full_batch_size_like(op: OperatorView) -> Results:
    """One number everywhere; one axis is as long as an axis of another tensor."""
    graph, sizes = op.graph, op.integers("shape")
    source, target = op.integer("input_dim_idx", 0), op.integer("output_dim_idx", 0)
    op.require(0 <= target < len(sizes), f"takes axis {target} of the shape {sizes}")
    lengths = graph.shape_of(op.input(0), op.shape(0))
    length = graph.node("Gather", [lengths, graph.integers([op.axis(source)])])
    front, back = graph.integers(sizes[:target]), graph.integers(sizes[target + 1 :])
    return _filled(op, graph.node("Concat", [front, length, back], {"axis": 0}), op.number("value"))


def zeros_like(op: OperatorView) -> Results:
    """Zeros in the shape of another tensor."""
    return _filled(op, op.graph.shape_of(op.input(0), op.shape(0)), 0.0)


def cast(op: OperatorView) -> Results:
    """Another element type."""
    target = _type_of(op, op.text("dtype", op.text("out_dtype", "")))
    return op.input(0) if target == op.dtype(0) else op.graph.cast(op.input(0), target)


def assign(op: OperatorView) -> Results:
    """The tensor itself."""
    return op.input(0)


def increment(op: OperatorView) -> Results:
    """X plus a number."""
    step = op.graph.number(op.number("value", op.number("step", 1.0)), op.dtype(0))
    return op.graph.node("Add", [op.input(0), step])


def arange(op: OperatorView) -> Results:
    """Numbers from a start up to an end, a step apart."""
    graph, dtype = op.graph, _dtype(op)
    bounds = [
        graph.node("Reshape", [graph.cast(op.input(slot), dtype), graph.integers([])]) for slot in range(3)
    ]
    known = [graph.known(name) for name in bounds]
    if all(each is not None for each in known):
        start, end, step = (float(np.asarray(each).ravel()[0]) for each in known)
        op.require(step != 0 and abs((end - start) / step) <= _MAX_ELEMENTS, "makes too many numbers")
        return graph.constant(np.arange(start, end, step).astype(dtype))
    return graph.node("Range", bounds)


def linspace(op: OperatorView) -> Results:
    """A number of values at equal distances, both ends included."""
    dtype = _dtype(op)
    start, stop, count = (
        op.fixed_number(slot, name, 0.0) for slot, name in enumerate(("start", "stop", "num"))
    )
    op.require(0 < count <= _MAX_ELEMENTS, f"makes {count} numbers")
    return op.graph.constant(np.linspace(start, stop, int(count)).astype(dtype))


def meshgrid(op: OperatorView) -> Results:
    """Every list spread over the grid of all of them."""
    graph, names = op.graph, op.inputs(0)
    lengths = [graph.shape_of(name, op.shape(0, index)) for index, name in enumerate(names)]
    target = graph.node("Concat", lengths, {"axis": 0})
    outputs = []
    for index, name in enumerate(names):
        shape = [1] * len(names)
        shape[index] = -1
        outputs.append(graph.node("Expand", [graph.node("Reshape", [name, graph.integers(shape)]), target]))
    return outputs


OPERATORS: Mapping[str, OperatorFunction] = {
    "constant": constant,
    "full": full,
    "full_int_array": full_int_array,
    "full_with_tensor": full_with_tensor,
    "full_like": full_like,
    "full_batch_size_like": full_batch_size_like,
    "fill_constant": fill_constant,
    "zeros_like": zeros_like,
    "assign_value": assign_value,
    "assign": assign,
    "assign_out": assign,
    "share_data": assign,
    "memcpy_d2h": assign,
    "memcpy_h2d": assign,
    "cast": cast,
    "increment": increment,
    "arange": arange,
    "linspace": linspace,
    "meshgrid": meshgrid,
}
