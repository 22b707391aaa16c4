"""A Paddle operator with the graph's names of its inputs: what the function of an operator reads from.

Attributes are read with the type they must have; what is missing or of another type is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from onnxocr.converters.ops.builder import GraphBuilder
from onnxocr.converters.paddle.dtypes import NUMPY_TYPES
from onnxocr.converters.paddle.program import Attribute, Operator, Program
from onnxocr.errors import ConversionError

_LARGEST = 2**63 - 1


@dataclass(frozen=True)
class OperatorView:
    """One operator of a program that is being converted."""

    operator: Operator
    program: Program
    names: Mapping[str, str]
    graph: GraphBuilder

    def input(self, slot: int) -> str:
        """Returns the graph's name of the value in a slot that must hold exactly one."""
        names = self.inputs(slot)
        if len(names) != 1:
            raise ConversionError(f"{self.place} has {len(names)} values in input {slot} instead of one.")
        return names[0]

    def optional(self, slot: int) -> str | None:
        """Returns the graph's name of the value in a slot that may be empty."""
        return self.input(slot) if self.inputs(slot) else None

    def inputs(self, slot: int) -> list[str]:
        """Returns the graph's names of the values in a slot."""
        members = self.operator.inputs[slot] if slot < len(self.operator.inputs) else ()
        missing = [name for name in members if name not in self.names]
        if missing:
            raise ConversionError(f"{self.place} uses {missing[0]!r}, which the converter does not compute.")
        return [self.names[name] for name in members]

    def shape(self, slot: int, member: int = 0) -> tuple[int | None, ...]:
        """Returns axis lengths of an input, None where they depend on the graph's inputs."""
        return self.program.values[self.operator.inputs[slot][member]].shape

    def rank(self, slot: int) -> int:
        """Returns the number of axes of an input."""
        return len(self.shape(slot))

    def dtype(self, slot: int) -> np.dtype[np.generic]:
        """Returns the element type that an input has in the graph."""
        return graph_dtype(self.program.values[self.operator.inputs[slot][0]].dtype)

    def result_shape(self, slot: int = 0) -> tuple[int | None, ...]:
        """Returns axis lengths of an output."""
        return self.program.values[self.operator.outputs[slot][0]].shape

    def result_dtype(self, slot: int = 0) -> np.dtype[np.generic]:
        """Returns the element type that an output has in the graph."""
        return graph_dtype(self.program.values[self.operator.outputs[slot][0]].dtype)

    def is_used(self, slot: int) -> bool:
        """Returns whether anything in the program needs an output."""
        members = self.operator.outputs[slot] if slot < len(self.operator.outputs) else ()
        return any(name in self.program.used for name in members)

    def axis(self, axis: int, slot: int = 0) -> int:
        """Returns an axis counted from the front.

        Raises:
            ConversionError: the input has no such axis.
        """
        rank = self.rank(slot)
        if not -rank <= axis < max(rank, 1):
            raise ConversionError(f"{self.place} works on axis {axis} of {rank}.")
        return axis % rank if rank else 0

    def has(self, name: str) -> bool:
        """Returns whether the attribute is given."""
        return name in self.operator.attributes

    def integer(self, name: str, default: int | None = None) -> int:
        """Returns a whole number."""
        value = self._attribute(name, default)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or abs(value) > _LARGEST:
            raise self._wrong(name, value, "a whole number")
        return int(value)

    def number(self, name: str, default: float | None = None) -> float:
        """Returns a number."""
        value = self._attribute(name, default)
        if not isinstance(value, int | float):
            raise self._wrong(name, value, "a number")
        return float(value)

    def flag(self, name: str, default: bool | None = None) -> bool:
        """Returns a yes or no."""
        value = self._attribute(name, default)
        if not isinstance(value, bool | int):
            raise self._wrong(name, value, "true or false")
        return bool(value)

    def text(self, name: str, default: str | None = None) -> str:
        """Returns a text."""
        value = self._attribute(name, default)
        if not isinstance(value, str):
            raise self._wrong(name, value, "a text")
        return value

    def integers(self, name: str, default: tuple[int, ...] | None = None) -> list[int]:
        """Returns a list of whole numbers; one alone counts as a list of one."""
        value = self._attribute(name, default)
        members = value if isinstance(value, tuple) else (value,)
        numbers = [int(each) for each in members if isinstance(each, int | float) and _is_whole(each)]
        if len(numbers) != len(members):
            raise self._wrong(name, value, "whole numbers")
        return numbers

    def numbers(self, name: str, default: tuple[float, ...] | None = None) -> list[float]:
        """Returns a list of numbers; one alone counts as a list of one."""
        value = self._attribute(name, default)
        members = value if isinstance(value, tuple) else (value,)
        numbers = [float(each) for each in members if isinstance(each, int | float)]
        if len(numbers) != len(members):
            raise self._wrong(name, value, "numbers")
        return numbers

    def known_integers(self, slot: int, attribute: str = "") -> list[int] | None:
        """Returns whole numbers that stand in an input or, if there is none, in an attribute.

        Returns None if they depend on the graph's inputs, an empty list if they are not given at all.
        """
        name = self.optional(slot)
        if name is None:
            return self.integers(attribute, ()) if attribute else []
        known = self.graph.known(name)
        return None if known is None else [int(each) for each in known.ravel().tolist()]

    def fixed_integers(self, slot: int, attribute: str = "") -> list[int]:
        """Returns whole numbers as :meth:`known_integers`, which must not depend on the graph's inputs."""
        numbers = self.known_integers(slot, attribute)
        if numbers is None:
            raise ConversionError(
                f"{self.place} takes {attribute or f'input {slot}'} from a computed value; "
                "only a constant can be converted."
            )
        return numbers

    def fixed_number(self, slot: int, attribute: str, default: float) -> float:
        """Returns one number from an input or an attribute, which must not depend on the graph's inputs."""
        name = self.optional(slot)
        if name is None:
            return self.number(attribute, default)
        known = self.graph.known(name)
        if known is None or known.size != 1:
            raise ConversionError(f"{self.place} takes {attribute} from a computed value.")
        return float(known.ravel()[0])

    def require(self, condition: bool, trouble: str) -> None:
        """Raises a ConversionError that names the operator unless the condition holds."""
        if not condition:
            raise ConversionError(f"{self.place} {trouble}.")

    @property
    def place(self) -> str:
        """Where the operator stands, to begin a message with."""
        location = self.operator.location
        return location[:1].upper() + location[1:]

    def _attribute(self, name: str, default: Attribute | None) -> Attribute:
        value = self.operator.attributes.get(name, default)
        if value is None:
            raise ConversionError(f"{self.place} has no attribute {name}.")
        return value

    def _wrong(self, name: str, value: object, wanted: str) -> ConversionError:
        return ConversionError(f"{self.place}: attribute {name} is {value!r} instead of {wanted}.")


def _is_whole(value: float) -> bool:
    return abs(value) <= _LARGEST and value == value // 1


def graph_dtype(word: str) -> np.dtype[np.generic]:
    """Returns the element type in the graph of a Paddle type; int32 is int64 there."""
    if word not in NUMPY_TYPES:
        raise ConversionError(f"Element type {word!r} cannot be converted.")
    dtype = NUMPY_TYPES[word]
    return np.dtype(np.int64) if dtype == np.int32 else dtype
