"""The ten official architectures, and a recogniser with an LSTM, with random weights worth comparing.

PaddleX's network definitions enter with their default configurations; for each, a saved inference model and
three recorded cases leave. Batch-norm statistics come from a forward pass on pictures, and the last layer is
centred and scaled until its outputs differ from place to place: otherwise a wrong conversion would look
right.

    python -m benchmarks.paddle_reference.architecture_networks --pictures FOLDER --output FOLDER

``FLAGS_enable_pir_api=0`` in the environment writes the old format. The weights depend on the seed only.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import paddle
from numpy.typing import NDArray
from paddle import Tensor, nn

from benchmarks.paddle_reference.crnn_network import CRNN
from benchmarks.paddle_reference.pictures import line_tensor, page_tensor, smooth_tensor
from benchmarks.paddle_reference.record import record_cases, record_spread
from benchmarks.paddle_reference.save import (
    perturb_vectors,
    save_network,
    take_batch_statistics,
    write_in_child,
)

MODELS = "paddlex.inference.models"
GRID_LIMIT = 0.9  # UVDoc samples inside the picture only, where all padding modes agree

Shape = tuple[int, int, int]  # batch, height, width


@dataclass(frozen=True)
class Architecture:
    """How one architecture is built, made lively and tried."""

    build: Callable[[], nn.Layer]
    last_layers: tuple[str, ...]  # in the order in which they run
    prepare: Callable[..., NDArray[np.float32]]
    shapes: tuple[Shape, Shape, Shape]
    height: int | None = None  # fixed height of the input, where the network needs one
    spread: float = 2.0  # standard deviation asked of the last layer's outputs; rounding grows with it


class HeadOnModel(nn.Layer):  # type: ignore[misc]
    """A PaddleX network without its conversion from and to NumPy."""

    def __init__(self, network: nn.Layer) -> None:
        super().__init__()
        self.model = network.model
        self.head = network.head

    def forward(self, x: Tensor) -> Tensor:
        """The head's output for a picture tensor."""
        return self.head(self.model(x))


class Classifier(nn.Layer):  # type: ignore[misc]
    """PP-LCNet from picture tensor to class probabilities."""

    def __init__(self, network: nn.Layer) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        """Class probabilities ``(N, classes)``."""
        parts = self.network
        features = parts.act_fn(parts.last_convolution(parts.avg_pool(parts.encoder(x))))
        features = features * (1 - parts.hidden_dropout_prob)
        return nn.functional.softmax(parts.head(parts.flatten(features)))


class Unwarper(nn.Layer):  # type: ignore[misc]
    """UVDoc from picture tensor to unwarped picture tensor of the same size."""

    def __init__(self, network: nn.Layer) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        """The picture sampled along the predicted grid."""
        functional = nn.functional
        parts = self.network
        height, width = x.shape[2:]
        small = functional.interpolate(x, size=parts.upsample_size, mode="bilinear", align_corners=True)
        grid = parts.head(paddle.concat(parts.backbone(small), axis=1))
        grid = functional.interpolate(grid, size=(height, width), mode="bilinear", align_corners=True)
        return functional.grid_sample(x, grid.transpose([0, 2, 3, 1]), align_corners=True)


def _paddlex(task: str, class_name: str) -> nn.Layer:
    """A PaddleX network with its default configuration."""
    if not hasattr(nn, "Conv2d"):
        _add_conv2d_alias()
    network_class = getattr(importlib.import_module(f"{MODELS}.{task}.modeling"), class_name)
    return network_class(network_class.config_class())


def _add_conv2d_alias() -> None:
    """Give Paddle 3.0 the name ``nn.Conv2d``, which PP-LCNet's definition uses and later Paddle has."""

    def conv2d(
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        groups: int = 1,
        bias: bool = True,
    ) -> nn.Layer:
        bias_attr = None if bias else False
        return nn.Conv2D(
            in_channels, out_channels, kernel_size, stride, padding, groups=groups, bias_attr=bias_attr
        )

    nn.Conv2d = conv2d


def _with_head(task: str, class_name: str) -> Callable[[], nn.Layer]:
    return lambda: HeadOnModel(_paddlex(task, class_name))


PAGE_SHAPES: tuple[Shape, Shape, Shape] = ((1, 320, 416), (2, 224, 288), (1, 512, 384))
LINE_SHAPES: tuple[Shape, Shape, Shape] = ((1, 48, 320), (3, 48, 168), (2, 48, 480))
DETECTION = "text_detection"
RECOGNITION = "text_recognition"

ARCHITECTURES: dict[str, Architecture] = {
    "PP-OCRv5_server_det": Architecture(
        _with_head(DETECTION, "PPOCRV5ServerDet"),
        ("head.binarize_head.conv_final", "head.local_refinement_module.convolution_final"),
        page_tensor,
        PAGE_SHAPES,
    ),
    "PP-OCRv5_mobile_det": Architecture(
        _with_head(DETECTION, "PPOCRV5MobileDet"), ("head.conv_final",), page_tensor, PAGE_SHAPES
    ),
    "PP-OCRv6_medium_det": Architecture(
        _with_head(DETECTION, "PPOCRV6MediumDet"), ("head.conv_final",), page_tensor, PAGE_SHAPES
    ),
    "PP-OCRv6_small_det": Architecture(
        _with_head(DETECTION, "PPOCRV6SmallDet"), ("head.conv_final",), page_tensor, PAGE_SHAPES
    ),
    "PP-OCRv5_server_rec": Architecture(
        _with_head(RECOGNITION, "PPOCRV5ServerRec"), ("head.head",), line_tensor, LINE_SHAPES, 48, 1.0
    ),
    "PP-OCRv5_mobile_rec": Architecture(
        _with_head(RECOGNITION, "PPOCRV5MobileRec"), ("head.head",), line_tensor, LINE_SHAPES, 48
    ),
    "PP-OCRv6_small_rec": Architecture(
        _with_head(RECOGNITION, "PPOCRV6SmallRec"), ("head.head",), line_tensor, LINE_SHAPES, 48
    ),
    "PP-OCRv6_tiny_rec": Architecture(
        _with_head(RECOGNITION, "PPOCRV6TinyRec"), ("head.fc2",), line_tensor, LINE_SHAPES, 48
    ),
    "PP-LCNet_x1_0": Architecture(
        lambda: Classifier(_paddlex("image_classification", "PPLCNet")),
        ("network.head",),
        page_tensor,
        ((1, 224, 224), (6, 80, 160), (2, 160, 96)),
    ),
    "UVDoc": Architecture(
        lambda: Unwarper(_paddlex("image_unwarping", "UVDocNet")),
        ("network.head.out_point_positions2D.conv_up",),
        smooth_tensor,
        ((1, 400, 300), (2, 160, 224), (1, 720, 496)),
        spread=0.3,
    ),
    "CRNN_mobile_v2": Architecture(
        CRNN, ("head.classes",), line_tensor, ((1, 32, 320), (3, 32, 160), (2, 32, 448)), 32
    ),
}


def build_network(architecture: Architecture, pictures: Path, seed: int) -> nn.Layer:
    """A network in evaluation mode whose outputs vary with the picture."""
    paddle.seed(seed)
    network = architecture.build()
    perturb_vectors(network, np.random.default_rng(seed))
    batches = [
        paddle.to_tensor(architecture.prepare(pictures, *shape, offset=index))
        for index, shape in enumerate(architecture.shapes)
    ]
    take_batch_statistics(
        network, paddle.to_tensor(architecture.prepare(pictures, 4, *_square(architecture)))
    )
    for name in architecture.last_layers:
        _enliven(network, name, batches, architecture)
    return network


def _square(architecture: Architecture) -> tuple[int, int]:
    return (architecture.height or 256, 320)


def _enliven(network: nn.Layer, layer_name: str, batches: list[Tensor], architecture: Architecture) -> None:
    """Centre one layer's outputs, channel by channel, and scale them to the asked-for spread."""
    layer = dict(network.named_sublayers())[layer_name]
    seen: list[np.ndarray[Any, Any]] = []
    hook = layer.register_forward_post_hook(lambda _layer, _inputs, output: seen.append(_rows(output)))
    with paddle.no_grad():
        for batch in batches:
            network(batch)
    hook.remove()
    rows = np.concatenate(seen)
    mean = rows.mean(axis=0)
    if architecture.prepare is smooth_tensor:
        factor = 0.95 * GRID_LIMIT / float(np.abs(rows - mean).max())
    else:
        factor = architecture.spread / max(float((rows - mean).std()), 1e-12)
    layer.weight.set_value(layer.weight.numpy() * factor)
    layer.bias.set_value((layer.bias.numpy() - mean) * factor)


def _rows(output: Tensor) -> np.ndarray[Any, Any]:
    """``(places, channels)`` of a map ``(N, C, H, W)`` or a sequence ``(..., C)``."""
    array = output.numpy()
    if array.ndim == 4:
        array = array.transpose(0, 2, 3, 1)
    return np.asarray(array.reshape(-1, array.shape[-1]))


def write_architecture(architecture: Architecture, pictures: Path, seed: int, folder: Path) -> None:
    """Build, save and record one architecture."""
    network = build_network(architecture, pictures, seed)
    save_network(network, folder, [("x", (None, 3, architecture.height, None))])
    cases = [
        [architecture.prepare(pictures, *shape, offset=index)]
        for index, shape in enumerate(architecture.shapes)
    ]
    record_cases(folder, cases)
    record_spread(folder)


def main() -> None:
    """Build, save and record every asked-for architecture."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", nargs="*", choices=ARCHITECTURES, default=list(ARCHITECTURES))
    arguments = parser.parse_args()
    for name in arguments.only:
        write = partial(write_architecture, ARCHITECTURES[name], arguments.pictures, arguments.seed)
        write_in_child(write, arguments.output / name, name)


if __name__ == "__main__":
    main()
