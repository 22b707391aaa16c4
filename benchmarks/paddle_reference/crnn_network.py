"""A recogniser of the first PP-OCR generation's kind: MobileNetV3, two bidirectional LSTM layers, CTC.

Pictures ``(N, 3, 32, W)`` enter, character probabilities ``(N, W / 4, classes)`` leave. The block table
follows the "small" network of Howard et al., *Searching for MobileNetV3* (2019), with strides that keep the
width.
"""

from __future__ import annotations

from paddle import Tensor, nn

# kernel, expansion, output channels, squeeze-and-excitation, hardswish, stride (down, across)
BLOCKS = (
    (3, 16, 16, True, False, (1, 1)),
    (3, 72, 24, False, False, (2, 1)),
    (3, 88, 24, False, False, (1, 1)),
    (5, 96, 40, True, True, (2, 1)),
    (5, 240, 40, True, True, (1, 1)),
    (5, 120, 48, True, True, (1, 1)),
    (5, 144, 48, True, True, (1, 1)),
    (5, 288, 96, True, True, (2, 1)),
    (5, 576, 96, True, True, (1, 1)),
)
STEM_CHANNELS = 16
LAST_CHANNELS = 288
HIDDEN_SIZE = 48
CLASSES = 6625


class ConvNorm(nn.Layer):  # type: ignore[misc]
    """Convolution, batch-norm and an activation."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        stride: int | tuple[int, int],
        *,
        groups: int = 1,
        activation: nn.Layer | None = None,
    ) -> None:
        super().__init__()
        self.convolution = nn.Conv2D(
            inputs, outputs, kernel, stride, padding=kernel // 2, groups=groups, bias_attr=False
        )
        self.norm = nn.BatchNorm2D(outputs)
        self.activation = activation or nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Same layout, strided."""
        return self.activation(self.norm(self.convolution(x)))


class SqueezeExcitation(nn.Layer):  # type: ignore[misc]
    """Channel gates from the mean over the picture."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2D(1)
        self.reduce = nn.Conv2D(channels, channels // 4, 1)
        self.expand = nn.Conv2D(channels // 4, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """``x`` with each channel scaled."""
        gates = self.expand(nn.functional.relu(self.reduce(self.pool(x))))
        return x * nn.functional.hardsigmoid(gates, slope=0.2, offset=0.5)


class InvertedResidual(nn.Layer):  # type: ignore[misc]
    """Expansion, depthwise convolution, gates, projection, and the shortcut where shapes agree."""

    def __init__(
        self,
        inputs: int,
        kernel: int,
        middle: int,
        outputs: int,
        gated: bool,
        hard: bool,
        stride: int | tuple[int, int],
    ) -> None:
        super().__init__()
        activation = nn.Hardswish() if hard else nn.ReLU()
        self.expand = ConvNorm(inputs, middle, 1, 1, activation=activation)
        self.depthwise = ConvNorm(middle, middle, kernel, stride, groups=middle, activation=activation)
        self.gates = SqueezeExcitation(middle) if gated else nn.Identity()
        self.project = ConvNorm(middle, outputs, 1, 1)
        self.shortcut = stride == (1, 1) and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """``(N, outputs, H', W')``."""
        out = self.project(self.gates(self.depthwise(self.expand(x))))
        return x + out if self.shortcut else out


class Backbone(nn.Layer):  # type: ignore[misc]
    """Features ``(N, LAST_CHANNELS, 1, W / 4)``."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Layer] = [ConvNorm(3, STEM_CHANNELS, 3, 2, activation=nn.Hardswish())]
        channels = STEM_CHANNELS
        for kernel, middle, outputs, gated, hard, stride in BLOCKS:
            layers.append(InvertedResidual(channels, kernel, middle, outputs, gated, hard, stride))
            channels = outputs
        layers.append(ConvNorm(channels, LAST_CHANNELS, 1, 1, activation=nn.Hardswish()))
        layers.append(nn.MaxPool2D(2, 2))
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """Features of a line."""
        return self.layers(x)


class SequenceHead(nn.Layer):  # type: ignore[misc]
    """Two bidirectional LSTM layers and the classes of each step."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(LAST_CHANNELS, HIDDEN_SIZE, num_layers=2, direction="bidirectional")
        self.classes = nn.Linear(2 * HIDDEN_SIZE, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """Probabilities ``(N, W, CLASSES)`` from features ``(N, C, 1, W)``."""
        steps = x.squeeze(2).transpose([0, 2, 1])
        sequence, _ = self.lstm(steps)
        return nn.functional.softmax(self.classes(sequence), axis=2)


class CRNN(nn.Layer):  # type: ignore[misc]
    """The whole recogniser."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = Backbone()
        self.head = SequenceHead()

    def forward(self, x: Tensor) -> Tensor:
        """Probabilities of a batch of lines."""
        return self.head(self.backbone(x))
