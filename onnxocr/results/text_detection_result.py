"""The result of the text detection module for one page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from onnxocr.arrays import Image, Polygon
from onnxocr.results.backend_info import BackendInfo
from onnxocr.results.base import Result
from onnxocr.results.coordinates import polygon_array

_RED_RGB = (255, 0, 0)


class TextDetResult(Result):
    """The outlines of one page's text, with PaddleOCR's ``TextDetResult`` dict view.

    Keys: ``input_path``, ``page_index``, ``input_img`` (not exported), ``dt_polys`` (``(n, 4, 2)`` int16 in
    px of the image, shape ``(0,)`` if there are none), ``dt_scores`` (list of float).

    Args:
        input_path: path or URL as it was given, or None.
        page_index: page from 0, or None for inputs without pages.
        image: the page; never drawn into.
        polygons: the outlines, in the detector's order.
        scores: for each outline the mean text probability inside, 0 to 1.
        runtime: what ran the model.

    Attributes:
        runtime: what ran the model.
    """

    def __init__(
        self,
        *,
        input_path: str | None,
        page_index: int | None,
        image: Image,
        polygons: Sequence[Polygon] | npt.NDArray[Any],
        scores: Sequence[float],
        runtime: BackendInfo,
    ) -> None:
        self.runtime = runtime
        super().__init__(
            {
                "input_path": input_path,
                "page_index": page_index,
                "input_img": image,
                "dt_polys": polygon_array(polygons),
                "dt_scores": [float(score) for score in scores],
            }
        )

    def _exported(self) -> dict[str, Any]:
        return {key: value for key, value in self.items() if key != "input_img"}

    def _pictures(self) -> dict[str, Any]:
        picture = cv2.cvtColor(self["input_img"], cv2.COLOR_BGR2RGB)
        outlines = [np.asarray(polygon, np.int32) for polygon in self["dt_polys"]]
        cv2.polylines(picture, outlines, isClosed=True, color=_RED_RGB, thickness=2)
        return {"res": picture}
