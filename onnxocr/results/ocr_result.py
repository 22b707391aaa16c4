"""The result of the OCR pipeline for one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from onnxocr.arrays import Image
from onnxocr.config import TextDetectionConfig, TextRecognitionConfig
from onnxocr.results.backend_info import BackendInfo
from onnxocr.results.base import Result
from onnxocr.results.coordinates import as_coordinates, coordinate_dtype
from onnxocr.results.text_line import TextLine, Word
from onnxocr.results.word_order import in_row_order


class OCRResult(Result):
    """One page: typed text lines, with PaddleOCR's ``OCRResult`` dict view on top.

    The dict keys, their order and types are listed in ``docs/results.md``; ``vis_fonts`` is there and always
    empty. Coordinates are px of ``image``.

    Args:
        input_path: path or URL as it was given, or None.
        page_index: page from 0, or None for inputs without pages.
        image: the page as the detector got it.
        lines: every detected line, in reading order.
        detection: the settings of the detector that were in force.
        recognition: the settings of the recogniser that were in force.
        runtime: what ran each model, by task (``text_detection``, ``text_recognition``).
        text_type: PaddleOCR's name for the kind of text.
        use_doc_preprocessor: whether the page was turned or flattened before it was read.
        use_textline_orientation: whether a classifier looked for lines that stand on their head.

    Attributes:
        lines: the lines whose score reaches the score threshold, in reading order.
        detected_lines: every detected line, in reading order.
        runtime: what ran each model, by task.
    """

    def __init__(
        self,
        *,
        input_path: str | None,
        page_index: int | None,
        image: Image,
        lines: Sequence[TextLine],
        detection: TextDetectionConfig,
        recognition: TextRecognitionConfig,
        runtime: Mapping[str, BackendInfo],
        text_type: str = "general",
        use_doc_preprocessor: bool = False,
        use_textline_orientation: bool = False,
    ) -> None:
        self.detected_lines = tuple(lines)
        self.lines = tuple(line for line in lines if line.score >= recognition.score_thresh)
        self.runtime = dict(runtime)
        dtype = coordinate_dtype([line.quad for line in lines])
        values: dict[str, Any] = {
            "input_path": input_path,
            "page_index": page_index,
            "doc_preprocessor_res": {"output_img": image},
            "dt_polys": [line.quad.astype(dtype) for line in lines],
            "model_settings": {
                "use_doc_preprocessor": use_doc_preprocessor,
                "use_textline_orientation": use_textline_orientation,
            },
            "text_det_params": _detection_parameters(detection),
            "text_type": text_type,
            "text_rec_score_thresh": recognition.score_thresh,
            "return_word_box": recognition.return_word_box,
            "rec_texts": [line.text for line in self.lines],
            "rec_scores": [float(line.score) for line in self.lines],
            "rec_polys": [line.quad.astype(dtype) for line in self.lines],
            "vis_fonts": [],
        }
        if recognition.return_word_box:
            values |= _word_values(self.lines)
        if lines:
            values["textline_orientation_angles"] = [int(line.orientation) for line in lines]
        boxes = [line.box for line in self.lines]
        values["rec_boxes"] = np.array(boxes, dtype) if boxes else np.array([])
        if recognition.return_word_box:
            values["text_word_boxes"] = [_extents(regions) for regions in values["text_word_region"]]
        super().__init__(values)

    def _exported(self) -> dict[str, Any]:
        arrays = {
            "dt_polys": as_coordinates,
            "textline_orientation_angles": lambda angles: np.array(angles, np.int64),
            "rec_scores": lambda scores: np.array(scores, np.float64),
            "rec_polys": as_coordinates,
        }
        return {key: arrays.get(key, _as_it_is)(self[key]) for key in _EXPORTED if key in self}

    def _pictures(self) -> dict[str, Any]:
        from onnxocr.results.picture import draw_page, page_items

        items = page_items(self.lines, by_word=self["return_word_box"])
        return {"ocr_res_img": draw_page(self["doc_preprocessor_res"]["output_img"], items)}


_EXPORTED = (
    "input_path",
    "page_index",
    "model_settings",
    "dt_polys",
    "text_det_params",
    "text_type",
    "textline_orientation_angles",
    "text_rec_score_thresh",
    "return_word_box",
    "rec_texts",
    "rec_scores",
    "rec_polys",
    "rec_boxes",
    "text_word_boxes",
    "text_word",
)


def _as_it_is(value: Any) -> Any:  # noqa: ANN401 - values of any kind
    return value


def _detection_parameters(detection: TextDetectionConfig) -> dict[str, Any]:
    return {
        "limit_side_len": detection.limit_side_len,
        "limit_type": detection.limit_type,
        "thresh": detection.thresh,
        "max_side_limit": detection.max_side_limit,
        "box_thresh": detection.box_thresh,
        "unclip_ratio": detection.unclip_ratio,
    }


def _word_values(lines: Sequence[TextLine]) -> dict[str, Any]:
    """Returns the words of each line in text order, and their regions in PaddleOCR's order."""
    words: list[tuple[Word, ...]] = [line.words or () for line in lines]
    return {
        "text_word": [[word.text for word in line] for line in words],
        "text_word_region": [in_row_order(word.region for word in line) for line in words],
    }


def _extents(regions: Sequence[Any]) -> npt.NDArray[np.int64]:
    """Returns ``(m, 4)`` x_min, y_min, x_max, y_max of m regions."""
    corners = np.array(regions, np.int64).reshape(-1, 4, 2)
    return np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
