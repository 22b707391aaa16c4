"""Real models against answers recorded from PaddleOCR 3.7 (tests/reference, which states their origin)."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from onnxocr import PaddleOCR, TextDetection, TextRecognition
from onnxocr.arrays import Image

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "hello_en_zh.png"
PICTURES = {
    "hello_en_zh.png": EXAMPLE,
    "tilted.png": ROOT / "tests" / "reference" / "tilted.png",
    "upright.png": ROOT / "tests" / "reference" / "upright.png",
}
RECORDED = json.loads((ROOT / "tests" / "reference" / "paddleocr_3_7.json").read_text("utf-8"))["answers"]
EXACT = ("dt_polys", "rec_texts", "rec_polys", "rec_boxes", "text_word", "text_word_boxes", "text_det_params")

pytestmark = pytest.mark.model


@pytest.fixture(scope="module", params=list(RECORDED))
def family(request: pytest.FixtureRequest) -> Iterator[tuple[str, PaddleOCR]]:
    name: str = request.param
    with PaddleOCR(
        text_detection_model_name=f"{name}_det",
        text_recognition_model_name=f"{name}_rec",
        return_word_box=True,
    ) as ocr:
        yield name, ocr


@pytest.fixture(scope="module")
def ocr() -> Iterator[PaddleOCR]:
    with PaddleOCR() as engine:
        yield engine


def example_page() -> Image:
    page: Image | None = cv2.imread(str(EXAMPLE))  # type: ignore[assignment]
    assert page is not None
    return page


@pytest.mark.parametrize("picture", list(PICTURES))
def test_answers_equal_the_reference(family: tuple[str, PaddleOCR], picture: str) -> None:
    name, ocr = family
    expected = RECORDED[name][picture]
    actual = ocr.predict(PICTURES[picture])[0].json["res"]
    assert {key: actual[key] for key in EXACT} == {key: expected[key] for key in EXACT}
    assert actual["rec_scores"] == pytest.approx(expected["rec_scores"], abs=1e-4)


def test_the_default_engine_reads_the_shipped_example(ocr: PaddleOCR) -> None:
    assert [line.text for line in ocr.predict(EXAMPLE)[0].lines] == EXAMPLE.with_suffix(".txt").read_text(
        "utf-8"
    ).splitlines()


def test_the_program_reads_the_shipped_example() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "onnxocr", "ocr", "-i", str(EXAMPLE)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert finished.stdout == EXAMPLE.with_suffix(".txt").read_text("utf-8")
    assert finished.stderr == ""


def test_batches_do_not_change_answers(ocr: PaddleOCR) -> None:
    with PaddleOCR(text_recognition_batch_size=1) as single:
        for picture in PICTURES.values():
            alone, together = single.predict(picture)[0], ocr.predict(picture)[0]
            assert alone["rec_texts"] == together["rec_texts"]
            assert alone["rec_scores"] == pytest.approx(together["rec_scores"], abs=1e-5)


def test_sixteen_threads_sharing_an_engine_get_identical_bytes(ocr: PaddleOCR) -> None:
    page = example_page()
    pages = [np.ascontiguousarray(page[: 60 + 18 * step, : 300 + 20 * step]) for step in range(16)]

    def read(image: Image) -> str:
        return json.dumps(ocr.predict(image, return_word_box=True)[0].json)

    serial = [read(image) for image in pages]
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(read, pages)) == serial


def test_openvino_reads_the_same_text(ocr: PaddleOCR) -> None:
    pytest.importorskip("openvino", reason="the openvino extra is not installed")
    with PaddleOCR(engine="openvino") as other:
        for picture in PICTURES.values():
            expected, actual = ocr.predict(picture)[0], other.predict(picture)[0]
            assert actual.runtime["text_recognition"].backend == "openvino"
            assert actual["rec_texts"] == expected["rec_texts"]
            assert np.array_equal(actual["dt_polys"], expected["dt_polys"])


def test_the_detection_module_finds_the_lines_with_the_models_own_thresholds() -> None:
    with TextDetection(model_name="PP-OCRv6_tiny_det") as detection:
        (result,) = detection.predict(EXAMPLE, batch_size=2)
        (fewer,) = detection.predict(EXAMPLE, box_thresh=0.999)
    assert len(result["dt_polys"]) == 7
    assert len(result["dt_scores"]) == 7
    assert len(fewer["dt_polys"]) < 7


def test_the_recognition_module_reads_single_lines(ocr: PaddleOCR) -> None:
    page = example_page()
    lines = ocr.predict(page)[0].lines
    crops = [page[y0:y1, x0:x1] for x0, y0, x1, y1 in (line.box for line in lines)]
    with TextRecognition() as recognition:
        results = recognition.predict(crops, batch_size=4)
        (words,) = recognition.predict(crops[2], return_word_box=True)
    assert [result["rec_text"] for result in results] == [line.text for line in lines]
    text, (_, tokens, columns, kinds) = words["rec_text"]
    assert text == "Open daily from 9:30 to 21:00"
    assert len(tokens) == len(columns) == len(kinds)


def test_many_sizes_leave_nothing_behind(ocr: PaddleOCR) -> None:
    page = example_page()

    def read(steps: range) -> None:
        for step in steps:
            ocr.predict(np.ascontiguousarray(page[: 100 + 8 * step, : 200 + 16 * step]))

    read(range(3))
    tracemalloc.start()
    read(range(3, 6))
    before = tracemalloc.get_traced_memory()[0]
    read(range(6, 26))
    growth = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert growth < 100_000  # Python objects and NumPy arrays; the runtime's own memory: benchmarks/memory.py
