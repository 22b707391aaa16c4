"""Paddle's element types: numbers in protobuf, words in PIR, NumPy's types. Data only."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

NUMPY_TYPES: Mapping[str, np.dtype[np.generic]] = {
    "bool": np.dtype(np.bool_),
    "int8": np.dtype(np.int8),
    "uint8": np.dtype(np.uint8),
    "int16": np.dtype("<i2"),
    "int32": np.dtype("<i4"),
    "int64": np.dtype("<i8"),
    "float16": np.dtype("<f2"),
    "float32": np.dtype("<f4"),
    "float64": np.dtype("<f8"),
}
"""Element types that a converted model may hold, by their Paddle word; little-endian as in the files."""

PROTO_TYPES: Mapping[int, str] = {
    0: "bool",
    1: "int16",
    2: "int32",
    3: "int64",
    4: "float16",
    5: "float32",
    6: "float64",
    20: "uint8",
    21: "int8",
}
"""``VarType.Type`` of framework.proto."""

PIR_TYPES: Mapping[str, str] = {
    "0.t_bool": "bool",
    "0.t_i8": "int8",
    "0.t_ui8": "uint8",
    "0.t_i16": "int16",
    "0.t_i32": "int32",
    "0.t_i64": "int64",
    "0.t_f16": "float16",
    "0.t_f32": "float32",
    "0.t_f64": "float64",
}
"""Element types in an ``inference.json``."""
