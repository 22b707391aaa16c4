"""All rewrites in order, on a model in memory or in a file.

A model goes in and stays as it is; the rewritten one and a report come out. Names of inputs and outputs,
dynamic sizes and metadata are kept.
"""

from __future__ import annotations

import contextlib
import logging
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np
import onnx
from google.protobuf.message import DecodeError, EncodeError  # type: ignore[import-untyped]

from onnxocr.converters.optimize.affine_folding import fold_batch_norms, fold_scales_and_shifts
from onnxocr.converters.optimize.affine_sinking import sink_scales_and_shifts
from onnxocr.converters.optimize.channel_shifts import write_shifts_as_batch_norms
from onnxocr.converters.optimize.constant_folding import fold_constants
from onnxocr.converters.optimize.dead_code import remove_dead_code
from onnxocr.converters.optimize.duplicate_constants import merge_duplicate_constants
from onnxocr.converters.optimize.gated_residual import merge_gated_residuals
from onnxocr.converters.optimize.graph import Graph
from onnxocr.converters.optimize.hard_activations import merge_hard_sigmoids, merge_hard_swishes
from onnxocr.converters.optimize.identity_removal import remove_identities
from onnxocr.converters.optimize.operator_set import raise_opset_for_hard_swish
from onnxocr.converters.optimize.report import OptimizationReport
from onnxocr.converters.optimize.shape_folding import fold_shapes
from onnxocr.converters.optimize.tiny_weights import zero_tiny_weights
from onnxocr.converters.optimize.view_chains import merge_view_chains
from onnxocr.errors import ModelFileError, OutputError

_logger = logging.getLogger(__name__)

Rewrite: TypeAlias = Callable[[Graph], int]

REWRITES: Mapping[str, Rewrite] = {
    "constants folded": fold_constants,
    "identities removed": remove_identities,
    "shapes folded": fold_shapes,
    "views merged": merge_view_chains,
    # Before scales and shifts: these would take the activations' own additions and divisions apart.
    "operator set raised": raise_opset_for_hard_swish,
    "hard swishes merged": merge_hard_swishes,
    "hard sigmoids merged": merge_hard_sigmoids,
    "batch norms folded": fold_batch_norms,
    "scales and shifts folded": fold_scales_and_shifts,
    "gated residuals merged": merge_gated_residuals,
    "scales and shifts sunk": sink_scales_and_shifts,
    "dead nodes removed": remove_dead_code,
}
"""Rewrites that open work for each other; repeated until none of them finds anything."""

FINAL_REWRITES: Mapping[str, Rewrite] = {
    # What is left of them when everything that fits has gone into weights.
    "shifts written as batch norms": write_shifts_as_batch_norms,
    # Folding makes new weights, some of them tiny.
    "tiny weights set to zero": zero_tiny_weights,
    "duplicate constants merged": merge_duplicate_constants,
    "dead nodes removed": remove_dead_code,
}
"""Rewrites of what the others leave; run once, in this order."""

_MAX_ROUNDS = 20
_PADDLE_ENDINGS = (".json", ".pdmodel")

# What reading a graph raises where attributes, shapes or weights are missing, too short or of the wrong kind.
# NotImplementedError, which onnx raises for tensors that it cannot convert, is a RuntimeError.
_DAMAGE = (ValueError, TypeError, IndexError, KeyError, AttributeError, ArithmeticError, RuntimeError)


def optimize_model(
    model: onnx.ModelProto, *, rewrites: Mapping[str, Rewrite] = REWRITES
) -> tuple[onnx.ModelProto, OptimizationReport]:
    """Returns a faster model that computes the same, and what was changed.

    Args:
        model: any ONNX model; it is not changed. Tensors in external files, subgraphs and nodes of other
            operator sets are left alone.
        rewrites: what to do; the default is everything that measurements showed to help.

    Returns:
        A new model and the report.
    """
    graph = Graph(model)
    changes: dict[str, int] = {}
    # Numbers beyond float32 are looked for where they would be stored.
    with np.errstate(all="ignore"):
        for _ in range(_MAX_ROUNDS):
            if not _apply(graph, rewrites, changes):
                break
            graph.forget_unknown_shapes()
        _apply(graph, FINAL_REWRITES, changes)
        optimized = graph.to_model()
    report = OptimizationReport(len(model.graph.node), len(optimized.graph.node), changes)
    _logger.info("Optimised graph %s: %s", model.graph.name, report)
    return optimized, report


def optimize_file(source: Path, target: Path) -> OptimizationReport:
    """Writes a faster model that computes the same as the one in a file.

    Args:
        source: an ONNX file.
        target: where the result goes; may be the source itself. It is written beside and renamed, so that
            a reader finds the former file or the whole new one.

    Returns:
        What was changed.

    Raises:
        ModelFileError: the source is missing or no ONNX model, or its weights lie in files elsewhere.
        OutputError: the target cannot be written.
    """
    model = _load(source)
    if target.parent.resolve() != source.parent.resolve() and _has_external_data(model):
        raise ModelFileError(
            f"{source} keeps weights in other files beside it, which {target} would not find; "
            f"write the result into {source.parent}, or save the model as one file first."
        )
    try:
        optimized, report = optimize_model(model)
    except _DAMAGE as error:
        raise ModelFileError(
            f"{source} is damaged: its graph contradicts itself ({type(error).__name__}: {error}); "
            "fetch or export it again."
        ) from error
    del model
    beside = target.parent / f".{target.name}.{uuid.uuid4().hex}"
    try:
        beside.write_bytes(optimized.SerializeToString())
        beside.replace(target)
    except (OSError, ValueError, EncodeError) as error:
        raise OutputError(
            f"The optimised form of {source} could not be written to {target}: {error}"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()
    return report


def _load(path: Path) -> onnx.ModelProto:
    # onnx.load would take the file's ending for its format, and fail in another way for each.
    model = onnx.ModelProto()
    try:
        model.ParseFromString(path.read_bytes())
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error}") from error
    except DecodeError as error:
        remedy = "fetch or export it again"
        if path.suffix in _PADDLE_ENDINGS:
            remedy = f"for a Paddle model: onnxocr convert {path.parent} -o FOLDER"
        raise ModelFileError(f"{path} is no ONNX model, or it is cut off ({error}); {remedy}.") from error
    # A model may hand an input straight on, but one without outputs computes nothing.
    if not model.graph.node and not model.graph.output:
        raise ModelFileError(
            f"{path} is no ONNX model: it holds no nodes and no outputs. Fetch or export it again."
        )
    return model


def _has_external_data(model: onnx.ModelProto) -> bool:
    return any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in model.graph.initializer)


def _apply(graph: Graph, rewrites: Mapping[str, Rewrite], changes: dict[str, int]) -> bool:
    changed = False
    for name, rewrite in rewrites.items():
        count = rewrite(graph)
        if count:
            changes[name] = changes.get(name, 0) + count
            changed = True
    return changed
