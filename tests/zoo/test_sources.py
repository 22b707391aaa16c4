"""Hugging Face, ModelScope and BOS, each against a local server with its layout and its faults."""

from __future__ import annotations

import io
import tarfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from onnxocr.errors import ModelUnavailableError
from onnxocr.zoo.fetch import fetch_models
from onnxocr.zoo.sources import download, reachability
from tests.zoo.conftest import NOWHERE
from tests.zoo.entries import GRAPH, SETTINGS, file_entry, model_spec, source_entry
from tests.zoo.place import Place, silent, stalled, status, truncated

HF_GRAPH = "/Sparks/spark_det_onnx/resolve/main/inference.onnx"
HF_SETTINGS = "/Sparks/spark_det_onnx/resolve/main/inference.yml"
MS_GRAPH = "/models/Sparks/spark_det_onnx/resolve/master/inference.onnx"
MS_SETTINGS = "/models/Sparks/spark_det_onnx/resolve/master/inference.yml"
BOS_TAR = "/models/spark_det_infer.tar"


def tar_of(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"spark_det_infer/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def stock(place: Place) -> None:
    """Puts the model on every source of the server."""
    place.files = {
        HF_GRAPH: GRAPH,
        HF_SETTINGS: SETTINGS,
        MS_GRAPH: GRAPH,
        MS_SETTINGS: SETTINGS,
        BOS_TAR: tar_of({"inference.onnx": GRAPH, "inference.yml": SETTINGS, "readme.txt": b"x"}),
    }
    place.large = {HF_GRAPH}


@pytest.mark.parametrize("kind", ["huggingface", "modelscope", "bos"])
def test_a_model_comes_complete_and_with_its_origin(place: Place, home: Path, kind: str) -> None:
    stock(place)
    seen: list[tuple[str, int, int | None]] = []
    spec = model_spec(source_entry(kind))
    (files,) = fetch_models([spec], progress=lambda what, done, total: seen.append((what, done, total)))
    folder = home / "models" / "spark_det"
    assert (files.directory, files.model) == (folder, folder / "inference.onnx")
    assert files.model.read_bytes() == GRAPH
    assert files.inference_yml is not None
    assert files.inference_yml.read_bytes() == SETTINGS
    assert files.origin == spec.sources[0].label
    assert sorted(path.name for path in folder.iterdir()) == [
        "inference.onnx",
        "inference.yml",
        "origin.json",
    ]
    assert any(what.startswith("spark_det: ") and done > 0 for what, done, _ in seen)


@pytest.mark.parametrize("kind", ["huggingface", "modelscope", "bos"])
def test_a_fetched_model_is_not_fetched_again(place: Place, kind: str) -> None:
    stock(place)
    spec = model_spec(source_entry(kind))
    first = fetch_models([spec])
    place.requests.clear()
    assert fetch_models([spec]) == first
    assert place.requests == []


def test_hugging_face_storage_behind_a_redirect_is_followed(place: Place) -> None:
    stock(place)
    fetch_models([model_spec(source_entry("huggingface"))])
    assert place.gets(f"/storage{HF_GRAPH}") == 1


def test_paddle_files_are_had_where_they_are_wanted(place: Place, home: Path) -> None:
    program = {"inference.json": b"{}", "inference.pdiparams": b"\x00\x01", "inference.yml": SETTINGS}
    place.files[BOS_TAR] = tar_of(program)
    entries = [file_entry(name, None) for name in program]
    spec = model_spec(source_entry("bos", *entries, format="paddle", conversion="none"))
    (files,) = fetch_models([spec], formats=("paddle",))
    assert files.model == home / "models" / "spark_det.paddle" / "inference.json"
    assert fetch_models([spec], formats=("onnx", "paddle")) == [files]
    with pytest.raises(ModelUnavailableError, match=r"only in Paddle format .*converted to ONNX"):
        fetch_models([spec])


PAGE = b"<!DOCTYPE html><html><body>Please log in</body></html>"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n"
WRONG = b"\x09" + GRAPH[1:]


def break_with(path: str, content: bytes) -> Callable[[Place], None]:
    return lambda place: place.files.__setitem__(path, content)


def fail_with(path: str, answer: Any) -> Callable[[Place], None]:  # noqa: ANN401
    return lambda place: place.faults.__setitem__(path, answer)


@pytest.mark.parametrize(
    ("kind", "damage", "reason"),
    [
        ("huggingface", fail_with(HF_GRAPH, status(404)), r"inference\.onnx"),
        ("huggingface", fail_with(HF_GRAPH, status(503)), "answers 503"),
        ("huggingface", fail_with(HF_GRAPH, status(401)), r"inference\.onnx: .*401"),
        ("huggingface", break_with(HF_GRAPH, WRONG), "SHA-256"),
        ("huggingface", break_with(HF_SETTINGS, PAGE), "a web page"),
        ("huggingface", break_with(HF_GRAPH, POINTER), "a git-lfs pointer"),
        ("modelscope", fail_with(MS_GRAPH, status(404)), "answers 404"),
        ("modelscope", fail_with(MS_SETTINGS, status(500)), "answers 500"),
        ("modelscope", break_with(MS_GRAPH, WRONG), "SHA-256"),
        ("modelscope", break_with(MS_GRAPH, GRAPH + b"x"), "sends more than"),
        ("modelscope", break_with(MS_GRAPH, PAGE), "sent 54 bytes instead of"),
        ("modelscope", fail_with(MS_GRAPH, truncated(GRAPH)), r"inference\.onnx: "),
        ("bos", fail_with(BOS_TAR, status(404)), "answers 404"),
        ("bos", break_with(BOS_TAR, PAGE), "not a complete tar"),
        ("bos", break_with(BOS_TAR, b""), "not a complete tar"),
        ("bos", break_with(BOS_TAR, tar_of({"inference.onnx": GRAPH})), r"does not hold inference\.yml"),
        (
            "bos",
            break_with(BOS_TAR, tar_of({"inference.onnx": GRAPH})[:5000]),
            "not a complete tar|breaks off",
        ),
        ("bos", break_with(BOS_TAR, tar_of({"inference.onnx": WRONG, "inference.yml": SETTINGS})), "SHA-256"),
        ("bos", fail_with(BOS_TAR, truncated(tar_of({"inference.onnx": GRAPH}))), r"spark_det_infer\.tar: "),
    ],
)
def test_a_broken_source_leaves_no_model(
    place: Place, home: Path, kind: str, damage: Callable[[Place], None], reason: str
) -> None:
    stock(place)
    damage(place)
    with pytest.raises(ModelUnavailableError, match=reason):
        fetch_models([model_spec(source_entry(kind))])
    assert [path.name for path in (home / "models").iterdir()] == [".locks"]


@pytest.mark.parametrize(
    ("kind", "path"), [("modelscope", MS_GRAPH), ("modelscope", MS_SETTINGS), ("bos", BOS_TAR)]
)
def test_unknown_checksums_still_refuse_web_pages(place: Place, kind: str, path: str) -> None:
    stock(place)
    place.files[path] = PAGE
    entries = [file_entry("inference.onnx", None), file_entry("inference.yml", None)]
    with pytest.raises(ModelUnavailableError, match=r"a web page|not a complete tar"):
        fetch_models([model_spec(source_entry(kind, *entries))])


@pytest.mark.parametrize("kind", ["modelscope", "bos"])
def test_a_server_that_stops_sending_is_given_up(
    place: Place, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    stock(place)
    path = MS_GRAPH if kind == "modelscope" else BOS_TAR
    place.faults[path] = stalled(place.files[path])
    monkeypatch.setattr(download, "READ_TIMEOUT_S", 0.2)
    start = time.monotonic()
    with pytest.raises(ModelUnavailableError, match=r"ReadTimeout|timed out"):
        fetch_models([model_spec(source_entry(kind))])
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("kind", ["huggingface", "modelscope", "bos"])
def test_a_host_that_takes_no_connection_is_asked_once(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    asked: list[str] = []
    head = reachability._head

    def counted(url: str) -> tuple[int, str | None]:
        asked.append(url)
        return head(url)

    monkeypatch.setattr(reachability, "_head", counted)
    spec = model_spec(source_entry(kind))
    with pytest.raises(ModelUnavailableError, match=rf"{NOWHERE} is not reachable: "):
        fetch_models([spec])
    with pytest.raises(ModelUnavailableError, match="not asked again in this process"):
        fetch_models([spec])
    assert len(asked) == 1


def test_a_host_that_never_answers_is_given_up(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.faults[MS_GRAPH] = silent()
    monkeypatch.setattr(reachability, "PROBE_TIMEOUT_S", 0.2)
    start = time.monotonic()
    with pytest.raises(ModelUnavailableError, match=r"is not reachable: no answer within 0\.2 s"):
        fetch_models([model_spec(source_entry("modelscope"))])
    assert time.monotonic() - start < 2


def test_a_name_lookup_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    never = threading.Event()
    monkeypatch.setattr(reachability, "_head", lambda url: (never.wait(10), (0, None))[1])
    monkeypatch.setattr(reachability, "PROBE_TIMEOUT_S", 0.1)
    start = time.monotonic()
    with pytest.raises(ModelUnavailableError, match=r"no answer within 0\.1 s"):
        fetch_models([model_spec(source_entry("modelscope"))])
    assert time.monotonic() - start < 3
    never.set()


def test_modelscope_domain_names_another_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MODELSCOPE_ENDPOINT")
    monkeypatch.setenv("MODELSCOPE_DOMAIN", "scope.invalid")
    monkeypatch.setattr(reachability, "_head", lambda url: (0, f"asked {url}"))
    with pytest.raises(ModelUnavailableError, match=r"asked https://scope\.invalid/models/Sparks/"):
        fetch_models([model_spec(source_entry("modelscope"))])


@pytest.mark.parametrize(
    ("kind", "variable", "host"),
    [
        ("huggingface", "HF_ENDPOINT", "https://huggingface.co/Sparks/spark_det_onnx/resolve/main/"),
        ("modelscope", "MODELSCOPE_ENDPOINT", "https://www.modelscope.cn/models/Sparks/spark_det_onnx/"),
        ("bos", "ONNXOCR_BOS_ENDPOINT", "https://storage.invalid/models/spark_det_infer.tar"),
    ],
)
def test_the_public_hosts_are_the_default(
    monkeypatch: pytest.MonkeyPatch, kind: str, variable: str, host: str
) -> None:
    monkeypatch.delenv(variable)
    monkeypatch.setattr(reachability, "_head", lambda url: (0, f"asked {url}"))
    with pytest.raises(ModelUnavailableError, match=f"asked {host}"):
        fetch_models([model_spec(source_entry(kind))])
