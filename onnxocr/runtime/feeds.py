"""Do the arrays that are to go through a graph fit its inputs, and are they large? The same for every engine.

Left to themselves the engines differ: ONNX Runtime refuses a wrong dtype, OpenVINO silently converts it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from onnxocr.arrays import Tensor
from onnxocr.errors import InferenceError
from onnxocr.runtime.session import TensorSpec

LARGE_INPUT_BYTES = 32 * 1024 * 1024
"""2.8 megapixels of float32; the reason stands in docs/runtime.md."""


def check_feeds(model: str, inputs: Sequence[TensorSpec], feeds: Mapping[str, Tensor]) -> None:
    """Raises InferenceError unless there is one array for each input, of its dtype and of a shape that fits.

    Args:
        model: how the message names the model.
        inputs: the graph's inputs.
        feeds: arrays by input name.
    """
    expected = [spec.name for spec in inputs]
    if set(feeds) != set(expected):
        raise InferenceError(f"{model} takes the inputs {expected}, but was given {list(feeds)}.")
    for spec in inputs:
        array = feeds[spec.name]
        if not _fits(spec, array):
            wanted = ", ".join("any" if size is None else str(size) for size in spec.shape)
            raise InferenceError(
                f"{model}: input {spec.name!r} takes {spec.dtype} of shape ({wanted}), "
                f"but was given {array.dtype} of shape {array.shape}."
            )


def are_large(feeds: Mapping[str, Tensor]) -> bool:
    """Returns whether a run on these arrays takes so much memory that it is given back afterwards."""
    return sum(array.nbytes for array in feeds.values()) > LARGE_INPUT_BYTES


def describe_feeds(feeds: Mapping[str, Tensor]) -> str:
    """Returns names, dtypes and shapes of the arrays, for a message."""
    return ", ".join(f"{name} {array.dtype}{list(array.shape)}" for name, array in feeds.items())


def _fits(spec: TensorSpec, array: Tensor) -> bool:
    return (
        array.dtype.name == spec.dtype
        and array.ndim == len(spec.shape)
        and all(size in (None, given) for size, given in zip(spec.shape, array.shape, strict=True))
    )
