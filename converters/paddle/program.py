"""One small graph for both generations of Paddle programs: plain records, no file and no ONNX.

The vocabulary of operators is PIR's, without the trailing underscore of in-place forms. Inputs and outputs
are slots in PIR's order; a slot holds the names of its values: none (optional input left out), one, or
several where Paddle takes a list of tensors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

Attribute = bool | int | float | str | tuple["Attribute", ...]
"""What an attribute may hold."""

Slot = tuple[str, ...]
"""Names of the values in one input or output of an operator."""


@dataclass(frozen=True)
class Value:
    """A tensor of the program.

    Attributes:
        name: unique in the program.
        dtype: Paddle's word, e.g. ``float32``; ``unknown`` where it is no plain tensor.
        shape: axis lengths, None where they depend on the input.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True)
class Operator:
    """A step of the program.

    Attributes:
        type: PIR's name of the operator, e.g. ``conv2d``.
        inputs: slots in PIR's order; may be shorter than the operator allows.
        outputs: slots in PIR's order.
        attributes: by PIR's names.
        location: where it stands in the file, for messages.
    """

    type: str
    inputs: tuple[Slot, ...]
    outputs: tuple[Slot, ...]
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    location: str = ""


@dataclass(frozen=True)
class Program:
    """A whole model without its weights' contents, or with them after :func:`with_parameters`.

    Attributes:
        values: all tensors by name.
        operators: in execution order.
        feeds: names of the values handed in.
        fetches: output name and value name of the results, in order.
        parameter_names: values that the parameter file holds, in the file's order.
        parameters: their contents; empty until they are read.
    """

    values: Mapping[str, Value]
    operators: tuple[Operator, ...]
    feeds: tuple[str, ...]
    fetches: tuple[tuple[str, str], ...]
    parameter_names: tuple[str, ...]
    parameters: Mapping[str, npt.NDArray[np.generic]] = field(default_factory=dict)

    @cached_property
    def used(self) -> frozenset[str]:
        """Names of the values that an operator or an output of the program takes."""
        taken = {name for each in self.operators for slot in each.inputs for name in slot}
        return frozenset(taken | {value for _, value in self.fetches})


def value_shape(dims: tuple[int, ...]) -> tuple[int | None, ...]:
    """Returns axis lengths with None for the ones that Paddle writes as a negative number."""
    return tuple(size if size >= 0 else None for size in dims)
