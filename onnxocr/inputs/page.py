"""One page to be read: its pixels and where they came from. Says nothing about how they were obtained."""

from __future__ import annotations

from dataclasses import dataclass

from onnxocr.arrays import Image


@dataclass(frozen=True)
class Page:
    """One image, or one page of a document.

    Attributes:
        image: contiguous ``(H, W, 3)`` uint8 BGR; may be the caller's own array, so nobody writes to it.
        input_path: the path or URL as it was given (inside a folder: the path of the file), None for data in
            memory.
        page_index: page of a PDF or TIFF, from 0; None for inputs without pages.
    """

    image: Image
    input_path: str | None
    page_index: int | None
