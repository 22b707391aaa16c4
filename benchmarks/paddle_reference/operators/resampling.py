"""Interpolation and sampling along a grid, with every convention for where a pixel lies."""

from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import Tensor

from benchmarks.paddle_reference.operators.network import IMAGE, SIGNAL, VOLUME, Group, Input

INSIDE = Input((None, None, None, 2), ((2, 9, 7, 2), (1, 5, 12, 2)), "unit")
ACROSS = Input((None, None, None, 2), ((2, 9, 7, 2), (1, 5, 12, 2)), "wide")


def resize_to_other(x: Tensor, other: Tensor) -> Tensor:
    """``x`` at the size of ``other``, bilinear."""
    return F.interpolate(x, size=other.shape[2:], mode="bilinear")


def nearest_to_other(x: Tensor, other: Tensor) -> Tensor:
    """``x`` at the size of ``other``, nearest."""
    return F.interpolate(x, size=paddle.shape(other)[2:], mode="nearest")


OTHER = Input((None, 4, None, None), ((2, 4, 20, 9), (1, 4, 11, 30)))

GROUP = Group()
GROUP.function("nearest_twice", lambda x: F.interpolate(x, scale_factor=2, mode="nearest"))
GROUP.function("nearest_scale", lambda x: F.interpolate(x, scale_factor=[1.5, 2.5], mode="nearest"))
GROUP.function("nearest_smaller", lambda x: F.interpolate(x, scale_factor=0.5, mode="nearest"))
GROUP.function("nearest_size", lambda x: F.interpolate(x, size=[20, 9], mode="nearest"))
GROUP.function("nearest_to_other", nearest_to_other, IMAGE, OTHER)
for name, options in {
    "centres": {"align_corners": False, "align_mode": 0},
    "origin": {"align_corners": False, "align_mode": 1},
    "corners": {"align_corners": True, "align_mode": 0},
}.items():
    GROUP.function(
        f"bilinear_size_{name}",
        lambda x, options=options: F.interpolate(x, size=[20, 9], mode="bilinear", **options),
    )
    GROUP.function(
        f"bilinear_scale_{name}",
        lambda x, options=options: F.interpolate(x, scale_factor=[2, 1.5], mode="bilinear", **options),
    )
    GROUP.function(
        f"linear_{name}",
        lambda x, options=options: F.interpolate(x, size=[23], mode="linear", data_format="NCW", **options),
        SIGNAL,
        named=False,
    )
GROUP.function("bilinear_to_other", resize_to_other, IMAGE, OTHER)
GROUP.function("bicubic_centres", lambda x: F.interpolate(x, size=[20, 9], mode="bicubic"), named=False)
GROUP.function(
    "bicubic_corners",
    lambda x: F.interpolate(x, size=[20, 9], mode="bicubic", align_corners=True),
    named=False,
)
GROUP.function("area", lambda x: F.interpolate(x, size=[6, 5], mode="area"), named=False)
GROUP.function(
    "trilinear",
    lambda x: F.interpolate(x, scale_factor=2, mode="trilinear", data_format="NCDHW"),
    VOLUME,
    named=False,
)
for mode in ("bilinear", "nearest"):
    for padding in ("zeros", "border", "reflection"):
        for aligned in (True, False):
            GROUP.function(
                f"grid_sample_{mode}_{padding}_{'corners' if aligned else 'edges'}",
                lambda x, grid, mode=mode, padding=padding, aligned=aligned: F.grid_sample(
                    x, grid, mode=mode, padding_mode=padding, align_corners=aligned
                ),
                IMAGE,
                ACROSS,
            )
GROUP.function("grid_sample_inside", F.grid_sample, IMAGE, INSIDE)
GROUP.function(
    "affine_grid",
    lambda x: F.affine_grid(x, [2, 4, 6, 7]),
    Input((2, 2, 3), ((2, 2, 3), (2, 2, 3))),
    named=False,
)
