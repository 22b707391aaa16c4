"""Operators that have their channels last: turned to channels first, converted as usual, turned back."""

from __future__ import annotations

from collections import ChainMap
from dataclasses import replace

from onnxocr.converters.ops.operator_view import OperatorView
from onnxocr.converters.ops.registry_types import OperatorFunction, Results
from onnxocr.converters.paddle.program import Value

_LAST = {"NWC", "NLC", "NHWC", "NDHWC"}


def any_layout(convert: OperatorFunction) -> OperatorFunction:
    """Returns the function of an operator for both layouts, made from the one for channels first."""

    def converted(op: OperatorView) -> Results:
        if op.text("data_format", "NCHW") not in _LAST or op.rank(0) < 3:
            return convert(op)
        results = convert(_channels_first(op))
        first, *others = [results] if isinstance(results, str) else results
        back = [0, *range(2, op.rank(0)), 1]
        return [op.graph.node("Transpose", [first], {"perm": back}), *others]

    return converted


def _channels_first(op: OperatorView) -> OperatorView:
    rank, (name,) = op.rank(0), op.operator.inputs[0]
    order = [0, rank - 1, *range(1, rank - 1)]
    value = op.program.values[name]
    turned = Value(f"{name}@channels_first", value.dtype, tuple(value.shape[axis] for axis in order))
    node = op.graph.node("Transpose", [op.input(0)], {"perm": order})
    return replace(
        op,
        operator=replace(
            op.operator,
            inputs=((turned.name,), *op.operator.inputs[1:]),
            attributes={**op.operator.attributes, "data_format": "NCHW"},
        ),
        program=replace(op.program, values=ChainMap({turned.name: turned}, dict(op.program.values))),
        names=ChainMap({turned.name: node}, dict(op.names)),
    )
