"""``inference.pdiparams``: the weights of a program, one tensor after the other in the order of their names.

Each tensor stands behind a header: version, levels of detail (unused), version, length and protobuf of a
``TensorDesc`` (element type, axis lengths). The arrays are views of the mapped file, nothing is copied.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from onnxocr.converters.paddle.dtypes import NUMPY_TYPES, PROTO_TYPES
from onnxocr.converters.paddle.program import Program, Value
from onnxocr.converters.paddle.wire import MalformedMessage, fields
from onnxocr.errors import ModelFileError

_LFS_START = b"version https://git-lfs"
_MAX_DESCRIPTION_BYTES = 1024
_MAX_RANK = 32


def with_parameters(program: Program, path: Path) -> Program:
    """Returns the program with the contents of its parameters.

    Raises:
        ModelFileError: the file cannot be read, is cut off, is longer than the program's parameters, or holds
            a tensor of another shape or type than the program says.
    """
    data = map_file(path)
    try:
        return replace(program, parameters=_read(program, data, path))
    except (MalformedMessage, struct.error) as error:
        raise ModelFileError(f"{path} is no Paddle parameter file: {error}.") from error


def map_file(path: Path) -> memoryview:
    """Returns the bytes of a file, mapped into memory, not read.

    Raises:
        ModelFileError: it is missing, empty, or a git-LFS pointer instead of the file.
    """
    try:
        if path.stat().st_size == 0:
            raise ModelFileError(f"{path} is empty; fetch it again.")
        data = memoryview(np.memmap(path, dtype=np.uint8, mode="r"))  # type: ignore[arg-type]
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error}.") from error
    if bytes(data[: len(_LFS_START)]) == _LFS_START:
        raise ModelFileError(
            f"{path} is a git-LFS pointer, not the file itself; fetch the file with `git lfs pull`."
        )
    return data


def _read(program: Program, data: memoryview, path: Path) -> Mapping[str, npt.NDArray[np.generic]]:
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    at = 0
    for number, name in enumerate(program.parameter_names, 1):
        place = f"{path}: parameter {number} of {len(program.parameter_names)} ({name})"
        if at == len(data):
            raise ModelFileError(
                f"{place} is missing: the file ends. It is cut off or belongs to another model."
            )
        array, at = _tensor(data, at, place)
        _compare(array, program.values[name], place)
        arrays[name] = array
    if at != len(data):
        raise ModelFileError(
            f"{path} has {len(data) - at} bytes more than the {len(arrays)} parameters of the program: "
            "it belongs to another model."
        )
    return arrays


def _tensor(data: memoryview, at: int, place: str) -> tuple[npt.NDArray[np.generic], int]:
    version, levels = struct.unpack("<IQ", _take(data, at, 12, place))
    at += 12
    if version or levels > 8:
        raise ModelFileError(f"{place}: its header at byte {at - 12} is not one of a dense tensor.")
    for _ in range(levels):
        (size,) = struct.unpack("<Q", _take(data, at, 8, place))
        _take(data, at + 8, size, place)
        at += 8 + size
    version, length = struct.unpack("<Ii", _take(data, at, 8, place))
    at += 8
    if version or not 0 < length <= _MAX_DESCRIPTION_BYTES:
        raise ModelFileError(f"{place}: its header at byte {at - 8} is not one of a dense tensor.")
    dtype, shape = _description(_take(data, at, length, place), place)
    at += length
    count = math.prod(shape)
    body = _take(data, at, count * dtype.itemsize, place)
    return np.frombuffer(body, dtype=dtype).reshape(shape), at + len(body)


def _description(body: memoryview, place: str) -> tuple[np.dtype[np.generic], tuple[int, ...]]:
    kind, dims = -1, list[int]()
    for field in fields(body):
        if field.number == 1:
            kind = field.integer()
        elif field.number == 2:
            dims += field.integers()
    if kind not in PROTO_TYPES:
        raise ModelFileError(f"{place}: element type {kind} is not supported.")
    if len(dims) > _MAX_RANK or any(not 0 <= size < 1 << 48 for size in dims):
        raise ModelFileError(f"{place}: axis lengths {dims[:_MAX_RANK]} are impossible.")
    return NUMPY_TYPES[PROTO_TYPES[kind]], tuple(dims)


def _take(data: memoryview, at: int, size: int, place: str) -> memoryview:
    if size < 0 or at + size > len(data):
        raise ModelFileError(
            f"{place} needs {size} bytes at byte {at}, but the file has {len(data)}: "
            "it is cut off or damaged."
        )
    return data[at : at + size]


def _compare(array: npt.NDArray[np.generic], value: Value, place: str) -> None:
    fits = len(array.shape) == len(value.shape) and all(
        expected in (None, size) for size, expected in zip(array.shape, value.shape, strict=True)
    )
    if not fits or array.dtype != NUMPY_TYPES.get(value.dtype, array.dtype):
        raise ModelFileError(
            f"{place} has shape {array.shape} and type {array.dtype}, but the program says {value.shape} and "
            f"{value.dtype}: the file belongs to another model."
        )
