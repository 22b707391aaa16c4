"""The table from Paddle's operators to the functions that convert them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from onnxocr.converters.ops import (
    activation,
    convolution,
    creation,
    elementwise,
    indexing,
    interpolation,
    matmul,
    normalization,
    padding,
    pooling,
    recurrent,
    reduction,
    shape,
)
from onnxocr.converters.ops.registry_types import OperatorFunction

_GROUPS = (
    activation,
    convolution,
    creation,
    elementwise,
    indexing,
    interpolation,
    matmul,
    normalization,
    padding,
    pooling,
    recurrent,
    reduction,
    shape,
)


def merged(groups: Iterable[Mapping[str, OperatorFunction]]) -> Mapping[str, OperatorFunction]:
    """Returns one table of all groups.

    Raises:
        ValueError: two groups convert the same operator.
    """
    table: dict[str, OperatorFunction] = {}
    for group in groups:
        double = sorted(table.keys() & group.keys())
        if double:
            raise ValueError(f"Two functions convert {', '.join(double)}.")
        table.update(group)
    return MappingProxyType(table)


OPERATORS: Mapping[str, OperatorFunction] = merged(group.OPERATORS for group in _GROUPS)
