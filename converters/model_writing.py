"""An ONNX model to a file, weight by weight, so that a large model is never held a second time as bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import onnx

# Field numbers of ModelProto and GraphProto in onnx.proto; 2 is protobuf's mark of fields with a length.
_GRAPH = 7 << 3 | 2
_INITIALIZER = 5 << 3 | 2


def write_model(model: onnx.ModelProto, path: Path) -> None:
    """Writes the bytes that ``model.SerializeToString()`` stands for, in another order.

    Raises:
        OSError: the file cannot be written.
    """
    head = _without(model, "graph").SerializeToString()
    frame = _without(model.graph, "initializer").SerializeToString()
    sizes = [tensor.ByteSize() for tensor in model.graph.initializer]
    length = len(frame) + sum(1 + len(_varint(size)) + size for size in sizes)
    with path.open("wb") as file:
        file.write(head + _varint(_GRAPH) + _varint(length) + frame)
        for size, tensor in zip(sizes, model.graph.initializer, strict=True):
            file.write(_varint(_INITIALIZER) + _varint(size))
            file.write(tensor.SerializeToString())


def _without(message: Any, skipped: str) -> Any:  # noqa: ANN401 - protobuf has no types of its own
    """Returns a copy of a message that lacks one field, without copying that field first."""
    copy = type(message)()
    for field, value in message.ListFields():
        if field.name == skipped:
            continue
        target = getattr(copy, field.name)
        if hasattr(target, "extend"):
            target.extend(value)
        elif hasattr(target, "CopyFrom"):
            target.CopyFrom(value)
        else:
            setattr(copy, field.name, value)
    return copy


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
