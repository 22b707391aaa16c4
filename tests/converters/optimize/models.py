"""Small ONNX models as text, run by ONNX Runtime without its own rewrites."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import numpy_helper, parser

from onnxocr.converters.optimize.dead_code import remove_dead_code
from onnxocr.converters.optimize.graph import Graph

Array = npt.NDArray[Any]


def model(text: str, opset: int = 17, /, **constants: Array) -> onnx.ModelProto:
    """A model from the text form of a graph, with the constants as its weights."""
    parsed = parser.parse_model(f'<ir_version: 8, opset_import: ["" : {opset}]>\n{text}')
    for name, array in constants.items():
        parsed.graph.initializer.append(numpy_helper.from_array(array, name))
    onnx.checker.check_model(parsed)
    return parsed


def constants_in(text: str, constants: Mapping[str, Array]) -> dict[str, Array]:
    """Those constants that a text names."""
    words = re.findall(r"\w+", text)
    return {name: array for name, array in constants.items() if name in words}


def rewritten(
    original: onnx.ModelProto, *rewrites: Callable[[Graph], int]
) -> tuple[onnx.ModelProto, list[int]]:
    """The model after rewrites and the removal of dead nodes, and what each rewrite counted."""
    graph = Graph(original)
    counts = [rewrite(graph) for rewrite in rewrites]
    remove_dead_code(graph)
    result = graph.to_model()
    onnx.checker.check_model(result)
    return result, counts


def operators(graph_model: onnx.ModelProto) -> list[str]:
    """Operators in running order."""
    return [node.op_type for node in graph_model.graph.node]


def run(graph_model: onnx.ModelProto, **feeds: Array) -> list[Array]:
    """The outputs of a model."""
    # ONNX's own reference evaluator gives wrong results for BatchNormalization of operator set 12.
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(graph_model.SerializeToString(), options)
    outputs: list[Array] = session.run(None, feeds)
    return outputs


def assert_same_outputs(before: onnx.ModelProto, after: onnx.ModelProto, **feeds: Array) -> None:
    """Both models give the same within float32 rounding, and something that varies."""
    for expected, actual in zip(run(before, **feeds), run(after, **feeds), strict=True):
        assert expected.dtype == actual.dtype
        np.testing.assert_allclose(actual, expected, rtol=2e-5, atol=2e-6)
        assert expected.size < 2 or np.ptp(expected) > 0


def floats(*numbers: float) -> Array:
    """A vector of float32."""
    return np.array(numbers, np.float32)


def ints(*numbers: int) -> Array:
    """A vector of int64."""
    return np.array(numbers, np.int64)


def noise(*shape: int, seed: int = 0) -> Array:
    """Standard normal float32 numbers, the same on every run."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
