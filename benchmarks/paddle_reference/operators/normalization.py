"""Normalisations over a batch, over channels, over groups and over vectors."""

from __future__ import annotations

import paddle.nn.functional as F
from paddle import nn

from benchmarks.paddle_reference.operators.network import (
    FIXED_IMAGE,
    IMAGE,
    MATRIX,
    SEQUENCE,
    SIGNAL,
    Group,
    Input,
)

GROUP = Group()
GROUP.layer("batch_norm", lambda: nn.BatchNorm2D(4))
GROUP.layer("batch_norm_epsilon", lambda: nn.BatchNorm2D(4, epsilon=0.01))
GROUP.layer("batch_norm_no_affine", lambda: nn.BatchNorm2D(4, weight_attr=False, bias_attr=False))
GROUP.layer("batch_norm_signal", lambda: nn.BatchNorm1D(4), SIGNAL)
GROUP.layer("batch_norm_matrix", lambda: nn.BatchNorm1D(12), MATRIX)
GROUP.layer(
    "batch_norm_channels_last",
    lambda: nn.BatchNorm2D(4, data_format="NHWC"),
    Input((None, None, None, 4), ((2, 13, 17, 4), (1, 24, 10, 4))),
    named=False,
)
GROUP.layer("layer_norm", lambda: nn.LayerNorm(12), SEQUENCE)
GROUP.layer("layer_norm_epsilon", lambda: nn.LayerNorm(12, epsilon=1e-3), SEQUENCE)
GROUP.layer("layer_norm_two_axes", lambda: nn.LayerNorm([12, 16]), FIXED_IMAGE)
GROUP.layer(
    "layer_norm_no_affine",
    lambda: nn.Sequential(nn.Linear(12, 12), nn.LayerNorm(12, weight_attr=False, bias_attr=False)),
    SEQUENCE,
)
GROUP.layer("group_norm", lambda: nn.GroupNorm(2, 4))
GROUP.layer(
    "group_norm_no_affine",
    lambda: nn.Sequential(nn.Conv2D(4, 4, 1), nn.GroupNorm(2, 4, weight_attr=False, bias_attr=False)),
)
GROUP.layer("group_norm_each_channel", lambda: nn.GroupNorm(4, 4, epsilon=1e-3))
GROUP.layer("instance_norm", lambda: nn.InstanceNorm2D(4))
GROUP.layer(
    "instance_norm_no_affine",
    lambda: nn.Sequential(nn.Conv2D(4, 4, 1), nn.InstanceNorm2D(4, weight_attr=False, bias_attr=False)),
)
GROUP.function("normalize", lambda x: F.normalize(x, axis=1), IMAGE)
GROUP.function("local_response_norm", lambda x: F.local_response_norm(x, 3), FIXED_IMAGE, named=False)
