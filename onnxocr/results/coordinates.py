"""Integer types for coordinates in results: quads in, arrays of one type out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from onnxocr.arrays import Polygon

CoordinateType: TypeAlias = type[np.int16] | type[np.int32]


def coordinate_dtype(polygons: Sequence[Polygon]) -> CoordinateType:
    """Returns PaddleOCR's int16 if every coordinate fits into it, else int32 (PaddleOCR overflows there)."""
    limits = np.iinfo(np.int16)
    filled = [polygon for polygon in polygons if polygon.size]
    fits = all(limits.min <= polygon.min() and polygon.max() <= limits.max for polygon in filled)
    return np.int16 if fits else np.int32


def as_coordinates(polygons: Sequence[Polygon]) -> Any:  # noqa: ANN401 - an array, or a list of arrays
    """Returns polygons of equal length as one ``(n, N, 2)`` array; others as they are.

    No polygons give an empty float64 array, as PaddleOCR has it.
    """
    if len(polygons) == 0:
        return np.array([])
    same_length = len({polygon.shape for polygon in polygons}) == 1
    return np.stack(list(polygons)) if same_length else list(polygons)


def polygon_array(polygons: Sequence[Polygon] | npt.NDArray[Any]) -> Any:  # noqa: ANN401 - as as_coordinates
    """Returns detected polygons as PaddleOCR's detection module has them.

    That is one ``(n, 4, 2)`` int16 array (shape ``(0,)`` if there are none; int32 if a coordinate needs it),
    or a list of arrays if their lengths differ.
    """
    outlines = [np.asarray(polygon) for polygon in polygons]
    if not outlines:
        return np.array([], np.int16)
    dtype = coordinate_dtype(outlines)
    return as_coordinates([outline.astype(dtype) for outline in outlines])
