"""What an optimisation did, for people and for logs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class OptimizationReport:
    """What the rewrites changed.

    Attributes:
        nodes_before: nodes of the model that was handed in.
        nodes_after: nodes of the model that came out.
        changes: how much each rewrite changed, by its name; rewrites that found nothing are left out.
    """

    nodes_before: int
    nodes_after: int
    changes: Mapping[str, int]

    @property
    def changed(self) -> bool:
        """Whether anything was rewritten."""
        return bool(self.changes)

    def __str__(self) -> str:
        changes = ", ".join(f"{name} {count}" for name, count in self.changes.items()) or "nothing to do"
        return f"{self.nodes_before} -> {self.nodes_after} nodes ({changes})"
