"""Recurrent layers: LSTM, GRU and the plain kind, one or both ways, one or more layers."""

from __future__ import annotations

import paddle
from paddle import Tensor, nn

from benchmarks.paddle_reference.operators.network import SEQUENCE, Group, Input

TIME_MAJOR = Input((None, None, 12), ((7, 2, 12), (10, 3, 12)))
STATE = Input((2, None, 5), ((2, 2, 5), (2, 3, 5)))


class Sequence(nn.Layer):  # type: ignore[misc]
    """A recurrent layer's outputs at every step."""

    def __init__(self, layer: nn.Layer) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        """Outputs ``(N, T, D)``."""
        return self.layer(x)[0]


class LastStates(nn.Layer):  # type: ignore[misc]
    """An LSTM's last hidden and cell states."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.LSTM(12, 5, num_layers=2, direction="bidirectional")

    def forward(self, x: Tensor) -> Tensor:
        """Both states, joined."""
        _, (hidden, cell) = self.layer(x)
        return paddle.concat([hidden, cell], axis=-1)


class GivenStates(nn.Layer):  # type: ignore[misc]
    """A bidirectional LSTM started from given states."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.LSTM(12, 5, direction="bidirectional")

    def forward(self, x: Tensor, hidden: Tensor, cell: Tensor) -> Tensor:
        """Outputs ``(N, T, D)``."""
        return self.layer(x, (hidden, cell))[0]


GROUP = Group()
GROUP.layer("lstm", lambda: Sequence(nn.LSTM(12, 5)), SEQUENCE)
GROUP.layer("lstm_two_layers", lambda: Sequence(nn.LSTM(12, 5, num_layers=2)), SEQUENCE)
GROUP.layer("lstm_bidirectional", lambda: Sequence(nn.LSTM(12, 5, direction="bidirectional")), SEQUENCE)
GROUP.layer(
    "lstm_bidirectional_two_layers",
    lambda: Sequence(nn.LSTM(12, 5, num_layers=2, direction="bidirectional", dropout=0.1)),
    SEQUENCE,
)
GROUP.layer("lstm_time_major", lambda: Sequence(nn.LSTM(12, 5, time_major=True)), TIME_MAJOR)
GROUP.layer("lstm_last_states", LastStates, SEQUENCE)
GROUP.layer("lstm_given_states", GivenStates, SEQUENCE, STATE, STATE)
GROUP.layer("gru", lambda: Sequence(nn.GRU(12, 5)), SEQUENCE)
GROUP.layer(
    "gru_bidirectional_two_layers",
    lambda: Sequence(nn.GRU(12, 5, num_layers=2, direction="bidirectional")),
    SEQUENCE,
)
GROUP.layer(
    "plain_recurrent", lambda: Sequence(nn.SimpleRNN(12, 5, direction="bidirectional")), SEQUENCE, named=False
)
