from __future__ import annotations

from typing import Any

import pytest

from onnxocr.errors import ConfigError, DeviceUnavailableError
from onnxocr.runtime.device import Device, parse_device
from onnxocr.runtime.ort_options import ort_options
from onnxocr.runtime.ort_providers import CPU, CPU_PLAN, CUDA, TENSORRT, ProviderPlan, plan_providers

OPENVINO = "OpenVINOExecutionProvider"
DIRECTML = "DmlExecutionProvider"
KNOWN = [TENSORRT, CUDA, DIRECTML, OPENVINO, CPU]
CPU_BUILD = ["AzureExecutionProvider", CPU]
GPU_BUILD = [TENSORRT, CUDA, CPU]


def cuda_options(device_id: int) -> dict[str, Any]:
    """What CUDA is asked for when the device was named, not the provider."""
    return {"device_id": device_id, "cudnn_conv_algo_search": "HEURISTIC"}


def plan(
    device: str | None,
    settings: dict[str, Any] | None = None,
    *,
    use_tensorrt: bool = False,
    available: list[str] = CPU_BUILD,
) -> ProviderPlan:
    return plan_providers(
        parse_device(device) if device else None,
        ort_options(settings or {}),
        use_tensorrt=use_tensorrt,
        available=available,
        known=KNOWN,
    )


@pytest.mark.parametrize(
    ("device", "use_tensorrt", "available", "providers", "runs_on"),
    [
        pytest.param(None, False, CPU_BUILD, ((CPU, {}),), Device("cpu"), id="auto without GPU build"),
        pytest.param(
            None,
            False,
            GPU_BUILD,
            ((CUDA, cuda_options(0)), (CPU, {})),
            Device("gpu"),
            id="auto with GPU build",
        ),
        pytest.param("cpu", False, GPU_BUILD, ((CPU, {}),), Device("cpu"), id="CPU asked for on a GPU build"),
        pytest.param(
            "gpu", False, GPU_BUILD, ((CUDA, cuda_options(0)), (CPU, {})), Device("gpu", 0), id="first GPU"
        ),
        pytest.param(
            "gpu:2", False, GPU_BUILD, ((CUDA, cuda_options(2)), (CPU, {})), Device("gpu", 2), id="third GPU"
        ),
        pytest.param(
            "gpu:1",
            True,
            GPU_BUILD,
            ((TENSORRT, {"device_id": 1}), (CUDA, cuda_options(1)), (CPU, {})),
            Device("gpu", 1),
            id="TensorRT comes before CUDA",
        ),
        pytest.param(
            None,
            True,
            GPU_BUILD,
            ((TENSORRT, {"device_id": 0}), (CUDA, cuda_options(0)), (CPU, {})),
            Device("gpu", 0),
            id="TensorRT alone means the first GPU",
        ),
    ],
)
def test_the_device_decides_the_providers(
    device: str | None,
    use_tensorrt: bool,
    available: list[str],
    providers: tuple[tuple[str, dict[str, Any]], ...],
    runs_on: Device,
) -> None:
    chosen = plan(device, use_tensorrt=use_tensorrt, available=available)
    assert chosen.providers == providers
    assert chosen.device == runs_on
    assert chosen.required == tuple(name for name, _ in providers if name != CPU or providers == ((CPU, {}),))


def test_only_a_gpu_that_nobody_named_may_be_replaced_by_the_cpu() -> None:
    assert plan(None, available=GPU_BUILD).is_automatic
    assert not plan("gpu", available=GPU_BUILD).is_automatic
    assert not plan(None, use_tensorrt=True, available=GPU_BUILD).is_automatic
    assert not plan(None, {"providers": [CUDA]}, available=GPU_BUILD).is_automatic


@pytest.mark.parametrize(
    ("settings", "device", "available", "providers", "runs_on"),
    [
        pytest.param({"providers": [CPU]}, None, CPU_BUILD, ((CPU, {}),), Device("cpu"), id="CPU"),
        pytest.param(
            {"providers": [CPU]}, "cpu", CPU_BUILD, ((CPU, {}),), Device("cpu"), id="CPU twice said"
        ),
        pytest.param(
            {"providers": [(CUDA, {"device_id": 3, "arena_extend_strategy": "kSameAsRequested"}), CPU]},
            None,
            GPU_BUILD,
            ((CUDA, {"device_id": 3, "arena_extend_strategy": "kSameAsRequested"}), (CPU, {})),
            Device("gpu", 3),
            id="device_id in the options",
        ),
        pytest.param(
            {"providers": [CUDA, CPU]},
            "gpu:1",
            GPU_BUILD,
            ((CUDA, {"device_id": 1}), (CPU, {})),
            Device("gpu", 1),
            id="device_id from the device",
        ),
        pytest.param(
            {"providers": [DIRECTML]},
            None,
            [DIRECTML, CPU],
            ((DIRECTML, {"device_id": 0}),),
            Device("gpu", 0),
            id="DirectML by name",
        ),
        pytest.param(
            {"providers": [(OPENVINO, {"device_type": "GPU"})]},
            "gpu:0",
            [OPENVINO, CPU],
            ((OPENVINO, {"device_type": "GPU"}),),
            Device("gpu", 0),
            id="a provider for either device",
        ),
    ],
)
def test_named_providers_are_taken_as_they_are(
    settings: dict[str, Any],
    device: str | None,
    available: list[str],
    providers: tuple[tuple[str, dict[str, Any]], ...],
    runs_on: Device,
) -> None:
    chosen = plan(device, settings, available=available)
    assert chosen.providers == providers
    assert chosen.device == runs_on
    assert chosen.required == tuple(name for name, _ in providers)


@pytest.mark.parametrize(
    ("device", "settings", "use_tensorrt", "available", "missing"),
    [
        pytest.param("gpu:0", {}, False, CPU_BUILD, CUDA, id="GPU on a CPU build"),
        pytest.param("gpu:0", {}, True, CPU_BUILD, f"{TENSORRT} and {CUDA}", id="TensorRT on a CPU build"),
        pytest.param(None, {}, True, [CUDA, CPU], TENSORRT, id="TensorRT on a build without it"),
        pytest.param(None, {"providers": [CUDA, CPU]}, False, CPU_BUILD, CUDA, id="provider by name"),
    ],
)
def test_what_was_asked_for_and_is_not_there_is_an_error_that_lists_what_is(
    device: str | None, settings: dict[str, Any], use_tensorrt: bool, available: list[str], missing: str
) -> None:
    with pytest.raises(DeviceUnavailableError) as caught:
        plan(device, settings, use_tensorrt=use_tensorrt, available=available)
    message = str(caught.value)
    assert missing in message
    assert f"Available providers: {', '.join(available)}" in message
    assert 'pip install "onnxocr-engine[gpu]"' in message


@pytest.mark.parametrize(
    ("device", "settings", "use_tensorrt", "reason"),
    [
        ("cpu", {}, True, "use_tensorrt=True needs a GPU"),
        ("cpu", {"providers": [CUDA, CPU]}, False, "contradict"),
        ("gpu", {"providers": [CPU]}, False, "contradict"),
        ("gpu:1", {"providers": [(CUDA, {"device_id": 2})]}, False, r"different GPUs: \[1, 2\]"),
        ("gpu:1", {"providers": [(CUDA, {"device_id": 0})]}, False, r"different GPUs: \[0, 1\]"),
        (
            None,
            {"providers": [(TENSORRT, {"device_id": 0}), (CUDA, {"device_id": 1})]},
            False,
            r"different GPUs: \[0, 1\]",
        ),
        (None, {"providers": [(CUDA, {"device_id": "first"})]}, False, "must be the number of a GPU"),
        (None, {"providers": [CUDA, CPU]}, True, f"does not name {TENSORRT}"),
        (None, {"providers": ["CUDAExecutionProvidr"]}, False, f"Did you mean '{CUDA}'"),
        (None, {"providers": ["zzz"]}, False, "'zzz' is no execution provider. Available: "),
    ],
)
def test_contradictions_and_unknown_names_are_refused(
    device: str | None, settings: dict[str, Any], use_tensorrt: bool, reason: str
) -> None:
    with pytest.raises(ConfigError, match=reason):
        plan(device, settings, use_tensorrt=use_tensorrt, available=GPU_BUILD)


def test_the_cpu_plan_requires_the_cpu() -> None:
    assert CPU_PLAN.required == (CPU,)
