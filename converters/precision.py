"""A float32 graph to half precision: a model enters, one with half the weight and a report leave.

Inputs and outputs stay float32. What half precision would harm stays float32 as well: sums over many values
(softmax, normalisation, reductions, global pooling), powers and roots, recurrent layers, coordinates, the
last activation, and operators whose weights half precision cannot hold. Whether the result is good enough is
for ``verify`` to say.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper, shape_inference

from onnxocr.converters.half_rounding import with_rounded_values
from onnxocr.converters.verify import VerificationReport, verify_against_graph
from onnxocr.errors import ConversionError

Array: TypeAlias = npt.NDArray[Any]

TOLERANCE = 0.25
REQUIRED_AGREEMENT = 0.99
"""What ``verify`` asks of a half-precision graph. Single scores may move far where the network itself is
undecided (0.17 on one official recogniser), so it is the decisions that count."""

_logger = logging.getLogger(__name__)

_LARGEST = float(np.finfo(np.float16).max)
_SMALLEST = float(np.finfo(np.float16).tiny)
_STANDARD_DOMAINS = ("", "ai.onnx")

_ARITHMETIC = frozenset(
    {
        "Abs",
        "Add",
        "AveragePool",
        "BatchNormalization",
        "Clip",
        "Conv",
        "ConvTranspose",
        "Div",
        "Elu",
        "Gelu",
        "Gemm",
        "GlobalMaxPool",
        "HardSigmoid",
        "HardSwish",
        "LeakyRelu",
        "MatMul",
        "Max",
        "MaxPool",
        "Min",
        "Mish",
        "Mul",
        "Neg",
        "PRelu",
        "Relu",
        "Sigmoid",
        "Sub",
        "Tanh",
        "Where",
    }
)
"""Operators that are computed in half precision."""

_MOVING = frozenset(
    {
        "Concat",
        "DepthToSpace",
        "Expand",
        "Flatten",
        "Gather",
        "Identity",
        "Pad",
        "Reshape",
        "Resize",
        "Slice",
        "SpaceToDepth",
        "Split",
        "Squeeze",
        "Tile",
        "Transpose",
        "Unsqueeze",
    }
)
"""Operators that pass values on: they work in the precision of what they get."""

_LAST_ACTIVATIONS = frozenset({"Sigmoid", "HardSigmoid", "Tanh"})

_FULL_PRECISION_INPUTS: Mapping[str, frozenset[int]] = {"Resize": frozenset({1, 2})}
"""Inputs that hold coordinates, not pictures: region and scales of Resize."""

_BOUNDS = frozenset({"Clip", "Max", "Min", "Where", "Pad", "Add"})
"""Operators that take limits and masks: where those lie beyond the range, its end does the same."""

_MASK = -1e4
"""An addend below this is a mask that switches places off before a softmax."""

_CHANNEL_AXES: Mapping[str, tuple[int, int]] = {
    "Conv": (0, 1),
    "ConvTranspose": (0, 1),
    "Gemm": (-2, -1),
    "MatMul": (-2, -1),
}
"""Axes of the weights along which each place is a channel of the input or of the output."""

# Rounding costs up to 2^-11 of a number; more means that a channel's weights are too small for all digits.
_ROUNDING_LOSS = 2.0**-10


@dataclass(frozen=True)
class PrecisionReport:
    """What became of a graph.

    Attributes:
        half_nodes: nodes computed in half precision.
        kept: nodes left in float32, by operator.
        casts: conversions between the two that were put in.
        clipped: limits and masks beyond the range of half precision that were set to its end, by tensor.
        kept_for_weights: operators left in float32 because half precision cannot hold their weights.
        vanished: weights too small for half precision, now zero.
        bytes_before: size of the model.
        bytes_after: size of the converted model.
    """

    half_nodes: int
    kept: Mapping[str, int]
    casts: int
    clipped: Mapping[str, int]
    kept_for_weights: tuple[str, ...]
    vanished: int
    bytes_before: int
    bytes_after: int

    def __str__(self) -> str:
        kept = ", ".join(f"{count} {name}" for name, count in sorted(self.kept.items())) or "none"
        lines = [
            f"{self.half_nodes} nodes in half precision, {self.casts} casts put in, "
            f"{self.bytes_before / 1e6:.1f} -> {self.bytes_after / 1e6:.1f} MB",
            f"  in float32: {kept}",
        ]
        if self.vanished:
            lines.append(f"  {self.vanished} weights are too small for half precision and became zero")
        lines += [
            f"  {name}: {count} values set to the end of the range" for name, count in self.clipped.items()
        ]
        if self.kept_for_weights:
            lines.append(
                f"  {len(self.kept_for_weights)} of these because half precision cannot hold their weights"
            )
        return "\n".join(lines)


def to_half_precision(model: onnx.ModelProto) -> tuple[onnx.ModelProto, PrecisionReport]:
    """Returns the model with weights and arithmetic in half precision where that does no harm.

    Args:
        model: any ONNX model; it is not changed. Values of unknown type, subgraphs and operators of other
            domains are left in float32.

    Returns:
        The new model, with float32 inputs and outputs as before, and the report.
    """
    graph = _Graph.of(model)
    halves = _choose(graph)
    writer = _Writer(graph, halves)
    result = writer.write()
    everything = graph.model.graph.node
    kept: dict[str, int] = {}
    for number, node in enumerate(everything):
        if number not in halves and _reads_pictures(graph, node):
            kept[node.op_type] = kept.get(node.op_type, 0) + 1
    report = PrecisionReport(
        half_nodes=len(halves),
        kept=kept,
        casts=writer.casts,
        clipped=writer.clipped,
        kept_for_weights=tuple(graph.kept_for_weights),
        vanished=writer.vanished,
        bytes_before=model.ByteSize(),
        bytes_after=result.ByteSize(),
    )
    _logger.info("Half precision of %s: %s", model.graph.name, report)
    return result, report


def write_half_precision(source: Path, target: Path) -> PrecisionReport:
    """Writes the half-precision form of an ONNX file, with the metadata ``precision: fp16``.

    Args:
        source: an ONNX file in float32.
        target: the file to write, another one.
    """
    result, report = to_half_precision(onnx.load(source))
    entry = result.metadata_props.add()
    entry.key, entry.value = "precision", "fp16"
    target.write_bytes(result.SerializeToString())
    return report


def halve_in_place(graph: Path, *, verify: bool) -> tuple[PrecisionReport, tuple[VerificationReport, ...]]:
    """Replaces an ONNX file by its half-precision form, with the metadata ``precision: fp16``.

    Args:
        graph: an ONNX file in float32.
        verify: whether to compare first: the new graph as this machine computes it, and with every value
            rounded as a GPU would.

    Returns:
        What became of the graph, and the comparisons.

    Raises:
        ConversionError: a comparison failed; the file stays as it is.
    """
    beside = graph.with_name(f"{graph.stem}_half.onnx")
    try:
        report = write_half_precision(graph, beside)
        comparisons = _comparisons(beside, graph) if verify else ()
        failed = [comparison for comparison in comparisons if not comparison.passed]
        if failed:
            raise ConversionError(f"Half precision is too coarse for this model. {failed[0]}")
        beside.replace(graph)
    finally:
        beside.unlink(missing_ok=True)
    return report, comparisons


def _comparisons(half: Path, full: Path) -> tuple[VerificationReport, ...]:
    rounded = half.with_name(f"{half.stem}_rounded.onnx")
    try:
        rounded.write_bytes(with_rounded_values(onnx.load(half)).SerializeToString())
        return tuple(
            verify_against_graph(
                model, full, tolerance=TOLERANCE, required_agreement=REQUIRED_AGREEMENT, name=name
            )
            for model, name in (
                (half, "the graph in float32"),
                (rounded, "the graph in float32, every half-precision value rounded"),
            )
        )
    finally:
        rounded.unlink(missing_ok=True)


@dataclass
class _Graph:
    """A model whose constants are all initializers, with what is known about its values."""

    model: onnx.ModelProto
    types: Mapping[str, int]
    constants: dict[str, Array]
    pictures: set[str] = field(default_factory=set)
    kept_for_weights: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, model: onnx.ModelProto) -> _Graph:
        copy = onnx.ModelProto()
        copy.CopyFrom(model)
        _constants_to_initializers(copy.graph)
        inputs = {value.name for value in copy.graph.input}
        constants = {
            tensor.name: numpy_helper.to_array(tensor)
            for tensor in copy.graph.initializer
            if tensor.data_type == TensorProto.FLOAT
            and tensor.data_location != TensorProto.EXTERNAL
            and tensor.name not in inputs
        }
        types = _value_types(copy)
        graph = cls(copy, types, constants)
        graph.pictures = {value.name for value in copy.graph.input if graph.is_float(value.name)}
        for node in copy.graph.node:
            if _reads_pictures(graph, node):
                graph.pictures.update(name for name in node.output if graph.is_float(name))
        return graph

    def is_float(self, name: str) -> bool:
        return self.types.get(name) == TensorProto.FLOAT


def _constants_to_initializers(graph: onnx.GraphProto) -> None:
    others = []
    for node in graph.node:
        tensor = next((each.t for each in node.attribute if each.name == "value"), None)
        if node.op_type == "Constant" and tensor is not None:
            initializer = graph.initializer.add()
            initializer.CopyFrom(tensor)
            initializer.name = node.output[0]
        else:
            others.append(node)
    if len(others) < len(graph.node):
        copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in others]
        del graph.node[:]
        graph.node.extend(copies)


def _value_types(model: onnx.ModelProto) -> dict[str, int]:
    inferred = shape_inference.infer_shapes(model).graph
    values = [*inferred.input, *inferred.value_info, *inferred.output]
    types = {value.name: value.type.tensor_type.elem_type for value in values}
    types.update({tensor.name: tensor.data_type for tensor in model.graph.initializer})
    return types


def _reads_pictures(graph: _Graph, node: onnx.NodeProto) -> bool:
    """Whether a node works on what the inputs hold, not on constants or on sizes of values."""
    return any(name in graph.pictures for name in node.input)


def _choose(graph: _Graph) -> set[int]:
    """Returns the numbers of the nodes that work in half precision."""
    sensitive = _last_activations(graph.model.graph) | _coordinate_makers(graph.model.graph)
    halves: set[int] = set()
    half_values: set[str] = set()
    for number, node in enumerate(graph.model.graph.node):
        if not _is_convertible(graph, node) or number in sensitive:
            continue
        moves = node.op_type in _MOVING and any(name in half_values for name in node.input)
        if not moves and node.op_type not in _ARITHMETIC:
            continue
        if not _weights_fit(graph, node):
            graph.kept_for_weights.append(f"{node.op_type} {node.output[0]}")
            continue
        halves.add(number)
        half_values.update(name for name in node.output if graph.is_float(name))
    return halves


def _is_convertible(graph: _Graph, node: onnx.NodeProto) -> bool:
    return (
        node.domain in _STANDARD_DOMAINS
        and node.op_type in _ARITHMETIC | _MOVING
        and _reads_pictures(graph, node)
        and all(graph.is_float(name) for name in node.output if name)
    )


def _producers(graph: onnx.GraphProto) -> dict[str, int]:
    return {name: number for number, node in enumerate(graph.node) for name in node.output if name}


def _coordinate_makers(graph: onnx.GraphProto) -> set[int]:
    """Returns the numbers of the last nodes before the coordinates of GridSample, up to the last arithmetic.

    Half precision knows 2048 places from one side of a picture to the middle, less than a page has pixels.
    """
    producers = _producers(graph)
    waiting = [node.input[1] for node in graph.node if node.op_type == "GridSample"]
    found: set[int] = set()
    while waiting:
        number = producers.get(waiting.pop())
        if number is not None and number not in found:
            found.add(number)
            if graph.node[number].op_type in _MOVING:
                waiting.extend(graph.node[number].input)
    return found


def _last_activations(graph: onnx.GraphProto) -> set[int]:
    """Returns the numbers of activations that give an output, with nothing but moves behind them."""
    producers = _producers(graph)
    waiting = [value.name for value in graph.output]
    found: set[int] = set()
    while waiting:
        number = producers.get(waiting.pop())
        if number is None:
            continue
        node = graph.node[number]
        if node.op_type in _LAST_ACTIVATIONS:
            found.add(number)
        elif node.op_type in _MOVING:
            waiting.extend(node.input)
    return found


def _weights_fit(graph: _Graph, node: onnx.NodeProto) -> bool:
    for name in _half_inputs(graph, node):
        array = graph.constants.get(name)
        if array is None or array.size == 0:
            continue
        if node.op_type == "BatchNormalization" and not _survives(array):
            return False
        outside = _outside(array)
        if outside.any() and not _is_bound(node, array[outside]):
            return False
        if array.ndim >= 2 and not _keeps_digits(array, _CHANNEL_AXES.get(node.op_type, ())):
            return False
    return True


def _keeps_digits(weights: Array, axes: tuple[int, ...]) -> bool:
    """Whether rounding costs no channel more than a normal number's share of its largest weight."""
    error = np.abs(weights - weights.astype(np.float16).astype(weights.dtype))
    for axis in axes:
        others = tuple(index for index in range(weights.ndim) if index != axis % weights.ndim)
        largest = np.abs(weights).max(axis=others)
        if (error.max(axis=others) > _ROUNDING_LOSS * largest).any():
            return False
    return True


def _is_bound(node: onnx.NodeProto, outside: Array) -> bool:
    if node.op_type == "Add":
        return bool((outside < _MASK).all())
    return node.op_type in _BOUNDS


def _outside(array: Array) -> npt.NDArray[np.bool_]:
    return np.asarray(np.abs(array) > _LARGEST)


def _survives(array: Array) -> bool:
    """Whether no value gets lost or loses digits; variances often are tiny."""
    magnitude = np.abs(array[array != 0])
    return magnitude.size == 0 or bool(magnitude.min() >= _SMALLEST and magnitude.max() <= _LARGEST)


def _half_inputs(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    exempt = _FULL_PRECISION_INPUTS.get(node.op_type, frozenset[int]())
    return [name for index, name in enumerate(node.input) if index not in exempt and graph.is_float(name)]


class _Writer:
    """Writes the nodes anew; a value's own name always means float32, its half form has a name beside it."""

    def __init__(self, graph: _Graph, halves: set[int]) -> None:
        self._graph = graph
        self._halves = halves
        self._taken = set(graph.types)
        self._half_names: dict[str, str] = {}
        self._full = set(graph.types)
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []
        self.casts = 0
        self.vanished = 0
        self.clipped: dict[str, int] = {}

    def write(self) -> onnx.ModelProto:
        """Returns the model with all nodes rewritten."""
        source = self._graph.model
        for number, node in enumerate(source.graph.node):
            self._add(node, half=number in self._halves)
        for value in source.graph.output:
            self._require_full(value.name)
        result = onnx.ModelProto()
        result.CopyFrom(source)
        del result.graph.node[:]
        result.graph.node.extend(self._nodes)
        # Their types are no longer true; runtimes infer them anew.
        del result.graph.value_info[:]
        used = {name for node in self._nodes for name in _names_read(node)} | {
            value.name for value in source.graph.output
        }
        remaining = [tensor for tensor in source.graph.initializer if tensor.name in used]
        del result.graph.initializer[:]
        result.graph.initializer.extend([*remaining, *self._weights])
        return result

    def _add(self, node: onnx.NodeProto, *, half: bool) -> None:
        written = onnx.NodeProto()
        written.CopyFrom(node)
        if half:
            wanted = set(_half_inputs(self._graph, node))
            exempt = _FULL_PRECISION_INPUTS.get(node.op_type, frozenset[int]())
            for index, name in enumerate(node.input):
                if name in wanted and index not in exempt:
                    written.input[index] = self._half(name)
                else:
                    self._require_full(name)
            for index, name in enumerate(node.output):
                if name:
                    written.output[index] = self._name_half(name)
                    self._full.discard(name)
        else:
            for name in _names_read(node):
                self._require_full(name)
        self._nodes.append(written)

    def _half(self, name: str) -> str:
        """Returns the name of a value in half precision, which is made where it is first asked for."""
        if name in self._half_names:
            return self._half_names[name]
        half = self._name_half(name)
        array = self._graph.constants.get(name)
        if array is None:
            self._cast(name, half, TensorProto.FLOAT16)
        else:
            self._weights.append(numpy_helper.from_array(self._rounded(name, array), half))
        return half

    def _require_full(self, name: str) -> None:
        if name in self._half_names and name not in self._full:
            self._cast(self._half_names[name], name, TensorProto.FLOAT)
            self._full.add(name)

    def _rounded(self, name: str, array: Array) -> Array:
        outside = int(np.count_nonzero(_outside(array)))
        if outside:
            self.clipped[name] = outside
        rounded = np.clip(array, -_LARGEST, _LARGEST).astype(np.float16)
        self.vanished += int(np.count_nonzero((rounded == 0) & (array != 0)))
        return rounded

    def _name_half(self, name: str) -> str:
        half = f"{name}_half"
        while half in self._taken:
            half += "_"
        self._taken.add(half)
        self._half_names[name] = half
        return half

    def _cast(self, source: str, target: str, kind: int) -> None:
        self._nodes.append(helper.make_node("Cast", [source], [target], name=f"{target}_cast", to=kind))
        self.casts += 1


def _names_read(node: onnx.NodeProto) -> Iterable[str]:
    """Returns the names of all values that a node reads, those that its subgraphs capture included."""
    names = list(node.input)
    for attribute in node.attribute:
        for graph in [*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])]:
            names += [value.name for value in graph.output]
            names += [name for inner in graph.node for name in _names_read(inner)]
    return names
