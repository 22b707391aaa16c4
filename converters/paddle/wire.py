"""Protobuf's wire format: bytes enter, fields leave, every length checked against the bytes there are.

Knows no message of anybody's; nesting is walked by the caller, so depth cannot run away.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_VARINT_BYTES = 10
_MAX_FIELD = 1000


class MalformedMessage(ValueError):
    """The bytes are no protobuf message of the expected kind."""


@dataclass(frozen=True)
class Field:
    """One field of a message: its number, its wire type, and its number or its bytes."""

    number: int
    wire: int
    value: int
    body: memoryview

    def integer(self) -> int:
        """Returns a whole number, negative ones included."""
        self._require(_VARINT)
        return self.value - (1 << 64) if self.value >= 1 << 63 else self.value

    def float32(self) -> float:
        """Returns a 32-bit floating-point number."""
        self._require(_FIXED32)
        return float(struct.unpack("<f", self.value.to_bytes(4, "little"))[0])

    def float64(self) -> float:
        """Returns a 64-bit floating-point number."""
        self._require(_FIXED64)
        return float(struct.unpack("<d", self.value.to_bytes(8, "little"))[0])

    def text(self) -> str:
        """Returns a text; bytes that are no UTF-8 are refused."""
        self._require(_BYTES)
        try:
            return bytes(self.body).decode("utf-8")
        except UnicodeDecodeError as error:
            raise MalformedMessage(f"field {self.number} is not UTF-8 text") from error

    def message(self) -> memoryview:
        """Returns the bytes of a message within the message."""
        self._require(_BYTES)
        return self.body

    def integers(self) -> list[int]:
        """Returns the whole numbers of a repeated field, packed or one by one."""
        if self.wire == _VARINT:
            return [self.integer()]
        self._require(_BYTES)
        numbers, at = [], 0
        while at < len(self.body):
            value, at = _varint(self.body, at)
            numbers.append(value - (1 << 64) if value >= 1 << 63 else value)
        return numbers

    def floats(self, size: int) -> list[float]:
        """Returns the numbers of ``size`` bytes each of a repeated field, packed or one by one."""
        if self.wire != _BYTES:
            return [self.float32() if size == 4 else self.float64()]
        if len(self.body) % size:
            raise MalformedMessage(f"field {self.number} has {len(self.body)} bytes, no multiple of {size}")
        return list(struct.unpack(f"<{len(self.body) // size}{'f' if size == 4 else 'd'}", self.body))

    def _require(self, wire: int) -> None:
        if self.wire != wire:
            raise MalformedMessage(f"field {self.number} has wire type {self.wire} instead of {wire}")


def fields(data: memoryview) -> Iterator[Field]:
    """Yields the fields of one message.

    Raises:
        MalformedMessage: a field does not end where the message does, or is no field.
    """
    at, end, nothing = 0, len(data), data[:0]
    while at < end:
        key, at = _varint(data, at)
        number, wire, value, body = key >> 3, key & 7, 0, nothing
        if not 0 < number <= _MAX_FIELD:
            raise MalformedMessage(f"byte {at} does not start a field")
        if wire == _VARINT:
            value, at = _varint(data, at)
        elif wire == _BYTES:
            length, at = _varint(data, at)
            body = data[at : at + length]
            at += length
        elif wire in (_FIXED32, _FIXED64):
            size = 4 if wire == _FIXED32 else 8
            value = int.from_bytes(data[at : at + size], "little")
            at += size
        else:
            raise MalformedMessage(f"byte {at} does not start a field")
        if at > end:
            raise MalformedMessage(f"field {number} needs {at - end} more bytes than there are")
        yield Field(number, wire, value, body)


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for count in range(_MAX_VARINT_BYTES):
        if at + count >= len(data):
            raise MalformedMessage("the message ends in the middle of a number")
        byte = data[at + count]
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return value & ((1 << 64) - 1), at + count + 1
    raise MalformedMessage(f"byte {at} starts a number that is too long")
