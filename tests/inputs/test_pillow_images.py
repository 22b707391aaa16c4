"""Pillow images of every mode become BGR, and one opened from a file gives what the file gives."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image as PillowImage

from onnxocr.errors import ImageArrayError, ImageDecodeError, ImageSizeError
from onnxocr.inputs.images import decode_image
from onnxocr.inputs.pillow_images import read_pillow_image
from tests.inputs.files import bgr, orientation, pillow, png, saved

PICTURE = bgr(9, 7)


def read(image: PillowImage.Image, max_pixels: int = 10_000) -> list[object]:
    pixels = read_pillow_image(image, name="The image", max_pixels=max_pixels)
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    assert pixels.shape == (image.height, image.width, 3) or image.getexif()
    found: list[object] = pixels.tolist()
    return found


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("RGB", (1, 2, 3), [3, 2, 1]),
        ("RGBA", (1, 2, 3, 0), [3, 2, 1]),
        ("RGBX", (1, 2, 3, 9), [3, 2, 1]),
        ("L", 7, [7, 7, 7]),
        ("LA", (7, 0), [7, 7, 7]),
        ("1", 1, [255, 255, 255]),
        ("CMYK", (0, 255, 255, 0), [0, 0, 255]),
        ("YCbCr", (255, 128, 128), [255, 255, 255]),
        ("HSV", (0, 0, 200), [200, 200, 200]),
        ("I;16", 40000, [156, 156, 156]),
        ("I", 40000, [156, 156, 156]),
    ],
)
def test_modes(mode: str, colour: object, expected: list[int]) -> None:
    image = PillowImage.new(mode, (2, 1), colour)  # type: ignore[arg-type]
    assert read(image) == [[expected, expected]]


@pytest.mark.parametrize("transparency", [None, 1, b"\x00\x80"], ids=["opaque", "one colour", "by colour"])
def test_palettes(transparency: int | bytes | None) -> None:
    image = PillowImage.new("P", (2, 1))
    image.putpalette([1, 2, 3, 200, 100, 50])
    image.putpixel((0, 0), 1)
    if transparency is not None:
        image.info["transparency"] = transparency
    assert read(image) == [[[50, 100, 200], [3, 2, 1]]]


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
@pytest.mark.parametrize("value", range(1, 9))
def test_exif_orientation_is_applied(format: str, value: int) -> None:
    upright = decode_image(saved(pillow(PICTURE), "PNG", exif=orientation(value)), name="", max_pixels=999)
    with PillowImage.open(io.BytesIO(saved(pillow(PICTURE), format, exif=orientation(value)))) as image:
        assert read(image) == upright.tolist()


def test_a_16_bit_png_opened_with_pillow_gives_what_the_file_gives() -> None:
    data = png(3, 1, depth=16, colour_type=0, rows=[b"\x00\xff\x01\x00\x9c\x40"])
    with PillowImage.open(io.BytesIO(data)) as image:
        assert (
            read(image)
            == decode_image(data, name="", max_pixels=9).tolist()
            == [[[0] * 3, [1] * 3, [156] * 3]]
        )


@pytest.mark.parametrize("mode", ["F", "LAB"])
def test_modes_without_a_known_range_are_refused_by_name(mode: str) -> None:
    with pytest.raises(ImageArrayError, match=f"mode '{mode}'.*Convert"):
        read(PillowImage.new(mode, (2, 1)))


@pytest.mark.parametrize("value", [-1, 70_000])
def test_integers_beyond_16_bits_are_refused(value: int) -> None:
    with pytest.raises(ImageArrayError, match=str(value)):
        read(PillowImage.new("I", (2, 1), value))


def test_size_errors_come_before_loading() -> None:
    with pytest.raises(ImageSizeError, match="no pixels"):
        read(PillowImage.new("RGB", (0, 5)))
    with PillowImage.open(io.BytesIO(saved(pillow(PICTURE), "PNG"))) as image:
        with pytest.raises(ImageSizeError, match=r"7 x 9 px.*limit of 62"):
            read(image, max_pixels=62)
        image.fp = None  # loading would fail now


def test_an_image_opened_from_a_truncated_file_is_a_decode_error() -> None:
    data = saved(pillow(bgr(90, 70)), "JPEG")
    with (
        PillowImage.open(io.BytesIO(data[: len(data) // 2])) as image,
        pytest.raises(ImageDecodeError, match="truncated"),
    ):
        read(image)


def test_the_given_image_is_not_changed() -> None:
    image = PillowImage.fromarray(PICTURE)
    image.info["transparency"] = (1, 2, 3)
    before = image.copy()
    read(image)
    assert image == before
    assert image.info == before.info
