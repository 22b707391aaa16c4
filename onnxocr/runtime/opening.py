"""Opens a model on the engine and device of the settings: the door to the runtime."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from onnxocr.config import RuntimeConfig
from onnxocr.errors import MissingDependencyError
from onnxocr.runtime.session import Session

_NOTHING_INSTALLED = (
    "No runtime is installed. Choose one: "
    'pip install "onnxocr-engine[cpu]" (ONNX Runtime), '
    'pip install "onnxocr-engine[gpu]" (ONNX Runtime for NVIDIA GPUs) or '
    'pip install "onnxocr-engine[openvino]" (OpenVINO, fastest on Intel CPUs).'
)


def open_session(model: Path, runtime: RuntimeConfig) -> Session:
    """Returns a session for an ONNX file.

    Without a named engine, ONNX Runtime is taken if it is installed, else OpenVINO.

    Raises:
        ConfigError: a setting is unknown, contradictory or out of range.
        ModelFileError: the file is missing, damaged or no ONNX model that the engine can open.
        MissingDependencyError: the engine is not installed; names the extra to install.
        DeviceUnavailableError: the device or provider is not there; lists what is.
        BackendError: the engine could not open the model for another reason.
    """
    engine = runtime.engine or _installed_engine()
    if engine == "openvino":
        from onnxocr.runtime.openvino_session import open_openvino_session

        return open_openvino_session(model, runtime)
    from onnxocr.runtime.ort_session import open_ort_session

    return open_ort_session(model, runtime)


def _installed_engine() -> str:
    for engine in ("onnxruntime", "openvino"):
        if _is_importable(engine):
            return engine
    raise MissingDependencyError(_NOTHING_INSTALLED)


def _is_importable(module: str) -> bool:
    if module in sys.modules:
        return sys.modules[module] is not None
    try:
        return importlib.util.find_spec(module) is not None
    except ImportError:
        return False
