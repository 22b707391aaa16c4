from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from onnxocr.config import RuntimeConfig
from onnxocr.errors import ConfigError, MissingDependencyError, ModelFileError
from onnxocr.runtime.opening import decide_engine, open_session
from tests.runtime.graphs import save_doubling

BLOCKED = """
import sys
import importlib.abc

class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
        return None

sys.meta_path.insert(0, Blocker())
"""

OPEN = """
import pathlib
from onnxocr.config import RuntimeConfig
from onnxocr.errors import MissingDependencyError
from onnxocr.runtime.opening import decide_engine, open_session
try:
    print(open_session(pathlib.Path({path!r}), RuntimeConfig(engine={engine!r})).info.backend)
except MissingDependencyError as error:
    print(error)
"""


def open_with_blocked_modules(path: Path, engine: str | None, blocked: tuple[str, ...]) -> str:
    """Returns what a fresh interpreter prints in which some modules are not installed."""
    program = BLOCKED.format(blocked=blocked) + OPEN.format(path=str(path), engine=engine)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("engine", "blocked", "backend"),
    [
        (None, (), "onnxruntime"),
        (None, ("onnxruntime",), "openvino"),
        (None, ("openvino",), "onnxruntime"),
        ("openvino", (), "openvino"),
        ("onnxruntime", (), "onnxruntime"),
    ],
)
def test_the_named_engine_is_taken_else_the_first_that_is_installed(
    tmp_path: Path, engine: str | None, blocked: tuple[str, ...], backend: str
) -> None:
    path = save_doubling(tmp_path / "m.onnx")
    assert open_with_blocked_modules(path, engine, blocked) == backend


@pytest.mark.parametrize(
    ("engine", "blocked", "extras"),
    [
        (None, ("onnxruntime", "openvino"), ("[cpu]", "[gpu]", "[openvino]")),
        ("onnxruntime", ("onnxruntime",), ("[cpu]", "[gpu]")),
        ("openvino", ("openvino",), ("[openvino]",)),
    ],
)
def test_a_missing_engine_is_an_error_that_names_its_extra(
    tmp_path: Path, engine: str | None, blocked: tuple[str, ...], extras: tuple[str, ...]
) -> None:
    message = open_with_blocked_modules(save_doubling(tmp_path / "m.onnx"), engine, blocked)
    for extra in extras:
        assert f'"onnxocr-engine{extra}"' in message


def test_what_is_left_of_a_half_removed_onnxruntime_is_called_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pip uninstall of one of two distributions leaves a folder that imports and holds nothing."""
    monkeypatch.setitem(sys.modules, "onnxruntime", type(sys)("onnxruntime"))
    path = save_doubling(tmp_path / "m.onnx")
    with pytest.raises(MissingDependencyError, match=r"broken.*pip uninstall -y onnxruntime onnxruntime-gpu"):
        open_session(path, RuntimeConfig(engine="onnxruntime"))


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
def test_both_engines_keep_the_session_protocol(tmp_path: Path, engine: str) -> None:
    pytest.importorskip(engine)
    path = save_doubling(tmp_path / "m.onnx", metadata={"key": "value"})
    session = open_session(path, RuntimeConfig(engine=engine))
    ones = np.ones((1, 3, 2, 2), np.float32)
    np.testing.assert_array_equal(session.run({"x": ones})["y"], 2 * ones)
    assert (session.inputs[0].name, session.outputs[0].name) == ("x", "y")
    assert session.metadata == {"key": "value"}
    assert session.info.backend == engine
    session.close()


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
def test_both_engines_refuse_a_missing_file(tmp_path: Path, engine: str) -> None:
    with pytest.raises(ModelFileError, match=r"none\.onnx does not exist"):
        open_session(tmp_path / "none.onnx", RuntimeConfig(engine=engine))


def test_what_cannot_run_is_known_before_a_model_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(MissingDependencyError, match=r"onnxocr-engine\[openvino\]"):
        decide_engine(RuntimeConfig(engine="openvino"))
    with pytest.raises(ConfigError, match="the CPU has no number"):
        decide_engine(RuntimeConfig(device="cpu:0"))
    assert decide_engine(RuntimeConfig()).engine == "onnxruntime"
