"""Small files made byte by byte or with Pillow, so that tests say what stands in them."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage

ORIENTATION_TAG = 0x0112


def bgr(height: int, width: int) -> npt.NDArray[np.uint8]:
    """A picture without two equal neighbours, the same in every run."""
    return np.random.default_rng(height * 1000 + width).integers(0, 256, (height, width, 3), dtype=np.uint8)


def pillow(image: npt.NDArray[np.uint8]) -> PillowImage.Image:
    return PillowImage.fromarray(np.ascontiguousarray(image[:, :, ::-1]))


def saved(image: PillowImage.Image, format: str, **options: Any) -> bytes:  # noqa: ANN401
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def orientation(value: int) -> PillowImage.Exif:
    exif = PillowImage.Exif()
    exif[ORIENTATION_TAG] = value
    return exif


def png_chunk(kind: bytes, content: bytes) -> bytes:
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def png(
    width: int, height: int, *, depth: int, colour_type: int, rows: Sequence[bytes], extra: bytes = b""
) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\x00" + row for row in rows))
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + extra
        + png_chunk(b"IDAT", pixels)
        + png_chunk(b"IEND", b"")
    )


def pdf(
    sizes: Sequence[tuple[float, float]] = ((200, 100),),
    *,
    missing: Sequence[int] = (),
    encrypted: bool = False,
    content: bytes = b"",
) -> bytes:
    """A PDF with pages of the given sizes in points; ``missing`` pages are listed but do not exist."""
    count = len(sizes)
    kids = b" ".join(b"%d 0 R" % (number + (900 if number in missing else 3)) for number in range(count))
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Kids [%b] /Count %d >>" % (kids, count),
    }
    stream = count + 3
    for number, (width, height) in enumerate(sizes):
        objects[number + 3] = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %g %g] /Contents %d 0 R >>" % (
            width,
            height,
            stream,
        )
    objects[stream] = b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content)
    trailer = b"<< /Size %d /Root 1 0 R" % (stream + 1)
    if encrypted:
        # Nobody's password: the check values are not derived from any.
        key = b"<%b>" % (b"5a" * 32)
        objects[stream + 1] = b"<< /Filter /Standard /V 1 /R 2 /P -4 /O %b /U %b >>" % (key, key)
        trailer += b" /Encrypt %d 0 R /ID [<00><00>]" % (stream + 1)
    return _pdf_file(objects, trailer + b" >>")


def _pdf_file(objects: dict[int, bytes], trailer: bytes) -> bytes:
    file = bytearray(b"%PDF-1.4\n")
    table = bytearray(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    for number, body in sorted(objects.items()):
        table += b"%010d 00000 n \n" % len(file)
        file += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    return bytes(file + table + b"trailer\n%b\nstartxref\n%d\n%%%%EOF\n" % (trailer, len(file)))
