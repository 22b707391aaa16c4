"""Activation functions, with the parameters that some exports set."""

from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import nn

from benchmarks.paddle_reference.operators.network import IMAGE, SEQUENCE, Group

GROUP = Group()
GROUP.function("relu", F.relu)
GROUP.function("relu6", lambda x: F.relu6(3 * x))
GROUP.function("leaky_relu", lambda x: F.leaky_relu(x, 0.2))
GROUP.layer("prelu_one", lambda: nn.PReLU(1))
GROUP.layer("prelu_channels", lambda: nn.PReLU(4))
GROUP.layer("prelu_last_axis", lambda: nn.PReLU(12, data_format="NLC"), SEQUENCE, named=False)
GROUP.function("elu", lambda x: F.elu(x, 0.7), named=False)
GROUP.function("selu", F.selu, named=False)
GROUP.function("celu", lambda x: F.celu(x, 1.3), named=False)
GROUP.function("gelu", F.gelu)
GROUP.function("gelu_tanh", lambda x: F.gelu(x, approximate=True))
GROUP.function("hardswish", lambda x: F.hardswish(3 * x))
GROUP.function("hardsigmoid", lambda x: F.hardsigmoid(3 * x))
GROUP.function("hardsigmoid_fifth", lambda x: F.hardsigmoid(3 * x, slope=0.2, offset=0.5))
GROUP.function("hardtanh", lambda x: F.hardtanh(x, -0.5, 0.7), named=False)
GROUP.function("hardshrink", lambda x: F.hardshrink(x, 0.3), named=False)
GROUP.function("softshrink", lambda x: F.softshrink(x, 0.3), named=False)
GROUP.function("tanhshrink", F.tanhshrink, named=False)
GROUP.function("thresholded_relu", lambda x: F.thresholded_relu(x, 0.4), named=False)
GROUP.function("silu", F.silu)
GROUP.function("swish", F.swish)
GROUP.function("sigmoid", F.sigmoid)
GROUP.function("log_sigmoid", F.log_sigmoid, named=False)
GROUP.function("tanh", paddle.tanh)
GROUP.function("mish", F.mish)
GROUP.function("softplus", lambda x: F.softplus(4 * x))
GROUP.function("softplus_beta", lambda x: F.softplus(4 * x, beta=2.0, threshold=3.0), named=False)
GROUP.function("softsign", F.softsign, named=False)
GROUP.function("softmax_last", lambda x: F.softmax(4 * x, axis=-1))
GROUP.function("softmax_channels", lambda x: F.softmax(4 * x, axis=1))
GROUP.function("log_softmax", lambda x: F.log_softmax(4 * x, axis=-1))
GROUP.function("glu", lambda x: F.glu(x, axis=1), IMAGE, named=False)
GROUP.layer(
    "dropout_in_evaluation",
    lambda: nn.Sequential(nn.Linear(12, 6), nn.Dropout(0.4, mode="upscale_in_train")),
    SEQUENCE,
)
GROUP.layer(
    "dropout_downscaled",
    lambda: nn.Sequential(nn.Linear(12, 6), nn.Dropout(0.4, mode="downscale_in_infer")),
    SEQUENCE,
)
