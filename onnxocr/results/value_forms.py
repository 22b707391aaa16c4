"""Two forms of nested result values: plain Python for JSON, and a short text for reading."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

import numpy as np


def plain(value: Any) -> Any:  # noqa: ANN401 - values of any kind
    """Returns a value with arrays and tuples as lists, NumPy numbers as Python's, paths as POSIX strings."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value.as_posix() if isinstance(value, PurePath) else value


def abbreviated(value: Any) -> str:  # noqa: ANN401 - values of any kind
    """Returns Python's form of a value, with only the first and last element of each array axis."""
    # Not np.printoptions: in older NumPy it changes the options of all threads, and two threads that
    # overlap leave them changed for good.
    if isinstance(value, np.ndarray):
        return _abbreviated_array(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {abbreviated(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(abbreviated, value)) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(abbreviated, value)) + ("," if len(value) == 1 else "") + ")"
    return repr(value.item() if isinstance(value, np.generic) else value)


def _abbreviated_array(array: np.ndarray[Any, Any]) -> str:
    if array.size == 0:
        return f"array([], shape={array.shape}, dtype={array.dtype})"
    numbers = np.array2string(array, threshold=1, edgeitems=1, separator=", ", prefix="array(")
    return f"array({numbers}, shape={array.shape}, dtype={array.dtype})"
