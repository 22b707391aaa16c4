"""The real OpenVINO on the CPU, on graphs whose answers are known."""

from __future__ import annotations

import gc
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from onnxocr.config import RuntimeConfig
from onnxocr.errors import ClosedError, ConfigError, DeviceUnavailableError, InferenceError, ModelFileError
from onnxocr.runtime import feeds, openvino_session
from onnxocr.runtime.openvino_session import OpenVINOSession, open_openvino_session
from onnxocr.runtime.session import TensorSpec
from tests.runtime.graphs import save_adding_1_2_3, save_convolutions, save_doubling

if importlib.util.find_spec("openvino") is None:
    pytest.skip("openvino is not installed", allow_module_level=True)

ONES = np.ones((1, 3, 2, 2), np.float32)


def opened(path: Path, **config: Any) -> OpenVINOSession:  # noqa: ANN401
    return open_openvino_session(path, RuntimeConfig(**config))


def test_a_graph_is_run_by_name(tmp_path: Path) -> None:
    answer = opened(save_doubling(tmp_path / "m.onnx")).run({"x": ONES})
    assert list(answer) == ["y"]
    np.testing.assert_array_equal(answer["y"], 2 * ONES)


def test_inputs_outputs_metadata_and_info_describe_the_graph(tmp_path: Path) -> None:
    session = opened(save_doubling(tmp_path / "m.onnx", metadata={"character": "a\nb"}), cpu_threads=1)
    assert session.inputs == (TensorSpec("x", (None, 3, None, None), "float32"),)
    assert session.outputs == (TensorSpec("y", (None, 3, None, None), "float32"),)
    assert session.metadata == {"character": "a\nb"}
    assert (session.info.backend, session.info.provider, session.info.device) == ("openvino", "CPU", "cpu")
    assert (session.info.precision, session.info.threads) == ("fp32", 1)
    assert session.info.version[0].isdigit()


def test_any_size_runs_one_after_the_other(tmp_path: Path) -> None:
    session = opened(save_doubling(tmp_path / "m.onnx"))
    for shape in [(1, 3, 4, 8), (2, 3, 16, 5), (1, 3, 4, 8)]:
        array = np.random.default_rng(0).random(shape, np.float32)
        np.testing.assert_array_equal(session.run({"x": array})["y"], 2 * array)


def test_an_answer_is_not_overwritten_by_the_next_run_nor_freed_with_the_session(tmp_path: Path) -> None:
    session = opened(save_doubling(tmp_path / "m.onnx"))
    first = session.run({"x": ONES})["y"]
    session.run({"x": 5 * ONES})
    session.close()
    del session
    gc.collect()
    np.testing.assert_array_equal(first, 2 * ONES)


def test_memory_is_given_back_after_large_inputs_only_and_the_session_works_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_back: list[None] = []
    give_back = openvino_session._give_memory_back
    monkeypatch.setattr(
        openvino_session, "_give_memory_back", lambda compiled: given_back.append(give_back(compiled))
    )
    monkeypatch.setattr(feeds, "LARGE_INPUT_BYTES", ONES.nbytes)
    session = opened(save_doubling(tmp_path / "m.onnx"))
    large = np.ones((1, 3, 2, 3), np.float32)
    for array, count in [(ONES, 0), (large, 1), (large, 2), (ONES, 2)]:
        np.testing.assert_array_equal(session.run({"x": array})["y"], 2 * array)
        assert len(given_back) == count


def test_a_wrong_dtype_is_refused_instead_of_converted(tmp_path: Path) -> None:
    session = opened(save_doubling(tmp_path / "m.onnx"))
    with pytest.raises(InferenceError, match="given float64"):
        session.run({"x": ONES.astype(np.float64)})


def test_a_failing_run_names_model_shapes_and_cause(tmp_path: Path) -> None:
    session = opened(save_adding_1_2_3(tmp_path / "adding.onnx"))
    with pytest.raises(InferenceError, match=r"adding\.onnx.*x float32\[1, 3, 2, 2\].*Add") as caught:
        session.run({"x": ONES})
    assert "Exception from" not in str(caught.value)
    assert caught.value.__cause__ is not None


def test_a_closed_session_refuses_to_run_and_may_be_closed_again(tmp_path: Path) -> None:
    session = opened(save_doubling(tmp_path / "m.onnx"))
    session.close()
    session.close()
    with pytest.raises(ClosedError, match=r"m\.onnx was closed"):
        session.run({"x": ONES})


def test_both_engines_compute_the_same_up_to_rounding(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    from onnxocr.runtime.ort_session import open_ort_session

    path = save_convolutions(tmp_path / "m.onnx")
    array = np.random.default_rng(1).random((2, 3, 32, 48), np.float32)
    expected = open_ort_session(path, RuntimeConfig(device="cpu")).run({"x": array})["y"]
    np.testing.assert_allclose(opened(path).run({"x": array})["y"], expected, rtol=1e-4, atol=1e-5)


def test_an_operator_that_does_not_exist_is_refused_by_path(tmp_path: Path) -> None:
    path = save_doubling(tmp_path / "m.onnx")
    path.write_bytes(path.read_bytes().replace(b"Add", b"Adx", 1))
    with pytest.raises(ModelFileError, match=r"OpenVINO cannot read .*m\.onnx.*Adx"):
        opened(path)


def test_a_file_that_is_no_onnx_model_never_reaches_openvino(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "m.onnx"
    path.write_text("root:x:0:0", encoding="utf-8")
    with pytest.raises(ModelFileError, match="not an ONNX model"):
        opened(path)
    assert capfd.readouterr() == ("", "")


def test_a_gpu_that_is_not_there_is_an_error_that_lists_what_is(tmp_path: Path) -> None:
    path = save_doubling(tmp_path / "m.onnx")
    with pytest.raises(DeviceUnavailableError, match=r"'gpu:9'.*OpenVINO sees no GPU\.9 here, only: .*CPU"):
        opened(path, device="gpu:9")


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"use_tensorrt": True}, "use_tensorrt=True needs engine='onnxruntime'"),
        (
            {"engine_config": {"PERFORMANCE_HIN": "LATENCY"}},
            "PERFORMANCE_HIN.*Did you mean 'PERFORMANCE_HINT'",
        ),
        ({"engine_config": {"PERFORMANCE_HINT": "FAST"}}, "Wrong value FAST"),
        (
            {"cpu_threads": 1, "engine_config": {"INFERENCE_NUM_THREADS": 2}},
            "cpu_threads=1 and INFERENCE_NUM",
        ),
        ({"device": "xpu"}, "xpu"),
    ],
)
def test_settings_that_openvino_does_not_take_are_refused(
    tmp_path: Path, config: dict[str, Any], reason: str
) -> None:
    path = save_doubling(tmp_path / "m.onnx")
    with pytest.raises((ConfigError, DeviceUnavailableError), match=reason):
        opened(path, **config)


def test_settings_reach_openvino(tmp_path: Path) -> None:
    session = opened(
        save_doubling(tmp_path / "m.onnx"), engine_config={"openvino": {"INFERENCE_NUM_THREADS": 1}}
    )
    assert session.info.threads == 1


def test_opening_sends_no_telemetry_writes_no_file_and_prints_nothing(tmp_path: Path) -> None:
    """OpenVINO reports its own import and writes ``~/intel`` if it is imported without care."""
    path = save_doubling(tmp_path / "m.onnx")
    home = tmp_path / "home"
    home.mkdir()
    program = f"""
import sys, pathlib
from onnxocr.config import RuntimeConfig
from onnxocr.runtime.opening import open_session
session = open_session(pathlib.Path({str(path)!r}), RuntimeConfig(engine="openvino"))
assert "openvino_telemetry.main" not in sys.modules
assert "openvino_telemetry" not in sys.modules
import openvino
assert callable(openvino.convert_model)
"""
    # Its own switch: no telemetry in CI.
    ci_variables = ("CI", "TF_BUILD", "JENKINS_URL")
    environment = {name: value for name, value in os.environ.items() if name not in ci_variables}
    environment |= dict.fromkeys(("HOME", "USERPROFILE", "LOCALAPPDATA"), str(home))
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(home.rglob("*")) == []
