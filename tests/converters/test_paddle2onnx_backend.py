"""The cross-check through paddle2onnx, over stand-ins for the package: which release does what."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from onnxocr.converters.paddle2onnx_backend import export_with_paddle2onnx, require_paddle2onnx
from onnxocr.errors import ConversionError, MissingDependencyError

# The stand-ins write down what they were given, so that a test sees the arguments that arrived.
EXPORTER = """
def export(program, params, opset, *settings):
    print("noise on stdout")
    return f"{program} {params} {opset} {len(settings)}".encode()
"""
PACKAGE_WITH_PADDLE = """
import paddle
from pathlib import Path
def export(program, params, target, *, opset_version, verbose, optimize_tool):
    if "broken" in program:
        raise SystemExit("Failed: \\x1b[1m(Unimplemented) this operator\\x1b[0m")
    if "silent" not in program:
        Path(target).write_text(f"{program} {params} {opset_version}")
"""


def install(
    folder: Path, monkeypatch: pytest.MonkeyPatch, version: str, package: str, *, paddle: bool = False
) -> None:
    site = folder / "site"
    (site / "paddle2onnx").mkdir(parents=True)
    (site / "paddle2onnx" / "__init__.py").write_text(package)
    (site / "paddle2onnx" / "paddle2onnx_cpp2py_export.py").write_text(EXPORTER)
    information = site / f"paddle2onnx-{version}.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: paddle2onnx\nVersion: {version}\n")
    if paddle:
        (site / "paddle.py").write_text("")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", str(site))


@pytest.mark.parametrize(
    ("program", "command"),
    [
        ("inference.pdmodel", "pip install paddle2onnx==1.3.1 --no-deps"),
        ("inference.json", "pip install 'paddlepaddle>=3.0' 'paddle2onnx>=2.0'"),
    ],
)
def test_without_the_package_the_command_to_install_it_is_named(program: str, command: str) -> None:
    with pytest.raises(MissingDependencyError) as caught:
        require_paddle2onnx(Path(program))
    assert str(caught.value).endswith(f"{program}: {command}")


def test_the_old_exporter_is_run_without_starting_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, "1.3.1", "raise ImportError('paddle would be imported here')")
    program, params, target = tmp_path / "a.pdmodel", tmp_path / "a.pdiparams", tmp_path / "a.onnx"
    assert export_with_paddle2onnx(program, params, target) == "1.3.1"
    assert target.read_text() == f"{program} {params} 17 10"


def test_the_old_exporter_cannot_read_the_new_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, "1.3.1", "")
    with pytest.raises(MissingDependencyError, match=r"1\.3\.1 cannot read inference\.json.*paddlepaddle"):
        require_paddle2onnx(Path("inference.json"))


def test_the_new_release_without_paddle_names_both_ways_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, "2.1.0", PACKAGE_WITH_PADDLE)
    with pytest.raises(MissingDependencyError, match=r"needs Paddle.*without Paddle.*==1\.3\.1"):
        require_paddle2onnx(Path("inference.pdmodel"))


def test_the_new_release_with_paddle_converts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, "2.1.0", PACKAGE_WITH_PADDLE, paddle=True)
    program, params, target = tmp_path / "a.json", tmp_path / "a.pdiparams", tmp_path / "a.onnx"
    assert export_with_paddle2onnx(program, params, target) == "2.1.0"
    assert target.read_text() == f"{program} {params} 17"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("broken.json", r"\(exit code 1\): Failed: \(Unimplemented\) this operator"),
        ("silent.json", "said nothing"),
    ],
)
def test_a_failure_gives_the_words_of_the_package_and_no_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, reason: str
) -> None:
    install(tmp_path, monkeypatch, "2.1.0", PACKAGE_WITH_PADDLE, paddle=True)
    target = tmp_path / "a.onnx"
    target.write_text("of an earlier run")
    with pytest.raises(ConversionError, match=reason):
        export_with_paddle2onnx(tmp_path / name, tmp_path / "a.pdiparams", target)
    assert not target.exists()


def test_importing_the_backend_imports_neither_paddle_nor_onnx() -> None:
    code = (
        "import sys, onnxocr.converters.paddle2onnx_backend\n"
        "print([name for name in ('paddle', 'paddle2onnx', 'onnx', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
