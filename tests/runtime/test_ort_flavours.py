from __future__ import annotations

import importlib.metadata
import logging
from collections.abc import Iterator

import pytest

from onnxocr.runtime.ort_flavours import installed_flavours, mixture_advice, warn_about_mixture


@pytest.fixture
def fresh_process() -> Iterator[None]:
    warn_about_mixture.cache_clear()
    yield
    warn_about_mixture.cache_clear()


def pretend_installed(monkeypatch: pytest.MonkeyPatch, *distributions: str) -> None:
    def version(name: str) -> str:
        if name not in distributions:
            raise importlib.metadata.PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(importlib.metadata, "version", version)


@pytest.mark.parametrize(
    "distributions", [(), ("onnxruntime",), ("onnxruntime-gpu",), ("onnxruntime", "onnxruntime-gpu")]
)
def test_installed_distributions_are_found(
    monkeypatch: pytest.MonkeyPatch, distributions: tuple[str, ...]
) -> None:
    pretend_installed(monkeypatch, *distributions, "numpy")
    assert installed_flavours() == distributions


@pytest.mark.parametrize("flavours", [(), ("onnxruntime",), ("onnxruntime-gpu",)])
def test_one_distribution_needs_no_advice(flavours: tuple[str, ...]) -> None:
    assert mixture_advice(flavours) is None


def test_two_distributions_are_repaired_by_keeping_the_one_for_the_gpu() -> None:
    advice = mixture_advice(("onnxruntime", "onnxruntime-gpu"))
    assert advice is not None
    assert "onnxruntime and onnxruntime-gpu are installed side by side" in advice
    assert "pip uninstall -y onnxruntime onnxruntime-gpu && pip install onnxruntime-gpu" in advice


@pytest.mark.usefixtures("fresh_process")
def test_the_warning_is_logged_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pretend_installed(monkeypatch, "onnxruntime", "onnxruntime-gpu")
    with caplog.at_level(logging.WARNING, "onnxocr"):
        warn_about_mixture()
        warn_about_mixture()
    assert len(caplog.records) == 1


@pytest.mark.usefixtures("fresh_process")
def test_a_clean_installation_logs_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pretend_installed(monkeypatch, "onnxruntime-gpu")
    with caplog.at_level(logging.DEBUG, "onnxocr"):
        warn_about_mixture()
    assert caplog.records == []
