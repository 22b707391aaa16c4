"""What an ONNX file says about itself, read without the ``onnx`` package: versions and custom metadata.

A file goes in, a small record comes out. Only the outermost message of the file is read (the graph is
skipped), so this costs next to nothing for any size; every length is checked against the bytes there are.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

# Field numbers of ModelProto, OperatorSetIdProto and StringStringEntryProto in onnx.proto.
_IR_VERSION = 1
_GRAPH = 7
_OPSET_IMPORT = 8
_METADATA_PROPS = 14
_HIGHEST_FIELD = 40  # 26 in IR version 13; higher ones are no mistake of a newer ONNX but of the file

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_VARINT_BYTES = 10


class MalformedOnnx(ValueError):
    """The bytes are not those of an ONNX model; says where they stop making sense."""


@dataclass(frozen=True)
class OnnxHeader:
    """The outermost facts of an ONNX model.

    Attributes:
        ir_version: version of the file format.
        opsets: operator set version by domain; the standard one has the empty domain.
        metadata: custom metadata.
    """

    ir_version: int
    opsets: Mapping[str, int]
    metadata: Mapping[str, str]


@dataclass(frozen=True)
class _Field:
    number: int
    value: int
    body: bytes


def read_onnx_header(path: Path) -> OnnxHeader:
    """Returns what an ONNX file says about itself.

    Raises:
        MalformedOnnx: the file is empty, cut off or no ONNX model.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            raise MalformedOnnx("the file is empty")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return parse_onnx_header(data)


def parse_onnx_header(data: bytes | mmap.mmap) -> OnnxHeader:
    """Returns what the bytes of an ONNX file say about themselves.

    Raises:
        MalformedOnnx: they are cut off or no ONNX model.
    """
    ir_version, graphs = 0, 0
    opsets: dict[str, int] = {}
    metadata: dict[str, str] = {}
    for field in _fields(data, skip=_GRAPH):
        if field.number > _HIGHEST_FIELD:
            raise MalformedOnnx(f"an ONNX model has no field {field.number}")
        if field.number == _IR_VERSION:
            ir_version = field.value
        elif field.number == _GRAPH:
            graphs += 1
        elif field.number == _OPSET_IMPORT:
            domain, version = _opset(field.body)
            opsets[domain] = version
        elif field.number == _METADATA_PROPS:
            key, text = _entry(field.body)
            metadata[key] = text
    if graphs == 0 or ir_version == 0:
        raise MalformedOnnx("it has no graph or no format version")
    return OnnxHeader(ir_version, opsets, metadata)


def _opset(body: bytes) -> tuple[str, int]:
    domain, version = "", 0
    for field in _fields(body):
        if field.number == 1:
            domain = _text(field.body)
        elif field.number == 2:
            version = field.value
    return domain, version


def _entry(body: bytes) -> tuple[str, str]:
    texts = {field.number: _text(field.body) for field in _fields(body)}
    return texts.get(1, ""), texts.get(2, "")


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedOnnx(f"a text in it is not UTF-8 ({error})") from error


def _fields(data: bytes | mmap.mmap, skip: int | None = None) -> Iterator[_Field]:
    """Yields the fields of one protobuf message; the body of field ``skip`` is passed over, not copied."""
    at, end = 0, len(data)
    while at < end:
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        value, body = 0, b""
        if wire == _VARINT:
            value, at = _varint(data, at)
        elif wire == _BYTES:
            length, at = _varint(data, at)
            if number != skip and at + length <= end:
                body = data[at : at + length]
            at += length
        elif wire in (_FIXED64, _FIXED32):
            at += 8 if wire == _FIXED64 else 4
        else:
            raise MalformedOnnx(f"byte {at} does not start a field of a protobuf message")
        if number == 0:
            raise MalformedOnnx(f"byte {at} does not start a field of a protobuf message")
        if at > end:
            raise MalformedOnnx(f"field {number} needs {at - end} more bytes than the {end} that are there")
        yield _Field(number, value, body)


def _varint(data: bytes | mmap.mmap, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(_MAX_VARINT_BYTES):
        if at + shift >= len(data):
            raise MalformedOnnx(f"it ends at byte {len(data)} in the middle of a number")
        byte = data[at + shift]
        value |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:
            return value, at + shift + 1
    raise MalformedOnnx(f"byte {at} starts a number that is too long")
