"""Opens a model on the engine and device of the settings: the door to the runtime."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

from onnxocr.config import ENGINES, RuntimeConfig
from onnxocr.errors import MissingDependencyError
from onnxocr.runtime.device import parse_device
from onnxocr.runtime.session import Session

_NOTHING_INSTALLED = (
    "No runtime is installed. Choose one: "
    'pip install "onnxocr-engine[cpu]" (ONNX Runtime), '
    'pip install "onnxocr-engine[gpu]" (ONNX Runtime for NVIDIA GPUs) or '
    'pip install "onnxocr-engine[openvino]" (OpenVINO, fastest on Intel CPUs).'
)

_NOT_INSTALLED = {
    "onnxruntime": 'ONNX Runtime is not installed: pip install "onnxocr-engine[cpu]", or '
    '"onnxocr-engine[gpu]" for NVIDIA GPUs',
    "openvino": 'OpenVINO is not installed: pip install "onnxocr-engine[openvino]"',
}


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
    if decide_engine(runtime).engine == "openvino":
        from onnxocr.runtime.openvino_session import open_openvino_session

        return open_openvino_session(model, runtime)
    from onnxocr.runtime.ort_session import open_ort_session

    return open_ort_session(model, runtime)


def decide_engine(runtime: RuntimeConfig) -> RuntimeConfig:
    """Returns the settings with their engine named, so that what cannot run is known beforehand.

    Raises:
        ConfigError: the device string cannot be read.
        MissingDependencyError: no engine is installed, or not the one that was named.
        DeviceUnavailableError: a kind of device that only Paddle can use.
    """
    if runtime.device is not None:
        parse_device(runtime.device)
    if runtime.engine is None:
        installed = [engine for engine in ENGINES if _is_importable(engine)]
        if not installed:
            raise MissingDependencyError(_NOTHING_INSTALLED)
        return replace(runtime, engine=installed[0])
    if not _is_importable(runtime.engine):
        raise MissingDependencyError(f"engine={runtime.engine!r}: {_NOT_INSTALLED[runtime.engine]}.")
    return runtime


def _is_importable(module: str) -> bool:
    if module in sys.modules:
        return sys.modules[module] is not None
    try:
        return importlib.util.find_spec(module) is not None
    except ImportError:
        return False
