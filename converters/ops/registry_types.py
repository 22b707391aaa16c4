"""What the function of an operator takes and gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from onnxocr.converters.ops.operator_view import OperatorView

Results: TypeAlias = str | Sequence[str]
"""The graph's name of the only output, or the names of the outputs in order; those behind may be missing."""

OperatorFunction: TypeAlias = Callable[[OperatorView], Results]
"""Adds the nodes of one operator to the graph and returns the names of its results."""
