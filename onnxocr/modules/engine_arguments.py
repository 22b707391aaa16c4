"""The arguments that every public class takes beside its own: which device, which engine, how many threads.

PaddleOCR's names are kept. What only Paddle could carry out is said aloud, never dropped.
"""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Collection, Mapping
from typing import Any, TypedDict

from onnxocr.config import InputLimits, RuntimeConfig, check_choice, check_positive_int
from onnxocr.errors import ConfigError, NotYetSupportedError


class EngineArguments(TypedDict, total=False):
    """Arguments that ``PaddleOCR``, ``TextDetection`` and ``TextRecognition`` share; None is every default.

    Attributes:
        device: ``cpu``, ``gpu`` or ``gpu:N``; by default a GPU if the runtime offers one.
        engine: ``onnxruntime`` or ``openvino``; by default the first that is installed.
        engine_config: settings of the engine, flat or under the engine's name.
        cpu_threads: threads of one model; by default as many as this process may use.
        use_tensorrt: run on ONNX Runtime's TensorRT provider; needs a GPU.
        precision: ``fp32``.
        enable_hpi: high-performance mode; not in this release.
        enable_mkldnn: Paddle's oneDNN switch; does nothing here and warns.
        mkldnn_cache_capacity: Paddle's oneDNN cache; does nothing here and warns.
        enable_cinn: Paddle's compiler; does nothing here and warns.
    """

    device: str | None
    engine: str | None
    engine_config: Mapping[str, Any] | None
    cpu_threads: int | None
    use_tensorrt: bool | None
    precision: str | None
    enable_hpi: bool | None
    enable_mkldnn: bool | None
    mkldnn_cache_capacity: int | None
    enable_cinn: bool | None


ENGINE_ARGUMENTS = tuple(EngineArguments.__annotations__)

_PADDLE_ONLY = ("enable_mkldnn", "mkldnn_cache_capacity", "enable_cinn")
_PADDLE_ENGINES = ("paddle", "paddle_static", "paddle_dynamic", "transformers")


def runtime_config(arguments: EngineArguments) -> RuntimeConfig:
    """Returns the runtime settings that the common arguments describe.

    Raises:
        ConfigError: a value is out of range.
        NotYetSupportedError: the high-performance mode or half precision was asked for.
    """
    given: dict[str, Any] = {name: value for name, value in arguments.items() if value is not None}
    for name in [name for name in _PADDLE_ONLY if name in given]:
        warnings.warn(
            f"{name} controls Paddle Inference and does nothing here: ONNX Runtime and OpenVINO always use "
            "their optimised kernels.",
            UserWarning,
            stacklevel=4,
        )
        del given[name]
    if given.get("engine") in _PADDLE_ENGINES:
        raise ConfigError(
            f"engine={given['engine']!r} needs Paddle, which this engine does without: "
            "use 'onnxruntime' or 'openvino', or leave it out."
        )
    if given.pop("enable_hpi", False):
        raise NotYetSupportedError(
            "enable_hpi=True: this release has no high-performance mode. Leave it out, or choose the engine "
            "yourself with engine='openvino' or engine='onnxruntime'."
        )
    precision = given.pop("precision", "fp32")
    check_choice("precision", precision, ("fp32", "fp16"))
    if precision == "fp16":
        raise NotYetSupportedError("precision='fp16': this release computes in fp32 only. Leave it out.")
    return RuntimeConfig(**given)


def refuse_unknown(arguments: Collection[str], known: Collection[str]) -> None:
    """Raises ConfigError for the first name that is not known, with the nearest name that is."""
    for name in arguments:
        if name not in known:
            nearest = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {nearest[0]}?" if nearest else ""
            raise ConfigError(f"Unknown argument: {name}.{hint}")


def check_input_limits(limits: InputLimits | None) -> InputLimits:
    """Returns the limits, the defaults if they are None; raises ConfigError for anything else."""
    if limits is None:
        return InputLimits()
    if not isinstance(limits, InputLimits):
        raise ConfigError.about("input_limits", f"must be an onnxocr.config.InputLimits, not {limits!r}.")
    return limits


def check_on_error(on_error: object) -> None:
    """Raises ConfigError unless ``on_error`` is None or can be called."""
    if on_error is not None and not callable(on_error):
        raise ConfigError.about("on_error", f"must be a function of the error, not {on_error!r}.")


def check_batch_size(batch_size: int | None) -> int:
    """Returns the batch size, 1 if it is None; raises ConfigError unless it is above 0."""
    if batch_size is None:
        return 1
    check_positive_int("batch_size", batch_size)
    return batch_size
