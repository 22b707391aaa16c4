"""Functions of two tensors that are brought to one shape: arithmetic, comparison, logic, choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from onnxocr.converters.ops.operator_view import OperatorView
from onnxocr.converters.ops.registry_types import OperatorFunction, Results


def _operands(op: OperatorView) -> tuple[str, str]:
    """Returns both operands, the second with axes added where an old program says where it stands."""
    x, y = op.input(0), op.input(1)
    axis = op.integer("axis", -1)
    missing = op.rank(0) - op.rank(1)
    if axis >= 0 and missing > 0 and op.rank(1) > 0:
        behind = op.rank(0) - axis - op.rank(1)
        op.require(behind >= 0, f"has its second operand at axis {axis}, where it does not fit")
        if behind:
            axes = op.graph.integers(range(op.rank(1), op.rank(1) + behind))
            y = op.graph.node("Unsqueeze", [y, axes])
    if op.dtype(0) != op.dtype(1):
        target = np.promote_types(op.dtype(0), op.dtype(1))
        x, y = (
            name if dtype == target else op.graph.cast(name, target)
            for name, dtype in ((x, op.dtype(0)), (y, op.dtype(1)))
        )
    return x, y


def _binary(op_type: str) -> OperatorFunction:
    def convert(op: OperatorView) -> Results:
        return op.graph.node(op_type, _operands(op))

    return convert


def _whole(op: OperatorView) -> bool:
    return bool(np.issubdtype(op.dtype(0), np.integer) and np.issubdtype(op.dtype(1), np.integer))


def divide(op: OperatorView) -> Results:
    """X / y; whole numbers become floating-point ones where Paddle's result is one."""
    x, y = _operands(op)
    result = op.result_dtype()
    if _whole(op) and np.issubdtype(result, np.floating):
        x, y = op.graph.cast(x, result), op.graph.cast(y, result)
    return op.graph.node("Div", [x, y])


def floor_divide(op: OperatorView) -> Results:
    """The quotient rounded down, for negative whole numbers too (ONNX rounds those towards zero)."""
    x, y = _operands(op)
    graph = op.graph
    if not _whole(op):
        return graph.node("Floor", [graph.node("Div", [x, y])])
    known = [graph.known(x), graph.known(y)]
    if known[0] is not None and known[1] is not None and known[0].size == known[1].size == 1:
        op.require(bool(known[1].ravel()[0] != 0), "divides by zero")
        return graph.constant(np.floor_divide(*known))  # type: ignore[arg-type]
    rest = graph.node("Mod", [x, y])
    return graph.node("Div", [graph.node("Sub", [x, rest]), y])


def remainder(op: OperatorView) -> Results:
    """What is left of a division rounded down; has the sign of the divisor."""
    x, y = _operands(op)
    graph = op.graph
    if _whole(op):
        return graph.node("Mod", [x, y])
    quotient = graph.node("Floor", [graph.node("Div", [x, y])])
    return graph.node("Sub", [x, graph.node("Mul", [quotient, y])])


def not_equal(op: OperatorView) -> Results:
    """Whether elements differ."""
    return op.graph.node("Not", [op.graph.node("Equal", _operands(op))])


def power(op: OperatorView) -> Results:
    """X to the power of one number."""
    x, graph = op.input(0), op.graph
    if op.optional(1) is not None:
        return graph.node("Pow", [x, op.input(1)])
    exponent = op.number("y", 1.0)
    if exponent == 2.0:
        return graph.node("Mul", [x, x])
    if exponent == 0.5:
        return graph.node("Sqrt", [x])
    return graph.node("Pow", [x, graph.number(exponent, op.dtype(0))])


def scale(op: OperatorView) -> Results:
    """X * scale + bias, or (x + bias) * scale."""
    x, graph, dtype = op.input(0), op.graph, op.dtype(0)
    factor_name = op.optional(1)
    known = graph.known(factor_name) if factor_name else None
    bias = op.number("bias", 0.0)
    steps: list[tuple[str, str]] = []
    if factor_name is not None and known is None:
        # The factor comes as a list of one number; taken as it is, it would add an axis to a single number.
        factor = graph.node("Reshape", [factor_name, graph.integers([])])
        steps.append(("Mul", graph.cast(factor, dtype)))
    else:
        value = op.number("scale", 1.0) if known is None else float(known.ravel()[0])
        if value != 1.0:
            steps.append(("Mul", graph.number(value, dtype)))
    if bias != 0.0:
        steps.append(("Add", graph.number(bias, dtype)))
    if not op.flag("bias_after_scale", True):
        steps.reverse()
    for op_type, operand in steps:
        x = graph.node(op_type, [x, operand])
    return x


def logical(op_type: str) -> OperatorFunction:
    """Returns the function of a logical operator; anything but zero counts as true."""

    def convert(op: OperatorView) -> Results:
        truths = [
            op.input(slot) if op.dtype(slot) == np.bool_ else op.graph.cast(op.input(slot), np.bool_)
            for slot in (0, 1)
        ]
        return op.graph.node(op_type, truths)

    return convert


def _bitwise(op_type: str) -> OperatorFunction:
    def convert(op: OperatorView) -> Results:
        op.require(op.dtype(0) == op.dtype(1) == np.bool_, "combines the bits of whole numbers")
        return op.graph.node(op_type, [op.input(0), op.input(1)])

    return convert


def where(op: OperatorView) -> Results:
    """X where the condition holds, y elsewhere."""
    return op.graph.node("Where", _with_types(op, [op.input(0), op.input(1), op.input(2)]))


def masked_fill(op: OperatorView) -> Results:
    """A number where the mask holds, x elsewhere."""
    value = op.graph.cast(op.input(2), op.dtype(0)) if op.dtype(2) != op.dtype(0) else op.input(2)
    return op.graph.node("Where", [op.input(1), value, op.input(0)])


def _with_types(op: OperatorView, names: Sequence[str]) -> list[str]:
    target = np.promote_types(op.dtype(1), op.dtype(2))
    return [
        names[0],
        *(
            name if op.dtype(slot) == target else op.graph.cast(name, target)
            for slot, name in ((1, names[1]), (2, names[2]))
        ),
    ]


def add_n(op: OperatorView) -> Results:
    """The sum of several tensors of one shape."""
    return op.graph.node("Sum", op.inputs(0))


OPERATORS: Mapping[str, OperatorFunction] = {
    "add": _binary("Add"),
    "subtract": _binary("Sub"),
    "multiply": _binary("Mul"),
    "maximum": _binary("Max"),
    "minimum": _binary("Min"),
    "fmax": _binary("Max"),
    "fmin": _binary("Min"),
    "elementwise_pow": _binary("Pow"),
    "equal": _binary("Equal"),
    "less_than": _binary("Less"),
    "less_equal": _binary("LessOrEqual"),
    "greater_than": _binary("Greater"),
    "greater_equal": _binary("GreaterOrEqual"),
    "bitwise_and": _bitwise("And"),
    "bitwise_or": _bitwise("Or"),
    "bitwise_xor": _bitwise("Xor"),
    "logical_and": logical("And"),
    "logical_or": logical("Or"),
    "logical_xor": logical("Xor"),
    "add_n": add_n,
    "divide": divide,
    "floor_divide": floor_divide,
    "remainder": remainder,
    "not_equal": not_equal,
    "pow": power,
    "scale": scale,
    "where": where,
    "masked_fill": masked_fill,
}
