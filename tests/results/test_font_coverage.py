"""Character maps written byte by byte after the OpenType specification 1.9 (cmap formats 4 and 12)."""

from __future__ import annotations

import io
import struct

import pytest

from onnxocr.results.font_coverage import read_character_map


def format_4(segments: list[tuple[int, int, int, list[int]]]) -> bytes:
    """Returns a subtable; segments are (first, last, delta, glyphs), glyphs empty if they are computed."""
    segments = [*segments, (0xFFFF, 0xFFFF, 1, [])]
    count = len(segments)
    offsets: list[int] = []
    glyphs: list[int] = []
    for number, (_, _, _, listed) in enumerate(segments):
        # From the offset's own place: the offsets behind it, then the glyphs of earlier segments.
        offsets.append(2 * (count - number + len(glyphs)) if listed else 0)
        glyphs += listed
    words = [
        *(2 * count, 0, 0, 0),
        *(last for _, last, _, _ in segments),
        0,
        *(first for first, _, _, _ in segments),
        *(delta for _, _, delta, _ in segments),
        *offsets,
        *glyphs,
    ]
    body = struct.pack(f">{len(words)}H", *words)
    return struct.pack(">HHH", 4, 6 + len(body), 0) + body


def format_12(groups: list[tuple[int, int, int]]) -> bytes:
    body = b"".join(struct.pack(">III", *group) for group in groups)
    return struct.pack(">HHIII", 12, 0, 16 + len(body), 0, len(groups)) + body


def cmap(*subtables: tuple[int, int, bytes]) -> bytes:
    offset = 4 + 8 * len(subtables)
    records, bodies = b"", b""
    for platform, encoding, body in subtables:
        records += struct.pack(">HHI", platform, encoding, offset + len(bodies))
        bodies += body
    return struct.pack(">HH", 0, len(subtables)) + records + bodies


def font(tables: dict[bytes, bytes], start: int = 0, signature: bytes = b"\x00\x01\x00\x00") -> bytes:
    offset = start + 12 + 16 * len(tables)
    records, bodies = b"", b""
    for tag, body in tables.items():
        records += struct.pack(">4sIII", tag, 0, offset + len(bodies), len(body))
        bodies += body
    return signature + struct.pack(">HHHH", len(tables), 0, 0, 0) + records + bodies


def covered(data: bytes, text: str, face_index: int = 0) -> str:
    characters = read_character_map(io.BytesIO(data), face_index)
    assert characters is not None
    return "".join(char for char in text if characters.has(ord(char)))


def test_format_4_computes_and_lists_glyphs() -> None:
    table = format_4(
        [
            (ord("A"), ord("C"), 0x10000 - ord("A"), []),  # A is glyph 0, the missing one
            (ord("a"), ord("d"), 0, [5, 0, 7, 8]),  # b is listed as missing
            (ord("x"), ord("z"), 2, [1, 2, 0xFFFE]),  # z wraps round to glyph 0
        ]
    )
    data = font({b"cmap": cmap((3, 1, table)), b"glyf": b""})
    assert covered(data, "@ABCDabcdewxyz\uffff") == "BCacdxy"


def test_format_12_reaches_all_planes() -> None:
    table = format_12([(0x41, 0x43, 0), (0x4E2D, 0x4E2E, 9), (0x1F600, 0x1F600, 20)])
    data = font({b"cmap": cmap((3, 10, table)), b"CFF ": b""}, signature=b"OTTO")
    assert covered(data, "@ABCD中丮\u4e2f\U0001f600\U0001f601") == "BC中丮\U0001f600"


def test_the_table_of_all_planes_goes_first() -> None:
    small, large = format_4([(0x41, 0x41, 1, [])]), format_12([(0x42, 0x42, 1)])
    data = font({b"cmap": cmap((0, 3, small), (3, 1, small), (3, 10, large)), b"glyf": b""})
    assert covered(data, "AB") == "B"


def test_each_face_of_a_collection_has_its_own_characters() -> None:
    header = b"ttcf" + struct.pack(">II", 0x00010000, 2)
    first = font({b"cmap": cmap((3, 1, format_4([(0x41, 0x41, 1, [])]))), b"glyf": b""}, start=20)
    second_at = 20 + len(first)
    second = font({b"cmap": cmap((3, 1, format_4([(0x42, 0x42, 1, [])]))), b"glyf": b""}, start=second_at)
    data = header + struct.pack(">II", 20, second_at) + first + second
    assert covered(data, "AB", 0) == "A"
    assert covered(data, "AB", 1) == "B"


LETTERS = cmap((3, 1, format_4([(0x41, 0x5A, 1, [])])))


@pytest.mark.parametrize(
    "tables",
    [
        {b"cmap": LETTERS, b"CBDT": b""},
        {b"glyf": b""},
        {b"cmap": cmap((3, 0, format_4([(0x41, 0x5A, 1, [])]))), b"glyf": b""},
        {b"cmap": cmap((3, 10, struct.pack(">HH", 13, 0))), b"glyf": b""},
    ],
    ids=["bitmaps only", "no cmap", "symbol font", "one glyph for all (format 13)"],
)
def test_fonts_that_cannot_serve_have_no_character_map(tables: dict[bytes, bytes]) -> None:
    assert read_character_map(io.BytesIO(font(tables))) is None


@pytest.mark.parametrize(
    "data",
    [b"", b"not a font at all", b"\x00\x01\x00\x00", font({b"cmap": LETTERS[:3], b"glyf": b""})],
    ids=["empty", "text", "cut behind the signature", "cut inside cmap"],
)
def test_what_is_no_font_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="font"):
        read_character_map(io.BytesIO(data))
