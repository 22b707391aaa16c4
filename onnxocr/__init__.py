"""OCR with the PP-OCR models on ONNX Runtime or OpenVINO, without Paddle.

The names below are resolved on first use: importing this package loads neither NumPy nor OpenCV nor a
runtime.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnxocr.errors import OnnxOCRError
    from onnxocr.modules.text_detection import TextDetection
    from onnxocr.modules.text_recognition import TextRecognition
    from onnxocr.pipelines.ocr import PaddleOCR
    from onnxocr.results.ocr_result import OCRResult
    from onnxocr.results.text_detection_result import TextDetResult
    from onnxocr.results.text_line import TextLine, Word
    from onnxocr.results.text_recognition_result import TextRecResult

__version__ = "0.1.0"

__all__ = [
    "OCRResult",
    "OnnxOCRError",
    "PaddleOCR",
    "TextDetResult",
    "TextDetection",
    "TextLine",
    "TextRecResult",
    "TextRecognition",
    "Word",
    "__version__",
]

_HOMES = {
    "OCRResult": "onnxocr.results.ocr_result",
    "OnnxOCRError": "onnxocr.errors",
    "PaddleOCR": "onnxocr.pipelines.ocr",
    "TextDetResult": "onnxocr.results.text_detection_result",
    "TextDetection": "onnxocr.modules.text_detection",
    "TextLine": "onnxocr.results.text_line",
    "TextRecResult": "onnxocr.results.text_recognition_result",
    "TextRecognition": "onnxocr.modules.text_recognition",
    "Word": "onnxocr.results.text_line",
}


def __getattr__(name: str) -> object:
    """Imports a public name from its module when it is first asked for (PEP 562)."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'onnxocr' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Returns the public names, loaded or not."""
    return sorted(__all__)
