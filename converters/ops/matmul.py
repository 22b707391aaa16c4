"""Products of matrices."""

from __future__ import annotations

from collections.abc import Mapping

from onnxocr.converters.ops.operator_view import OperatorView
from onnxocr.converters.ops.registry_types import OperatorFunction, Results


def _turned(op: OperatorView, slot: int, turned: bool) -> str:
    rank = op.rank(slot)
    if not turned or rank < 2:
        return op.input(slot)
    perm = [*range(rank - 2), rank - 1, rank - 2]
    return op.graph.node("Transpose", [op.input(slot)], {"perm": perm})


def matmul(op: OperatorView) -> Results:
    """The product, with either operand transposed first; old programs may scale it by ``alpha``."""
    factors = [
        _turned(op, 0, op.flag("transpose_x", False)),
        _turned(op, 1, op.flag("transpose_y", False)),
    ]
    product = op.graph.node("MatMul", factors)
    alpha = op.number("alpha", 1.0)
    if alpha == 1.0:
        return product
    return op.graph.node("Mul", [product, op.graph.number(alpha, op.dtype(0))])


def mul(op: OperatorView) -> Results:
    """The product of both operands laid out as matrices, as old programs write fully connected layers."""
    rows, shared = op.integer("x_num_col_dims", 1), op.integer("y_num_col_dims", 1)
    op.require(shared == 1 and op.rank(1) == 2, "multiplies by more than a matrix")
    x, graph = op.input(0), op.graph
    if op.rank(0) - rows > 1:
        x = graph.node("Reshape", [x, graph.integers([0] * rows + [-1])])
    return graph.node("MatMul", [x, op.input(1)])


def addmm(op: OperatorView) -> Results:
    """Beta * input + alpha * x @ y."""
    attributes = {"alpha": op.number("alpha", 1.0), "beta": op.number("beta", 1.0)}
    return op.graph.node("Gemm", [op.input(1), op.input(2), op.input(0)], attributes)


def einsum(op: OperatorView) -> Results:
    """A sum of products, written as an equation."""
    return op.graph.node("Einsum", op.inputs(0), {"equation": op.text("equation")})


OPERATORS: Mapping[str, OperatorFunction] = {
    "matmul": matmul,
    "bmm": matmul,
    "mul": mul,
    "addmm": addmm,
    "einsum": einsum,
}
