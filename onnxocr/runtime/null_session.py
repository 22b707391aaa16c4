"""A scripted session: stands in for a network in tests and dry runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from onnxocr.arrays import Tensor
from onnxocr.errors import ClosedError
from onnxocr.results.backend_info import BackendInfo
from onnxocr.runtime.session import TensorSpec


class NullSession:
    """Answers with a function of its feeds instead of a graph, and keeps the shapes that it was given."""

    def __init__(
        self,
        answer: Callable[[Mapping[str, Tensor]], dict[str, Tensor]],
        *,
        inputs: Sequence[TensorSpec],
        outputs: Sequence[TensorSpec],
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        self._answer = answer
        self._closed = False
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self.metadata: Mapping[str, str] = dict(metadata or {})
        self.info = BackendInfo(backend="null", provider="null", device="cpu")
        self.shapes: list[dict[str, tuple[int, ...]]] = []

    def run(self, feeds: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Returns the scripted answer; see :class:`onnxocr.runtime.session.Session`."""
        if self._closed:
            raise ClosedError("This session was closed.")
        self.shapes.append({name: array.shape for name, array in feeds.items()})
        return self._answer(feeds)

    def close(self) -> None:
        """Makes further runs fail."""
        self._closed = True
