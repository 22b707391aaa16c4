"""The result of the text recognition module for one line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from onnxocr.arrays import Image
from onnxocr.results.backend_info import BackendInfo
from onnxocr.results.base import Result

_Word: TypeAlias = tuple[Sequence[str], Sequence[int], str]


class TextRecResult(Result):
    """What was read in the image of one line, with PaddleOCR's ``TextRecResult`` dict view.

    Keys: ``input_path``, ``page_index``, ``input_img`` (not exported), ``rec_text``, ``rec_score``,
    ``vis_font`` (None, not exported). With words, ``rec_text`` is PaddleOCR's pair ``(text, [column count,
    characters of each word, their time steps, kind of each word])``.

    Args:
        input_path: path or URL as it was given, or None.
        page_index: page from 0, or None for inputs without pages.
        image: the line.
        text: what was read.
        score: mean confidence of the characters, 0 to 1.
        column_count: how many of the recogniser's time steps the text fills; exported with words only.
        words: characters, time steps and kind (``cn``, ``en&num``, ``symbol``) of each word, or None.
        runtime: what ran the model.

    Attributes:
        text: what was read, whatever form ``rec_text`` has.
        score: mean confidence of the characters, 0 to 1.
        runtime: what ran the model.
    """

    def __init__(
        self,
        *,
        input_path: str | None,
        page_index: int | None,
        image: Image,
        text: str,
        score: float,
        column_count: float,
        words: Sequence[_Word] | None,
        runtime: BackendInfo,
    ) -> None:
        self.text = text
        self.score = float(score)
        self.runtime = runtime
        super().__init__(
            {
                "input_path": input_path,
                "page_index": page_index,
                "input_img": image,
                "rec_text": text if words is None else (text, _word_columns(column_count, words)),
                "rec_score": self.score,
                "vis_font": None,
            }
        )

    def _exported(self) -> dict[str, Any]:
        return {key: self[key] for key in ("input_path", "page_index", "rec_text", "rec_score")}

    def _pictures(self) -> dict[str, Any]:
        from onnxocr.results.picture import draw_caption

        return {"res": draw_caption(self["input_img"], f"{self.text} ({self.score:.4f})")}


def _word_columns(column_count: float, words: Sequence[_Word]) -> list[Any]:
    return [
        float(column_count),
        [list(characters) for characters, _, _ in words],
        [[int(step) for step in steps] for _, steps, _ in words],
        [kind for _, _, kind in words],
    ]
