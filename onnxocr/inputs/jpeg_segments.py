"""The marker segments of a JPEG stream (ITU-T T.81, annex B): where they start, never what the pixels are."""

from __future__ import annotations

import re
from collections.abc import Iterator

START_OF_SCAN = 0xDA
END_OF_IMAGE = 0xD9
# Frame headers SOF0 to SOF15; C4, C8 and CC in that range are tables and an extension.
FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# RST0 to RST7 and TEM stand alone; SOI too, but it is behind us when the walk starts.
_WITHOUT_LENGTH = frozenset({0x01, 0xD8, *range(0xD0, 0xD8)})
# Inside entropy-coded data FF 00 is a stuffed byte, FF D0 to FF D7 are restarts and FF FF is fill.
_MARKER = re.compile(rb"\xff+([^\x00\xff])", re.DOTALL)
_MARKER_AFTER_SCAN = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)


def jpeg_segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Yields ``(marker, offset of the segment's content)`` in file order, up to the end-of-image marker.

    Ends early, without that marker, when the data does. Embedded thumbnails lie inside a segment and are
    passed over with it.
    """
    position, pattern = 2, _MARKER
    while found := pattern.search(data, position):
        marker, position = found[1][0], found.end()
        pattern = _MARKER
        if marker in _WITHOUT_LENGTH:
            continue
        yield marker, position
        if marker == END_OF_IMAGE:
            return
        if marker == START_OF_SCAN:
            pattern = _MARKER_AFTER_SCAN
        position += int.from_bytes(data[position : position + 2], "big")
