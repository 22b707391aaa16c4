"""Whatever is handed in becomes pages in order, lazily; what cannot be read has a typed error."""

from __future__ import annotations

import io
import os
import tracemalloc
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from onnxocr.config import InputLimits
from onnxocr.errors import (
    ImageArrayError,
    ImageDecodeError,
    ImageSizeError,
    InputError,
    InputNotFoundError,
    PDFError,
    UnsupportedInputError,
)
from onnxocr.inputs.page import Page
from onnxocr.inputs.sources import count_pages, iter_pages
from tests.inputs.files import bgr, pdf, pillow, saved

PICTURE = bgr(9, 7)
PNG = saved(pillow(PICTURE), "PNG")
TIFF = saved(pillow(PICTURE), "TIFF", save_all=True, append_images=[pillow(PICTURE)])
PDF = pdf([(10, 10)] * 3)


def names(source: object, **options: object) -> list[tuple[str | None, int | None]]:
    return [(page.input_path, page.page_index) for page in iter_pages(source, **options)]  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        "b.png": PNG,
        "a.pdf": PDF,
        "c/d.TIF": TIFF,
        "c/z.jpeg": saved(pillow(PICTURE), "JPEG"),
        "B.bmp": saved(pillow(PICTURE), "BMP"),
        "c/e/f.webp": saved(pillow(PICTURE), "WEBP"),
        "notes.txt": b"not an image",
        "c/archive.png.zip": b"PK",
        "without suffix": PNG,
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return tmp_path


def test_a_path_keeps_the_string_that_was_given(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert names("./c/../b.png") == [("./c/../b.png", None)]
    assert names(Path("b.png")) == [("b.png", None)]


def test_a_folder_is_read_recursively_sorted_by_full_path(folder: Path) -> None:
    expected = [
        ("B.bmp", None),
        ("a.pdf", 0),
        ("a.pdf", 1),
        ("a.pdf", 2),
        ("b.png", None),
        ("c/d.TIF", 0),
        ("c/d.TIF", 1),
        ("c/e/f.webp", None),
        ("c/z.jpeg", None),
    ]
    for source in (str(folder), folder):
        assert names(source) == [(str(folder / name), index) for name, index in expected]
    assert count_pages(folder) == len(expected)


def test_a_folder_path_is_joined_as_it_was_given(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert names("./c/e") == [(f"./c/e{os.sep}f.webp", None)]


def test_a_folder_without_images_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(InputNotFoundError, match=r"no file to read.*\.pdf.*\.png"):
        names(tmp_path)
    assert count_pages(tmp_path) == 0


@pytest.mark.parametrize(
    "data", [PNG, bytearray(PNG), memoryview(PNG), io.BytesIO(PNG)], ids=lambda d: type(d).__name__
)
def test_the_bytes_of_an_image(data: object) -> None:
    (page,) = iter_pages(data)
    np.testing.assert_array_equal(page.image, PICTURE)
    assert (page.input_path, page.page_index) == (None, None)


@pytest.mark.parametrize(("data", "pages"), [(PNG, 1), (TIFF, 2), (PDF, 3)], ids=["image", "TIFF", "PDF"])
def test_what_data_is_is_told_by_its_content(data: bytes, pages: int, tmp_path: Path) -> None:
    for name in ("no suffix", "wrong.txt", "wrong.pdf", "wrong.png", "wrong.tif"):
        (tmp_path / name).write_bytes(data)
        assert len(names(str(tmp_path / name))) == pages
        assert count_pages(tmp_path / name) == pages
    assert len(names(data)) == pages
    assert count_pages(data) == pages


def test_open_files_are_read_from_where_they_stand_and_stay_open(tmp_path: Path) -> None:
    path = tmp_path / "b.png"
    path.write_bytes(b"skip" + PNG)
    with path.open("rb") as file:
        file.seek(4)
        (page,) = iter_pages(file)
        np.testing.assert_array_equal(page.image, PICTURE)
        assert not file.closed


def test_arrays_and_pillow_images_are_pages_of_their_own() -> None:
    for source in (PICTURE, pillow(PICTURE)):
        (page,) = iter_pages(source)
        np.testing.assert_array_equal(page.image, PICTURE)
        assert (page.input_path, page.page_index) == (None, None)
        assert count_pages(source) == 1
    (page,) = iter_pages(PICTURE)
    assert np.shares_memory(page.image, PICTURE)


def test_lists_tuples_and_iterators_are_read_in_order(folder: Path) -> None:
    items = [str(folder / "a.pdf"), PICTURE, folder / "b.png", TIFF, folder / "c"]
    expected = names(items)
    assert [index for _, index in expected] == [0, 1, 2, None, None, 0, 1, 0, 1, None, None]
    for source in (tuple(items), deque(items), iter(items), (item for item in items)):
        assert names(source) == expected
    assert count_pages(items) == len(expected)
    assert count_pages(iter(items)) is None


@pytest.mark.parametrize("source", [[], (), iter([])], ids=["list", "tuple", "iterator"])
def test_nothing_gives_nothing(source: object) -> None:
    assert names(source) == []


def test_counting_takes_nothing_from_iterators_and_open_files() -> None:
    source, file = iter([PNG]), io.BytesIO(PNG)
    assert count_pages(source) is None
    assert count_pages(file) is None
    assert count_pages([PNG, file]) is None
    assert len(names(source)) == len(names(file)) == 1


def test_nothing_is_opened_before_its_turn(folder: Path) -> None:
    taken: list[str] = []

    def sources() -> Iterator[str]:
        for name in ("b.png", "missing.png"):
            taken.append(name)
            yield str(folder / name)

    pages = iter_pages(sources())
    assert taken == []
    next(pages)
    assert taken == ["b.png"]
    with pytest.raises(InputNotFoundError):
        next(pages)


def test_one_page_is_held_at_a_time() -> None:
    def images() -> Iterator[npt.NDArray[np.uint8]]:
        for _ in range(5):
            yield np.zeros((1000, 1000, 3), np.uint8)

    large = pillow(np.zeros((1000, 1000, 3), np.uint8))
    names([TIFF, PDF])  # what is imported and set up once is none of the pages' memory
    # How many copies there are while a page is made: Pillow and PDFium keep one of their own.
    copies: list[tuple[object, int]] = [
        (images(), 1),
        (iter([saved(large, "PNG")] * 5), 1),
        (saved(large, "TIFF", save_all=True, append_images=[large] * 4, compression="tiff_lzw"), 2),
        (pdf([(500, 500)] * 5), 2),
    ]
    for source, expected in copies:
        tracemalloc.start()
        pages = iter_pages(source)
        while next(pages, None) is not None:
            pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert expected <= peak / 3_000_000 < expected + 0.2


@pytest.mark.parametrize(
    ("name", "content", "error", "words"),
    [
        ("text.png", b"just text", ImageDecodeError, "holds no image.*just text"),
        ("text.tif", b"just text", ImageDecodeError, "holds no image"),
        ("text.pdf", b"just text", PDFError, "no PDF"),
        ("text.txt", b"just text", UnsupportedInputError, "neither an image nor a PDF"),
        ("text", b"just text", UnsupportedInputError, "neither an image nor a PDF"),
        ("empty.png", b"", ImageDecodeError, "empty"),
        ("empty", b"", ImageDecodeError, "empty"),
        ("empty.pdf", b"", PDFError, "empty"),
        ("cut.png", PNG[:60], ImageDecodeError, "truncated PNG"),
        ("cut.pdf", PDF[:200], PDFError, "truncated PDF"),
        ("locked.pdf", pdf(encrypted=True), PDFError, "encrypted"),
        ("no pages.pdf", pdf([]), PDFError, "without pages"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_its_fault(
    name: str, content: bytes, error: type[InputError], words: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(error, match=words) as caught:
        names(str(path))
    assert str(caught.value).startswith(str(path))
    assert getattr(caught.value, "input_path", None) == str(path)
    assert count_pages(path) == (1 if name == "cut.png" else 0)  # images are counted by their first bytes


@pytest.mark.parametrize("path", ["missing.png", "missing", "missing/a.png", "", "a\x00b", "x" * 5000])
def test_a_missing_path_is_not_found(path: str) -> None:
    with pytest.raises(InputNotFoundError) as caught:
        names(path)
    assert repr(path) in str(caught.value)
    assert isinstance(caught.value, FileNotFoundError)
    assert count_pages(path) == 0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    with pytest.raises(UnsupportedInputError, match="pipe"):
        names(str(pipe))


class _BytesPath:
    def __fspath__(self) -> bytes:
        return b"scan.png"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (None, "NoneType"),
        (3, "int"),
        ({"a": 1}, "dict"),
        ({"a.png"}, "set"),
        (object(), "object"),
        (np.float64(3), "float64"),
        (_BytesPath(), "_BytesPath"),
        (io.StringIO("text"), "text.*'rb'"),
        ([["a.png"]], "list at position 0.*nested"),
        ([PICTURE, None], "NoneType at position 1"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_other_objects_are_refused_by_type(source: object, words: str) -> None:
    with pytest.raises(UnsupportedInputError, match=words):
        names(source)


def test_a_closed_file_is_an_error() -> None:
    file = io.BytesIO(PNG)
    file.close()
    with pytest.raises(ImageDecodeError, match="closed"):
        names(file)


def test_array_faults_say_where_in_the_list() -> None:
    with pytest.raises(ImageArrayError, match="The array at position 1 holds NaN"):
        names([PICTURE, np.full((2, 2, 3), np.nan)])
    with pytest.raises(ImageSizeError, match="no pixels"):
        names(np.zeros((0, 0, 3), np.uint8))


def test_with_a_callback_the_rest_is_read(folder: Path) -> None:
    (folder / "b.png").write_bytes(PNG[:50])
    (folder / "c/d.TIF").write_bytes(b"")
    (folder / "a.pdf").write_bytes(pdf([(10, 10)] * 3, missing=[1]))
    errors: list[InputError] = []
    found = names([folder, "missing.png", None, PICTURE], on_error=errors.append)
    inside = [("B.bmp", None), ("a.pdf", 0), ("a.pdf", 2), ("c/e/f.webp", None), ("c/z.jpeg", None)]
    assert found == [*((str(folder / name), index) for name, index in inside), (None, None)]
    seen = [
        (type(error), getattr(error, "input_path", ""), getattr(error, "page_index", "")) for error in errors
    ]
    assert seen == [
        (PDFError, str(folder / "a.pdf"), 1),
        (ImageDecodeError, str(folder / "b.png"), None),
        (ImageDecodeError, str(folder / "c/d.TIF"), None),
        (InputNotFoundError, "missing.png", None),
        (UnsupportedInputError, None, None),
    ]


def test_an_error_raised_by_the_callback_comes_out_as_it_is() -> None:
    class StopReadingError(Exception):
        pass

    def stop(error: InputError) -> None:
        raise StopReadingError from error

    for source in ([b"text", PNG], pdf([(10, 10)] * 3, missing=[1])):
        with pytest.raises(StopReadingError):
            names(source, on_error=stop)


def test_collected_errors_do_not_hold_the_broken_files() -> None:
    errors: list[InputError] = []
    tracemalloc.start()
    sources = (b"\x89PNG\r\n\x1a\n" + bytes([number]) * 1_000_000 for number in range(10))
    assert names(sources, on_error=errors.append) == []
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(errors) == 10
    assert held < 2_000_000


def test_an_error_of_the_iterator_itself_comes_out_as_it_is() -> None:
    def sources() -> Iterator[bytes]:
        yield PNG
        raise KeyError("the caller's own fault")

    pages = iter_pages(sources(), on_error=lambda error: None)
    next(pages)
    with pytest.raises(KeyError):
        next(pages)


def test_limits_apply_to_every_kind_of_image(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    limits = InputLimits(max_pixels=62)
    for source in (str(path), PNG, PICTURE, pillow(PICTURE), TIFF):
        with pytest.raises(ImageSizeError, match=r"7 x 9 px.*limit of 62"):
            names(source, limits=limits)


def test_the_callers_array_is_not_changed() -> None:
    array = PICTURE.copy()
    pages: list[Page] = list(iter_pages([array, array[:, ::-1], array[:, :, 0]]))
    assert len(pages) == 3
    np.testing.assert_array_equal(array, PICTURE)
