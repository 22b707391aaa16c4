"""``inference.json``, the program format of Paddle 3 (PIR): JSON enters, a :class:`Program` leaves.

The file is a tree of regions and blocks. An operator has ``#`` (its name behind the number of its dialect: 0
the builtin one, 1 Paddle's operators), ``A`` attributes, ``I`` operand ids, ``O`` results with types; ``p``
is a parameter. Programs with control flow have further regions, which no OCR model has: their operators stay
in the graph by name and are reported as not supported when it is converted.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from onnxocr.converters.paddle.dtypes import PIR_TYPES
from onnxocr.converters.paddle.params import map_file
from onnxocr.converters.paddle.program import Attribute, Operator, Program, Slot, Value, value_shape
from onnxocr.errors import ModelFileError

_MAX_BYTES = 32 * 1024**2
_NOTHING_ID = 0
_STATE_ENDING = "__non_persistable"
_SPECIAL_NUMBERS = {"NaN": math.nan, "INF": math.inf, "-INF": -math.inf}
# In-place and multi-device forms of the same computation.
_ALIASES = {"sync_batch_norm": "batch_norm"}


def read_pir_program(path: Path) -> Program:
    """Returns the program in an ``inference.json``.

    Raises:
        ModelFileError: the file cannot be read, is no JSON, or its JSON is no PIR program.
    """
    data = map_file(path)
    if len(data) > _MAX_BYTES:
        raise ModelFileError(f"{path} has {len(data)} bytes, more than a program can have ({_MAX_BYTES}).")
    try:
        document = json.loads(bytes(data))
        return _Reader(path).read(document)
    except _NotPIR as error:
        raise ModelFileError(f"{path} is no PIR program: {error}.") from error
    except (UnicodeDecodeError, ValueError) as error:
        raise ModelFileError(f"{path} is not valid JSON: {error}.") from error
    except RecursionError as error:
        raise ModelFileError(f"{path} is nested too deeply to be a PIR program.") from error


class _NotPIR(Exception):
    """The JSON has another form than PIR's."""


class _Reader:
    """Collects the values of one program while its operators are read in order."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._names: dict[int, Slot] = {_NOTHING_ID: ()}
        self._values: dict[str, Value] = {}
        self._operators: list[Operator] = []
        self._feeds: list[str] = []
        self._fetches: list[tuple[int, str, str]] = []
        self._parameters: list[str] = []

    def read(self, document: object) -> Program:
        base = _get(document, "base_code", dict)
        if base.get("magic") != "pir":
            raise _NotPIR(f"base_code.magic is {base.get('magic')!r} instead of 'pir'")
        (region,) = _only(_get(_get(document, "program", dict), "regions", list), "region")
        (block,) = _only(_get(region, "blocks", list), "block")
        for number, entry in enumerate(_get(block, "ops", list)):
            self._read_operator(entry, number)
        if not self._feeds or not self._fetches:
            raise _NotPIR(f"it has {len(self._feeds)} inputs and {len(self._fetches)} outputs")
        return Program(
            values=self._values,
            operators=tuple(self._operators),
            feeds=tuple(self._feeds),
            fetches=tuple((name, value) for _, name, value in sorted(self._fetches)),
            parameter_names=tuple(sorted(self._parameters)),
        )

    def _read_operator(self, entry: object, number: int) -> None:
        kind = _get(entry, "#", str)
        if kind == "p":
            self._read_parameter(entry)
            return
        dialect, _, name = kind.partition(".")
        inputs = tuple(self._operand(each) for each in _list(entry, "I"))
        location = f"operator {number} ({name})"
        if dialect == "0" and name == "combine":
            self._define_group(entry, tuple(value for slot in inputs for value in slot))
        elif dialect == "0" and name == "split":
            self._split_group(entry, inputs)
        elif dialect == "1" and name in ("data", "feed"):
            self._read_feed(entry)
        elif dialect == "1" and name == "fetch":
            self._read_fetch(entry, inputs)
        else:
            plain = name.rstrip("_") if dialect == "1" else kind
            outputs = tuple(self._result(each) for each in _list(entry, "O"))
            self._operators.append(
                Operator(_ALIASES.get(plain, plain), inputs, outputs, _attributes(entry), location)
            )

    def _read_parameter(self, entry: object) -> None:
        facts, flags = _get(entry, "A", list), _list(entry, "OA")
        result = _get(entry, "O", dict)
        if len(facts) < 4 or not isinstance(facts[3], str):
            raise _NotPIR("a parameter has no name")
        # Values that only live while a program runs (the dropout state of an LSTM) are not in the parameter
        # file, unless static graphs marked them as lasting; then several may share a name and are there once.
        if flags and flags[0] == 0:
            self._define(_id(result), f"%{_id(result)}", _get(result, "TT", dict))
        elif facts[3] in self._parameters and facts[3].endswith(_STATE_ENDING):
            self._bind(_id(result), (facts[3],))
        else:
            self._define(_id(result), facts[3], _get(result, "TT", dict))
            self._parameters.append(facts[3])

    def _read_feed(self, entry: object) -> None:
        (result,) = _only(_get(entry, "O", list), "result of an input")
        name = _attributes(entry).get("name")
        if not isinstance(name, str) or not name:
            raise _NotPIR("an input has no name")
        self._define(_id(result), name, _get(result, "TT", dict))
        self._feeds.append(name)

    def _read_fetch(self, entry: object, inputs: tuple[Slot, ...]) -> None:
        attributes = _attributes(entry)
        name, column = attributes.get("name"), attributes.get("col")
        if not isinstance(name, str) or not isinstance(column, int) or not inputs or len(inputs[0]) != 1:
            raise _NotPIR("an output has no name or no value")
        self._fetches.append((column, name, inputs[0][0]))

    def _operand(self, entry: object) -> Slot:
        number = _id(entry)
        if number not in self._names:
            raise _NotPIR(f"value {number} is used before it is defined")
        return self._names[number]

    def _result(self, entry: object) -> Slot:
        number, kind = _id(entry), _get(entry, "TT", dict)
        if kind.get("#") == "0.t_vec":
            types = _get(kind, "D", list)
            slot = tuple(f"%{number}.{index}" for index in range(len(types)))
            for name, each in zip(slot, types, strict=True):
                self._add_value(name, each)
            self._bind(number, slot)
            return slot
        return self._define(number, f"%{number}", kind)

    def _define_group(self, entry: object, members: Slot) -> None:
        (result,) = _only(_get(entry, "O", list), "result of combine")
        self._bind(_id(result), members)

    def _split_group(self, entry: object, inputs: tuple[Slot, ...]) -> None:
        results = _get(entry, "O", list)
        if len(inputs) != 1 or len(inputs[0]) != len(results):
            raise _NotPIR("a split has another number of results than its list has tensors")
        for result, member in zip(results, inputs[0], strict=True):
            self._bind(_id(result), (member,))

    def _define(self, number: int, name: str, kind: Mapping[str, Any]) -> Slot:
        self._add_value(name, kind)
        self._bind(number, (name,))
        return (name,)

    def _bind(self, number: int, slot: Slot) -> None:
        if number in self._names and number != _NOTHING_ID:
            raise _NotPIR(f"value {number} is defined twice")
        if number != _NOTHING_ID:
            self._names[number] = slot

    def _add_value(self, name: str, kind: object) -> None:
        if name in self._values and name != f"%{_NOTHING_ID}":
            raise _NotPIR(f"the name {name!r} is given twice")
        self._values[name] = _value(name, kind)


def _value(name: str, kind: object) -> Value:
    if not isinstance(kind, dict) or kind.get("#") != "0.t_dtensor":
        return Value(name, "unknown", ())
    facts = _get(kind, "D", list)
    if len(facts) < 2 or not isinstance(facts[1], list) or not all(_is_int(size) for size in facts[1]):
        raise _NotPIR(f"the type of {name!r} has no axis lengths")
    word = facts[0].get("#") if isinstance(facts[0], dict) else None
    return Value(name, PIR_TYPES.get(str(word), "unknown"), value_shape(tuple(facts[1])))


def _attributes(entry: object) -> dict[str, Attribute]:
    attributes: dict[str, Attribute] = {}
    for item in _list(entry, "A"):
        content = _attribute(_get(item, "AT", dict))
        if content is not None:
            attributes[_get(item, "N", str)] = content
    return attributes


def _attribute(entry: Mapping[str, Any]) -> Attribute | None:
    if "VD" in entry:
        return _SPECIAL_NUMBERS.get(str(entry["VD"]))
    return _content(entry.get("D"))


def _content(data: object) -> Attribute | None:
    if isinstance(data, bool | int | float | str):
        return data
    if isinstance(data, list):
        members = [_attribute(each) if isinstance(each, dict) else _content(each) for each in data]
        return tuple(member for member in members if member is not None)
    return None


def _get(container: object, key: str, kind: type) -> Any:  # noqa: ANN401 - of the type that was asked for
    if not isinstance(container, dict) or not isinstance(container.get(key), kind):
        raise _NotPIR(f"{key!r} is missing or no {kind.__name__}")
    return container[key]


def _list(container: object, key: str) -> list[Any]:
    if not isinstance(container, dict) or not isinstance(container.get(key, []), list):
        raise _NotPIR(f"{key!r} is no list")
    return list(container.get(key, []))


def _only(members: list[Any], what: str) -> list[Any]:
    if len(members) != 1:
        raise _NotPIR(f"it has {len(members)} times {what} instead of one")
    return members


def _id(entry: object) -> int:
    number = entry.get("%") if isinstance(entry, dict) else None
    if number is None or not _is_int(number):
        raise _NotPIR("an operand or result has no number")
    return int(number)


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
