"""``onnxocr convert`` as a shell sees it: forms of the command, what goes where, and exit codes."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper
from typer.testing import CliRunner, Result

from onnxocr.cli.convert import app
from onnxocr.converters import conversion, paddle2onnx_backend
from onnxocr.converters.paddle.model_files import PaddleFiles
from onnxocr.errors import ConversionError, MissingDependencyError, ModelFileError, OutputError
from tests.runtime.graphs import save_doubling, save_model


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def paddle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that the readers are bypassed for: what it converts to is y = x + x."""
    folder = tmp_path / "my_model_infer"
    folder.mkdir()
    (folder / "inference.pdmodel").write_bytes(b"a program")
    (folder / "inference.pdiparams").write_bytes(b"parameters")

    def own_graph(files: PaddleFiles) -> tuple[onnx.ModelProto, Mapping[str, int]]:
        return onnx.load(save_doubling(tmp_path / "made.onnx")), {"scale": 1, "feed": 2}

    monkeypatch.setattr(conversion, "_own_graph", own_graph)
    return folder


def recording(folder: Path, factor: float) -> Path:
    x = np.full((1, 3, 2, 2), 1, np.float32)
    np.savez(folder / "case.npz", x=x, y=factor * x)
    return folder


@pytest.mark.parametrize("order", ["source first", "output first", "subcommand named"])
def test_a_first_word_that_is_no_subcommand_is_converted(paddle: Path, tmp_path: Path, order: str) -> None:
    output = tmp_path / "out"
    arguments = {
        "source first": [paddle, "-o", output],
        "output first": ["-o", output, paddle],
        "subcommand named": ["model", paddle, "-o", output],
    }[order]
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (0, f"{output}\n")
    assert sorted(path.name for path in output.iterdir()) == ["inference.onnx", "inference.yml"]
    assert "inference.pdmodel (3 operators of 2 kinds) converted in" in result.stderr
    assert "as my_model" in result.stderr


def test_the_name_of_the_model_can_be_given(paddle: Path, tmp_path: Path) -> None:
    run(paddle, "-o", tmp_path / "out", "--name", "mine")
    metadata = {entry.key: entry.value for entry in onnx.load(tmp_path / "out/inference.onnx").metadata_props}
    assert metadata["model_name"] == "mine"


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)])
def test_help_names_all_forms(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 0
    shown = " ".join(result.stdout.split())
    for words in ("--model_filename", "--params_filename", "--verify", "--backend", "--precision", "--name"):
        assert words in shown
    assert "onnxocr convert optimize FILE" in shown
    assert "onnxocr convert check FILE" in shown


@pytest.mark.parametrize(
    "arguments",
    [("source",), ("source", "-o", "out", "--backend", "torch"), ("optimize",), ("check", "a", "--no-such")],
)
def test_wrong_usage_exits_with_2(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def test_verified_output_is_reported_on_stderr(paddle: Path, tmp_path: Path) -> None:
    result = run(recording(paddle, 2), "-o", tmp_path / "out", "--verify")
    assert result.exit_code == 0
    assert "relative 0: within the tolerance" in result.stderr
    assert result.stdout == f"{tmp_path / 'out'}\n"


def test_output_that_differs_from_the_reference_is_not_written(paddle: Path, tmp_path: Path) -> None:
    result = run(recording(paddle, 2.5), "-o", tmp_path / "out", "--verify")
    assert isinstance(result.exception, ConversionError)
    assert "relative error of 0.2 (allowed: 0.001); nothing was written" in str(result.exception)
    assert "ABOVE the tolerance" in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made.onnx", "my_model_infer"]


def test_without_verify_recordings_are_not_looked_at(paddle: Path, tmp_path: Path) -> None:
    assert run(recording(paddle, 2.5), "-o", tmp_path / "out").exit_code == 0


def test_half_precision_is_written_and_compared(
    paddle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run(recording(paddle, 2), "-o", tmp_path / "out", "--precision", "fp16", "--verify")
    assert result.exit_code == 0
    assert "1 nodes in half precision, 2 casts put in" in result.stderr
    assert "Compared with the graph in float32:" in result.stderr
    model = onnx.load(tmp_path / "out" / "inference.onnx")
    assert [node.op_type for node in model.graph.node] == ["Cast", "Add", "Cast"]
    assert {entry.key: entry.value for entry in model.metadata_props}["precision"] == "fp16"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["inference.onnx", "inference.yml"]


def test_half_precision_that_is_too_coarse_is_not_written(
    paddle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # More than all decisions cannot agree: even an exact result fails.
    monkeypatch.setattr("onnxocr.converters.precision.REQUIRED_AGREEMENT", 1.1)
    result = run(recording(paddle, 2), "-o", tmp_path / "out", "--precision", "fp16", "--verify")
    assert isinstance(result.exception, ConversionError)
    assert "too coarse" in str(result.exception)
    assert not (tmp_path / "out").exists()


def test_another_exporter_can_make_the_graph(
    paddle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def export(program: Path, params: Path, target: Path) -> str:
        assert (program.name, params.name) == ("inference.pdmodel", "inference.pdiparams")
        save_model(target, [helper.make_node("Mul", ["x", "x"], ["y"])])
        return "1.3.1"

    monkeypatch.setattr(paddle2onnx_backend, "export_with_paddle2onnx", export)
    result = run(paddle, "-o", tmp_path / "out", "--backend", "paddle2onnx", "--no_optimize")
    assert result.exit_code == 0
    model = onnx.load(tmp_path / "out" / "inference.onnx")
    assert [node.op_type for node in model.graph.node] == ["Mul"]


def test_existing_output_is_kept_unless_told_otherwise(paddle: Path, tmp_path: Path) -> None:
    assert run(paddle, "-o", tmp_path / "out").exit_code == 0
    assert isinstance(run(paddle, "-o", tmp_path / "out").exception, OutputError)
    assert run(paddle, "-o", tmp_path / "out", "--overwrite").exit_code == 0


def test_names_of_unusual_files_are_handed_on(
    paddle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (paddle / "inference.pdmodel").rename(paddle / "net.bin")
    (paddle / "inference.pdiparams").rename(paddle / "weights.bin")
    names = ("--model_filename", "net.bin", "--params_filename", "weights.bin")
    assert run(paddle, "-o", tmp_path / "out", *names).exit_code == 0
    assert isinstance(run(paddle, "-o", tmp_path / "other").exception, ModelFileError)


def identity_model(path: Path) -> Path:
    nodes = [helper.make_node("Identity", ["x"], ["a"]), helper.make_node("Relu", ["a"], ["y"])]
    return save_model(path, nodes)


@pytest.mark.parametrize("given", [True, False])
def test_optimize_writes_beside_the_file_or_where_told(tmp_path: Path, given: bool) -> None:
    source = identity_model(tmp_path / "net.onnx")
    target = tmp_path / ("other.onnx" if given else "net_optimized.onnx")
    result = run("optimize", source, *(["-o", target] if given else []))
    assert (result.exit_code, result.stdout) == (0, f"{target}\n")
    assert result.stderr.startswith("2 -> 1 nodes")
    assert [node.op_type for node in onnx.load(target).graph.node] == ["Relu"]
    assert isinstance(run("optimize", source, "-o", target).exception, OutputError)
    assert run("optimize", source, "-o", target, "--overwrite").exit_code == 0


def test_check_prints_findings_and_exits_with_4_for_problems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONNXOCR_HOME", str(tmp_path / "home"))
    sound = run("check", save_doubling(tmp_path / "doubling.onnx"))
    assert sound.exit_code == 0
    assert "ok  running: 1x3x480x640 gives 1x3x480x640" in sound.stdout
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"<html>")
    result = run("check", broken, "--json")
    assert result.exit_code == 4
    report = json.loads(result.stdout)
    assert (report["verdict"], report["findings"][0]["topic"]) == ("problem", "loading")


@pytest.mark.parametrize("command", [("folder", "-o", "out"), ("optimize", "a.onnx"), ("check", "a.onnx")])
def test_without_onnx_the_extra_is_named(command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "onnx" else find_spec(name))
    result = run(*command)
    assert isinstance(result.exception, MissingDependencyError)
    assert "pip install 'onnxocr-engine[convert]'" in str(result.exception)


def test_showing_help_imports_neither_onnx_nor_paddle() -> None:
    code = (
        "import sys\nsys.modules['onnx'] = sys.modules['paddle'] = sys.modules['paddle2onnx'] = None\n"
        "sys.argv = ['onnxocr', 'convert', '--help']\n"
        "from onnxocr.cli.main import main\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Convert a Paddle inference model" in done.stdout


def test_an_empty_output_is_not_the_current_folder(
    paddle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert isinstance(run(paddle, "-o", "").exception, OutputError)
    assert list((tmp_path / "here").iterdir()) == []
    assert run(paddle, "-o", ".").exit_code == 0


@pytest.mark.parametrize("options", [[], ["--precision", "fp16"], ["--verify"]])
def test_checks_are_told_of_only_where_there_were_any(
    paddle: Path, tmp_path: Path, options: list[str]
) -> None:
    result = run(recording(paddle, 2.0), "-o", tmp_path / "out", *options)
    assert result.exit_code == 0
    assert ("with the checks above" in result.stderr) == (options == ["--verify"])
