"""The real ONNX Runtime on the CPU, on graphs whose answers are known."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from onnxocr.config import RuntimeConfig
from onnxocr.errors import ClosedError, ConfigError, DeviceUnavailableError, InferenceError, ModelFileError
from onnxocr.runtime.ort_session import OrtSession, open_ort_session
from onnxocr.runtime.session import TensorSpec
from tests.runtime.graphs import OPSET, save_adding_1_2_3, save_doubling

onnxruntime = pytest.importorskip("onnxruntime")

ONES = np.ones((1, 3, 2, 2), np.float32)


def opened(path: Path, **config: Any) -> OrtSession:  # noqa: ANN401
    return open_ort_session(path, RuntimeConfig(device="cpu", **config))


def test_a_graph_is_run_by_name(tmp_path: Path) -> None:
    session = opened(save_doubling(tmp_path / "m.onnx"))
    answer = session.run({"x": ONES})
    assert list(answer) == ["y"]
    np.testing.assert_array_equal(answer["y"], 2 * ONES)


def test_inputs_outputs_metadata_and_info_describe_the_graph(tmp_path: Path) -> None:
    session = opened(save_doubling(tmp_path / "m.onnx", metadata={"character": "a\nb"}), cpu_threads=1)
    assert session.inputs == (TensorSpec("x", (None, 3, None, None), "float32"),)
    assert session.outputs == (TensorSpec("y", (None, 3, None, None), "float32"),)
    assert session.metadata == {"character": "a\nb"}
    assert (session.info.backend, session.info.provider) == ("onnxruntime", "CPUExecutionProvider")
    assert (session.info.device, session.info.precision, session.info.threads) == ("cpu", "fp32", 1)
    assert session.info.version == onnxruntime.__version__


def test_an_answer_outlives_its_session(tmp_path: Path) -> None:
    session = opened(save_doubling(tmp_path / "m.onnx"))
    answer = session.run({"x": ONES})["y"]
    session.close()
    del session
    gc.collect()
    np.testing.assert_array_equal(answer, 2 * ONES)


def test_arrays_that_are_not_contiguous_are_read_right(tmp_path: Path) -> None:
    session = opened(save_doubling(tmp_path / "m.onnx"))
    array = np.arange(24, dtype=np.float32).reshape(1, 4, 2, 3).transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(session.run({"x": array})["y"], 2 * array)


def test_a_failing_run_names_model_shapes_and_cause_and_prints_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    session = opened(save_adding_1_2_3(tmp_path / "adding.onnx"))
    with pytest.raises(InferenceError, match=r"(?s)adding\.onnx.*x float32\[1, 3, 2, 2\].*Add") as caught:
        session.run({"x": ONES})
    assert caught.value.__cause__ is not None
    assert capfd.readouterr() == ("", "")


def test_a_session_works_on_after_a_failed_run(tmp_path: Path) -> None:
    session = opened(save_adding_1_2_3(tmp_path / "m.onnx"))
    with pytest.raises(InferenceError):
        session.run({"x": ONES})
    answer = session.run({"x": np.zeros((1, 3, 1, 3), np.float32)})["y"]
    np.testing.assert_array_equal(answer[0, 0, 0], [1, 2, 3])


def test_a_closed_session_refuses_to_run_and_may_be_closed_again(tmp_path: Path) -> None:
    session = opened(save_doubling(tmp_path / "m.onnx"))
    session.close()
    session.close()
    with pytest.raises(ClosedError, match=r"m\.onnx was closed"):
        session.run({"x": ONES})


@pytest.mark.parametrize(
    ("version", "reason"),
    [({"opset": 9999}, "cannot open"), ({"ir_version": 9999}, "cannot open")],
    ids=["operator set", "file format"],
)
def test_a_model_of_a_newer_onnx_is_refused_by_path(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], version: dict[str, int], reason: str
) -> None:
    path = save_doubling(tmp_path / "new.onnx", **version)  # type: ignore[arg-type]
    with pytest.raises(ModelFileError, match=rf"(?s){reason}.*new\.onnx.*9999"):
        opened(path)
    assert capfd.readouterr() == ("", "")


def test_a_truncated_model_is_refused_with_the_place(tmp_path: Path) -> None:
    path = save_doubling(tmp_path / "m.onnx")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ModelFileError, match=r"m\.onnx.*cut off or damaged"):
        opened(path)


def test_a_graph_damaged_inside_is_refused(tmp_path: Path) -> None:
    path = save_doubling(tmp_path / "m.onnx")
    path.write_bytes(path.read_bytes().replace(b"Add", b"\xff\xff\xff", 1))
    with pytest.raises(ModelFileError, match=r"m\.onnx"):
        opened(path)


def test_an_operator_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    path = save_doubling(tmp_path / "m.onnx")
    path.write_bytes(path.read_bytes().replace(b"Add", b"Adx", 1))
    with pytest.raises(ModelFileError, match="Adx"):
        opened(path)


def test_a_gpu_on_a_cpu_build_is_an_error_that_lists_what_is_there(tmp_path: Path) -> None:
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime is a GPU build")
    path = save_doubling(tmp_path / "m.onnx")
    with pytest.raises(
        DeviceUnavailableError, match=r"CUDAExecutionProvider.*Available.*CPUExecutionProvider"
    ):
        open_ort_session(path, RuntimeConfig(device="gpu:0"))


@pytest.mark.parametrize(
    "engine_config",
    [
        {"graph_optimization_level": 0},
        {"execution_mode": "parallel", "inter_op_num_threads": 2},
        {"enable_mem_pattern": True, "enable_cpu_mem_arena": True},
        {"session_options": {"use_deterministic_compute": True}},
        {"session_config": {"session.set_denormal_as_zero": "1"}},
        {"providers": ["CPUExecutionProvider"], "provider_options": [{}]},
        {"onnxruntime": {"log_severity_level": 4}, "openvino": {}},
    ],
)
def test_every_kind_of_setting_reaches_onnxruntime(tmp_path: Path, engine_config: dict[str, Any]) -> None:
    session = opened(save_doubling(tmp_path / "m.onnx"), engine_config=engine_config)
    np.testing.assert_array_equal(session.run({"x": ONES})["y"], 2 * ONES)


@pytest.mark.parametrize(
    ("engine_config", "reason"),
    [
        ({"enable_mem_pattern": "often"}, "enable_mem_pattern='often'.*does not fit"),
        ({"session_options": {"enable_profilin": True}}, "'enable_profilin'.*no session option"),
        ({"session_options": {"add_initializer": True}}, "'add_initializer'.*no session option"),
        ({"intra_op_threads": 1}, "Did you mean 'intra_op_num_threads'"),
    ],
)
def test_settings_that_onnxruntime_does_not_take_are_config_errors(
    tmp_path: Path, engine_config: dict[str, Any], reason: str
) -> None:
    path = save_doubling(tmp_path / "m.onnx")
    with pytest.raises(ConfigError, match=reason):
        opened(path, engine_config=engine_config)


def test_ordinary_use_writes_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    session = opened(save_doubling(tmp_path / "m.onnx", opset=OPSET))
    session.run({"x": ONES})
    session.close()
    assert capfd.readouterr() == ("", "")
