"""Fixtures: an empty cache, sources that lead nowhere, a local server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from onnxocr.zoo.sources import reachability
from tests.zoo.place import Place

# Port 9 (discard) of the own machine: connections are refused at once.
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that pip looks for wheels in."""
    return tmp_path_factory.mktemp("wheels")


@pytest.fixture(autouse=True)
def home(wheels: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test has a cache of its own and no way to the network."""
    for name in (
        "ONNXOCR_MODEL_SOURCE",
        "ONNXOCR_OFFLINE",
        "HF_HUB_OFFLINE",
        "HTTP_PROXY",
        "http_proxy",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
    for name in ("HF_ENDPOINT", "MODELSCOPE_ENDPOINT", "ONNXOCR_BOS_ENDPOINT"):
        monkeypatch.setenv(name, NOWHERE)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    folder = tmp_path_factory.mktemp("cache") / "home"
    monkeypatch.setenv("ONNXOCR_HOME", str(folder))
    reachability.forget()
    return folder


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A local server that all HTTP sources lead to."""
    server = Place()
    for name in ("HF_ENDPOINT", "MODELSCOPE_ENDPOINT", "ONNXOCR_BOS_ENDPOINT"):
        monkeypatch.setenv(name, server.address)
    yield server
    server.stop()
