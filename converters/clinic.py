"""The model clinic: an ONNX file of unknown health enters, findings with remedies leave. Changes nothing.

Meant for fine-tuned exports: does the file load, does its charset fit, can its axes change, is it slower than
it has to be and why.
"""

from __future__ import annotations

import shlex
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from onnxocr.arrays import Tensor
from onnxocr.config import RuntimeConfig
from onnxocr.converters.clinic_speed import cached_relative, median_times_ms
from onnxocr.converters.optimize import OptimizationReport, optimize_model
from onnxocr.converters.plain_weights import TINY, is_tiny
from onnxocr.converters.sample_inputs import sample_feeds
from onnxocr.errors import (
    BackendError,
    CharsetError,
    ConversionError,
    MissingDependencyError,
    ModelFileError,
)
from onnxocr.runtime.model_file import check_model_file
from onnxocr.runtime.onnx_metadata import OnnxHeader
from onnxocr.runtime.opening import open_session
from onnxocr.runtime.session import Session
from onnxocr.zoo.charset import load_charset
from onnxocr.zoo.local import local_model_files
from onnxocr.zoo.manifest import TASKS
from onnxocr.zoo.model_files import ModelFiles

OK, ADVICE, PROBLEM = "ok", "advice", "problem"

OLDEST_RUNTIME = "ONNX Runtime 1.17"
OLDEST_RUNTIME_OPSET = 20
OLDEST_RUNTIME_IR = 9
"""What the oldest supported runtime reads (it was built with ONNX 1.15)."""

SMALLEST_NORMAL = float(np.finfo(np.float32).tiny)

_MANY_TINY_WEIGHTS = 100
_NOTABLY_SLOWER = 1.2
_NOTABLY_FASTER = 0.9
_LEFTOVERS = ("BatchNormalization", "Identity", "Dropout", "Constant", "Cast")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        topic: what was looked at.
        verdict: ``ok``, ``advice`` (it works, but could be better) or ``problem`` (it will not work).
        message: what was seen.
        remedy: what to do, None if nothing.
    """

    topic: str
    verdict: str
    message: str
    remedy: str | None = None


@dataclass(frozen=True)
class ClinicReport:
    """The state of a model file.

    Attributes:
        model: the graph that was looked at.
        task: the zoo's task that it seems to be for, None if it looks like none of them.
        findings: what was seen, in the order of looking.
    """

    model: Path
    task: str | None
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> str:
        """The worst verdict of all findings."""
        verdicts = {finding.verdict for finding in self.findings}
        return next(each for each in (PROBLEM, ADVICE, OK) if each in verdicts or each == OK)

    def as_dict(self) -> dict[str, Any]:
        """Returns the report as plain values, for JSON."""
        return {
            "model": str(self.model),
            "task": self.task,
            "verdict": self.verdict,
            "findings": [asdict(finding) for finding in self.findings],
        }

    def __str__(self) -> str:
        lines = [f"{self.model} ({self.task or 'of no known task'})"]
        for finding in self.findings:
            lines.append(f"{finding.verdict:>8}  {finding.topic}: {finding.message}")
            if finding.remedy:
                lines.append(f"{'':>8}  -> {finding.remedy}")
        closing = {
            OK: "Healthy.",
            ADVICE: "Works, but could be better: see the arrows.",
            PROBLEM: "Will not work as it is: see the arrows.",
        }
        return "\n".join([*lines, closing[self.verdict]])


@dataclass(frozen=True)
class _Patient:
    """All that the checks look at."""

    files: ModelFiles
    header: OnnxHeader
    session: Session
    model: onnx.ModelProto
    task: str | None
    feeds: Mapping[str, Tensor]
    outputs: tuple[Tensor, ...]


def check_model(path: Path) -> ClinicReport:
    """Returns what can be said about an ONNX model without knowing where it comes from.

    Args:
        path: an ``.onnx`` file, or a folder with ``inference.onnx``.

    Raises:
        ModelFileError: there is no such file, or the folder holds no ONNX model.
        MissingDependencyError: no runtime is installed.
    """
    files = local_model_files(path)
    try:
        header = check_model_file(files.model)
        session = open_session(files.model, RuntimeConfig(device="cpu"))
    except MissingDependencyError:
        raise
    except (ModelFileError, BackendError) as error:
        return ClinicReport(files.model, None, (Finding("loading", PROBLEM, str(error), _EXPORT_AGAIN),))
    try:
        return _examine(files, header, session)
    finally:
        session.close()


_EXPORT_AGAIN = "export or fetch the model again; a Paddle model: onnxocr convert FOLDER -o NEW_FOLDER"


def _examine(files: ModelFiles, header: OnnxHeader, session: Session) -> ClinicReport:
    info = session.info
    findings = [Finding("loading", OK, f"opens in {info.backend} {info.version}"), _versions(header)]
    try:
        feeds = _picture(session)
        outputs = tuple(session.run(feeds).values())
    except (ConversionError, BackendError) as error:
        # Nothing else can be said about a graph that takes something else than a picture.
        kind = ADVICE if isinstance(error, ConversionError) else PROBLEM
        return ClinicReport(files.model, None, (*findings, Finding("running", kind, str(error))))
    task = _task(session, outputs[0])
    patient = _Patient(files, header, session, onnx.load(files.model), task, feeds, outputs)
    findings += [_running(patient), *_charset(patient), *_axes(patient), _weights(patient)]
    findings += _graph_and_speed(patient)
    return ClinicReport(files.model, task, tuple(findings))


def _versions(header: OnnxHeader) -> Finding:
    opset, ir_version = header.opsets.get("", header.opsets.get("ai.onnx", 0)), header.ir_version
    message = f"operator set {opset}, file format {ir_version}"
    others = sorted(domain for domain in header.opsets if domain not in ("", "ai.onnx", "ai.onnx.ml"))
    if others:
        message += f", operators of {', '.join(others)}"
    if opset > OLDEST_RUNTIME_OPSET or ir_version > OLDEST_RUNTIME_IR:
        message += (
            f" (too new for {OLDEST_RUNTIME}, the oldest supported runtime, which reads up to operator set "
            f"{OLDEST_RUNTIME_OPSET} and file format {OLDEST_RUNTIME_IR})"
        )
    return Finding("versions", OK, message)


def _picture(session: Session) -> dict[str, Tensor]:
    """Returns the largest single sample picture."""
    samples = sample_feeds(session.inputs, output_rank=len(session.outputs[0].shape))
    fewest = min(next(iter(sample.values())).shape[0] for sample in samples)
    single = [sample for sample in samples if next(iter(sample.values())).shape[0] == fewest]
    return max(single, key=lambda sample: next(iter(sample.values())).size)


def _task(session: Session, output: Tensor) -> str | None:
    stated = session.metadata.get("task")
    if stated in TASKS:
        return stated
    if output.ndim == 4:
        return {1: "text_detection", 3: "doc_unwarping"}.get(output.shape[1])
    if output.ndim == 2:
        return {2: "textline_orientation", 4: "doc_orientation"}.get(output.shape[1])
    return "text_recognition" if output.ndim == 3 else None


def _running(patient: _Patient) -> Finding:
    shapes = ", ".join("x".join(map(str, array.shape)) for array in patient.feeds.values())
    broken = [array for array in patient.outputs if not np.isfinite(array).all()]
    if broken:
        return Finding(
            "running",
            PROBLEM,
            f"a picture of {shapes} gives infinite values or none at all (NaN)",
            "train or export again: the weights are damaged, or half precision was too small for them",
        )
    given = ", ".join("x".join(map(str, array.shape)) for array in patient.outputs)
    return Finding("running", OK, f"{shapes} gives {given}")


def _charset(patient: _Patient) -> Iterator[Finding]:
    if patient.task != "text_recognition":
        return
    classes = patient.outputs[0].shape[-1]
    wanted = f"put the training dictionary beside the graph as charset.txt, {classes - 2} entries, one a line"
    try:
        characters = load_charset(patient.files, patient.session.metadata)
    except CharsetError as error:
        yield Finding("charset", PROBLEM, str(error), wanted)
        return
    if len(characters) + 2 == classes:
        yield Finding("charset", OK, f"{len(characters)} characters, blank and space fit {classes} classes")
        return
    hint = ""
    if len(characters) + 1 == classes:
        hint = "; it looks as if it was trained without the space (use_space_char: false)"
    yield Finding(
        "charset",
        PROBLEM,
        f"{len(characters)} characters, blank and space make {len(characters) + 2}, but the graph has "
        f"{classes} classes: the text would be garbled{hint}",
        wanted,
    )


def _axes(patient: _Patient) -> Iterator[Finding]:
    spec = patient.session.inputs[0]
    batch, _, height, width = spec.shape
    fixed = [name for name, size in (("batch", batch), ("height", height), ("width", width)) if size]
    may_be_fixed = {"text_detection": set[str](), "text_recognition": {"height"}}
    allowed = may_be_fixed.get(patient.task or "", {"height", "width"})
    wrong = [name for name in fixed if name not in allowed]
    shape = "x".join("?" if size is None else str(size) for size in spec.shape)
    if not wrong:
        yield Finding("axes", OK, f"input {spec.name} takes {shape}")
        return
    effects = {
        "batch": f"{batch} at a time only",
        "height": "pages are squeezed to one size",
        "width": "long lines are squeezed" if patient.task == "text_recognition" else "one size only",
    }
    told = "; ".join(f"{name} is fixed ({effects[name]})" for name in wrong)
    yield Finding(
        "axes",
        ADVICE,
        f"input {spec.name} takes {shape}: {told}",
        "convert the Paddle model again (onnxocr convert keeps axes free), or export with dynamic axes",
    )


def _weights(patient: _Patient) -> Finding:
    total = denormal = tiny = broken = 0
    for array in _float_weights(patient.model):
        magnitude = np.abs(array)
        total += array.size
        broken += int(np.count_nonzero(~np.isfinite(array)))
        tiny += int(np.count_nonzero(is_tiny(array)))
        denormal += int(np.count_nonzero((magnitude < SMALLEST_NORMAL) & (magnitude > 0)))
    message = f"{total:,} weights, {denormal:,} denormal, {tiny:,} below {TINY:g}"
    if broken:
        return Finding("weights", PROBLEM, f"{message}, {broken:,} not finite", "train or export again")
    if tiny >= _MANY_TINY_WEIGHTS:
        return Finding(
            "weights",
            ADVICE,
            f"{message}: processors compute with them many times slower, and they change no result",
            _optimize_command(patient.files.model),
        )
    return Finding("weights", OK, message)


def _float_weights(model: onnx.ModelProto) -> Iterator[npt.NDArray[np.float32]]:
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT:
            yield numpy_helper.to_array(tensor)
    for node in model.graph.node:
        for attribute in node.attribute:
            if node.op_type == "Constant" and attribute.t.data_type == onnx.TensorProto.FLOAT:
                yield numpy_helper.to_array(attribute.t)


def _graph_and_speed(patient: _Patient) -> Iterator[Finding]:
    """Yields what rewriting would change, and how fast the graph is before, after and beside the zoo's."""
    model = patient.files.model
    optimized, rewrites = optimize_model(patient.model)
    relative = cached_relative(patient.model, patient.task) if patient.task else None
    with tempfile.TemporaryDirectory(prefix="onnxocr-clinic-") as folder:
        models = {"own": model}
        if rewrites.changed:
            models["optimized"] = Path(folder) / "optimized.onnx"
            models["optimized"].write_bytes(optimized.SerializeToString())
        if relative is not None:
            models["zoo"] = relative.model
        times = dict(zip(models, median_times_ms(list(models.values()), patient.feeds), strict=True))
    message, gain = _node_counts(patient.model), f"{times['own']:.1f} ms a picture"
    if rewrites.changed:
        message += f"; optimising leaves {rewrites.nodes_after} ({_changes(rewrites)})"
        gain += f", {times['optimized']:.1f} ms if optimised"
    worth_it = times.get("optimized", times["own"]) <= _NOTABLY_FASTER * times["own"]
    verdict, remedy = (ADVICE, _optimize_command(model)) if worth_it else (OK, None)
    yield Finding("graph", verdict, message, remedy)
    yield Finding("speed", verdict, gain, remedy)
    if relative is not None:
        same = relative.model.read_bytes() == model.read_bytes()
        yield _the_zoos(relative.name) if same else _beside_zoo(relative.name, times["own"], times["zoo"])


def _node_counts(model: onnx.ModelProto) -> str:
    counts = Counter(node.op_type for node in model.graph.node)
    leftovers = ", ".join(f"{counts[name]} {name}" for name in _LEFTOVERS if counts[name])
    return f"{len(model.graph.node)} nodes" + (f", among them {leftovers}" if leftovers else "")


def _changes(report: OptimizationReport) -> str:
    return ", ".join(f"{name} {count}" for name, count in report.changes.items())


def _the_zoos(name: str) -> Finding:
    return Finding(
        "speed beside the zoo",
        OK,
        f"this is the zoo's {name} itself, which is optimised when it is first used",
    )


def _beside_zoo(name: str, own: float, zoo: float) -> Finding:
    message = f"{own:.1f} ms, the zoo's {name} of the same architecture, as fetched, {zoo:.1f} ms"
    if own > _NOTABLY_SLOWER * zoo:
        return Finding(
            "speed beside the zoo",
            ADVICE,
            f"{message}: {own / zoo:.2f} times slower",
            "look at weights and graph above; if these are well, measure again on an idle machine",
        )
    return Finding("speed beside the zoo", OK, message)


def _optimize_command(model: Path) -> str:
    return f"onnxocr convert optimize {shlex.quote(str(model))}"
