"""Small whole-number arithmetic done while a graph is built: known inputs enter, the known result leaves.

Paddle programs compute shapes out of constants and axis lengths. What is known early becomes an attribute or
a constant, so that fewer nodes have to be made. A value may be known in part: an object array with None for
the axis lengths that depend on the input.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

Known = npt.NDArray[np.generic] | npt.NDArray[np.object_]
"""An array, of dtype ``object`` with None in it where only a part is known."""

MAX_ELEMENTS = 256

_Rule = Callable[[Sequence[Known], Mapping[str, object]], Known]


def fold(op_type: str, inputs: Sequence[Known | None], attributes: Mapping[str, object]) -> Known | None:
    """Returns the result of an ONNX operator on known inputs; None if it cannot be known or is not small."""
    known = [each for each in inputs if each is not None]
    if not known or len(known) != len(inputs) or any(each.size > MAX_ELEMENTS for each in known):
        return None
    if op_type in _STRUCTURAL and not any(is_partial(each) for each in known[1:] if op_type != "Concat"):
        result = _STRUCTURAL[op_type](known, attributes)
    elif op_type in _ARITHMETIC and not any(is_partial(each) for each in known):
        result = np.asarray(_ARITHMETIC[op_type](known, attributes), dtype=known[0].dtype)
    else:
        return None
    return settled(result) if result.size <= MAX_ELEMENTS else None


def is_partial(array: Known) -> bool:
    """Returns whether some elements are not known."""
    return array.dtype == np.object_


def settled(array: Known) -> Known:
    """Returns the array with dtype int64 if nothing in it is unknown any more."""
    if is_partial(array) and all(element is not None for element in array.ravel()):
        return array.astype(np.int64)
    return array


def _axes(inputs: Sequence[Known]) -> tuple[int, ...] | None:
    return tuple(int(axis) for axis in inputs[1].ravel()) if len(inputs) > 1 else None


def _concat(inputs: Sequence[Known], attributes: Mapping[str, object]) -> Known:
    if any(is_partial(each) for each in inputs):
        inputs = [each.astype(np.object_) for each in inputs]
    return np.concatenate(list(inputs), axis=int(str(attributes.get("axis", 0))))


def _slice(inputs: Sequence[Known], attributes: Mapping[str, object]) -> Known:
    data, *bounds = inputs
    starts, ends = (each.ravel().tolist() for each in bounds[:2])
    axes = bounds[2].ravel().tolist() if len(bounds) > 2 else list(range(len(starts)))
    steps = bounds[3].ravel().tolist() if len(bounds) > 3 else [1] * len(starts)
    cuts = [slice(None)] * data.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        # The end of a backward cut that includes element 0 is "before the beginning" in ONNX, None in NumPy.
        last = None if step < 0 and end < -data.shape[axis] else end
        cuts[axis] = slice(start, last, step)
    return data[tuple(cuts)]


_STRUCTURAL: Mapping[str, _Rule] = {
    "Concat": _concat,
    "Slice": _slice,
    "Squeeze": lambda inputs, _: np.squeeze(inputs[0], axis=_axes(inputs)),
    "Unsqueeze": lambda inputs, _: np.expand_dims(inputs[0], _axes(inputs) or ()),
    "Reshape": lambda inputs, _: inputs[0].reshape(_axes(inputs) or ()),
    "Gather": lambda inputs, _: np.asarray(inputs[0][np.asarray(inputs[1], dtype=np.int64)]),
}

_ARITHMETIC: Mapping[str, _Rule] = {
    "Add": lambda inputs, _: np.add(inputs[0], inputs[1]),
    "Sub": lambda inputs, _: np.subtract(inputs[0], inputs[1]),
    "Mul": lambda inputs, _: np.multiply(inputs[0], inputs[1]),
    "Max": lambda inputs, _: np.maximum(inputs[0], inputs[1]),
    "Min": lambda inputs, _: np.minimum(inputs[0], inputs[1]),
    "Neg": lambda inputs, _: np.negative(inputs[0]),
}
