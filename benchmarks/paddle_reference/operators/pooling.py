"""Pooling: maximum and mean, which cells count, rounding up, and adaptive sizes."""

from __future__ import annotations

import paddle.nn.functional as F
from paddle import nn

from benchmarks.paddle_reference.operators.network import EVEN_IMAGE, FIXED_IMAGE, SIGNAL, Group

GROUP = Group()
GROUP.function("max_pool", lambda x: F.max_pool2d(x, 3, 2, 1))
GROUP.function("max_pool_ceil", lambda x: F.max_pool2d(x, 3, 2, 0, ceil_mode=True))
GROUP.function("max_pool_ceil_padding", lambda x: F.max_pool2d(x, 3, 2, 1, ceil_mode=True))
GROUP.function("max_pool_same", lambda x: F.max_pool2d(x, 2, 1, "SAME"))
GROUP.function("max_pool_same_stride", lambda x: F.max_pool2d(x, 3, 2, "SAME"))
GROUP.function("max_pool_valid", lambda x: F.max_pool2d(x, 3, 2, "VALID"))
GROUP.function("max_pool_asymmetric", lambda x: F.max_pool2d(x, 3, 2, [1, 0, 0, 1]))
GROUP.function("avg_pool", lambda x: F.avg_pool2d(x, (3, 2)))
GROUP.function("avg_pool_exclusive", lambda x: F.avg_pool2d(x, 3, 2, 1, exclusive=True))
GROUP.function("avg_pool_inclusive", lambda x: F.avg_pool2d(x, 3, 2, 1, exclusive=False))
GROUP.function("avg_pool_exclusive_ceil", lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True, exclusive=True))
GROUP.function("avg_pool_inclusive_ceil", lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True, exclusive=False))
GROUP.function("avg_pool_ceil", lambda x: F.avg_pool2d(x, 2, 2, 0, ceil_mode=True))
GROUP.function("avg_pool_same", lambda x: F.avg_pool2d(x, 3, 2, "SAME"))
GROUP.function("avg_pool_divisor", lambda x: F.avg_pool2d(x, 2, 2, divisor_override=3), named=False)
GROUP.layer("global_average", lambda: nn.Sequential(nn.Conv2D(4, 4, 1), nn.AdaptiveAvgPool2D(1)))
GROUP.layer("global_maximum", lambda: nn.Sequential(nn.Conv2D(4, 4, 1), nn.AdaptiveMaxPool2D(1)))
GROUP.function("adaptive_average_even", lambda x: F.adaptive_avg_pool2d(x, (3, 4)), FIXED_IMAGE)
GROUP.function("adaptive_average_uneven", lambda x: F.adaptive_avg_pool2d(x, (5, 7)), FIXED_IMAGE)
GROUP.function("adaptive_average_open", lambda x: F.adaptive_avg_pool2d(x, (3, 4)), EVEN_IMAGE)
GROUP.function("adaptive_average_one_row", lambda x: F.adaptive_avg_pool2d(x, (1, 4)), EVEN_IMAGE)
GROUP.function(
    "adaptive_maximum_uneven", lambda x: F.adaptive_max_pool2d(x, (5, 7)), FIXED_IMAGE, named=False
)
GROUP.function("max_pool1d", lambda x: F.max_pool1d(x, 3, 2, 1), SIGNAL, named=False)
GROUP.function("avg_pool1d", lambda x: F.avg_pool1d(x, 3, 2, 1), SIGNAL, named=False)
GROUP.function("max_pool_mask", lambda x: F.max_pool2d(x, 2, 2, return_mask=True), named=False)
