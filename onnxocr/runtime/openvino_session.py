"""OpenVINO behind the Session protocol; the one place that compiles an OpenVINO model.

An ONNX file and settings go in, out comes a session that runs on the device that was asked for.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from onnxocr.arrays import Tensor
from onnxocr.config import RuntimeConfig
from onnxocr.errors import (
    BackendError,
    ClosedError,
    ConfigError,
    DeviceUnavailableError,
    InferenceError,
    MissingDependencyError,
    ModelFileError,
)
from onnxocr.results.backend_info import BackendInfo
from onnxocr.runtime.device import Device
from onnxocr.runtime.engine_config import settings_for, take_device
from onnxocr.runtime.feeds import are_large, check_feeds, describe_feeds
from onnxocr.runtime.model_file import check_model_file
from onnxocr.runtime.session import TensorSpec
from onnxocr.runtime.threads import thread_count

ENGINE = "openvino"

_TELEMETRY = "openvino_telemetry"
_THREADS = "INFERENCE_NUM_THREADS"
_WHERE = "engine_config for openvino"

_SOURCE_PLACE = re.compile(r"Exception from \S+:\d+:")

_PRECISIONS = {"bfloat16": "bf16", "float16": "fp16", "float32": "fp32"}


class OpenVINOSession:
    """A graph on OpenVINO. Several threads may run it at once."""

    def __init__(
        self,
        path: Path,
        compiled: Any,  # noqa: ANN401
        info: BackendInfo,
        metadata: Mapping[str, str],
    ) -> None:
        """Takes a ``CompiledModel``; use :func:`open_openvino_session`."""
        self._path = path
        self._compiled = compiled
        self.inputs = tuple(_tensor_spec(port) for port in compiled.inputs)
        self.outputs = tuple(_tensor_spec(port) for port in compiled.outputs)
        self.metadata: Mapping[str, str] = dict(metadata)
        self.info = info

    def run(self, feeds: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Runs the graph once; see :class:`onnxocr.runtime.session.Session`."""
        # A local name keeps the compiled model alive if another thread closes this session meanwhile.
        compiled = self._compiled
        if compiled is None:
            raise ClosedError(f"The session of {self._path.name} was closed.")
        check_feeds(self._path.name, self.inputs, feeds)
        try:
            arrays = _infer(compiled, feeds, len(self.outputs))
        except Exception as error:
            raise InferenceError(
                f"{self._path.name} failed on OpenVINO {self.info.provider} with {describe_feeds(feeds)}: "
                f"{_reason(error)}"
            ) from error
        if are_large(feeds):
            _give_memory_back(compiled)
        return {spec.name: array for spec, array in zip(self.outputs, arrays, strict=True)}

    def close(self) -> None:
        """Releases the graph once no thread runs it any more."""
        self._compiled = None


def open_openvino_session(model: Path, runtime: RuntimeConfig) -> OpenVINOSession:
    """Returns a session of OpenVINO.

    Without a named device it runs on the CPU; ``gpu:N`` is OpenVINO's ``GPU.N``.

    Raises:
        ConfigError: a setting is unknown, contradictory or out of range.
        ModelFileError: the file is no ONNX model that OpenVINO can read.
        DeviceUnavailableError: the device is not there; lists what is.
        MissingDependencyError: OpenVINO is not installed or cannot be loaded.
        BackendError: OpenVINO could not compile the model.
    """
    if runtime.use_tensorrt:
        raise ConfigError(
            "use_tensorrt=True needs engine='onnxruntime', not 'openvino'. Drop one of the two."
        )
    settings = settings_for(ENGINE, runtime.engine_config)
    device = take_device(runtime.device, settings) or Device("cpu")
    header = check_model_file(model)
    openvino = _import_openvino()
    core = openvino.Core()
    name = _device_name(core, device)
    compiled = _compile(core, model, name, _properties(device, runtime, settings))
    return OpenVINOSession(model, compiled, _backend_info(openvino, compiled, name, device), header.metadata)


def _infer(compiled: Any, feeds: Mapping[str, Tensor], output_count: int) -> list[Tensor]:  # noqa: ANN401
    # Making a request takes some microseconds; keeping requests would keep the outputs of the largest page.
    request = compiled.create_infer_request()
    request.infer(dict(feeds), share_inputs=False)
    return [np.array(request.get_output_tensor(index).data) for index in range(output_count)]


def _give_memory_back(compiled: Any) -> None:  # noqa: ANN401
    if not hasattr(compiled, "release_memory"):
        return  # OpenVINO 2024.4
    # It refuses while another thread runs the graph and needs the memory; the next large run tries again.
    with suppress(RuntimeError):
        compiled.release_memory()


def _import_openvino() -> Any:  # noqa: ANN401 - its types are not needed here
    try:
        with _without_telemetry():
            import openvino
    except ImportError as error:
        raise MissingDependencyError(
            f"OpenVINO is not installed or cannot be loaded ({error}): "
            'pip install "onnxocr-engine[openvino]".'
        ) from error
    return openvino


@contextmanager
def _without_telemetry() -> Iterator[None]:
    """Keeps OpenVINO from reporting its own import.

    Its conversion tools, imported with it, send an event to Google Analytics and write ``~/intel`` unless the
    package openvino_telemetry cannot be imported; then they take an empty stand-in of their own. A program
    that has imported openvino or its telemetry already keeps what it has.
    """
    if "openvino" in sys.modules or _TELEMETRY in sys.modules:
        yield
        return
    # None is how Python marks a module that must not be imported.
    sys.modules[_TELEMETRY] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        sys.modules.pop(_TELEMETRY, None)


def _device_name(core: Any, device: Device) -> str:  # noqa: ANN401
    """Returns OpenVINO's name of the device: one GPU is ``GPU``, several are ``GPU.0``, ``GPU.1``, ..."""
    available = list(core.available_devices)
    candidates = ["CPU"] if device.kind == "cpu" else [f"GPU.{device.index}"]
    if device == Device("gpu", 0):
        candidates.append("GPU")
    for name in candidates:
        if name in available:
            return name
    raise DeviceUnavailableError(
        f"device={device.name!r}: OpenVINO sees no {candidates[-1]} here, only: {', '.join(available)}. "
        "It drives Intel GPUs and needs Intel's compute runtime (OpenCL driver) for them; "
        "for NVIDIA GPUs use engine='onnxruntime'."
    )


def _properties(device: Device, runtime: RuntimeConfig, settings: Mapping[str, Any]) -> dict[str, Any]:
    given = {str(key): value for key, value in settings.items()}
    properties: dict[str, Any] = {
        "PERFORMANCE_HINT": "LATENCY",
        # A CPU with bf16 units, and any GPU, would otherwise compute in half precision without a word.
        "INFERENCE_PRECISION_HINT": "f32",
    }
    if device.kind == "cpu":
        # Pinned threads of several processes share the first cores while the others are idle.
        properties["ENABLE_CPU_PINNING"] = False
        # By default OpenVINO keeps 5000 kernels for input shapes that it saw: memory grows with every page of
        # another size. This many hold those of one page; figures in docs/runtime.md.
        properties["CPU_RUNTIME_CACHE_CAPACITY"] = 200
        properties[_THREADS] = given.get(_THREADS) or thread_count(runtime.cpu_threads)
        if runtime.cpu_threads not in (None, properties[_THREADS]):
            raise ConfigError(
                f"cpu_threads={runtime.cpu_threads} and {_THREADS}={given[_THREADS]} in engine_config "
                "differ; give one of them."
            )
    elif runtime.cpu_threads is not None:
        raise ConfigError(
            f"cpu_threads has no effect on OpenVINO with device={device.name!r}; leave one of them out."
        )
    return properties | given


def _read(core: Any, model: Path) -> Any:  # noqa: ANN401
    try:
        return core.read_model(str(model))
    except Exception as error:
        raise ModelFileError(f"OpenVINO cannot read {model}: {_reason(error)}") from error


def _compile(core: Any, model: Path, name: str, properties: Mapping[str, Any]) -> Any:  # noqa: ANN401
    network = _read(core, model)
    try:
        return core.compile_model(network, name, properties)
    except Exception as error:
        reason = _reason(error)
        if "Unsupported property" in reason:
            raise ConfigError(f"{_WHERE}: {reason}{_nearest(core, name, properties, reason)}") from error
        if "Wrong value" in reason:
            raise ConfigError(f"{_WHERE}: {reason}") from error
        raise BackendError(f"OpenVINO could not compile {model} for {name}: {reason}") from error


def _reason(error: Exception) -> str:
    """Returns OpenVINO's message in one line, without the places in its source code."""
    return " ".join(_SOURCE_PLACE.sub("", str(error)).split())


def _nearest(core: Any, name: str, properties: Mapping[str, Any], reason: str) -> str:  # noqa: ANN401
    """Returns a hint for the property that the reason complains of."""
    supported = [str(key) for key in core.get_property(name, "SUPPORTED_PROPERTIES")]
    unlisted = next((key for key in properties if key not in supported and key in reason), "")
    nearest = difflib.get_close_matches(unlisted, supported, n=1)
    return f" Did you mean {nearest[0]!r}?" if nearest else f" Known: {', '.join(sorted(supported))}."


def _backend_info(openvino: Any, compiled: Any, name: str, device: Device) -> BackendInfo:  # noqa: ANN401
    precision = str(compiled.get_property("INFERENCE_PRECISION_HINT"))
    return BackendInfo(
        backend=ENGINE,
        provider=name,
        device=device.name,
        precision=next((ours for theirs, ours in _PRECISIONS.items() if theirs in precision), precision),
        # OpenVINO never takes more threads than the machine has cores.
        threads=int(compiled.get_property(_THREADS)) if device.kind == "cpu" else 1,
        version=openvino.__version__.split("-")[0],
    )


def _tensor_spec(port: Any) -> TensorSpec:  # noqa: ANN401
    shape = tuple(None if size.is_dynamic else size.get_length() for size in port.get_partial_shape())
    return TensorSpec(port.get_any_name(), shape, port.get_element_type().to_dtype().name)
