"""What a file is, told by its first bytes; suffixes choose files in a folder and the words of an error."""

from __future__ import annotations

from pathlib import PurePath
from typing import Literal, TypeAlias

from onnxocr.errors import ImageDecodeError, InputError, PDFError, UnsupportedInputError
from onnxocr.inputs.image_header import is_image

FileKind: TypeAlias = Literal["image", "tiff", "pdf"]

# How many bytes file_kind wants to see: PDF readers accept a header anywhere in the first 1,024.
HEAD_BYTES = 1024

# The suffixes that PaddleOCR 3.7 reads inside a folder.
SUFFIXES: dict[str, FileKind] = {
    **dict.fromkeys((".bmp", ".dib", ".jpeg", ".jpg", ".png", ".webp"), "image"),
    **dict.fromkeys((".pbm", ".pgm", ".ppm", ".pnm", ".sr", ".ras"), "image"),
    **dict.fromkeys((".tif", ".tiff"), "tiff"),
    ".pdf": "pdf",
}
# BigTIFF has 43 (+) where TIFF has 42 (*).
_TIFF_MAGIC = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")


def file_kind(head: bytes) -> FileKind | None:
    """Returns what a file is that starts with ``head``, or None if it is nothing that can be read here."""
    if head.startswith(_TIFF_MAGIC):
        return "tiff"
    if is_image(head):
        return "image"
    return "pdf" if b"%PDF-" in head[:HEAD_BYTES] else None


def kind_by_suffix(path: str) -> FileKind | None:
    """Returns what a file's name promises."""
    return SUFFIXES.get(PurePath(path).suffix.lower())


def unreadable(head: bytes, *, name: str, path: str | None) -> InputError:
    """Returns the error for a file whose content is of no known kind.

    Args:
        head: its first bytes.
        name: what the message calls it.
        path: its path, None for data in memory.
    """
    promised = kind_by_suffix(path or "")
    if not head:
        return (PDFError if promised == "pdf" else ImageDecodeError)(f"{name} is empty (0 bytes).")
    seen = f"it starts with {head[:16]!r}"
    if promised == "pdf":
        return PDFError(f"{name} is no PDF: {seen}. Get the file again.")
    if promised or not path:
        return ImageDecodeError(f"{name} holds no image: {seen}. {_KNOWN}")
    return UnsupportedInputError(f"{name} is neither an image nor a PDF: {seen}. {_KNOWN}")


_KNOWN = "Known are JPEG, PNG, BMP, WebP, PNM, Sun raster, GIF, JPEG 2000, TIFF and PDF."
