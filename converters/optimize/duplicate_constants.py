"""Constants with the same content are stored once."""

from __future__ import annotations

import hashlib

from onnxocr.converters.optimize.graph import Graph


def merge_duplicate_constants(graph: Graph) -> int:
    """Lets all readers of equal constants read the first one and returns how many others went."""
    first: dict[tuple[str, tuple[int, ...], bytes], str] = {}
    merged = 0
    for name in graph.constant_names():
        array = graph.constant(name)
        if array is None or array.dtype == object or graph.is_protected(name):
            continue
        key = (str(array.dtype), array.shape, hashlib.sha256(array.tobytes()).digest())
        kept = first.setdefault(key, name)
        if kept != name:
            graph.replace_uses(name, kept)
            graph.remove_constant(name)
            merged += 1
    return merged
