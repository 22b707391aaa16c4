"""Which providers a session is built with, and what happens when they fail to start; onnxruntime is faked."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from onnxocr.config import RuntimeConfig
from onnxocr.errors import BackendError, ConfigError, DeviceUnavailableError, ModelFileError
from onnxocr.runtime import feeds, ort_session
from onnxocr.runtime.ort_session import open_ort_session
from tests.runtime.fake_onnxruntime import CPU, CUDA, TENSORRT, install_fake
from tests.runtime.graphs import save_doubling

GPU_BUILD = [TENSORRT, CUDA, CPU]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return save_doubling(tmp_path / "m.onnx")


@pytest.fixture
def one_flavour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ort_session, "installed_flavours", lambda: ("onnxruntime-gpu",))


def cuda_options(device_id: int) -> dict[str, str]:
    return {"device_id": str(device_id), "cudnn_conv_algo_search": "HEURISTIC"}


def only_cpu(asked: list[str]) -> Sequence[str]:
    return [CPU]


def no_driver(asked: list[str]) -> Sequence[str]:
    if CUDA in asked:
        raise RuntimeError("CUDA failure 35: CUDA driver version is insufficient")
    return asked


@pytest.mark.parametrize(
    ("device", "use_tensorrt", "asked", "provider_options", "name"),
    [
        (None, False, [CUDA, CPU], [cuda_options(0), {}], "gpu:0"),
        ("cpu", False, [CPU], [{}], "cpu"),
        ("gpu", False, [CUDA, CPU], [cuda_options(0), {}], "gpu:0"),
        ("gpu:1", False, [CUDA, CPU], [cuda_options(1), {}], "gpu:1"),
        ("gpu:1", True, [TENSORRT, CUDA, CPU], [{"device_id": "1"}, cuda_options(1), {}], "gpu:1"),
    ],
)
def test_the_session_is_built_with_the_providers_of_the_device_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
    model: Path,
    device: str | None,
    use_tensorrt: bool,
    asked: list[str],
    provider_options: list[dict[str, str]],
    name: str,
) -> None:
    fake = install_fake(monkeypatch, GPU_BUILD)
    session = open_ort_session(model, RuntimeConfig(device=device, use_tensorrt=use_tensorrt))
    assert fake.sessions[0].asked == asked
    assert fake.sessions[0].provider_options == provider_options
    assert (session.info.provider, session.info.device) == (asked[0], name)


def test_onnxruntimes_own_fallback_that_prints_to_stdout_is_off(
    monkeypatch: pytest.MonkeyPatch, model: Path
) -> None:
    fake = install_fake(monkeypatch, GPU_BUILD)
    open_ort_session(model, RuntimeConfig())
    assert fake.sessions[0].fallback == 0


@pytest.mark.parametrize(
    ("config", "missing"),
    [
        (RuntimeConfig(device="gpu"), CUDA),
        (RuntimeConfig(device="gpu:0", use_tensorrt=True), TENSORRT),
        (RuntimeConfig(engine_config={"providers": [CUDA, CPU]}), CUDA),
    ],
)
@pytest.mark.usefixtures("one_flavour")
def test_a_session_that_came_up_without_the_named_provider_is_an_error(
    monkeypatch: pytest.MonkeyPatch, model: Path, config: RuntimeConfig, missing: str
) -> None:
    install_fake(monkeypatch, GPU_BUILD, only_cpu)
    with pytest.raises(DeviceUnavailableError, match=f"{missing}.*runs on {CPU} only.*Available providers"):
        open_ort_session(model, config)


@pytest.mark.usefixtures("one_flavour")
def test_a_gpu_that_fails_to_start_is_an_error_with_the_cause(
    monkeypatch: pytest.MonkeyPatch, model: Path
) -> None:
    install_fake(monkeypatch, GPU_BUILD, no_driver)
    with pytest.raises(DeviceUnavailableError, match="driver version is insufficient") as caught:
        open_ort_session(model, RuntimeConfig(device="gpu"))
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_a_failing_gpu_names_two_distributions_side_by_side_as_a_possible_cause(
    monkeypatch: pytest.MonkeyPatch, model: Path
) -> None:
    monkeypatch.setattr(ort_session, "installed_flavours", lambda: ("onnxruntime", "onnxruntime-gpu"))
    install_fake(monkeypatch, GPU_BUILD, only_cpu)
    with pytest.raises(DeviceUnavailableError, match="pip uninstall -y onnxruntime onnxruntime-gpu &&"):
        open_ort_session(model, RuntimeConfig(device="gpu"))


@pytest.mark.parametrize("come_up", [only_cpu, no_driver])
@pytest.mark.usefixtures("one_flavour")
def test_only_the_default_device_falls_back_to_the_cpu_with_one_warning_and_tells(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    model: Path,
    come_up: object,
) -> None:
    install_fake(monkeypatch, GPU_BUILD, come_up)  # type: ignore[arg-type]
    with caplog.at_level(logging.INFO, "onnxocr"):
        session = open_ort_session(model, RuntimeConfig())
    assert (session.info.provider, session.info.device) == (CPU, "cpu")
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "m.onnx runs on the CPU" in caplog.text


def test_a_usable_default_gpu_is_taken_without_a_word(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, model: Path
) -> None:
    install_fake(monkeypatch, GPU_BUILD)
    with caplog.at_level(logging.INFO, "onnxocr"):
        open_ort_session(model, RuntimeConfig())
    assert caplog.records == []


def test_a_damaged_model_is_no_reason_to_leave_the_gpu(monkeypatch: pytest.MonkeyPatch, model: Path) -> None:
    class InvalidGraph(Exception):
        pass

    def refuse(asked: list[str]) -> Sequence[str]:
        raise InvalidGraph("This is an invalid model")

    fake = install_fake(monkeypatch, GPU_BUILD, refuse)
    with pytest.raises(ModelFileError, match=r"m\.onnx: This is an invalid model"):
        open_ort_session(model, RuntimeConfig())
    assert fake.sessions == []


def test_a_refused_provider_option_is_a_config_error(monkeypatch: pytest.MonkeyPatch, model: Path) -> None:
    def refuse(asked: list[str]) -> Sequence[str]:
        raise RuntimeError("Unknown provider option: speed")

    install_fake(monkeypatch, GPU_BUILD, refuse)
    config = RuntimeConfig(engine_config={"providers": [CUDA], "provider_options": {"speed": 1}})
    with pytest.raises(ConfigError, match="provider_options: Unknown provider option: speed"):
        open_ort_session(model, config)


def test_other_failures_on_the_cpu_are_backend_errors(monkeypatch: pytest.MonkeyPatch, model: Path) -> None:
    def refuse(asked: list[str]) -> Sequence[str]:
        raise RuntimeError("no threads left")

    install_fake(monkeypatch, [CPU], refuse)
    with pytest.raises(BackendError, match="no threads left"):
        open_ort_session(model, RuntimeConfig())


def test_threads_and_memory_settings_are_always_set(monkeypatch: pytest.MonkeyPatch, model: Path) -> None:
    fake = install_fake(monkeypatch, [CPU])
    session = open_ort_session(model, RuntimeConfig(cpu_threads=3))
    options = fake.sessions[0].options
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (3, 1)
    assert options.enable_mem_pattern is False
    assert options.entries == {"session.intra_op.allow_spinning": "0"}
    assert session.info.threads == 3


@pytest.mark.parametrize(
    ("config", "entries"),
    [
        pytest.param({}, {"memory.enable_memory_arena_shrinkage": "cpu:0"}, id="CPU"),
        pytest.param({"engine_config": {"enable_cpu_mem_arena": False}}, {}, id="CPU without arena"),
        pytest.param({"device": "gpu"}, {}, id="GPU"),
    ],
)
def test_memory_is_given_back_after_large_inputs_only_and_only_where_there_is_an_arena(
    monkeypatch: pytest.MonkeyPatch, model: Path, config: dict[str, Any], entries: dict[str, str]
) -> None:
    monkeypatch.setattr(feeds, "LARGE_INPUT_BYTES", 4 * 3 * 10 * 10)
    fake = install_fake(monkeypatch, GPU_BUILD)
    session = open_ort_session(model, RuntimeConfig(**{"device": "cpu", **config}))
    session.run({"x": np.zeros((1, 3, 10, 10), np.float32)})
    session.run({"x": np.zeros((1, 3, 10, 11), np.float32)})
    assert [options.entries for options in fake.sessions[0].runs] == [{}, entries]


def test_errors_of_a_run_are_left_to_the_exception(monkeypatch: pytest.MonkeyPatch, model: Path) -> None:
    fake = install_fake(monkeypatch, [CPU])
    open_ort_session(model, RuntimeConfig()).run({"x": np.zeros((1, 3, 1, 1), np.float32)})
    assert fake.sessions[0].runs[0].log_severity_level == 4


def test_engine_config_overrules_the_defaults(monkeypatch: pytest.MonkeyPatch, model: Path) -> None:
    fake = install_fake(monkeypatch, [CPU])
    config = {
        "intra_op_num_threads": 5,
        "inter_op_num_threads": 2,
        "enable_mem_pattern": True,
        "session_options": {"enable_cpu_mem_arena": True, "log_severity_level": 0},
        "session_config": {"session.intra_op.allow_spinning": 1, "session.set_denormal_as_zero": True},
    }
    session = open_ort_session(model, RuntimeConfig(engine_config=config))
    options = fake.sessions[0].options
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (5, 2)
    assert (options.enable_mem_pattern, options.enable_cpu_mem_arena) == (True, True)
    assert options.log_severity_level == 0
    assert options.entries == {"session.intra_op.allow_spinning": "1", "session.set_denormal_as_zero": "1"}
    assert session.info.threads == 5


def test_two_different_thread_counts_are_refused(monkeypatch: pytest.MonkeyPatch, model: Path) -> None:
    install_fake(monkeypatch, [CPU])
    with pytest.raises(ConfigError, match="cpu_threads=2 and intra_op_num_threads=5"):
        open_ort_session(model, RuntimeConfig(cpu_threads=2, engine_config={"intra_op_num_threads": 5}))


def test_an_unknown_session_option_is_refused_with_the_known_ones(
    monkeypatch: pytest.MonkeyPatch, model: Path
) -> None:
    install_fake(monkeypatch, [CPU])
    config = RuntimeConfig(engine_config={"session_options": {"speed": 1}})
    with pytest.raises(ConfigError, match=r"'speed'.*is no session option. Known: .*enable_mem_pattern"):
        open_ort_session(model, config)
