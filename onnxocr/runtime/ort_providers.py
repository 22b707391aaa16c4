"""From a device or provider names to ONNX Runtime's execution providers, or an error.

Pure: what is available is an argument. Opens no session.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from onnxocr.errors import ConfigError, DeviceUnavailableError
from onnxocr.runtime.device import Device
from onnxocr.runtime.ort_options import OrtOptions

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"
TENSORRT = "TensorrtExecutionProvider"

GPU_PROVIDERS = (
    TENSORRT,
    "NvTensorRTRTXExecutionProvider",
    CUDA,
    "MIGraphXExecutionProvider",
    "ROCMExecutionProvider",
    "DmlExecutionProvider",
    "WebGpuExecutionProvider",
)
"""Providers that compute on a GPU only; all but the last choose it by ``device_id``."""

CPU_PROVIDERS = (CPU, "DnnlExecutionProvider", "XnnpackExecutionProvider", "ACLExecutionProvider")
"""Providers that compute on the CPU only. Any other provider (OpenVINO, CoreML, QNN, ...) may use either."""

_WITHOUT_DEVICE_ID = ("WebGpuExecutionProvider",)

# CUDA's default tries all convolution algorithms anew for each input shape, and pages differ in shape.
_CUDA_DEFAULTS = {CUDA: {"cudnn_conv_algo_search": "HEURISTIC"}}


@dataclass(frozen=True, kw_only=True)
class ProviderPlan:
    """What to ask ONNX Runtime for.

    Attributes:
        providers: names and options, in order of preference.
        device: where the first provider computes.
        required: providers that the session has to come up with.
        is_automatic: nobody named the device, so the CPU may stand in for it.
    """

    providers: tuple[tuple[str, Mapping[str, Any]], ...]
    device: Device
    required: tuple[str, ...]
    is_automatic: bool = False


CPU_PLAN = ProviderPlan(providers=((CPU, {}),), device=Device("cpu"), required=(CPU,))


def plan_providers(
    device: Device | None,
    options: OrtOptions,
    *,
    use_tensorrt: bool,
    available: Sequence[str],
    known: Sequence[str],
) -> ProviderPlan:
    """Returns the providers for a device, or those that ``options`` names.

    Args:
        device: None takes the first GPU if CUDA is available, else the CPU.
        options: checked ``engine_config``.
        use_tensorrt: put TensorRT before CUDA.
        available: providers of the installed build.
        known: all providers that this version of ONNX Runtime knows.

    Raises:
        ConfigError: settings contradict each other or a provider is unknown.
        DeviceUnavailableError: a provider is not in the installed build.
    """
    if options.providers is not None:
        return _named_plan(
            device, options.providers, options.provider_options, use_tensorrt, available, known
        )
    if use_tensorrt or (device is not None and device.kind == "gpu"):
        return _nvidia_plan(device, use_tensorrt, available)
    if device is None and CUDA in available:
        automatic = Device("gpu", 0)
        return ProviderPlan(
            providers=_with_device_ids((CUDA, CPU), _CUDA_DEFAULTS, automatic),
            device=automatic,
            required=(CUDA,),
            is_automatic=True,
        )
    return CPU_PLAN


def installation_advice(available: Collection[str]) -> str:
    """Returns what is there and what to install for an NVIDIA GPU."""
    return (
        f"Available providers: {', '.join(available)}. For an NVIDIA GPU: pip uninstall -y onnxruntime && "
        'pip install "onnxocr-engine[gpu]", with the NVIDIA driver, CUDA and cuDNN that it asks for '
        "(https://onnxruntime.ai/docs/execution-providers/CUDA-ExecutionProvider.html)."
    )


def _nvidia_plan(device: Device | None, use_tensorrt: bool, available: Sequence[str]) -> ProviderPlan:
    if device is not None and device.kind == "cpu":
        raise ConfigError("use_tensorrt=True needs a GPU, but device is 'cpu'. Drop one of the two.")
    gpu = device or Device("gpu", 0)
    wanted = (TENSORRT, CUDA) if use_tensorrt else (CUDA,)
    missing = [name for name in wanted if name not in available]
    if missing:
        asked = "use_tensorrt=True" if use_tensorrt else f"device={gpu.name!r}"
        raise DeviceUnavailableError(
            f"{asked} needs {' and '.join(missing)}, which the installed onnxruntime does not have. "
            f"{installation_advice(available)}"
        )
    return ProviderPlan(
        providers=_with_device_ids((*wanted, CPU), _CUDA_DEFAULTS, gpu),
        device=gpu,
        required=wanted,
    )


def _named_plan(
    device: Device | None,
    names: tuple[str, ...],
    options: Mapping[str, Mapping[str, Any]],
    use_tensorrt: bool,
    available: Sequence[str],
    known: Sequence[str],
) -> ProviderPlan:
    if use_tensorrt and TENSORRT not in names:
        raise ConfigError(f"use_tensorrt=True, but providers does not name {TENSORRT}.")
    for name in names:
        if name not in available:
            _refuse_provider(name, available, known)
    chosen = _device_of_named(device, names, options)
    return ProviderPlan(
        providers=_with_device_ids(names, options, chosen),
        device=chosen,
        required=names,
    )


def _refuse_provider(name: str, available: Sequence[str], known: Sequence[str]) -> None:
    if name not in known:
        nearest = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
        raise ConfigError(f"{name!r} is no execution provider.{hint} Available: {', '.join(available)}.")
    raise DeviceUnavailableError(
        f"The provider {name} was asked for, but the installed onnxruntime does not have it. "
        f"{installation_advice(available)}"
    )


def _device_of_named(
    device: Device | None, names: Sequence[str], options: Mapping[str, Mapping[str, Any]]
) -> Device:
    """Returns where named providers compute: on the device that was given, else on that of their options."""
    on_gpu = [name for name in names if name in GPU_PROVIDERS]
    on_either = [name for name in names if name not in (*GPU_PROVIDERS, *CPU_PROVIDERS)]
    if device is not None and (on_gpu if device.kind == "cpu" else not (on_gpu or on_either)):
        raise ConfigError(
            f"device={device.name!r} and the providers {', '.join(names)} contradict each other."
        )
    numbers = {
        _gpu_number(name, options[name]["device_id"]) for name in on_gpu if "device_id" in options[name]
    }
    if device is not None and device.kind == "gpu":
        numbers.add(device.index)
    if len(numbers) > 1:
        raise ConfigError(
            f"device and the device_id in provider_options name different GPUs: {sorted(numbers)}. Name one."
        )
    if device is not None or not on_gpu:
        return device or Device("cpu")
    return Device("gpu", *numbers)


def _gpu_number(provider: str, value: object) -> int:
    if not str(value).isdigit():
        raise ConfigError(f"device_id of {provider} must be the number of a GPU, not {value!r}.")
    return int(str(value))


def _with_device_ids(
    names: Sequence[str], options: Mapping[str, Mapping[str, Any]], device: Device
) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    numbered = set(GPU_PROVIDERS) - set(_WITHOUT_DEVICE_ID) if device.kind == "gpu" else set()
    return tuple(
        (
            name,
            {"device_id": device.index, **options.get(name, {})}
            if name in numbered
            else options.get(name, {}),
        )
        for name in names
    )
