"""How far an ONNX file's outputs are from those that Paddle recorded; needs ONNX Runtime, not Paddle.

An ONNX file and a folder with ``case_<k>.npz`` enter; two numbers leave, or a typed error where outputs have
another count, shape or kind of number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

THREADS = 2
_INPUT_NAME = re.compile(r"x\d*")


@dataclass(frozen=True)
class Case:
    """One recorded run: inputs and outputs in graph order."""

    inputs: tuple[NDArray[Any], ...]
    outputs: tuple[NDArray[Any], ...]


class OutputMismatchError(ValueError):
    """Outputs that cannot be compared at all."""


def model_folders(root: Path) -> list[Path]:
    """Every folder below ``root`` that holds recorded cases, sorted."""
    return sorted(path.parent for path in root.rglob("case_0.npz"))


def load_cases(folder: Path) -> list[Case]:
    """The folder's cases in order of their number."""
    cases = []
    for path in sorted(folder.glob("case_*.npz")):
        with np.load(path) as arrays:
            cases.append(Case(_numbered(arrays, "x"), _numbered(arrays, "y")))
    return cases


def _numbered(arrays: Mapping[str, NDArray[Any]], stem: str) -> tuple[NDArray[Any], ...]:
    names = [name for name in arrays if name.startswith(stem)]
    return tuple(arrays[name] for name in sorted(names, key=_number))


def _number(name: str) -> int:
    """1 for ``x``, 2 for ``x2``, and so on."""
    return int(name[1:] or "1")


@dataclass(frozen=True)
class Error:
    """Two measures of one difference, each relative to the expected numbers.

    Attributes:
        largest: ``max|found - expected| / max|expected|``.
        rms: root of the summed squares of the differences over that of the expected numbers.
    """

    largest: float
    rms: float


def relative_error(found: NDArray[Any], expected: NDArray[Any]) -> Error:
    """How far two arrays are apart; the plain difference where the expected array is all zero.

    Raises:
        OutputMismatchError: The arrays differ in shape, in kind of number, or in where they hold no number.
    """
    if found.shape != expected.shape:
        raise OutputMismatchError(f"shape {found.shape} instead of {expected.shape}")
    if found.dtype.kind != expected.dtype.kind:
        raise OutputMismatchError(f"{found.dtype} instead of {expected.dtype}")
    first, second = found.astype(np.float64), expected.astype(np.float64)
    finite = np.isfinite(second)
    if not np.array_equal(np.isfinite(first), finite):
        raise OutputMismatchError("infinite or missing numbers at other places")
    if not finite.any():
        return Error(0.0, 0.0)
    difference, second = (first - second)[finite], second[finite]
    return Error(
        float(np.abs(difference).max() / (np.abs(second).max() or 1.0)),
        float(np.linalg.norm(difference) / (np.linalg.norm(second) or 1.0)),
    )


def worst_error(model: Path, cases: list[Case]) -> Error:
    """The largest of both errors over all cases and outputs, on ONNX Runtime's CPU provider.

    Inputs are given by name where the names are those of the networks here: paddle2onnx changes their order.

    Raises:
        OutputMismatchError: The graph has another number of inputs or outputs, or outputs cannot be compared.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    names = [argument.name for argument in session.get_inputs()]
    errors = [Error(0.0, 0.0)]
    for case in cases:
        if len(names) != len(case.inputs):
            raise OutputMismatchError(f"{len(names)} inputs {names} instead of {len(case.inputs)}")
        order = sorted(names, key=_number) if all(map(_INPUT_NAME.fullmatch, names)) else names
        found = session.run(None, dict(zip(order, case.inputs, strict=True)))
        if len(found) != len(case.outputs):
            raise OutputMismatchError(f"{len(found)} outputs instead of {len(case.outputs)}")
        errors += [relative_error(a, b) for a, b in zip(found, case.outputs, strict=True)]
    return Error(max(error.largest for error in errors), max(error.rms for error in errors))
