"""Convolutions and transposed convolutions: strides, groups, dilations and every way to give padding."""

from __future__ import annotations

from paddle import nn

from benchmarks.paddle_reference.operators.network import (
    EVEN_IMAGE,
    IMAGE,
    SIGNAL,
    VOLUME,
    Group,
    Input,
)

CHANNELS_LAST = Input((None, None, None, 4), ((2, 13, 17, 4), (1, 24, 10, 4)))

GROUP = Group()
GROUP.layer("conv2d", lambda: nn.Conv2D(4, 6, 3, padding=1))
GROUP.layer("conv2d_no_bias", lambda: nn.Conv2D(4, 6, 1, bias_attr=False))
GROUP.layer("conv2d_stride", lambda: nn.Conv2D(4, 6, 3, stride=(2, 1), padding=1))
GROUP.layer("conv2d_groups", lambda: nn.Conv2D(4, 6, 3, groups=2))
GROUP.layer("conv2d_dilation", lambda: nn.Conv2D(4, 6, 3, padding=2, dilation=2))
GROUP.layer("conv2d_uneven_kernel", lambda: nn.Conv2D(4, 6, (1, 7), padding=(0, 3)))
GROUP.layer("conv2d_same", lambda: nn.Conv2D(4, 6, 3, padding="SAME"))
GROUP.layer("conv2d_same_even_kernel", lambda: nn.Conv2D(4, 6, 2, padding="SAME"))
GROUP.layer("conv2d_same_stride", lambda: nn.Conv2D(4, 6, 3, stride=2, padding="SAME"))
GROUP.layer("conv2d_same_dilation", lambda: nn.Conv2D(4, 6, 3, dilation=2, padding="SAME"))
GROUP.layer("conv2d_valid", lambda: nn.Conv2D(4, 6, 3, padding="VALID"))
GROUP.layer("conv2d_asymmetric", lambda: nn.Conv2D(4, 6, 3, padding=[1, 2, 0, 3]))
GROUP.layer("conv2d_pairs", lambda: nn.Conv2D(4, 6, 3, padding=[[0, 0], [0, 0], [1, 2], [0, 1]]))
GROUP.layer("conv2d_reflect", lambda: nn.Conv2D(4, 6, 5, padding=2, padding_mode="reflect"))
GROUP.layer("conv2d_replicate", lambda: nn.Conv2D(4, 6, 3, padding=1, padding_mode="replicate"))
GROUP.layer("conv2d_circular", lambda: nn.Conv2D(4, 6, 3, padding=1, padding_mode="circular"), named=False)
GROUP.layer(
    "conv2d_channels_last", lambda: nn.Conv2D(4, 6, 3, data_format="NHWC"), CHANNELS_LAST, named=False
)
GROUP.layer("depthwise", lambda: nn.Conv2D(4, 4, 3, padding=1, groups=4))
GROUP.layer(
    "depthwise_stride", lambda: nn.Conv2D(4, 4, 5, stride=(2, 1), padding=2, groups=4, bias_attr=False)
)
GROUP.layer("depthwise_multiplier", lambda: nn.Conv2D(4, 8, 3, padding=1, groups=4))
GROUP.layer("depthwise_same", lambda: nn.Conv2D(4, 4, 4, stride=2, padding="SAME", groups=4))
GROUP.layer("conv1d", lambda: nn.Conv1D(4, 6, 3, padding=1), SIGNAL)
GROUP.layer("conv1d_groups", lambda: nn.Conv1D(4, 4, 5, padding=2, groups=4, bias_attr=False), SIGNAL)
GROUP.layer("conv3d", lambda: nn.Conv3D(4, 3, 3, padding=1), VOLUME, named=False)
GROUP.layer("conv2d_transpose", lambda: nn.Conv2DTranspose(4, 6, 2, stride=2))
GROUP.layer("conv2d_transpose_padding", lambda: nn.Conv2DTranspose(4, 6, 4, stride=2, padding=1))
GROUP.layer(
    "conv2d_transpose_output_padding",
    lambda: nn.Conv2DTranspose(4, 6, 3, stride=2, padding=1, output_padding=1),
)
GROUP.layer(
    "conv2d_transpose_uneven_output_padding",
    lambda: nn.Conv2DTranspose(4, 6, 3, stride=(2, 3), padding=1, output_padding=(0, 2), bias_attr=False),
)
GROUP.layer("conv2d_transpose_groups", lambda: nn.Conv2DTranspose(4, 6, 3, stride=2, groups=2))
GROUP.layer("conv2d_transpose_depthwise", lambda: nn.Conv2DTranspose(4, 4, 3, stride=2, groups=4))
GROUP.layer("conv2d_transpose_dilation", lambda: nn.Conv2DTranspose(4, 6, 3, stride=2, dilation=2))
GROUP.layer(
    "conv2d_transpose_asymmetric", lambda: nn.Conv2DTranspose(4, 6, 4, stride=2, padding=[1, 2, 0, 1])
)
GROUP.layer(
    "conv2d_transpose_same", lambda: nn.Conv2DTranspose(4, 6, 3, stride=2, padding="SAME"), EVEN_IMAGE
)
GROUP.layer("conv2d_transpose_valid", lambda: nn.Conv2DTranspose(4, 6, 3, stride=2, padding="VALID"), IMAGE)
GROUP.layer("conv1d_transpose", lambda: nn.Conv1DTranspose(4, 6, 3, stride=2), SIGNAL, named=False)
