from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from onnxocr.arrays import Tensor
from onnxocr.errors import InferenceError
from onnxocr.runtime.feeds import check_feeds, describe_feeds
from onnxocr.runtime.session import TensorSpec

IMAGE = TensorSpec("x", (None, 3, None, None), "float32")
SIZES = TensorSpec("sizes", (2,), "int64")


def image(*shape: int, dtype: str = "float32") -> Tensor:
    return np.zeros(shape, dtype)


@pytest.mark.parametrize("shape", [(1, 3, 8, 8), (6, 3, 48, 320), (0, 3, 1, 1)])
def test_any_size_fits_a_dynamic_dimension(shape: tuple[int, ...]) -> None:
    check_feeds("m", [IMAGE], {"x": image(*shape)})


@pytest.mark.parametrize(
    ("feeds", "reason"),
    [
        ({}, r"takes the inputs \['x'\], but was given \[\]"),
        ({"y": image(1, 3, 8, 8)}, r"but was given \['y'\]"),
        ({"x": image(1, 3, 8, 8), "y": image(1)}, r"but was given \['x', 'y'\]"),
        (
            {"x": image(1, 4, 8, 8)},
            r"takes float32 of shape \(any, 3, any, any\).*float32 of shape \(1, 4, 8, 8\)",
        ),
        ({"x": image(3, 8, 8)}, r"given float32 of shape \(3, 8, 8\)"),
        ({"x": image(1, 3, 8, 8, dtype="float64")}, "given float64"),
        ({"x": image(1, 3, 8, 8, dtype="uint8")}, "given uint8"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_with_both_sides(feeds: Mapping[str, Tensor], reason: str) -> None:
    with pytest.raises(InferenceError, match=f"detector.onnx.*{reason}"):
        check_feeds("detector.onnx", [IMAGE], feeds)


def test_every_input_is_checked() -> None:
    with pytest.raises(InferenceError, match="'sizes' takes int64"):
        check_feeds("m", [IMAGE, SIZES], {"x": image(1, 3, 8, 8), "sizes": image(2)})


def test_feeds_are_described_by_name_dtype_and_shape() -> None:
    assert describe_feeds({"a": image(1, 2), "b": image(3, dtype="int64")}) == "a float32[1, 2], b int64[3]"
