"""The rules of docs/architecture.md that a machine can check."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "onnxocr"

# What each place may import, beside itself. Modules that are not listed may not be imported from.
FOUNDATION = {"errors", "arrays", "config", "results", "quiet_import"}
SIDE_BY_SIDE = {"runtime", "processing", "zoo", "inputs"}
ALLOWED = {
    "errors": set[str](),
    "arrays": set[str](),
    "quiet_import": set[str](),
    "config": {"errors", "arrays"},
    "results": {"errors", "arrays", "config"},
    **dict.fromkeys(SIDE_BY_SIDE, FOUNDATION),
    "modules": FOUNDATION | SIDE_BY_SIDE | {"converters"},  # by preparation.py, when it is needed
    "pipelines": FOUNDATION | SIDE_BY_SIDE | {"modules"},
    "cli": FOUNDATION | SIDE_BY_SIDE | {"modules", "pipelines", "converters"},
    "converters": FOUNDATION | {"zoo", "runtime"},
    "__main__": {"cli"},
}


def sources() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if place != "__init__":
            yield place, path
    for path in sorted((ROOT / "converters").rglob("*.py")):
        yield "converters", path


def imported_places(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [node.module or ""]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            if name.startswith("onnxocr."):
                yield name.split(".")[1]


@pytest.mark.parametrize(("place", "path"), list(sources()), ids=lambda value: str(value).rpartition("/")[2])
def test_imports_point_one_way(place: str, path: Path) -> None:
    outside = {other for other in imported_places(path) if other != place}
    assert outside <= ALLOWED[place], f"{path} imports {sorted(outside - ALLOWED[place])}"


@pytest.mark.parametrize(
    ("text", "home"),
    [
        ("InferenceSession(", "onnxocr/runtime/ort_session.py"),
        ("compile_model(", "onnxocr/runtime/openvino_session.py"),
        ("warpPerspective(", "onnxocr/processing/warp.py"),
    ],
)
def test_one_place_does_it(text: str, home: str) -> None:
    users = [str(path.relative_to(ROOT)) for _, path in sources() if text in path.read_text("utf-8")]
    assert users == [home]


def run_python(code: str) -> str:
    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert finished.stderr == ""
    return finished.stdout


def test_importing_the_package_loads_no_library_and_says_nothing() -> None:
    loaded = run_python(
        "import sys, onnxocr\n"
        "heavy = 'numpy cv2 onnxruntime openvino yaml PIL typer huggingface_hub httpx pypdfium2'.split()\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    assert loaded.strip() == "[]"


def test_importing_the_engine_changes_nothing_outside() -> None:
    # OpenCV itself extends LD_LIBRARY_PATH of its process when it is imported.
    unchanged = run_python(
        "import logging, os, random, signal, warnings, numpy, cv2\n"
        "def state():\n"
        "    handlers = {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)}\n"
        "    log = (list(logging.root.handlers), logging.root.level, list(warnings.filters))\n"
        "    seeds = (random.getstate(), numpy.random.get_state()[1].tolist())\n"
        "    return [dict(os.environ), numpy.get_printoptions(), handlers, log, seeds]\n"
        "before = state()\n"
        "from onnxocr import PaddleOCR, TextDetection, TextRecognition\n"
        "print([a == b for a, b in zip(before, state())])"
    )
    assert unchanged.strip() == str([True] * 5)


def test_importing_the_libraries_we_use_leaves_no_trace(tmp_path: Path) -> None:
    # ONNX Runtime's telemetry writes into the home folder, OpenVINO's too; HTTP clients draw random numbers.
    seen = subprocess.run(
        [
            sys.executable,
            "-c",
            "import os, random\n"
            "from onnxocr.quiet_import import import_onnxruntime, import_quietly\n"
            "before = dict(os.environ), random.getstate()\n"
            "import_onnxruntime(); import_quietly('httpx'); import_quietly('huggingface_hub')\n"
            "print((dict(os.environ), random.getstate()) == before)\n",
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    assert (seen.stdout.strip(), seen.stderr) == ("True", "")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_every_package_of_the_tree_is_installed() -> None:
    listed = re.findall(r'^  "(onnxocr[\w.]*)",$', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    there = {
        _dotted("onnxocr.converters", path, ROOT / "converters")
        if place == "converters"
        else _dotted("onnxocr", path, PACKAGE)
        for place, path in sources()
    }
    assert set(listed) == there


def _dotted(name: str, path: Path, root: Path) -> str:
    return ".".join([name, *path.parent.relative_to(root).parts])


def test_no_machine_paths_or_registry_hosts_in_the_tree() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], capture_output=True, text=True, cwd=ROOT, check=False
    ).stdout
    if not tracked:
        pytest.skip("not a git checkout")
    forbidden = ("/" + "work/", "/" + "root/", "/" + "opt/pypi")
    for name in tracked.splitlines():
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".json", ".yml", ".txt", ""} and path.is_file():
            text = path.read_text("utf-8")
            assert not [word for word in forbidden if word in text], name
