"""``inference.pdmodel``, the program format of Paddle 2: protobuf enters, a :class:`Program` leaves.

Field numbers are those of Paddle's framework.proto. Names of operators, slots and attributes become PIR's
through :mod:`.vocabulary`; attributes that PIR writes as operands become constants, so that one function per
operator serves both formats. A value that is written twice gets a name of its own each time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from onnxocr.converters.paddle.dtypes import PROTO_TYPES
from onnxocr.converters.paddle.params import map_file
from onnxocr.converters.paddle.program import Attribute, Operator, Program, Slot, Value, value_shape
from onnxocr.converters.paddle.vocabulary import OLD_OPERATORS, Operand
from onnxocr.converters.paddle.wire import Field, MalformedMessage, fields
from onnxocr.errors import ModelFileError

_MAX_BYTES = 64 * 1024**2
_FEED_KIND, _FETCH_KIND = 9, 10
_DENSE_TENSOR = 7
# Bookkeeping of training and debugging; the call stacks alone are nine tenths of the file.
_IGNORED_ATTRIBUTES = frozenset(
    {"op_callstack", "op_device", "op_namescope", "op_role", "op_role_var", "with_quant_attr"}
)
_DTYPE_ATTRIBUTES = frozenset({"dtype", "out_dtype", "in_dtype"})


def read_program_desc(path: Path) -> Program:
    """Returns the program in an ``inference.pdmodel``.

    Raises:
        ModelFileError: the file cannot be read, is no program, or contradicts itself.
    """
    data = map_file(path)
    if len(data) > _MAX_BYTES:
        raise ModelFileError(f"{path} has {len(data)} bytes, more than a program can have ({_MAX_BYTES}).")
    try:
        blocks = [field.message() for field in fields(data) if field.number == 1]
        if not blocks:
            raise MalformedMessage("it has no block of operators")
        return _Reader().read(blocks[0])
    except MalformedMessage as error:
        raise ModelFileError(f"{path} is no Paddle program: {error}.") from error


@dataclass(frozen=True)
class _Variable:
    name: str
    kind: int
    dtype: str
    shape: tuple[int | None, ...]
    persistable: bool


@dataclass(frozen=True)
class _Entry:
    """An operator as the file has it."""

    type: str
    inputs: Mapping[str, Slot]
    outputs: Mapping[str, Slot]
    attributes: Mapping[str, Attribute]


class _Reader:
    """Collects the values of one program while its operators are read in order."""

    def __init__(self) -> None:
        self._variables: dict[str, _Variable] = {}
        self._current: dict[str, str] = {}
        self._values: dict[str, Value] = {}
        self._operators: list[Operator] = []
        self._feeds: list[tuple[int, str]] = []
        self._fetches: list[tuple[int, str, str]] = []

    def read(self, block: memoryview) -> Program:
        for field in fields(block):
            if field.number == 3:
                variable = _variable(field.message())
                self._variables[variable.name] = variable
        parameters = self._declare_parameters()
        entries = [_entry(field.message()) for field in fields(block) if field.number == 4]
        for number, entry in enumerate(entries):
            self._read_operator(entry, number)
        if not self._feeds or not self._fetches:
            raise MalformedMessage(f"it has {len(self._feeds)} inputs and {len(self._fetches)} outputs")
        return Program(
            values=self._values,
            operators=tuple(self._operators),
            feeds=tuple(name for _, name in sorted(self._feeds)),
            fetches=tuple((name, value) for _, name, value in sorted(self._fetches)),
            parameter_names=parameters,
        )

    def _declare_parameters(self) -> tuple[str, ...]:
        names = [
            name
            for name, variable in sorted(self._variables.items())
            if variable.persistable and variable.kind not in (_FEED_KIND, _FETCH_KIND)
        ]
        for name in names:
            self._define(name)
        return tuple(names)

    def _read_operator(self, entry: _Entry, number: int) -> None:
        if entry.type == "feed":
            name = _single(entry.outputs, "Out")
            self._feeds.append((_column(entry), self._define(name)))
        elif entry.type == "fetch":
            name = _single(entry.inputs, "X")
            self._fetches.append((_column(entry), name, self._use(name)))
        else:
            self._translate(entry, number)

    def _translate(self, entry: _Entry, number: int) -> None:
        location = f"operator {number} ({entry.type})"
        old = OLD_OPERATORS.get(entry.type)
        if old is None:
            inputs = tuple(tuple(map(self._use, slot)) for slot in entry.inputs.values())
            outputs = tuple(tuple(map(self._define, slot)) for slot in entry.outputs.values())
            self._operators.append(Operator(entry.type, inputs, outputs, entry.attributes, location))
            return
        slots = [self._slot(each, entry, f"{number}.{index}") for index, each in enumerate(old.inputs)]
        while slots and not slots[-1]:
            slots.pop()
        outputs = tuple(tuple(map(self._define, entry.outputs.get(name, ()))) for name in old.outputs)
        attributes = {old.attributes.get(name, name): value for name, value in entry.attributes.items()}
        self._operators.append(Operator(old.type, tuple(slots), outputs, attributes, location))

    def _slot(self, wanted: str | Operand, entry: _Entry, mark: str) -> Slot:
        if isinstance(wanted, str):
            return tuple(map(self._use, entry.inputs.get(wanted, ())))
        if listed := entry.inputs.get(wanted.tensors):
            members = tuple(map(self._use, listed))
            return self._made("combine_scalars", (members,), {}, f"@{mark}", (len(members),))
        if tensor := entry.inputs.get(wanted.tensor):
            return tuple(map(self._use, tensor))
        content = entry.attributes.get(wanted.attribute)
        if content is None or content == ():
            return ()
        numbers = content if isinstance(content, tuple) else (content,)
        shape = () if wanted.scalar else (len(numbers),)
        facts: dict[str, Attribute] = {"value": numbers, "shape": shape, "dtype": wanted.number}
        return self._made("constant", (), facts, f"@{mark}", shape, wanted.number)

    def _made(
        self,
        kind: str,
        inputs: tuple[Slot, ...],
        attributes: Mapping[str, Attribute],
        name: str,
        shape: tuple[int, ...],
        dtype: str = "int64",
    ) -> Slot:
        self._values[name] = Value(name, dtype, shape)
        self._operators.append(Operator(kind, inputs, ((name,),), attributes, name))
        return (name,)

    def _use(self, name: str) -> str:
        if name not in self._current:
            raise MalformedMessage(f"the value {name!r} is used before it is computed")
        return self._current[name]

    def _define(self, name: str) -> str:
        versioned = name
        if name in self._values:
            versioned = f"{name}@{len(self._values)}"
        variable = self._variables.get(name)
        dtype, shape = (variable.dtype, variable.shape) if variable else ("unknown", ())
        self._values[versioned] = Value(versioned, dtype, shape)
        self._current[name] = versioned
        return versioned


def _variable(body: memoryview) -> _Variable:
    name, kind, persistable, dtype, dims = "", -1, False, -1, list[int]()
    for field in fields(body):
        if field.number == 1:
            name = field.text()
        elif field.number == 2:
            kind, dtype, dims = _type(field.message())
        elif field.number == 3:
            persistable = field.integer() != 0
    word = PROTO_TYPES.get(dtype, "unknown") if kind == _DENSE_TENSOR else "unknown"
    return _Variable(name, kind, word, value_shape(tuple(dims)), persistable)


def _type(body: memoryview) -> tuple[int, int, list[int]]:
    kind, dtype, dims = -1, -1, list[int]()
    for field in fields(body):
        if field.number == 1:
            kind = field.integer()
        elif field.number == 3:
            for tensor in fields(field.message()):
                if tensor.number == 1:
                    dtype, dims = _tensor_type(tensor.message())
    return kind, dtype, dims


def _tensor_type(body: memoryview) -> tuple[int, list[int]]:
    dtype, dims = -1, list[int]()
    for field in fields(body):
        if field.number == 1:
            dtype = field.integer()
        elif field.number == 2:
            dims += field.integers()
    return dtype, dims


def _entry(body: memoryview) -> _Entry:
    kind = ""
    inputs: dict[str, Slot] = {}
    outputs: dict[str, Slot] = {}
    attributes: dict[str, Attribute] = {}
    for field in fields(body):
        if field.number == 3:
            kind = field.text()
        elif field.number in (1, 2):
            name, slot = _arguments(field.message())
            (inputs if field.number == 1 else outputs)[name] = slot
        elif field.number == 4:
            name, content = _attribute(field.message())
            if content is not None:
                attributes[name] = content
    return _Entry(kind, inputs, outputs, attributes)


def _arguments(body: memoryview) -> tuple[str, Slot]:
    name, arguments = "", list[str]()
    for field in fields(body):
        if field.number == 1:
            name = field.text()
        elif field.number == 2:
            arguments.append(field.text())
    return name, tuple(arguments)


def _attribute(body: memoryview) -> tuple[str, Attribute | None]:
    """Returns name and content; None for lists without members and for kinds that no converter needs."""
    name, content, members, is_list = "", None, list[Attribute](), False
    for field in fields(body):
        if field.number == 1:
            name = field.text()
            if name in _IGNORED_ATTRIBUTES:
                return name, None
        elif field.number == 2:
            is_list = field.integer() in _LIST_KINDS
        elif field.number in _SINGLE:
            content = _single_content(field)
        elif field.number in _REPEATED:
            members += _repeated_content(field)
    if is_list:
        return name, tuple(members)
    if name in _DTYPE_ATTRIBUTES and isinstance(content, int):
        content = PROTO_TYPES.get(content, "unknown")
    return name, content


# Kinds of AttrType that are lists, and the fields of OpDesc.Attr that hold one value or several.
_LIST_KINDS = frozenset({3, 4, 5, 7, 11, 12, 17})
_SINGLE = frozenset({3, 4, 5, 10, 13, 19, 20})
_REPEATED = frozenset({6, 7, 8, 11, 15, 16, 21})


def _single_content(field: Field) -> Attribute:
    if field.number == 4:
        return field.float32()
    if field.number == 5:
        return field.text()
    if field.number == 19:
        return field.float64()
    if field.number == 20:
        return _scalar(field.message())
    if field.number == 10:
        return field.integer() != 0
    return field.integer()


def _repeated_content(field: Field) -> Sequence[Attribute]:
    if field.number == 7:
        return field.floats(4)
    if field.number == 16:
        return field.floats(8)
    if field.number == 8:
        return [field.text()]
    if field.number == 21:
        return [_scalar(field.message())]
    if field.number == 11:
        return [number != 0 for number in field.integers()]
    return field.integers()


def _scalar(body: memoryview) -> Attribute:
    kind, contents = 0, dict[int, Attribute]()
    for field in fields(body):
        if field.number == 1:
            kind = field.integer()
        elif field.number == 2:
            contents[1] = field.integer() != 0
        elif field.number == 3:
            contents[2] = field.integer()
        elif field.number == 4:
            contents[3] = field.float64()
    if kind not in contents:
        raise MalformedMessage(f"a scalar of kind {kind} has no value")
    return contents[kind]


def _single(slots: Mapping[str, Slot], name: str) -> str:
    slot = slots.get(name, ())
    if len(slot) != 1:
        raise MalformedMessage(f"an input or output has {len(slot)} values in {name} instead of one")
    return slot[0]


def _column(entry: _Entry) -> int:
    column = entry.attributes.get("col", 0)
    if not isinstance(column, int):
        raise MalformedMessage(f"an input or output has the column {column!r}")
    return column
