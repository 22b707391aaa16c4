"""Operators of the first Paddle generations, which old exports still hold; in the old format only.

Paddle's present functions no longer make them, so they are appended to the program by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from benchmarks.paddle_reference.operators.network import IMAGE, MATRIX, SEQUENCE, Group, Input

if TYPE_CHECKING:
    from paddle import Tensor

Attribute = bool | int | float | str | list[int] | list[float]

ONE_ROW = Input((None, 4, 1, None), ((2, 4, 1, 17), (1, 4, 1, 10)))
FACTOR = Input((12, 7), ((12, 7), (12, 7)))
FIXED_SEQUENCE = Input((None, 5, 12), ((2, 5, 12), (3, 5, 12)))


def append(operator: str, attributes: dict[str, Attribute], *hidden: str) -> Callable[..., Tensor]:
    """A function that appends one operator.

    Args:
        operator: Its name in the program.
        attributes: Its attributes.
        hidden: Output slots that are there but not returned, as ``XShape``.
    """

    def apply(x: Tensor, other: Tensor | None = None) -> Tensor:
        from paddle.base.layer_helper import LayerHelper

        helper = LayerHelper(operator)
        out = helper.create_variable_for_type_inference(dtype=x.dtype)
        slots = {slot: [helper.create_variable_for_type_inference(dtype=x.dtype)] for slot in hidden}
        inputs = {"X": [x]} if other is None else {"X": [x], "Y": [other]}
        helper.append_op(type=operator, inputs=inputs, outputs={"Out": [out], **slots}, attrs=attributes)
        return out

    return apply


GROUP = Group()
GROUP.function(
    "legacy_hard_swish", append("hard_swish", {"threshold": 6.0, "scale": 6.0, "offset": 3.0}), IMAGE
)
GROUP.function("legacy_hard_sigmoid", append("hard_sigmoid", {"slope": 0.25, "offset": 0.4}), IMAGE)
GROUP.function("legacy_relu6", append("relu6", {"threshold": 4.0}), IMAGE)
GROUP.function("legacy_swish", append("swish", {"beta": 1.0}), IMAGE)
GROUP.function("legacy_mul", append("mul", {"x_num_col_dims": 1, "y_num_col_dims": 1}), MATRIX, FACTOR)
GROUP.function(
    "legacy_mul_two_axes", append("mul", {"x_num_col_dims": 2, "y_num_col_dims": 1}), SEQUENCE, FACTOR
)
GROUP.function(
    "legacy_matmul",
    append("matmul", {"transpose_X": False, "transpose_Y": True, "alpha": 0.5}),
    SEQUENCE,
    SEQUENCE,
)
GROUP.function("legacy_reshape", append("reshape2", {"shape": [0, 0, -1]}, "XShape"), IMAGE)
GROUP.function("legacy_flatten", append("flatten2", {"axis": 2}, "XShape"), IMAGE)
GROUP.function("legacy_squeeze", append("squeeze2", {"axes": [2]}, "XShape"), ONE_ROW)
GROUP.function("legacy_unsqueeze", append("unsqueeze2", {"axes": [1]}, "XShape"), IMAGE)
GROUP.function("legacy_transpose", append("transpose2", {"axis": [0, 2, 3, 1]}, "XShape"), IMAGE)
GROUP.function("legacy_expand", append("expand", {"expand_times": [1, 2, 1, 3]}), IMAGE, named=False)
GROUP.function(
    "legacy_reduce_mean",
    append("reduce_mean", {"dim": [2, 3], "keep_dim": True, "reduce_all": False}),
    IMAGE,
)
GROUP.function("legacy_reduce_all", append("reduce_sum", {"dim": [0], "reduce_all": True}), IMAGE)
GROUP.function(
    "legacy_dropout",
    append(
        "dropout",
        {"dropout_prob": 0.3, "is_test": True, "dropout_implementation": "downgrade_in_infer"},
        "Mask",
    ),
    IMAGE,
)
GROUP.function(
    "legacy_scale", append("scale", {"scale": 2.5, "bias": -0.5, "bias_after_scale": False}), IMAGE
)
GROUP.function("legacy_clip", append("clip", {"min": -0.4, "max": 0.5}), IMAGE)
for interpolation in ("nearest_interp", "bilinear_interp"):
    for aligned, mode in ((False, 0), (False, 1), (True, 1)):
        GROUP.function(
            f"legacy_{interpolation}_{'corners' if aligned else f'mode_{mode}'}",
            append(
                interpolation,
                {
                    "interp_method": interpolation.removesuffix("_interp"),
                    "out_h": 20,
                    "out_w": 9,
                    "scale": 0.0,
                    "align_corners": aligned,
                    "align_mode": mode,
                },
            ),
            IMAGE,
        )
        GROUP.function(
            f"legacy_{interpolation}_scale_{'corners' if aligned else f'mode_{mode}'}",
            append(
                interpolation,
                {
                    "interp_method": interpolation.removesuffix("_interp"),
                    "out_h": -1,
                    "out_w": -1,
                    "scale": 2.0,
                    "align_corners": aligned,
                    "align_mode": mode,
                },
            ),
            IMAGE,
        )
for interpolation in ("nearest_interp_v2", "bilinear_interp_v2"):
    GROUP.function(
        f"legacy_{interpolation}_corners",
        append(
            interpolation,
            {
                "interp_method": interpolation.removesuffix("_interp_v2"),
                "out_h": -1,
                "out_w": -1,
                "scale": [2.0, 2.0],
                "align_corners": True,
                "align_mode": 1,
            },
        ),
        IMAGE,
    )
GROUP.function(
    "legacy_pad", append("pad", {"paddings": [0, 0, 1, 0, 0, 2, 3, 0], "pad_value": -1.0}), IMAGE, named=False
)
GROUP.function(
    "legacy_pool2d_exclusive",
    append(
        "pool2d",
        {"pooling_type": "avg", "ksize": [3, 3], "strides": [2, 2], "paddings": [1, 1], "exclusive": True},
    ),
    IMAGE,
)
GROUP.function(
    "legacy_pool2d_global",
    append("pool2d", {"pooling_type": "max", "ksize": [1, 1], "global_pooling": True}),
    IMAGE,
)
GROUP.function("legacy_softmax", append("softmax", {"axis": -1, "use_cudnn": False}), IMAGE)
GROUP.function("legacy_softmax_first", append("softmax", {"axis": 1}), FIXED_SEQUENCE)
GROUP.function("legacy_top_k", append("top_k", {"k": 2}, "Indices"), MATRIX, named=False)
