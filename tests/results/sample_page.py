"""A small page written down by hand, for the tests of results."""

from __future__ import annotations

import numpy as np

from onnxocr.arrays import Image
from onnxocr.config import TextDetectionConfig, TextRecognitionConfig
from onnxocr.results.backend_info import BackendInfo
from onnxocr.results.ocr_result import OCRResult
from onnxocr.results.text_line import TextLine, Word, WordRegion

RUNTIME = BackendInfo(backend="null", provider="null", device="cpu")


def quad(x0: int, y0: int, x1: int, y1: int) -> list[list[int]]:
    return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]


def region(x0: int, y0: int, x1: int, y1: int) -> WordRegion:
    return (x0, y0), (x1, y0), (x1, y1), (x0, y1)


def line(box: tuple[int, int, int, int], text: str, score: float = 0.5, *words: Word) -> TextLine:
    return TextLine(
        quad=np.array(quad(*box)), detection_score=0.9, text=text, score=score, words=words or None
    )


def blank_page(width: int = 120, height: int = 60, value: int = 200) -> Image:
    return np.full((height, width, 3), value, np.uint8)


def page(
    *lines: TextLine,
    input_path: str | None = "in/t.png",
    page_index: int | None = None,
    image: Image | None = None,
    recognition: TextRecognitionConfig | None = None,
) -> OCRResult:
    return OCRResult(
        input_path=input_path,
        page_index=page_index,
        image=blank_page() if image is None else image,
        lines=lines,
        detection=TextDetectionConfig(),
        recognition=recognition or TextRecognitionConfig(),
        runtime={"text_detection": RUNTIME, "text_recognition": RUNTIME},
    )
