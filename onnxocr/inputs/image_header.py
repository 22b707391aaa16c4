"""Format and size of an image from the first bytes of its file; no pixel is decoded, no memory asked for."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

from onnxocr.inputs.jpeg_segments import jpeg_size


@dataclass(frozen=True)
class ImageHeader:
    """What an image file says of itself.

    Attributes:
        format: ``JPEG``, ``PNG``, ``BMP``, ``WebP``, ``PNM``, ``Sun raster``, ``GIF`` or ``JPEG 2000``.
        width: px, before any EXIF orientation.
        height: px, likewise; both are 0 if the header is damaged.
        pixel_bytes: how many bytes of pixel data must follow ``pixel_start``; 0 where the header cannot tell,
            because the data is compressed or text.
        pixel_start: where the pixel data begins.
    """

    format: str
    width: int
    height: int
    pixel_bytes: int = 0
    pixel_start: int = 0


def read_image_header(data: bytes) -> ImageHeader | None:
    """Returns what the first bytes say, or None if they are of no image format known here."""
    for magic, read in _READERS:
        if magic.match(data):
            try:
                return read(data)
            except (struct.error, IndexError):
                return ImageHeader(_FORMATS[read], 0, 0)
    return None


def is_image(head: bytes) -> bool:
    """Returns whether a file that starts so is of an image format known here, TIFF excepted."""
    return any(magic.match(head) for magic, _ in _READERS)


def _jpeg(data: bytes) -> ImageHeader:
    return ImageHeader("JPEG", *jpeg_size(data))


def _png(data: bytes) -> ImageHeader:
    return ImageHeader("PNG", *struct.unpack_from(">II", data, 16))


def _gif(data: bytes) -> ImageHeader:
    return ImageHeader("GIF", *struct.unpack_from("<HH", data, 6))


def _bmp(data: bytes) -> ImageHeader:
    pixel_start, header_bytes = struct.unpack_from("<II", data, 10)
    if header_bytes == 12:
        width, height, _, depth = struct.unpack_from("<HHHH", data, 18)
        compression = 0
    else:
        # A negative height means that the rows run from top to bottom.
        width, height, _, depth, compression = struct.unpack_from("<iiHHI", data, 18)
    height = abs(height)
    row_bytes = (width * depth + 31) // 32 * 4
    plain = compression in (0, 3, 6)  # BI_RGB, BI_BITFIELDS, BI_ALPHABITFIELDS
    return ImageHeader("BMP", width, height, row_bytes * height if plain else 0, pixel_start)


def _webp(data: bytes) -> ImageHeader:
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = (1 + int.from_bytes(data[at : at + 3], "little") for at in (24, 27))
    elif kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    else:
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    (riff_bytes,) = struct.unpack_from("<I", data, 4)
    return ImageHeader("WebP", width, height, riff_bytes, 8)


_PNM_HEADER = re.compile(rb"P[1-6](?:\s|#[^\n]*\n)+(\d+)(?:\s|#[^\n]*\n)+(\d+)(?:(?:\s|#[^\n]*\n)+(\d+))?")


def _pnm(data: bytes) -> ImageHeader:
    kind = data[1:2]
    found = _PNM_HEADER.match(data[:4096])
    if found is None:
        return ImageHeader("PNM", 0, 0)
    width, height = int(found[1]), int(found[2])
    if kind in b"14":
        # A bitmap has no largest value: what looks like one is already pixel data.
        return ImageHeader(
            "PNM", width, height, (width + 7) // 8 * height if kind == b"4" else 0, found.end(2) + 1
        )
    samples = width * height * (3 if kind in b"36" else 1)
    sample_bytes = 2 if found[3] and int(found[3]) > 255 else 1
    return ImageHeader("PNM", width, height, samples * sample_bytes if kind in b"56" else 0, found.end() + 1)


def _sun_raster(data: bytes) -> ImageHeader:
    width, height, depth, _, encoding, _, map_bytes = struct.unpack_from(">7I", data, 4)
    row_bytes = (width * depth + 15) // 16 * 2
    run_length_coded = encoding == 2
    return ImageHeader(
        "Sun raster", width, height, 0 if run_length_coded else row_bytes * height, 32 + map_bytes
    )


def _jpeg_2000(data: bytes) -> ImageHeader:
    # The image and tile size marker, FF51, opens the code stream wherever a container puts that.
    at = data.index(b"\xff\x4f\xff\x51") if b"\xff\x4f\xff\x51" in data else len(data)
    right, bottom, left, top = struct.unpack_from(">4I", data, at + 8)
    return ImageHeader("JPEG 2000", right - left, bottom - top)


_FORMATS: dict[Callable[[bytes], ImageHeader], str] = {
    _jpeg: "JPEG",
    _png: "PNG",
    _gif: "GIF",
    _bmp: "BMP",
    _webp: "WebP",
    _pnm: "PNM",
    _sun_raster: "Sun raster",
    _jpeg_2000: "JPEG 2000",
}
_READERS = (
    (re.compile(rb"\xff\xd8\xff"), _jpeg),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), _png),
    (re.compile(rb"GIF8[79]a"), _gif),
    (re.compile(rb"BM"), _bmp),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), _webp),
    (re.compile(rb"P[1-6][\s#]"), _pnm),
    (re.compile(rb"\x59\xa6\x6a\x95"), _sun_raster),
    (re.compile(rb"\x00\x00\x00\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51"), _jpeg_2000),
)
