"""What one small network is: a name, how it is built, and the shapes of its inputs.

Every network holds at least one parameter, because Paddle writes no parameter file for a network without any.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from paddle import Tensor, nn

Dimensions = tuple[int | None, ...]


@dataclass(frozen=True)
class Input:
    """One float32 input: open shape, and a concrete shape for each case."""

    open_shape: Dimensions
    shapes: tuple[tuple[int, ...], ...]
    content: str = "normal"  # "normal", "positive" (0.2 to 3), "unit" (-0.9 to 0.9) or "wide" (-1.4 to 1.4)


IMAGE = Input((None, 4, None, None), ((2, 4, 13, 17), (1, 4, 24, 10)))
EVEN_IMAGE = Input((None, 4, None, None), ((2, 4, 12, 16), (1, 4, 24, 8)))
FIXED_IMAGE = Input((None, 4, 12, 16), ((2, 4, 12, 16), (1, 4, 12, 16)))
POSITIVE_IMAGE = Input(IMAGE.open_shape, IMAGE.shapes, "positive")
SEQUENCE = Input((None, None, 12), ((2, 7, 12), (3, 10, 12)))
SIGNAL = Input((None, 4, None), ((2, 4, 19), (1, 4, 32)))
VOLUME = Input((None, 4, None, None, None), ((2, 4, 5, 6, 7), (1, 4, 6, 4, 8)))
MATRIX = Input((None, 12), ((5, 12), (3, 12)))


@dataclass(frozen=True)
class Network:
    """A network by name."""

    name: str
    build: Callable[[], nn.Layer]
    inputs: tuple[Input, ...] = (IMAGE,)
    named: bool = (
        True  # among the operators that the converter promises; the others are tried for information
    )


def _shift(layer: nn.Layer) -> Tensor:
    return layer.create_parameter([1], default_initializer=nn.initializer.Constant(0.03125))


class FunctionNetwork(nn.Layer):  # type: ignore[misc]
    """A function of one tensor, which is shifted by a parameter first."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.function = function
        self.shift = _shift(self)

    def forward(self, x: Tensor) -> Tensor:
        """The function's result."""
        return self.function(x + self.shift)


class TwoInputNetwork(nn.Layer):  # type: ignore[misc]
    """A function of two tensors; Paddle takes the number of inputs from the signature."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.function = function
        self.shift = _shift(self)

    def forward(self, x: Tensor, other: Tensor) -> Tensor:
        """The function's result."""
        return self.function(x + self.shift, other)


@dataclass
class Group:
    """Collects the networks of one group in the order in which they are named."""

    networks: list[Network] = field(default_factory=list)

    def layer(self, name: str, build: Callable[[], nn.Layer], *inputs: Input, named: bool = True) -> None:
        """Add a network that is a layer."""
        self.networks.append(Network(name, build, inputs or (IMAGE,), named))

    def function(
        self, name: str, function: Callable[..., Tensor], *inputs: Input, named: bool = True
    ) -> None:
        """Add a network that is a function."""
        kind = TwoInputNetwork if len(inputs) == 2 else FunctionNetwork
        self.networks.append(Network(name, lambda: kind(function), inputs or (IMAGE,), named))
