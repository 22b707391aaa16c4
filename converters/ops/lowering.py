"""A whole program: a :class:`Program` with its parameters enters, an ``onnx.ModelProto`` leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from onnxocr.converters.ops.builder import GraphBuilder, GraphInput
from onnxocr.converters.ops.operator_view import OperatorView, graph_dtype
from onnxocr.converters.ops.registry import OPERATORS
from onnxocr.converters.paddle.dtypes import NUMPY_TYPES
from onnxocr.converters.paddle.program import Operator, Program, Value
from onnxocr.errors import ConversionError, UnsupportedOperatorError

if TYPE_CHECKING:
    import onnx


def to_onnx(program: Program) -> onnx.ModelProto:
    """Returns the program as an ONNX model.

    Axis lengths that depend on the input become named dimensions: ``batch``, ``height``, ``width`` for
    images, ``<input>_axis<n>`` otherwise.

    Raises:
        UnsupportedOperatorError: operators have no counterpart; lists all of them.
        ConversionError: an operator is used in a way that cannot be converted.
    """
    check_supported(program)
    graph = GraphBuilder()
    names = _declare(program, graph)
    for number, operator in enumerate(program.operators):
        graph.location = f"{operator.type}_{number}"
        _convert(OperatorView(operator, program, names, graph), names)
    graph.location = "output"
    outputs = {name: _output(program, graph, names, name, value) for name, value in program.fetches}
    inputs = [_graph_input(program.values[name]) for name in program.feeds]
    try:
        return graph.build(inputs, outputs)
    except (ValueError, TypeError) as error:
        raise ConversionError(f"The program cannot be written as an ONNX graph: {error}.") from error


def check_supported(program: Program) -> None:
    """Raises an error that lists every operator without a counterpart, with its count and first place.

    Raises:
        UnsupportedOperatorError: there are such operators.
    """
    places: dict[str, list[str]] = {}
    for operator in program.operators:
        if operator.type not in OPERATORS:
            places.setdefault(operator.type, []).append(operator.location)
    if places:
        lines = [
            f"  - {kind}: {len(where)} times, first {where[0]}" for kind, where in sorted(places.items())
        ]
        raise UnsupportedOperatorError(
            "\n".join(
                [
                    f"{len(places)} kinds of operators cannot be converted:",
                    *lines,
                    "Convert this model with `--backend paddle2onnx` (needs the paddle2onnx package).",
                ]
            )
        )


def _declare(program: Program, graph: GraphBuilder) -> dict[str, str]:
    names: dict[str, str] = {}
    for name in program.feeds:
        value = program.values[name]
        names[name] = name
        if NUMPY_TYPES.get(value.dtype) == np.int32:
            graph.location = f"input_{name}"
            names[name] = graph.cast(name, np.int64)
    for name, array in program.parameters.items():
        if name in names:
            raise ConversionError(f"The name {name!r} is that of an input and of a parameter.")
        wide = array.astype(np.int64) if array.dtype == np.int32 else array
        names[name] = graph.constant(wide, name)
    return names


def _convert(op: OperatorView, names: dict[str, str]) -> None:
    try:
        # Numbers that overflow when they are cast are as good as any others of a file that has them.
        with np.errstate(all="ignore"):
            results = OPERATORS[op.operator.type](op)
    except (
        ValueError,
        TypeError,
        IndexError,
        KeyError,
        OverflowError,
        ArithmeticError,
        MemoryError,
    ) as error:
        # Not a mistake of ours where the file contradicts itself, e.g. axes that a tensor does not have.
        raise ConversionError(f"{op.place} does not fit its inputs: {error!r}.") from error
    listed = [results] if isinstance(results, str) else list(results)
    targets = [name for slot in op.operator.outputs for name in slot]
    for target, result in zip(targets, listed, strict=False):
        if result:
            names[target] = result


def _output(
    program: Program, graph: GraphBuilder, names: Mapping[str, str], name: str, value: str
) -> tuple[str, GraphInput]:
    if value not in names:
        raise ConversionError(f"The output {name!r} is not computed by any operator.")
    kind = program.values[value]
    dtype, result = NUMPY_TYPES.get(kind.dtype), names[value]
    if dtype is None:
        raise ConversionError(f"The output {name!r} is no tensor of a known type.")
    if dtype == np.int32:
        result = graph.cast(result, np.int32)
    sizes = [f"{name}_axis{axis}" if size is None else size for axis, size in enumerate(kind.shape)]
    return result, GraphInput(name, np.dtype(dtype), tuple(sizes))


def _graph_input(value: Value) -> GraphInput:
    graph_dtype(value.dtype)
    return GraphInput(value.name, NUMPY_TYPES[value.dtype], named_dimensions(value))


def named_dimensions(value: Value) -> tuple[int | str, ...]:
    """Returns the axis lengths of an input, with names for those that are free."""
    words = {0: "batch", 2: "height", 3: "width"} if len(value.shape) == 4 else {0: "batch"}
    return tuple(
        words.get(axis, f"{value.name}_axis{axis}") if size is None else size
        for axis, size in enumerate(value.shape)
    )


def operator_counts(operators: tuple[Operator, ...]) -> dict[str, int]:
    """Returns how often each kind of operator occurs."""
    counts: dict[str, int] = {}
    for operator in operators:
        counts[operator.type] = counts.get(operator.type, 0) + 1
    return counts
