"""Hand-made Paddle files: PIR programs as JSON, old programs as protobuf, parameter files."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Json = dict[str, Any]

_PIR_TYPES = {"float32": "0.t_f32", "int64": "0.t_i64", "int32": "0.t_i32", "bool": "0.t_bool"}
_PROTO_TYPES = {"float32": 5, "int64": 3, "int32": 2}


# PIR


def attribute(name: str, kind: str, content: object) -> Json:
    return {"N": name, "AT": {"#": kind, "D": content}}


def result(number: int, shape: Sequence[int], dtype: str = "float32") -> Json:
    return {
        "%": number,
        "TT": {"#": "0.t_dtensor", "D": [{"#": _PIR_TYPES[dtype]}, list(shape), "NCHW", [], 0]},
    }


def operator(name: str, inputs: Sequence[int], outputs: Sequence[Json], *attributes: Json) -> Json:
    return {"#": name, "A": list(attributes), "I": [{"%": number} for number in inputs], "O": list(outputs)}


def parameter(number: int, name: str, shape: Sequence[int], *, lasting: bool = True) -> Json:
    return {"#": "p", "A": [0, 1, 1, name], "O": result(number, shape), "OA": [int(lasting), 0, 1]}


def feed(number: int, name: str, shape: Sequence[int], dtype: str = "float32") -> Json:
    return operator("1.data", [], [result(number, shape, dtype)], attribute("name", "0.a_str", name))


def fetch(number: int, name: str = "out", column: int = 0) -> Json:
    return operator(
        "1.fetch",
        [number],
        [result(1000 + column, [])],
        attribute("name", "0.a_str", name),
        attribute("col", "0.a_i32", column),
    )


def pir_document(*operators: Json) -> Json:
    block = {"#": "block_0", "args": [], "ops": list(operators)}
    return {
        "base_code": {"magic": "pir", "version": 4, "trainable": True},
        "program": {"regions": [{"#": "region_0", "blocks": [block]}]},
    }


def linear_pir() -> Json:
    """x @ weight + bias, then relu."""
    return pir_document(
        parameter(1, "linear.w", [3, 2]),
        parameter(2, "linear.b", [2]),
        feed(3, "x", [-1, 3]),
        operator("1.matmul", [3, 1], [result(4, [-1, 2])]),
        operator("1.add", [4, 2], [result(5, [-1, 2])]),
        operator("1.relu_", [5], [result(6, [-1, 2])]),
        fetch(6),
    )


# Protobuf


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def number_field(number: int, value: int) -> bytes:
    return varint(number << 3) + varint(value)


def bytes_field(number: int, body: bytes | str) -> bytes:
    body = body.encode() if isinstance(body, str) else body
    return varint(number << 3 | 2) + varint(len(body)) + body


def tensor_type(shape: Sequence[int], dtype: str) -> bytes:
    return number_field(1, _PROTO_TYPES[dtype]) + b"".join(number_field(2, size) for size in shape)


def variable(name: str, shape: Sequence[int], dtype: str = "float32", *, lasting: bool = False) -> bytes:
    kind = number_field(1, 7) + bytes_field(3, bytes_field(1, tensor_type(shape, dtype)))
    return bytes_field(1, name) + bytes_field(2, kind) + number_field(3, int(lasting))


def old_operator(
    kind: str, inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, Sequence[str]], *attributes: bytes
) -> bytes:
    slots = [
        bytes_field(place, bytes_field(1, slot) + b"".join(bytes_field(2, name) for name in names))
        for place, group in ((1, inputs), (2, outputs))
        for slot, names in group.items()
    ]
    return b"".join(slots) + bytes_field(3, kind) + b"".join(bytes_field(4, each) for each in attributes)


def whole_number(name: str, value: int) -> bytes:
    return bytes_field(1, name) + number_field(2, 0) + number_field(3, value)


def old_program(variables: Sequence[bytes], operators: Sequence[bytes]) -> bytes:
    block = number_field(1, 0) + number_field(2, 0)
    block += b"".join(bytes_field(3, each) for each in variables)
    block += b"".join(bytes_field(4, each) for each in operators)
    return bytes_field(1, block)


def linear_old() -> bytes:
    """The same network as :func:`linear_pir`."""
    return old_program(
        [
            variable("x", [-1, 3]),
            variable("linear.w", [3, 2], lasting=True),
            variable("linear.b", [2], lasting=True),
            variable("product", [-1, 2]),
            variable("sum", [-1, 2]),
            variable("out", [-1, 2]),
        ],
        [
            old_operator("feed", {"X": ["feed"]}, {"Out": ["x"]}, whole_number("col", 0)),
            old_operator("matmul_v2", {"X": ["x"], "Y": ["linear.w"]}, {"Out": ["product"]}),
            old_operator("elementwise_add", {"X": ["product"], "Y": ["linear.b"]}, {"Out": ["sum"]}),
            old_operator("relu", {"X": ["sum"]}, {"Out": ["out"]}),
            old_operator("fetch", {"X": ["out"]}, {"Out": ["fetch"]}, whole_number("col", 0)),
        ],
    )


# Parameters

WEIGHT = np.array([[1.0, -1.0], [2.0, 0.5], [0.0, 3.0]], dtype=np.float32)
BIAS = np.array([0.5, -2.0], dtype=np.float32)


def tensor_bytes(array: npt.NDArray[np.generic]) -> bytes:
    description = tensor_type(array.shape, str(array.dtype))
    return struct.pack("<IQIi", 0, 0, 0, len(description)) + description + array.tobytes()


def linear_params() -> bytes:
    """The parameters in the order of their names: bias, weight."""
    return tensor_bytes(BIAS) + tensor_bytes(WEIGHT)


def write_linear(folder: Path, *, old: bool = False, stem: str = "inference") -> Path:
    """Writes the linear network into a folder and returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    if old:
        (folder / f"{stem}.pdmodel").write_bytes(linear_old())
    else:
        (folder / f"{stem}.json").write_text(json.dumps(linear_pir()))
    (folder / f"{stem}.pdiparams").write_bytes(linear_params())
    return folder
