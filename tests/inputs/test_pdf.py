"""PDF pages are rendered one at a time, with PaddleX's scale and pixel budget."""

from __future__ import annotations

import gc
import math
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnxocr.config import InputLimits
from onnxocr.errors import ImageSizeError, InputError, PDFError
from onnxocr.inputs.page import Page
from onnxocr.inputs.pdf import render_scale
from onnxocr.inputs.sources import count_pages, iter_pages
from tests.inputs.files import bgr, pdf, pillow, saved

# A red bar over the lower left quarter of a page of 200 x 100 points.
BAR = b"1 0 0 rg 0 0 100 50 re f"


def pages(data: object, limits: InputLimits | None = None) -> list[Page]:
    return list(iter_pages(data, limits=limits))


def test_pages_are_bgr_on_white_at_two_pixels_a_point() -> None:
    (page,) = pages(pdf(content=BAR))
    assert page.image.shape == (200, 400, 3)
    assert page.image.flags.c_contiguous
    assert page.image.dtype == np.uint8
    assert page.image[150, 100].tolist() == [0, 0, 255]
    assert page.image[50, 100].tolist() == [255, 255, 255]
    assert page.image[150, 300].tolist() == [255, 255, 255]


@pytest.mark.parametrize(
    ("size", "scale", "shape"),
    [
        ((200.2, 100.7), 2.0, (202, 401)),  # 201.4 and 400.4, rounded up
        ((200, 100), 1.0, (100, 200)),
        ((10.1, 10.1), 0.05, (1, 1)),
        ((3, 3), 0.5, (2, 2)),
    ],
)
def test_sizes_are_rounded_up(size: tuple[float, float], scale: float, shape: tuple[int, int]) -> None:
    (page,) = pages(pdf([size]), InputLimits(pdf_scale=scale))
    assert page.image.shape == (*shape, 3)


def test_pages_are_numbered_from_0_in_order() -> None:
    found = pages(pdf([(10, 10), (20, 10), (30, 10)]))
    assert [(page.page_index, page.image.shape[1]) for page in found] == [(0, 20), (1, 40), (2, 60)]


def test_a_page_above_the_pixel_budget_is_rendered_as_large_as_fits() -> None:
    (page,) = pages(pdf([(200, 100)]), InputLimits(max_pixels=5000))
    # 100 x 50 px is the budget to the pixel, at scale 0.5.
    assert page.image.shape == (50, 100, 3)


@given(
    width=st.floats(1, 15_000),
    height=st.floats(1, 15_000),
    scale=st.floats(0.1, 10),
    budget=st.integers(10, 10**8),
)
def test_the_render_scale_fits_and_is_not_needlessly_small(
    width: float, height: float, scale: float, budget: int
) -> None:
    def pixels(factor: float) -> int:
        return math.ceil(width * factor) * math.ceil(height * factor)

    found = render_scale(width, height, scale=scale, max_pixels=budget)
    if found is None:
        assert pixels(0.1) > budget
        return
    assert found <= scale
    assert pixels(found) <= budget
    assert found == scale or pixels(min(scale, found + (scale - 0.1) / 2**20)) > budget or found < 0.1001


def test_a_page_that_never_fits_is_a_size_error() -> None:
    with pytest.raises(
        ImageSizeError, match=r"page 1, is 200 x 100 points.*0\.1 px a point.*limit of 100 pixels"
    ):
        pages(pdf(), InputLimits(max_pixels=100))


@pytest.mark.parametrize("garbage", [b"\n" * 3000, b"\x00" * 70_000])
def test_data_around_the_document_is_ignored(garbage: bytes) -> None:
    assert len(pages(pdf() + garbage)) == 1
    assert len(pages(b"garbage\n" + pdf())) == 1


def documents() -> dict[str, bytes]:
    page = pillow(bgr(50, 40))
    return {
        "drawing": pdf([(200, 100)] * 3, content=BAR * 100),
        "scan": saved(page, "PDF", save_all=True, append_images=[page] * 2),
    }


@pytest.mark.parametrize("part", [0.05, 0.3, 0.5, 0.8, 0.95])
@pytest.mark.parametrize("data", documents().values(), ids=documents().keys())
def test_a_truncated_document_is_refused(data: bytes, part: float, capfd: pytest.CaptureFixture[str]) -> None:
    assert len(pages(data)) == 3
    with pytest.raises(PDFError, match="truncated"):
        pages(data[: int(len(data) * part)])
    assert capfd.readouterr() == ("", "")


def test_a_truncated_update_is_refused_although_an_older_version_is_whole() -> None:
    with pytest.raises(PDFError, match="truncated"):
        pages(pdf() + b"9 0 obj\n<< /Type /Page >>\nendobj\n")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (pdf(encrypted=True), "encrypted.*password"),
        (pdf([]), "without pages"),
        (b"%PDF-1.4\nhello\nstartxref\n9\n%%EOF\n", "damaged"),
        (b"%PDF-1.4\n", "truncated"),
    ],
)
def test_each_kind_of_unreadable_document_has_its_words(
    data: bytes, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):  # PDFium remembers the last error of the process
        with pytest.raises(PDFError, match=words):
            pages(data)
    assert count_pages(data) == 0
    assert capfd.readouterr() == ("", "")


def test_a_broken_page_is_reported_and_the_others_are_read() -> None:
    data = pdf([(200, 100)] * 3, missing=[1])
    errors: list[InputError] = []
    found = list(iter_pages(data, on_error=errors.append))
    assert [page.page_index for page in found] == [0, 2]
    assert [(type(error), getattr(error, "page_index", None)) for error in errors] == [(PDFError, 1)]
    assert "page 2" in str(errors[0])
    with pytest.raises(PDFError, match="page 2"):
        pages(data)


def test_pages_are_counted_without_rendering() -> None:
    assert count_pages(pdf([(10, 10)] * 7)) == 7


def coloured(red: float) -> bytes:
    return pdf([(40, 40)] * 5, content=b"%g 0 0 rg 0 0 40 40 re f" % red)


def test_readers_of_several_documents_take_turns() -> None:
    one, two = iter_pages(coloured(1)), iter_pages(coloured(0))
    for first, second in zip(one, two, strict=True):
        assert first.image[0, 0].tolist() == [0, 0, 255]
        assert second.image[0, 0].tolist() == [0, 0, 0]


def test_a_suspended_reader_blocks_nobody() -> None:
    reader = iter_pages(coloured(1))
    next(reader)
    with ThreadPoolExecutor(1) as pool:
        assert len(pool.submit(pages, coloured(1)).result(timeout=20)) == 5
    assert len(list(reader)) == 4


def test_threads_read_at_once() -> None:
    expected = [page.image for page in pages(documents()["scan"])]
    start = threading.Barrier(4)

    def read(_: int) -> list[npt.NDArray[np.uint8]]:
        start.wait(timeout=20)
        return [page.image for _ in range(5) for page in iter_pages(documents()["scan"])]

    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(read, range(4), timeout=60):
            assert len(found) == 15
            for number, image in enumerate(found):
                np.testing.assert_array_equal(image, expected[number % 3])


def test_pages_outlive_their_document() -> None:
    reader = iter_pages(coloured(1))
    page = next(reader)
    reader.close()  # type: ignore[attr-defined]
    gc.collect()
    assert (page.image == (0, 0, 255)).all()


def test_a_reader_dropped_in_a_cycle_while_pdfium_is_busy_does_not_stop_the_thread() -> None:
    for _ in range(20):
        reader = iter_pages(coloured(1))
        next(reader)
        cycle: list[object] = [reader]
        cycle.append(cycle)
        del reader, cycle
        assert len(pages(coloured(0))) == 5
        gc.collect()
    assert len(pages(coloured(0))) == 5


def test_leaving_the_program_in_the_middle_of_a_document_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(coloured(1))
    code = f"from onnxocr.inputs.sources import iter_pages\nreader = iter_pages({str(path)!r})\nnext(reader)"
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (finished.stdout, finished.stderr) == ("", "")


_GROWTH = """
import re, sys
from onnxocr.inputs.sources import iter_pages
def resident_mb():
    return int(re.search("VmRSS: *([0-9]+)", open("/proc/self/status").read().replace("\\t", " "))[1]) / 1024
marks = []
for page in iter_pages(sys.argv[1]):
    if page.page_index in (9, 99):
        marks.append(resident_mb())
print(marks[1] - marks[0])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_page_100_needs_no_more_memory_than_page_10(tmp_path: Path) -> None:
    path = tmp_path / "long.pdf"
    path.write_bytes(pdf([(600, 800)] * 100, content=BAR))  # 5.5 MiB a page
    finished = subprocess.run(
        [sys.executable, "-c", _GROWTH, str(path)], capture_output=True, text=True, check=True
    )
    assert float(finished.stdout) < 6
