"""How fast is a graph beside others? ONNX files enter, median times on one picture leave.

Also finds the zoo's model of the same architecture: the one whose convolutions have the same shapes. Class
counts, folded batch norms and rewrites do not change those.
"""

from __future__ import annotations

import contextlib
import math
import statistics
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import onnx

from onnxocr.arrays import Tensor
from onnxocr.config import RuntimeConfig
from onnxocr.runtime.opening import open_session
from onnxocr.runtime.session import Session
from onnxocr.zoo.fetch import cached_files
from onnxocr.zoo.manifest import load_manifest
from onnxocr.zoo.model_files import ModelFiles

MOST_RUNS = 7
FEWEST_RUNS = 3
TIME_S = 10.0
"""After this time, server models are not run more often than ``FEWEST_RUNS``."""

LEAST_SIMILARITY = 0.9
"""Share of convolutions that two graphs of one architecture have in common."""


def median_times_ms(models: Sequence[Path], feeds: Mapping[str, Tensor]) -> list[float]:
    """Returns the median time of each model in ms, run in turn so that a busy machine slows all alike.

    Args:
        models: ONNX files with one input each.
        feeds: what the first of them takes; the others get the same array under their own names.
    """
    (array,) = feeds.values()
    with contextlib.ExitStack() as held:
        sessions = [_open(model, held) for model in models]
        taken: list[list[float]] = [[] for _ in sessions]
        started = time.perf_counter()
        # The first round is not counted: it allocates memory and chooses kernels.
        for run in range(MOST_RUNS + 1):
            if run > FEWEST_RUNS and time.perf_counter() - started > TIME_S:
                break
            for session, times in zip(sessions, taken, strict=True):
                elapsed = _timed_ms(session, array)
                if run > 0:
                    times.append(elapsed)
    return [statistics.median(times) for times in taken]


def cached_relative(model: onnx.ModelProto, task: str) -> ModelFiles | None:
    """Returns the cached zoo model that is most like a graph; None if none has its architecture.

    Of several with the same convolutions (recognisers that differ in their characters), the one with the
    nearest number of weights is taken.
    """
    shapes, weights = convolution_shapes(model), weight_count(model)
    best: tuple[tuple[float, int], ModelFiles] | None = None
    for spec in load_manifest().models if shapes else ():
        files = cached_files(spec) if spec.task == task else None
        if files is None:
            continue
        other = onnx.load(files.model)
        likeness = similarity(shapes, convolution_shapes(other))
        rank = (likeness, -abs(weights - weight_count(other)))
        if likeness >= LEAST_SIMILARITY and (best is None or rank > best[0]):
            best = (rank, files)
    return best[1] if best is not None else None


def weight_count(model: onnx.ModelProto) -> int:
    """Returns how many numbers the constants of a graph hold."""
    return sum(math.prod(dims) for dims in _constant_shapes(model).values())


def convolution_shapes(model: onnx.ModelProto) -> Counter[tuple[int, ...]]:
    """Returns how often each shape of convolution weights occurs."""
    shapes = _constant_shapes(model)
    convolutions = (node for node in model.graph.node if node.op_type in ("Conv", "ConvTranspose"))
    return Counter(shapes[node.input[1]] for node in convolutions if node.input[1] in shapes)


def similarity(one: Counter[tuple[int, ...]], other: Counter[tuple[int, ...]]) -> float:
    """Returns the share of convolutions that two graphs have in common, from 0 to 1."""
    together = (one | other).total()
    return (one & other).total() / together if together else 0.0


def _constant_shapes(model: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    shapes = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    for node in model.graph.node:
        for attribute in node.attribute if node.op_type == "Constant" else ():
            if attribute.name == "value":
                shapes[node.output[0]] = tuple(attribute.t.dims)
    return shapes


def _open(model: Path, held: contextlib.ExitStack) -> Session:
    session = open_session(model, RuntimeConfig(device="cpu"))
    held.callback(session.close)
    return session


def _timed_ms(session: Session, array: Tensor) -> float:
    feeds = {session.inputs[0].name: array}
    started = time.perf_counter()
    session.run(feeds)
    return (time.perf_counter() - started) * 1000
