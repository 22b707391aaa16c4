"""Arithmetic, comparisons, reductions and matrix products."""

from __future__ import annotations

from collections.abc import Callable

import paddle
import paddle.nn.functional as F
from paddle import Tensor, nn

from benchmarks.paddle_reference.operators.network import (
    IMAGE,
    MATRIX,
    POSITIVE_IMAGE,
    SEQUENCE,
    Group,
    Input,
)

VECTOR = Input((4,), ((4,), (4,)))
COLUMN = Input((None, 4, 1, 1), ((2, 4, 1, 1), (1, 4, 1, 1)))
HEADS = Input((None, 2, None, 6), ((2, 2, 5, 6), (1, 2, 9, 6)))
OTHER_HEADS = Input((None, 2, None, 6), ((2, 2, 7, 6), (1, 2, 3, 6)))
OTHER = Input(IMAGE.open_shape, IMAGE.shapes, "positive")


def elementwise_with_axis(operator: str, axis: int) -> Callable[[Tensor, Tensor], Tensor]:
    """An element-wise operator whose smaller operand starts at ``axis``: only the old format has it."""

    def apply(x: Tensor, y: Tensor) -> Tensor:
        from paddle.base.layer_helper import LayerHelper

        helper = LayerHelper(operator)
        out = helper.create_variable_for_type_inference(dtype=x.dtype)
        helper.append_op(
            type=operator, inputs={"X": [x], "Y": [y]}, outputs={"Out": [out]}, attrs={"axis": axis}
        )
        return out

    return apply


def scale_before_shift(x: Tensor) -> Tensor:
    """``3 x + 0.5``."""
    return paddle.scale(x, 3.0, 0.5, bias_after_scale=True)


def shift_before_scale(x: Tensor) -> Tensor:
    """``3 (x + 0.5)``."""
    return paddle.scale(x, 3.0, 0.5, bias_after_scale=False)


def whole(x: Tensor) -> Tensor:
    """Whole numbers from -20 to 20, never 0."""
    rounded = paddle.clip(paddle.round(x * 7), -20, 20)
    return paddle.where(rounded == 0, paddle.ones_like(rounded), rounded)


def as_integers(x: Tensor) -> Tensor:
    """``whole`` as int64."""
    return whole(x).astype("int64")


def named_functions(*names: str) -> list[tuple[str, Callable[..., Tensor]]]:
    """Paddle's functions by name."""
    return [(name, getattr(paddle, name)) for name in names]


GROUP = Group()
GROUP.function("add_scalar", lambda x: x + 0.75)
GROUP.function("subtract_from_scalar", lambda x: 1.0 - x)
GROUP.function("divide_scalar", lambda x: x / 3.0)
for name, function in {
    "add": paddle.add,
    "subtract": paddle.subtract,
    "multiply": paddle.multiply,
    "divide": paddle.divide,
    "maximum": paddle.maximum,
    "minimum": paddle.minimum,
}.items():
    GROUP.function(f"{name}_same_shape", function, IMAGE, OTHER)
    GROUP.function(f"{name}_broadcast", function, IMAGE, Input(COLUMN.open_shape, COLUMN.shapes, "positive"))
for name in ("add", "sub", "mul", "div", "max", "min", "pow"):
    GROUP.function(
        f"elementwise_{name}_axis_1",
        elementwise_with_axis(f"elementwise_{name}", 1),
        POSITIVE_IMAGE,
        Input(VECTOR.open_shape, VECTOR.shapes, "positive"),
    )
GROUP.function(
    "elementwise_add_axis_0",
    elementwise_with_axis("elementwise_add", 0),
    Input((2, 4, None, None), ((2, 4, 13, 17), (2, 4, 24, 10))),
    Input((2, 4), ((2, 4), (2, 4))),
)
GROUP.function("scale", scale_before_shift)
GROUP.function("scale_after_shift", shift_before_scale)
GROUP.function("power_square", lambda x: paddle.pow(x, 2))
GROUP.function("power_float", lambda x: paddle.pow(x, 1.7), POSITIVE_IMAGE)
GROUP.function("power_tensor", paddle.pow, POSITIVE_IMAGE, OTHER)
GROUP.function("sqrt", paddle.sqrt, POSITIVE_IMAGE)
GROUP.function("rsqrt", paddle.rsqrt, POSITIVE_IMAGE)
GROUP.function("square", paddle.square)
GROUP.function("exp", paddle.exp)
GROUP.function("log", paddle.log, POSITIVE_IMAGE)
GROUP.function("abs", paddle.abs)
GROUP.function("negative", lambda x: -x)
GROUP.function("reciprocal", paddle.reciprocal, POSITIVE_IMAGE)
for name, function in named_functions("floor", "ceil", "round", "sin", "cos", "erf", "sign"):
    GROUP.function(name, lambda x, function=function: function(x * 3), named=name in {"floor", "ceil"})
for name, function in named_functions("log2", "log1p", "tan", "atan", "trunc", "expm1", "log10"):
    GROUP.function(name, function, POSITIVE_IMAGE, named=False)
GROUP.function("clip", lambda x: paddle.clip(x, -0.3, 0.6))
GROUP.function("clip_below", lambda x: paddle.clip(x, min=-0.3))
GROUP.function("clip_above", lambda x: paddle.clip(x, max=0.6))
GROUP.function("floor_divide_integers", lambda x: paddle.floor_divide(as_integers(x), as_integers(x * 0.3)))
GROUP.function("floor_divide_floats", lambda x: paddle.floor_divide(whole(x), whole(x * 0.3)))
GROUP.function("remainder_integers", lambda x: paddle.remainder(as_integers(x), as_integers(-0.3 * x)))
GROUP.function("remainder_floats", lambda x: paddle.remainder(whole(x), whole(-0.3 * x)))
for name, function in named_functions(
    "equal", "not_equal", "less_than", "less_equal", "greater_than", "greater_equal"
):
    GROUP.function(name, lambda x, function=function: function(paddle.round(x), paddle.zeros([1])))
GROUP.function("equal_integers", lambda x: paddle.equal(as_integers(x), paddle.full([1], 1, "int64")))
GROUP.function("logical_and_or", lambda x: paddle.logical_or(paddle.logical_and(x > 0, x < 1), x < -1))
GROUP.function("logical_not_xor", lambda x: paddle.logical_xor(paddle.logical_not(x > 0), x < 1))
GROUP.function("is_nan", lambda x: paddle.isnan(paddle.log(x)), named=False)
GROUP.function("cast_to_integer", lambda x: (x * 3).astype("int64"))
GROUP.function("cast_to_int32", lambda x: (x * 3).astype("int32"))
GROUP.function("cast_to_bool", lambda x: paddle.round(x).astype("bool"))
GROUP.function("cast_from_bool", lambda x: (x > 0.3).astype("float32"))
GROUP.function("cast_to_double", lambda x: x.astype("float64") * 3)
GROUP.function("mean", lambda x: paddle.mean(x, axis=[2, 3], keepdim=True))
GROUP.function("mean_dropped_axis", lambda x: paddle.mean(x, axis=-2))
GROUP.function("mean_of_all", lambda x: paddle.mean(x))
GROUP.function("sum", lambda x: paddle.sum(x, axis=1, keepdim=True))
GROUP.function("sum_dropped_axis", lambda x: paddle.sum(x, axis=[1, 3]))
GROUP.function("sum_of_all", lambda x: paddle.sum(x))
GROUP.function("maximum_along", lambda x: paddle.max(x, axis=1, keepdim=True))
GROUP.function("minimum_along", lambda x: paddle.min(x, axis=[2, 3]))
GROUP.function("product_along", lambda x: paddle.prod(x, axis=1), named=False)
GROUP.function("any_along", lambda x: paddle.any(x > 1, axis=1), named=False)
GROUP.function("all_along", lambda x: paddle.all(x > -1, axis=1, keepdim=True), named=False)
GROUP.function("log_sum_exp", lambda x: paddle.logsumexp(x, axis=1), named=False)
GROUP.function("variance", lambda x: paddle.var(x, axis=[2, 3], keepdim=True), named=False)
GROUP.function("norm_two", lambda x: paddle.norm(x, p=2, axis=1, keepdim=True), named=False)
GROUP.function("norm_one", lambda x: paddle.norm(x, p=1, axis=1), named=False)
GROUP.function("argmax", lambda x: paddle.argmax(x, axis=1))
GROUP.function("argmax_keepdim", lambda x: paddle.argmax(x, axis=-1, keepdim=True))
GROUP.function("argmax_int32", lambda x: paddle.argmax(x, axis=1, dtype="int32"))
GROUP.function("argmax_of_all", lambda x: paddle.argmax(x))
GROUP.function("argmin", lambda x: paddle.argmin(x, axis=1), named=False)
GROUP.function("top_k", lambda x: paddle.topk(x, 3, axis=1)[0])
GROUP.function("top_k_indices", lambda x: paddle.topk(x, 2, axis=-1)[1])
GROUP.function("sort", lambda x: paddle.sort(x, axis=1), named=False)
GROUP.function("argsort", lambda x: paddle.argsort(x, axis=1, descending=True), named=False)
GROUP.layer("linear", lambda: nn.Linear(12, 7), SEQUENCE)
GROUP.layer("linear_matrix", lambda: nn.Linear(12, 7, bias_attr=False), MATRIX)
GROUP.function("matmul", lambda x, y: paddle.matmul(x, y.transpose([0, 1, 3, 2])), HEADS, OTHER_HEADS)
GROUP.function(
    "matmul_transpose_right", lambda x, y: paddle.matmul(x, y, transpose_y=True), HEADS, OTHER_HEADS
)
GROUP.function("matmul_transpose_left", lambda x: paddle.matmul(x, x * 2, transpose_x=True), HEADS)
GROUP.function(
    "matmul_transpose_both",
    lambda x, y: paddle.matmul(x, y.transpose([0, 1, 3, 2]), transpose_x=True, transpose_y=True),
    Input((None, 2, 6, 6), ((2, 2, 6, 6), (1, 2, 6, 6))),
    Input((None, 2, 6, 6), ((2, 2, 6, 6), (1, 2, 6, 6))),
)
GROUP.function("matmul_vector", lambda x: paddle.matmul(x, paddle.ones([6]) * 0.5), HEADS)
GROUP.function("matmul_broadcast", lambda x: paddle.matmul(x, paddle.ones([6, 3]) * 0.5), HEADS)
GROUP.function("bmm", lambda x: paddle.bmm(x, x.transpose([0, 2, 1])), SEQUENCE)
GROUP.function("einsum", lambda x: paddle.einsum("nhtd,nhsd->nhts", x, x * 2), HEADS, named=False)
GROUP.function("add_n", lambda x: paddle.add_n([x, x * 2, x * 3]))
GROUP.layer(
    "embedding",
    lambda: nn.Sequential(nn.Linear(12, 5), _Indices(), nn.Embedding(5, 6)),
    SEQUENCE,
)
GROUP.layer("multi_head_attention", lambda: nn.MultiHeadAttention(12, 3), SEQUENCE)
GROUP.function(
    "scaled_dot_product_attention",
    lambda x: F.scaled_dot_product_attention(x, x * 2, x * 3),
    Input((None, None, 2, 8), ((2, 5, 2, 8), (1, 9, 2, 8))),
    named=False,
)


class _Indices(nn.Layer):  # type: ignore[misc]
    """The class with the highest score."""

    def forward(self, x: Tensor) -> Tensor:
        """int64 indices along the last axis."""
        return paddle.argmax(x, axis=-1)
