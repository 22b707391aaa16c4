"""The Session protocol: named arrays in, named arrays out. Knows no image and no text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from onnxocr.arrays import Tensor
from onnxocr.results.backend_info import BackendInfo


@dataclass(frozen=True)
class TensorSpec:
    """A graph input or output: its name, its shape (None where it is dynamic) and NumPy dtype name."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str


class Session(Protocol):
    """A loaded graph.

    ``run`` may be called from several threads at once. Nothing else changes after construction.
    """

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """The graph's inputs, in graph order."""

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """The graph's outputs, in graph order."""

    @property
    def metadata(self) -> Mapping[str, str]:
        """Custom metadata of the model file."""

    @property
    def info(self) -> BackendInfo:
        """What runs this graph."""

    def run(self, feeds: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Runs the graph once.

        Args:
            feeds: one array for each input, by name.

        Returns:
            One array for each output, by name, in graph order.

        Raises:
            InferenceError: the runtime refused the arrays or failed; names model, shapes and cause.
            ClosedError: the session was closed.
        """

    def close(self) -> None:
        """Releases the graph; ``run`` raises ClosedError afterwards. Calling it again does nothing."""
