"""Which distributions of ONNX Runtime are installed: they share one import name and overwrite each other."""

from __future__ import annotations

import functools
import importlib.metadata
import logging

_logger = logging.getLogger(__name__)

PLAIN = "onnxruntime"
FLAVOURS = (
    PLAIN,
    "onnxruntime-gpu",
    "onnxruntime-directml",
    "onnxruntime-openvino",
    "onnxruntime-rocm",
    "onnxruntime-migraphx",
    "onnxruntime-qnn",
)


def installed_flavours() -> tuple[str, ...]:
    """Returns the names of the installed distributions that provide the module ``onnxruntime``."""
    return tuple(name for name in FLAVOURS if _is_installed(name))


def mixture_advice(flavours: tuple[str, ...]) -> str | None:
    """Returns what is wrong with several distributions and how to repair it; None if all is well."""
    if len(flavours) < 2:
        return None
    wanted = next((name for name in flavours if name != PLAIN), PLAIN)
    return (
        f"{' and '.join(flavours)} are installed side by side; they overwrite each other's files, so that "
        "a GPU may be missed or the module be broken. "
        f"Repair: pip uninstall -y {' '.join(flavours)} && pip install {wanted}"
    )


@functools.cache
def warn_about_mixture() -> None:
    """Logs one warning in the life of the process if several distributions are installed."""
    if advice := mixture_advice(installed_flavours()):
        _logger.warning("%s", advice)


def _is_installed(distribution: str) -> bool:
    try:
        importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
