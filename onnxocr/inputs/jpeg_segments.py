"""The marker segments of a JPEG stream (ITU-T T.81, annex B): its size and whether it is whole."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

_START_OF_SCAN = 0xDA
_END_OF_IMAGE = b"\xff\xd9"
# Frame headers SOF0 to SOF15; C4, C8 and CC in that range are tables and an extension.
_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# TEM, RST0 to RST7, SOI and EOI have no content.
_WITHOUT_CONTENT = frozenset({0x01, *range(0xD0, 0xDA)})
_MARKER = re.compile(rb"\xff+([^\x00\xff])", re.DOTALL)


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Returns width and height in px of the frame header, or (0, 0) if there is none."""
    for marker, start in _segments(data):
        if marker in _FRAME_HEADERS:
            height, width = struct.unpack_from(">HH", data, start + 3)
            return width, height
    return 0, 0


def jpeg_is_complete(data: bytes) -> bool:
    """Returns whether the end-of-image marker follows the pixels, wherever the data itself ends.

    Inside entropy-coded data these two bytes cannot occur, and embedded thumbnails lie before it.
    """
    for marker, start in _segments(data):
        if marker == _START_OF_SCAN:
            return data.find(_END_OF_IMAGE, start) >= 0
    return False


def _segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Yields ``(marker, offset of the segment's content)`` up to the first scan."""
    position = 2  # behind SOI
    while found := _MARKER.search(data, position):
        marker, position = found[1][0], found.end()
        if marker in _WITHOUT_CONTENT:
            continue
        yield marker, position
        if marker == _START_OF_SCAN:
            return
        position += int.from_bytes(data[position : position + 2], "big")
