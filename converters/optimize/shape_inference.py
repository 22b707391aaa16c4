"""Shapes of the values of a model, inferred without its weights.

A model whose large weights were replaced by inputs goes in, a table from value names to shapes comes out.
ONNX's inference serialises what it is given and would otherwise hold a large model several times.
"""

from __future__ import annotations

from typing import TypeAlias

import onnx
from onnx import shape_inference

ValueShape: TypeAlias = tuple[int | str | None, ...] | None
"""Sizes in order: a number, the name of a dynamic size, or None; no tuple if even the rank is unknown."""


def infer_value_shapes(skeleton: onnx.ModelProto) -> dict[str, ValueShape]:
    """Returns the shape of every value whose type ONNX can infer; an empty table if it refuses the model."""
    try:
        inferred = shape_inference.infer_shapes(skeleton, data_prop=True)
    except (
        Exception
    ):  # any complaint means that nothing is known; the rewrites that need shapes then stay off
        return {}
    values = (*inferred.graph.value_info, *inferred.graph.input, *inferred.graph.output)
    return {value.name: _shape_of(value) for value in values}


def _shape_of(value: onnx.ValueInfoProto) -> ValueShape:
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        return None
    return tuple(_size_of(dimension) for dimension in tensor.shape.dim)


def _size_of(dimension: onnx.TensorShapeProto.Dimension) -> int | str | None:
    if dimension.HasField("dim_value"):
        return int(dimension.dim_value)
    return dimension.dim_param or None
