"""Fixtures: an empty cache, sources that lead nowhere, a local server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from onnxocr.zoo.sources import reachability
from tests.zoo.place import Place

# Port 9 (discard) of the own machine: connections are refused at once.
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
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
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("ONNXOCR_HOME", str(tmp_path / "home"))
    (tmp_path / "wheels").mkdir()
    reachability.forget()
    return tmp_path / "home"


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A local server that all HTTP sources lead to."""
    server = Place()
    for name in ("HF_ENDPOINT", "MODELSCOPE_ENDPOINT", "ONNXOCR_BOS_ENDPOINT"):
        monkeypatch.setenv(name, server.address)
    yield server
    server.stop()
