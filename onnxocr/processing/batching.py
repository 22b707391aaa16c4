"""Which tensors may share a run: only those of equal size, so that none is padded for another."""

from __future__ import annotations

from collections.abc import Hashable, Sequence


def equal_size_batches(sizes: Sequence[Hashable], batch_size: int) -> list[list[int]]:
    """Returns the indices of ``sizes`` in batches of equal size, at most ``batch_size`` each.

    Sizes stand in order of first appearance, indices in input order.
    """
    groups: dict[Hashable, list[int]] = {}
    for index, size in enumerate(sizes):
        groups.setdefault(size, []).append(index)
    return [
        group[start : start + batch_size]
        for group in groups.values()
        for start in range(0, len(group), batch_size)
    ]
