"""Results on stdout, whatever its encoding: text with what it cannot show escaped, JSON that stays JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from enum import Enum

from onnxocr.errors import OutputError
from onnxocr.results.ocr_result import OCRResult


class Format(str, Enum):
    """What stands on stdout: plain lines of text, one JSON array, or one JSON object a line."""

    text = "text"
    json = "json"
    jsonl = "jsonl"


class ResultStream:
    """Writes one page after the other to stdout and ends what it began, also after an error.

    Args:
        form: what is written.
        has_heading: whether a page is announced by its path, in text.
    """

    def __init__(self, form: Format, has_heading: Callable[[OCRResult], bool]) -> None:
        self._form = form
        self._has_heading = has_heading
        self._pages = 0

    def __enter__(self) -> ResultStream:
        if self._form is Format.json:
            write_stdout("[")
        return self

    def __exit__(self, *error: object) -> None:
        if self._form is Format.json:
            write_stdout("\n]\n" if self._pages else "]\n")

    def write(self, result: OCRResult) -> None:
        """Writes a page.

        Raises:
            OutputError: stdout is closed or full.
        """
        if self._form is Format.text:
            heading = self._heading(result) if self._has_heading(result) else ""
            write_stdout(heading + "".join(f"{line.text}\n" for line in result.lines))
        else:
            page = json.dumps(result.json["res"], ensure_ascii=not _is_unicode(sys.stdout.encoding))
            if self._form is Format.jsonl:
                write_stdout(page + "\n")
            else:
                write_stdout(("\n" if self._pages == 0 else ",\n") + page)
        self._pages += 1

    def _heading(self, result: OCRResult) -> str:
        page = "" if result["page_index"] is None else f" page {result['page_index'] + 1}"
        return f"{chr(10) if self._pages else ''}==> {result['input_path']}{page} <==\n"


def write_stdout(text: str) -> None:
    """Writes to stdout and flushes; characters that its encoding lacks are escaped.

    Raises:
        OutputError: it is closed or full.
        BrokenPipeError: its reader has left.
    """
    if sys.stdout is None:
        raise OutputError("The result cannot be written: stdout is closed.")
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        forget_stdout()
        raise OutputError(f"The result cannot be written to stdout: {error}.") from error


def forget_stdout() -> None:
    """Sends to nowhere what is still buffered for a stdout that does not take it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _is_unicode(encoding: str | None) -> bool:
    return (encoding or "utf-8").lower().replace("-", "").startswith("utf")
