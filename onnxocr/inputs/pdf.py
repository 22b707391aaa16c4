"""From PDF files to BGR pages, one page at a time, with PaddleX's scale and pixel budget.

PDFium is not thread-safe. One process-wide lock is held while it works, and never while a generator waits for
its caller, so that any number of PDFs can be read side by side.
"""

from __future__ import annotations

import io
import math
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from onnxocr.arrays import Image
from onnxocr.config import InputLimits
from onnxocr.errors import ImageSizeError, InputError, PDFError
from onnxocr.inputs.page import Page

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

# PADDLE_PDX_PDF_MIN_RENDER_SCALE of PaddleX 3.7: how far a page may be shrunk to fit the pixel budget.
_MIN_SCALE = 0.1
_BISECTION_STEPS = 32

_pdfium_lock = threading.Lock()
_discarded: deque[PdfDocument] = deque()


def iter_pdf_pages(
    file: BinaryIO,
    *,
    name: str,
    input_path: str | None,
    limits: InputLimits,
    report: Callable[[InputError, int], None],
) -> Iterator[Page]:
    """Yields the pages of a PDF on a white background, rendered when asked for and held one at a time.

    A page is ``ceil(points * limits.pdf_scale)`` px wide and high; one that would exceed
    ``limits.max_pixels`` is rendered at the largest scale that does not.

    Args:
        file: the open PDF, seekable; the caller closes it.
        name: what messages call the file.
        input_path: handed on to the pages.
        limits: scale and most pixels.
        report: called with the error of a page and its index; returns to go on with the next page.

    Raises:
        PDFError: the document is truncated, damaged, encrypted or has no pages.
    """
    document = _open(file, name)
    try:
        for index in range(_page_count(document, name)):
            page = None  # lets go of the last page before the next is made
            try:
                page = Page(_render(document, index, name=name, limits=limits), input_path, index)
            except InputError as error:
                report(error, index)
            if page is not None:
                yield page
    finally:
        _discard(document)


def count_pdf_pages(file: BinaryIO, *, name: str) -> int:
    """Returns how many pages an open PDF has, without rendering them.

    Raises:
        PDFError: the document is truncated, damaged, encrypted or has no pages.
    """
    document = _open(file, name)
    try:
        return _page_count(document, name)
    finally:
        _discard(document)


def render_scale(width_pt: float, height_pt: float, *, scale: float, max_pixels: int) -> float | None:
    """Returns the pixels per point at which a page fits the pixel budget, or None if none does.

    Args:
        width_pt: page width in PDF points.
        height_pt: page height in PDF points.
        scale: the scale that is wanted, and never exceeded.
        max_pixels: the budget.
    """

    def fits(candidate: float) -> bool:
        return math.ceil(width_pt * candidate) * math.ceil(height_pt * candidate) <= max_pixels

    if fits(scale):
        return scale
    low = min(_MIN_SCALE, scale)
    if not fits(low):
        return None
    # PaddleX 3.7 bisects as well; its last lower bound decides the size of the page to the pixel.
    high = min(scale, math.sqrt(max_pixels / (width_pt * height_pt)))
    for _ in range(_BISECTION_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


@contextmanager
def _pdfium() -> Iterator[None]:
    """Holds PDFium; documents whose readers were dropped meanwhile are closed afterwards."""
    try:
        with _pdfium_lock:
            yield
    finally:
        _close_discarded()


def _discard(document: PdfDocument) -> None:
    """Closes a document as soon as PDFium is free, without waiting for it.

    A generator may be finalised by the garbage collector in the very thread that holds the lock, where
    waiting would never end.
    """
    _discarded.append(document)
    _close_discarded()


def _close_discarded() -> None:
    while _discarded and _pdfium_lock.acquire(blocking=False):
        try:
            while _discarded:
                _discarded.popleft().close()
        finally:
            _pdfium_lock.release()


def _open(file: BinaryIO, name: str) -> PdfDocument:
    from pypdfium2 import PdfDocument, PdfiumError, raw

    _check_complete(file, name)
    with _pdfium():
        # PDFium refuses a document without pages and leaves its last error as it was: let that be one which
        # cannot come from a file that is open already.
        raw.FPDF_LoadDocument(b"", None)
        try:
            document = PdfDocument(file)
        except PdfiumError as error:
            raise _refusal(raw.FPDF_GetLastError(), name) from error
        try:
            # As PaddleX does: without it the contents of form fields are not drawn.
            document.init_forms()
        except PdfiumError as error:
            document.close()
            raise PDFError(f"{name} is a PDF with a damaged form. Repair it or get it again.") from error
        return document


def _refusal(last_error: int, name: str) -> PDFError:
    from pypdfium2 import raw

    reasons = {
        raw.FPDF_ERR_PASSWORD: "is encrypted: it needs a password. Save a copy without one.",
        raw.FPDF_ERR_SECURITY: "is encrypted in a way that is not supported. Save a copy without encryption.",
        raw.FPDF_ERR_FORMAT: "is a damaged PDF. Repair it or get it again.",
    }
    return PDFError(f"{name} {reasons.get(last_error, 'is a PDF without pages, or without a page tree.')}")


def _check_complete(file: BinaryIO, name: str) -> None:
    """Raises PDFError if an object follows the last trailer.

    PDFium repairs what it finds of a truncated file and shows the missing parts as blank paper.
    """
    size, window = file.seek(0, io.SEEK_END), 1 << 16
    while True:
        start = max(size - window, 0)
        file.seek(start)
        tail = file.read()
        trailer = tail.rfind(b"startxref")
        if trailer >= 0 or start == 0:
            break
        window *= 8
    file.seek(0)
    if trailer < 0 or tail.find(b" obj", trailer) >= 0:
        raise PDFError(
            f"{name} is a truncated PDF: its end is missing (it has {size:,} bytes). Get the file again."
        )


def _page_count(document: PdfDocument, name: str) -> int:
    with _pdfium():
        count = len(document)
    if count == 0:
        raise PDFError(f"{name} is a PDF without pages.")
    return count


def _render(document: PdfDocument, index: int, *, name: str, limits: InputLimits) -> Image:
    from pypdfium2 import PdfiumError

    name = f"{name}, page {index + 1},"
    try:
        with _pdfium():
            page = document[index]
            try:
                return _draw(page, _page_scale(page, name, limits))
            finally:
                page.close()
    except PdfiumError as error:
        raise PDFError(f"{name} cannot be rendered: {error} Repair the file or get it again.") from error


def _page_scale(page: PdfPage, name: str, limits: InputLimits) -> float:
    width, height = page.get_size()
    if width <= 0 or height <= 0:
        raise PDFError(f"{name} is {width} x {height} points and so has no area.")
    scale = render_scale(width, height, scale=limits.pdf_scale, max_pixels=limits.max_pixels)
    if scale is None:
        raise ImageSizeError(
            f"{name} is {width:g} x {height:g} points; even at {_MIN_SCALE:g} px a point it exceeds the "
            f"limit of {limits.max_pixels:,} pixels. Allow more with InputLimits(max_pixels=...)."
        )
    return scale


def _draw(page: PdfPage, scale: float) -> Image:
    bitmap = page.render(scale=scale, rotation=0)
    try:
        # The array is a view of PDFium's memory.
        return np.array(bitmap.to_numpy(), dtype=np.uint8, order="C", copy=True)
    finally:
        bitmap.close()
