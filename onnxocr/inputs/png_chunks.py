"""The chunks of a PNG stream (W3C PNG specification, section 5): whole, sound, and only those that matter."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from onnxocr.errors import ImageDecodeError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# What decides the pixels. The rest (colour profiles, texts, animation frames) is not used by the decoder,
# which nevertheless writes warnings about it to stderr, past Python.
_DECIDING = frozenset({b"IHDR", b"PLTE", b"tRNS", b"eXIf", b"IDAT", b"IEND"})


def deciding_chunks(data: bytes, *, name: str) -> bytes:
    """Returns the PNG reduced to the chunks that decide its pixels.

    Raises:
        ImageDecodeError: the data ends early, or one of these chunks is damaged.
    """
    kept: list[tuple[bytes, bytes]] = []
    for kind, start, end in _chunks(data):
        if kind not in _DECIDING:
            continue
        if end > len(data):
            break
        if zlib.crc32(memoryview(data)[start + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            raise ImageDecodeError(
                f"{name} is a damaged PNG: its {kind.decode()} chunk at byte {start} has a wrong checksum. "
                "Get the file again."
            )
        kept.append((kind, data[start:end]))
        if kind == b"IEND":
            return _joined(kept, data, name)
    raise ImageDecodeError(
        f"{name} is a truncated PNG: it ends after {len(data):,} bytes. Get the file again."
    )


def _joined(chunks: list[tuple[bytes, bytes]], data: bytes, name: str) -> bytes:
    kinds = [kind for kind, _ in chunks]
    if kinds[0] != b"IHDR" or b"IDAT" not in kinds:
        raise ImageDecodeError(f"{name} is a damaged PNG without a header or pixels. Get the file again.")
    size = len(SIGNATURE) + sum(len(content) for _, content in chunks)
    return data if size == len(data) else SIGNATURE + b"".join(content for _, content in chunks)


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yields ``(type, start, end)`` of each chunk; the last end may lie beyond the data."""
    position = len(SIGNATURE)
    while position + 8 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        end = position + 12 + length
        yield data[position + 4 : position + 8], position, end
        position = end
