"""TIFF frames are read as PaddleOCR 3.7 reads them: Pillow, converted to RGB, 16-bit grey clipped."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image as PillowImage

from onnxocr.config import InputLimits
from onnxocr.errors import ImageDecodeError, ImageSizeError, InputError
from onnxocr.inputs.page import Page
from onnxocr.inputs.sources import count_pages, iter_pages
from tests.inputs.files import bgr, orientation, pillow, saved

FRAMES = [bgr(9, 7), bgr(12, 8), bgr(5, 5)]


def tiff(*frames: npt.NDArray[np.uint8], **options: Any) -> bytes:  # noqa: ANN401
    first, *others = [pillow(frame) for frame in frames]
    return saved(first, "TIFF", save_all=True, append_images=others, **options)


def pages(data: bytes, limits: InputLimits | None = None) -> list[Page]:
    return list(iter_pages(data, limits=limits))


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_every_frame_is_a_page(compression: str | None) -> None:
    found = pages(tiff(*FRAMES, compression=compression))
    assert [page.page_index for page in found] == [0, 1, 2]
    for page, frame in zip(found, FRAMES, strict=True):
        np.testing.assert_array_equal(page.image, frame)
        assert page.image.flags.c_contiguous


def test_a_single_frame_is_page_0() -> None:
    assert [page.page_index for page in pages(tiff(FRAMES[0]))] == [0]


def test_the_suffix_does_not_matter_big_tiff_is_read_too() -> None:
    data = tiff(FRAMES[0], big_tiff=True)
    assert data[2] == 43
    np.testing.assert_array_equal(pages(data)[0].image, FRAMES[0])


@pytest.mark.parametrize("value", range(1, 9))
def test_the_orientation_tag_is_applied(value: int) -> None:
    as_png = pages(saved(pillow(FRAMES[0]), "PNG", exif=orientation(value)))
    as_tiff = pages(tiff(FRAMES[0], exif=orientation(value)))
    np.testing.assert_array_equal(as_tiff[0].image, as_png[0].image)


def test_16_bit_grey_is_clipped_unlike_in_png() -> None:
    stored = PillowImage.fromarray(np.array([[0, 7, 255, 256, 65535]], np.uint16))
    assert pages(saved(stored, "TIFF"))[0].image[0, :, 0].tolist() == [0, 7, 255, 255, 255]


def test_floating_point_grey_is_cut_and_clipped() -> None:
    stored = PillowImage.fromarray(np.array([[0.0, 1.9, 254.6, 300.0, -3.0, np.nan]], np.float32))
    assert pages(saved(stored, "TIFF"))[0].image[0, :, 0].tolist() == [0, 1, 254, 255, 0, 0]


@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
def test_pillows_own_limit_is_none_of_ours(compression: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tiff(*FRAMES, compression=compression, exif=orientation(6))
    monkeypatch.setattr(PillowImage, "MAX_IMAGE_PIXELS", 20)  # a warning is an error here
    assert [page.image.shape for page in pages(data)] == [(7, 9, 3), (8, 12, 3), (5, 5, 3)]


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "YCbCr", "I;16"])
def test_every_mode_is_what_pillow_converts_to_rgb(mode: str) -> None:
    stored = pillow(bgr(9, 7))
    stored = (
        PillowImage.fromarray(bgr(9, 7)[:, :, 0].astype(np.uint16) * 3)
        if mode == "I;16"
        else stored.convert(mode)
    )
    data = saved(stored, "TIFF")
    with PillowImage.open(io.BytesIO(data)) as image:
        expected = np.asarray(image.convert("RGB"))[:, :, ::-1]
    np.testing.assert_array_equal(pages(data)[0].image, expected)


def test_transparency_is_dropped_without_compositing() -> None:
    stored = np.dstack([FRAMES[0][:, :, ::-1], np.zeros((9, 7), np.uint8)])
    np.testing.assert_array_equal(pages(saved(PillowImage.fromarray(stored), "TIFF"))[0].image, FRAMES[0])


def test_a_frame_above_the_limit_is_reported_and_the_others_are_read() -> None:
    errors: list[InputError] = []
    limits = InputLimits(max_pixels=9 * 7)
    found = list(iter_pages(tiff(*FRAMES), limits=limits, on_error=errors.append))
    assert [page.page_index for page in found] == [0, 2]
    assert [(type(error), getattr(error, "page_index", None)) for error in errors] == [(ImageSizeError, 1)]
    with pytest.raises(ImageSizeError, match=r"page 2, is 8 x 12 px.*limit of 63"):
        pages(tiff(*FRAMES), limits)


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"])
def test_of_a_truncated_file_the_whole_frames_are_read(
    compression: str | None, capfd: pytest.CaptureFixture[str]
) -> None:
    data = tiff(bgr(90, 70), bgr(80, 60), compression=compression)
    errors: list[InputError] = []
    found = list(iter_pages(data[: len(data) * 9 // 10], on_error=errors.append))
    assert [page.page_index for page in found] == [0]
    assert [(type(error), getattr(error, "page_index", None)) for error in errors] == [(ImageDecodeError, 1)]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("size", [4, 8, 100])
def test_a_file_cut_off_at_its_start_is_an_error(size: int) -> None:
    with pytest.raises(ImageDecodeError, match=r"^The data"):
        pages(tiff(*FRAMES, compression="tiff_lzw")[:size])


def test_frames_are_counted_without_decoding_them() -> None:
    assert count_pages(tiff(*FRAMES)) == 3
    assert count_pages(tiff(*FRAMES)[:20]) == 0
