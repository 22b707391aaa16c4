"""ONNX Runtime behind the Session protocol; the one place that builds an ``InferenceSession``.

A path and settings go in; out comes a session that runs on what was asked for, or
an error that says what is there.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
from onnxocr.quiet_import import import_onnxruntime
from onnxocr.results.backend_info import BackendInfo
from onnxocr.runtime.engine_config import settings_for, take_device
from onnxocr.runtime.feeds import are_large, check_feeds, describe_feeds
from onnxocr.runtime.model_file import check_model_file
from onnxocr.runtime.ort_flavours import installed_flavours, mixture_advice, warn_about_mixture
from onnxocr.runtime.ort_options import WHERE, OrtOptions, ort_options
from onnxocr.runtime.ort_providers import (
    CPU_PLAN,
    ProviderPlan,
    installation_advice,
    plan_providers,
)
from onnxocr.runtime.session import TensorSpec
from onnxocr.runtime.threads import thread_count

_logger = logging.getLogger(__name__)

ENGINE = "onnxruntime"

_LOG_ERRORS = 3
_LOG_FATAL = 4

_MODEL_ERRORS = (
    "InvalidProtobuf",
    "InvalidGraph",
    "NoModel",
    "NoSuchFile",
    "NotImplemented",
    "ModelRequiresCompilation",
)

_DTYPES = {"float": "float32", "double": "float64"}


@dataclass(frozen=True)
class _RunOptions:
    """``onnxruntime.RunOptions`` for ordinary and for large inputs; those for large ones give memory back."""

    ordinary: Any
    for_large: Any


class OrtSession:
    """A graph on ONNX Runtime. Several threads may run it at once."""

    def __init__(self, path: Path, native: Any, options: _RunOptions, info: BackendInfo) -> None:  # noqa: ANN401
        """Takes an ``InferenceSession``; use :func:`open_ort_session`."""
        self._path = path
        self._native = native
        self._options = options
        self.inputs = tuple(_tensor_spec(node) for node in native.get_inputs())
        self.outputs = tuple(_tensor_spec(node) for node in native.get_outputs())
        self.metadata: Mapping[str, str] = dict(native.get_modelmeta().custom_metadata_map)
        self.info = info

    def run(self, feeds: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Runs the graph once; see :class:`onnxocr.runtime.session.Session`."""
        # A local name keeps the native session alive if another thread closes this one meanwhile.
        native = self._native
        if native is None:
            raise ClosedError(f"The session of {self._path.name} was closed.")
        check_feeds(self._path.name, self.inputs, feeds)
        names = [spec.name for spec in self.outputs]
        options = self._options.for_large if are_large(feeds) else self._options.ordinary
        try:
            arrays = native.run(names, dict(feeds), options)
        except Exception as error:
            raise InferenceError(
                f"{self._path.name} failed on {self.info.provider} with {describe_feeds(feeds)}: {error}"
            ) from error
        return dict(zip(names, arrays, strict=True))

    def close(self) -> None:
        """Releases the graph once no thread runs it any more."""
        self._native = None


def open_ort_session(model: Path, runtime: RuntimeConfig) -> OrtSession:
    """Returns a session of ONNX Runtime.

    Raises:
        ConfigError: a setting is unknown, contradictory or out of range.
        ModelFileError: the file is no ONNX model that ONNX Runtime can open.
        DeviceUnavailableError: a device or provider was asked for and is not there.
        MissingDependencyError: ONNX Runtime is not installed or its installation is broken.
        BackendError: ONNX Runtime could not build the session for another reason.
    """
    settings = settings_for(ENGINE, runtime.engine_config)
    device = take_device(runtime.device, settings)
    options = ort_options(settings)
    threads = _intra_op_threads(runtime, options)
    check_model_file(model)
    ort = _import_onnxruntime()
    plan = plan_providers(
        device,
        options,
        use_tensorrt=runtime.use_tensorrt,
        available=ort.get_available_providers(),
        known=ort.get_all_providers(),
    )
    native, plan = _build_with_fallback(ort, model, options, threads, plan)
    info = BackendInfo(
        backend=ENGINE,
        provider=native.get_providers()[0],
        device=plan.device.name,
        threads=threads,
        version=ort.__version__,
    )
    return OrtSession(model, native, _run_options(ort, options, plan), info)


def _import_onnxruntime() -> Any:  # noqa: ANN401 - the module has no types
    try:
        ort = import_onnxruntime()
    except ImportError as error:
        raise MissingDependencyError(
            'ONNX Runtime is not installed or cannot be loaded: pip install "onnxocr-engine[cpu]", or '
            f'"onnxocr-engine[gpu]" for NVIDIA GPUs ({error}).'
        ) from error
    if not hasattr(ort, "InferenceSession"):
        # What is left when one of two distributions was removed: a folder without code still imports.
        raise MissingDependencyError(
            "The installed onnxruntime is broken: it has no InferenceSession. Repair: "
            "pip uninstall -y onnxruntime onnxruntime-gpu && "
            'pip install "onnxocr-engine[cpu]", or "onnxocr-engine[gpu]" for NVIDIA GPUs.'
        )
    warn_about_mixture()
    return ort


def _intra_op_threads(runtime: RuntimeConfig, options: OrtOptions) -> int:
    configured = options.attributes.get("intra_op_num_threads")
    if configured is None:
        return thread_count(runtime.cpu_threads)
    if runtime.cpu_threads not in (None, configured):
        raise ConfigError(
            f"cpu_threads={runtime.cpu_threads} and intra_op_num_threads={configured} in engine_config "
            "differ; give one of them."
        )
    return int(configured)


def _build_with_fallback(
    ort: Any,  # noqa: ANN401
    model: Path,
    options: OrtOptions,
    threads: int,
    plan: ProviderPlan,
) -> tuple[Any, ProviderPlan]:
    """Builds a session on the plan's providers, or on the CPU if nobody named a device and the GPU fails."""

    def build(plan: ProviderPlan) -> Any:  # noqa: ANN401
        return _build(ort, model, _session_options(ort, options, threads), plan)

    if not plan.is_automatic:
        return _checked(build(plan), plan, ort), plan
    try:
        return _checked(build(plan), plan, ort), plan
    except DeviceUnavailableError as error:
        _logger.warning("No usable GPU, %s runs on the CPU. %s", model.name, error)
        return build(CPU_PLAN), CPU_PLAN


def _build(ort: Any, model: Path, session_options: Any, plan: ProviderPlan) -> Any:  # noqa: ANN401
    try:
        # Its own fallback prints to stdout and goes on with another provider than the one that was asked for.
        return ort.InferenceSession(
            str(model),
            session_options,
            providers=[name for name, _ in plan.providers],
            provider_options=[_option_texts(options) for _, options in plan.providers],
            enable_fallback=0,
        )
    except Exception as error:
        raise _creation_error(model, plan, error, ort) from error


def _creation_error(model: Path, plan: ProviderPlan, error: Exception, ort: Any) -> Exception:  # noqa: ANN401
    text = str(error)
    # A message that quotes damaged names of the graph cannot be decoded.
    is_about_model = type(error).__name__ in _MODEL_ERRORS or isinstance(error, UnicodeDecodeError)
    if is_about_model or f"Load model from {model}" in text:
        return ModelFileError(f"ONNX Runtime {ort.__version__} cannot open {model}: {text}")
    if "provider option" in text.lower():
        return ConfigError(f"provider_options: {text}")
    if plan != CPU_PLAN:
        return DeviceUnavailableError(
            f"ONNX Runtime could not open {model.name} on {', '.join(plan.required)}: {text} {_advice(ort)}"
        )
    return BackendError(f"ONNX Runtime could not open {model}: {text}")


def _checked(native: Any, plan: ProviderPlan, ort: Any) -> Any:  # noqa: ANN401
    """Returns the session if it came up with the required providers; ONNX Runtime only logs it if not."""
    names = native.get_providers()
    missing = [name for name in plan.required if name not in names]
    if missing:
        raise DeviceUnavailableError(
            f"{' and '.join(missing)} could not be started; ONNX Runtime runs on {', '.join(names)} only. "
            "Usually the NVIDIA driver, CUDA or cuDNN is missing or of the wrong version; ONNX Runtime's "
            f"message on stderr names the library. {_advice(ort)}"
        )
    return native


def _advice(ort: Any) -> str:  # noqa: ANN401
    advice = installation_advice(ort.get_available_providers())
    mixture = mixture_advice(installed_flavours())
    return f"{advice} {mixture}" if mixture else advice


def _session_options(ort: Any, options: OrtOptions, threads: int) -> Any:  # noqa: ANN401
    native = ort.SessionOptions()
    attributes: dict[str, Any] = {
        "inter_op_num_threads": 1,
        "log_severity_level": _LOG_ERRORS,
        # Would keep a plan for each input shape that was ever seen, and pages differ in size.
        "enable_mem_pattern": False,
        **options.attributes,
        "intra_op_num_threads": threads,
    }
    for name, value in attributes.items():
        _set_attribute(ort, native, name, value)
    # Threads that spin while they wait for work burn a core between two runs; figures in docs/runtime.md.
    for key, text in {"session.intra_op.allow_spinning": "0", **options.session_config}.items():
        native.add_session_config_entry(key, text)
    return native


def _run_options(ort: Any, options: OrtOptions, plan: ProviderPlan) -> _RunOptions:  # noqa: ANN401
    ordinary, for_large = ort.RunOptions(), ort.RunOptions()
    for native in (ordinary, for_large):
        # What goes wrong in a run is raised; the default would write the same text to stderr as well.
        native.log_severity_level = options.attributes.get("log_severity_level", _LOG_FATAL)
    if plan == CPU_PLAN and options.attributes.get("enable_cpu_mem_arena", True):
        # ONNX Runtime refuses this where there is no arena.
        for_large.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return _RunOptions(ordinary, for_large)


def _set_attribute(ort: Any, native: Any, name: str, value: object) -> None:  # noqa: ANN401
    settable = [key for key in dir(type(native)) if getattr(getattr(type(native), key), "fset", None)]
    if name not in settable:
        raise ConfigError(f"{name!r} in {WHERE} is no session option. Known: {', '.join(settable)}.")
    if name == "execution_mode":
        value = getattr(ort.ExecutionMode, str(value))
    elif name == "graph_optimization_level":
        # ORT_ENABLE_LAYOUT is younger than the oldest supported ONNX Runtime; None does not fit below.
        value = getattr(ort.GraphOptimizationLevel, str(value), None)
    try:
        setattr(native, name, value)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{name}={value!r} in {WHERE} does not fit: {error}") from error


def _option_texts(options: Mapping[str, Any]) -> dict[str, str]:
    return {str(key): str(value) for key, value in options.items()}


def _tensor_spec(node: Any) -> TensorSpec:  # noqa: ANN401
    # A dynamic dimension is a name or None.
    shape = tuple(size if isinstance(size, int) and size >= 0 else None for size in node.shape)
    element = node.type.removeprefix("tensor(").removesuffix(")")
    return TensorSpec(node.name, shape, _DTYPES.get(element, element))
