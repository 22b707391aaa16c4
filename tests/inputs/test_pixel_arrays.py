"""Which arrays are images, and what becomes of their numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from onnxocr.errors import ImageArrayError, ImageSizeError
from onnxocr.inputs.pixel_arrays import read_array
from tests.inputs.files import bgr

PICTURE = bgr(4, 5)


def read(array: npt.NDArray[Any], max_pixels: int = 1000) -> npt.NDArray[np.uint8]:
    return read_array(array, name="The array", max_pixels=max_pixels)


def test_bgr_is_taken_without_a_copy() -> None:
    assert np.shares_memory(read(PICTURE), PICTURE)


@pytest.mark.parametrize(
    "view",
    [
        PICTURE[:, :, ::-1],
        PICTURE[::2, ::2],
        np.asfortranarray(PICTURE),
        np.dstack([PICTURE, PICTURE])[:, :, :3],
    ],
    ids=["channels reversed", "every second pixel", "column by column", "part of more channels"],
)
def test_what_is_scattered_in_memory_becomes_contiguous(view: npt.NDArray[np.uint8]) -> None:
    image = read(view)
    np.testing.assert_array_equal(image, view)
    assert image.flags.c_contiguous


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array([[0, 7, 255]], np.uint8), [0, 7, 255]),
        (np.array([[[0], [7], [255]]], np.uint8), [0, 7, 255]),
        (np.array([[False, True]]), [0, 255]),
        (np.array([[0, 255, 256, 40000, 65535]], np.uint16), [0, 0, 1, 156, 255]),
        (np.array([[0, 255, 256, 40000, 65535]], ">u2"), [0, 0, 1, 156, 255]),
    ],
    ids=["(H, W)", "(H, W, 1)", "bool", "16 bit", "16 bit, other byte order"],
)
def test_grey_arrays(array: npt.NDArray[Any], expected: list[int]) -> None:
    image = read(array)
    assert image.tolist() == [[[value] * 3 for value in expected]]
    assert image.dtype == np.uint8
    assert image.flags.c_contiguous


def test_the_fourth_channel_is_dropped() -> None:
    transparent = np.dstack([PICTURE, np.zeros((4, 5), np.uint8)])
    np.testing.assert_array_equal(read(transparent), PICTURE)


def test_16_bit_colours() -> None:
    np.testing.assert_array_equal(read(PICTURE.astype(np.uint16) * 256 + 99), PICTURE)


def test_subclasses_are_read_as_plain_arrays() -> None:
    masked = np.ma.masked_array(PICTURE, mask=True)
    image = read(masked)
    assert type(image) is np.ndarray
    np.testing.assert_array_equal(image, PICTURE)


def test_read_only_arrays_are_taken_and_no_array_is_changed() -> None:
    for array in (PICTURE, PICTURE[:, :, 0], PICTURE.astype(np.uint16), PICTURE > 100):
        before = array.copy()
        frozen = array.view()
        frozen.flags.writeable = False
        read(frozen)
        np.testing.assert_array_equal(array, before)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((4, 5, 3), np.float32), r"float32.*uint8"),
        (np.zeros((4, 5, 3), np.float64), r"float64.*\* 255"),
        (np.zeros((4, 5, 3), np.int64), "int64"),
        (np.zeros((4, 5, 3), np.int8), "int8"),
        (np.zeros((4, 5, 3), complex), "complex128"),
        (np.zeros((4, 5, 3), "S1"), "S1"),
        (np.zeros((4, 5, 3), object), "object"),
        (np.full((4, 5, 3), np.nan), r"NaN \(60 values\)"),
        (np.array(5, np.uint8), r"\(\)"),
        (np.zeros(5, np.uint8), r"\(5,\)"),
        (np.zeros((4, 5, 2), np.uint8), r"\(4, 5, 2\)"),
        (np.zeros((3, 40, 50), np.uint8), r"\(3, 40, 50\).*transpose\(1, 2, 0\)"),
        (np.zeros((2, 4, 5, 3), np.uint8), r"\(2, 4, 5, 3\).*list\(array\)"),
    ],
)
def test_other_types_and_shapes_are_refused_by_name(array: npt.NDArray[Any], words: str) -> None:
    with pytest.raises(ImageArrayError, match=words):
        read(array)


@pytest.mark.parametrize("shape", [(0, 0, 3), (0, 5, 3), (5, 0, 3), (0, 0)])
def test_arrays_without_pixels_are_a_size_error(shape: tuple[int, ...]) -> None:
    with pytest.raises(ImageSizeError, match="no pixels"):
        read(np.zeros(shape, np.uint8))


def test_the_limit_holds_for_arrays_too() -> None:
    assert read(PICTURE, max_pixels=20).shape == (4, 5, 3)
    with pytest.raises(ImageSizeError, match=r"5 x 4 px.*limit of 19"):
        read(PICTURE, max_pixels=19)
