"""The Source protocol: a place that a model's files can be brought from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeAlias

from onnxocr.zoo.manifest import SourceSpec

Progress: TypeAlias = Callable[[str, int, int | None], None]
"""Called with what is being brought, the bytes so far, and the bytes in all (None where unknown)."""


class Source(Protocol):
    """A place that models can be had from. Checking what came is left to the caller."""

    def fetch(self, spec: SourceSpec, folder: Path, progress: Progress | None) -> None:
        """Leaves the files of ``spec`` in ``folder``, each under its ``name``.

        Raises:
            ModelUnavailableError: the place cannot be reached or does not have them; says why.
            OSError: the folder cannot be written.
        """

    def by_hand(self, spec: SourceSpec) -> str:
        """Returns how a person can get the files: addresses or a command."""
