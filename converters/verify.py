"""Does a graph compute what the model computed before? A graph and a reference enter, differences leave.

References: outputs recorded earlier, the Paddle model on Paddle Inference, or another ONNX graph (the one of
paddle2onnx, or the same graph in float32). The graph itself runs on the installed runtime, on the CPU.
"""

from __future__ import annotations

import contextlib
import importlib.util
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from onnxocr.arrays import Tensor
from onnxocr.config import RuntimeConfig
from onnxocr.converters.paddle2onnx_backend import export_with_paddle2onnx
from onnxocr.converters.sample_inputs import sample_feeds
from onnxocr.errors import ConversionError, MissingDependencyError, ModelFileError
from onnxocr.runtime.opening import open_session
from onnxocr.runtime.session import Session

TOLERANCE = 1e-3
"""Largest relative error of a correct conversion; rounding in another order makes 1e-6 to 5e-4."""

MAP_THRESHOLD = 0.3
"""What a detector's probability map is cut at (``thresh`` of PP-OCR's DBPostProcess)."""

_RECORDED_NAME = re.compile(r"([xy])(\d*)\Z")


@dataclass(frozen=True)
class OutputDifference:
    """How far one output of one run is from the reference.

    Attributes:
        shapes: shapes of the inputs, in graph order.
        output: name of the output.
        absolute: largest difference.
        relative: largest difference divided by the reference's largest magnitude; infinite where shapes or
            places of NaN differ.
        agreement: share of places with the same decision: the largest class, or the side of a probability
            map's threshold that a pixel is on; None for other outputs.
    """

    shapes: tuple[tuple[int, ...], ...]
    output: str
    absolute: float
    relative: float
    agreement: float | None

    def __str__(self) -> str:
        shapes = " ".join("x".join(str(size) for size in shape) for shape in self.shapes)
        decisions = "" if self.agreement is None else f", same decision at {self.agreement:.3%} of places"
        return (
            f"input {shapes}: output {self.output}: largest error {self.absolute:.3g}, "
            f"relative {self.relative:.3g}{decisions}"
        )


@dataclass(frozen=True)
class VerificationReport:
    """The comparison of a graph with a reference.

    Attributes:
        reference: what it was compared with.
        tolerance: largest relative error allowed.
        differences: one record for each output of each run.
        required_agreement: least share of equal decisions, None where only the error counts.
    """

    reference: str
    tolerance: float
    differences: tuple[OutputDifference, ...]
    required_agreement: float | None = None

    @property
    def absolute(self) -> float:
        """The largest difference of all runs."""
        return max(each.absolute for each in self.differences)

    @property
    def relative(self) -> float:
        """The largest relative error of all runs."""
        return max(each.relative for each in self.differences)

    @property
    def passed(self) -> bool:
        """Whether errors are within the tolerance, and decisions agree where that is required."""
        agree = self.required_agreement is None or self.agreement >= self.required_agreement
        return self.relative <= self.tolerance and agree

    @property
    def agreement(self) -> float:
        """The smallest share of equal decisions of all runs; 1 where no output is a decision."""
        return min((each.agreement for each in self.differences if each.agreement is not None), default=1.0)

    def __str__(self) -> str:
        verdict = "within" if self.relative <= self.tolerance else "ABOVE"
        lines = [f"  {difference}" for difference in self.differences]
        head = f"Compared with {self.reference}:"
        lines.append(
            f"Largest error {self.absolute:.3g}, relative {self.relative:.3g}: {verdict} the tolerance "
            f"{self.tolerance:g}."
        )
        decided = any(each.agreement is not None for each in self.differences)
        if self.required_agreement is not None and decided:
            verdict = "at least" if self.agreement >= self.required_agreement else "BELOW"
            lines.append(
                f"Same decision at {self.agreement:.3%} of places: {verdict} the required "
                f"{self.required_agreement:.3%}."
            )
        return "\n".join([head, *lines])


class _Reference(Protocol):
    """Computes what the outputs should be; arrays in graph order."""

    def __call__(self, inputs: Sequence[Tensor]) -> Sequence[Tensor]: ...


def verify_conversion(
    model: Path, program: Path, params: Path | None, *, tolerance: float = TOLERANCE
) -> VerificationReport:
    """Compares a converted graph with the best reference there is for its Paddle model.

    These are, in order: ``.npz`` files beside the program, Paddle Inference where Paddle is installed, and
    the graph that paddle2onnx makes.

    Args:
        model: the ONNX file.
        program: the Paddle program.
        params: its parameters, None if it has none.
        tolerance: largest relative error allowed.

    Raises:
        MissingDependencyError: there are no recordings and neither Paddle nor paddle2onnx; says what to do.
        ConversionError: the reference cannot run the model, or sample inputs cannot be made for it.
    """
    recordings = sorted(program.parent.glob("*.npz"))
    if recordings:
        return verify_against_recordings(model, recordings, tolerance=tolerance)
    if params is None:
        raise ConversionError(f"{program} has no parameter file; verify it with recorded outputs (.npz).")
    if importlib.util.find_spec("paddle") is not None:
        return verify_against_paddle(model, program, params, tolerance=tolerance)
    try:
        return verify_against_paddle2onnx(model, program, params, tolerance=tolerance)
    except MissingDependencyError as error:
        raise MissingDependencyError(
            f"Nothing to compare with: there are no recorded outputs (.npz) beside {program}, and Paddle is "
            f"not installed (pip install paddlepaddle). {error}"
        ) from error


def verify_against_recordings(
    model: Path, recordings: Sequence[Path], *, tolerance: float = TOLERANCE
) -> VerificationReport:
    """Compares a graph with outputs recorded earlier.

    Args:
        model: the ONNX file.
        recordings: ``.npz`` files with inputs ``x, x2, ...`` and outputs ``y, y2, ...`` in graph order.
        tolerance: largest relative error allowed.

    Raises:
        ModelFileError: a recording cannot be read or does not fit the graph.
    """
    folder = recordings[0].parent
    with _opened(model) as session:
        cases = ((inputs, outputs) for inputs, outputs in map(_read_recording, recordings))
        return _compared(session, cases, f"recorded outputs in {folder}", tolerance)


def verify_against_graph(
    model: Path,
    reference: Path,
    *,
    tolerance: float = TOLERANCE,
    required_agreement: float | None = None,
    name: str | None = None,
) -> VerificationReport:
    """Compares a graph with another one on pictures of print.

    Args:
        model: the ONNX file to judge.
        reference: the ONNX file that is right.
        tolerance: largest relative error allowed.
        required_agreement: least share of equal decisions, None where only the error counts.
        name: how the report calls the reference.

    Raises:
        ConversionError: sample inputs cannot be made for the graph.
    """
    with _opened(model) as session, _opened(reference) as right:
        names = [spec.name for spec in right.inputs]

        def run(inputs: Sequence[Tensor]) -> Sequence[Tensor]:
            return list(right.run(dict(zip(names, inputs, strict=True))).values())

        report = _compared(session, _sampled(session, run), name or str(reference), tolerance)
        return replace(report, required_agreement=required_agreement)


def verify_against_paddle(
    model: Path, program: Path, params: Path, *, tolerance: float = TOLERANCE
) -> VerificationReport:
    """Compares a graph with its Paddle model on Paddle Inference, on pictures of print.

    Raises:
        MissingDependencyError: Paddle is not installed.
        ConversionError: Paddle cannot run the model, or sample inputs cannot be made for it.
    """
    run, version = _paddle_reference(program, params)
    with _opened(model) as session:
        return _compared(session, _sampled(session, run), f"Paddle Inference {version}", tolerance)


def verify_against_paddle2onnx(
    model: Path, program: Path, params: Path, *, tolerance: float = TOLERANCE
) -> VerificationReport:
    """Compares a graph with the one that paddle2onnx makes, on pictures of print.

    Raises:
        MissingDependencyError: paddle2onnx, or the Paddle that it needs, is not installed.
        ConversionError: paddle2onnx cannot convert the model, or sample inputs cannot be made for it.
    """
    with tempfile.TemporaryDirectory(prefix="onnxocr-verify-") as folder:
        other = Path(folder) / "paddle2onnx.onnx"
        version = export_with_paddle2onnx(program, params, other)
        try:
            return verify_against_graph(
                model, other, tolerance=tolerance, name=f"the graph of paddle2onnx {version}"
            )
        except ModelFileError as error:
            raise ConversionError(
                f"paddle2onnx {version} made a graph of {program} that does not load: {error}"
            ) from error


def output_difference(
    output: str, found: Tensor, expected: Tensor, shapes: tuple[tuple[int, ...], ...] = ()
) -> OutputDifference:
    """Returns how far an output is from what is expected."""
    if found.shape != expected.shape or not np.array_equal(np.isnan(found), np.isnan(expected)):
        return OutputDifference(shapes, output, float("inf"), float("inf"), None)
    right = np.nan_to_num(expected.astype(np.float64), nan=0.0)
    error = np.abs(np.nan_to_num(found.astype(np.float64), nan=0.0) - right)
    absolute, magnitude = float(error.max(initial=0.0)), float(np.abs(right).max(initial=0.0))
    relative = absolute / magnitude if magnitude else (0.0 if absolute == 0.0 else float("inf"))
    return OutputDifference(shapes, output, absolute, relative, _agreement(found, expected))


def _agreement(found: Tensor, expected: Tensor) -> float | None:
    if found.size == 0:
        return None
    if found.ndim in (2, 3) and found.shape[-1] > 1:
        return float(np.mean(found.argmax(axis=-1) == expected.argmax(axis=-1)))
    is_map = found.ndim == 4 and found.shape[1] == 1 and expected.min() >= 0 and expected.max() <= 1
    if is_map:
        return float(np.mean((found > MAP_THRESHOLD) == (expected > MAP_THRESHOLD)))
    return None


@contextlib.contextmanager
def _opened(model: Path) -> Iterator[Session]:
    session = open_session(model, RuntimeConfig(device="cpu"))
    try:
        yield session
    finally:
        session.close()


def _compared(
    session: Session,
    cases: Iterable[tuple[Sequence[Tensor], Sequence[Tensor]]],
    reference: str,
    tolerance: float,
) -> VerificationReport:
    names = [spec.name for spec in session.inputs]
    differences: list[OutputDifference] = []
    for inputs, expected in cases:
        if len(inputs) != len(names) or len(expected) != len(session.outputs):
            raise ModelFileError(
                f"The graph has {len(names)} inputs and {len(session.outputs)} outputs, {reference} has "
                f"{len(inputs)} and {len(expected)}: they belong to different models."
            )
        found = session.run(dict(zip(names, inputs, strict=True)))
        shapes = tuple(array.shape for array in inputs)
        pairs = zip(found.items(), expected, strict=True)
        differences += [output_difference(name, array, right, shapes) for (name, array), right in pairs]
    return VerificationReport(reference, tolerance, tuple(differences))


def _sampled(session: Session, run: _Reference) -> Iterator[tuple[list[Tensor], Sequence[Tensor]]]:
    for feeds in sample_feeds(session.inputs, output_rank=len(session.outputs[0].shape)):
        inputs = list(feeds.values())
        yield inputs, run(inputs)


def _read_recording(path: Path) -> tuple[list[Tensor], list[Tensor]]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            recorded: Mapping[str, Tensor] = dict(arrays)
    except (OSError, ValueError, EOFError) as error:
        raise ModelFileError(f"The recording {path} cannot be read: {error}.") from error
    numbered: dict[str, dict[int, Tensor]] = {"x": {}, "y": {}}
    for name, array in recorded.items():
        match = _RECORDED_NAME.match(name)
        if match is not None:
            numbered[match[1]][int(match[2] or 1)] = array
    if not numbered["y"]:
        raise ModelFileError(f"The recording {path} has no outputs y, y2, ... (it has {sorted(recorded)}).")
    inputs, outputs = ([array for _, array in sorted(numbered[kind].items())] for kind in "xy")
    return inputs, outputs


def _paddle_reference(program: Path, params: Path) -> tuple[_Reference, str]:
    try:
        import paddle
        from paddle import inference
    except ImportError as error:
        raise MissingDependencyError(
            f"Paddle is not installed: pip install paddlepaddle ({error})"
        ) from error
    config = inference.Config(str(program), str(params))
    config.disable_gpu()
    # The plain kernels are the reference: oneDNN and fused passes round differently, and some crash.
    config.disable_mkldnn()
    config.switch_ir_optim(False)
    config.disable_glog_info()
    try:
        predictor = inference.create_predictor(config)
    except Exception as error:
        raise ConversionError(f"Paddle {paddle.__version__} cannot load {program}: {error}") from error

    def run(inputs: Sequence[Tensor]) -> Sequence[Tensor]:
        for name, array in zip(predictor.get_input_names(), inputs, strict=True):
            predictor.get_input_handle(name).copy_from_cpu(array)
        predictor.run()
        return [predictor.get_output_handle(name).copy_to_cpu() for name in predictor.get_output_names()]

    return run, str(paddle.__version__)
