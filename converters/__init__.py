"""Paddle inference models to ONNX graphs; installed as onnxocr.converters, never needed to run a graph.

The names below are resolved on first use, so that importing the package does no work.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnxocr.converters.conversion import ConversionResult, convert

__all__ = ["ConversionResult", "convert"]

_HOME = "onnxocr.converters.conversion"


def __getattr__(name: str) -> object:
    """Imports a public name from its module when it is first asked for (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Returns the public names, loaded or not."""
    return sorted(__all__)
