"""Compares this engine with recorded answers of PaddleOCR 3.7 on the same ONNX files.

    python benchmarks/parity.py FOLDER [--rewritten] [--output FILE]

FOLDER holds ``images/`` and ``expected/<family>.json``: for each image PaddleOCR's result with
``text_recognition_batch_size=1``, ``return_word_box=True`` and the optional stages off. Every text, polygon
and word box must be equal, every score within 1e-4. Exit code 0 if all are. The published graphs run, as in
the recording; ``--rewritten`` runs what users get where the ``convert`` extra is installed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from onnxocr import OCRResult, PaddleOCR

SCORE_TOLERANCE = 1e-4

EXACT_KEYS = (
    "text_det_params",
    "dt_polys",
    "rec_texts",
    "rec_polys",
    "rec_boxes",
    "text_word",
    "text_word_boxes",
)


@dataclass
class FamilyReport:
    """What was compared for one model family and what differed."""

    family: str
    backend: str = ""
    images: int = 0
    lines: int = 0
    words: int = 0
    largest_score_difference: float = 0.0
    differences: list[str] = field(default_factory=list)


def main() -> int:
    """Compares every family in the folder, prints and optionally writes the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--output", type=Path, help="write the record as JSON")
    parser.add_argument("--engine", default=None, help="onnxruntime or openvino")
    parser.add_argument("--rewritten", action="store_true", help="run graphs rewritten for speed")
    arguments = parser.parse_args()
    if not arguments.rewritten:
        os.environ["ONNXOCR_OPTIMIZE"] = "0"
    reports = [
        compare_family(expected, arguments.folder / "images", arguments.engine)
        for expected in sorted((arguments.folder / "expected").glob("*.json"))
    ]
    for report in reports:
        print_report(report)
    if arguments.output:
        arguments.output.write_text(json.dumps(record(reports), indent=1, ensure_ascii=False) + "\n", "utf-8")
    return int(any(report.differences for report in reports))


def compare_family(expected_file: Path, images: Path, engine: str | None) -> FamilyReport:
    """Reads every image that has a recorded answer with that family's models."""
    family = expected_file.stem
    report = FamilyReport(family)
    with PaddleOCR(
        text_detection_model_name=f"{family}_det",
        text_recognition_model_name=f"{family}_rec",
        return_word_box=True,
        engine=engine,
    ) as ocr:
        for name, expected in json.loads(expected_file.read_text("utf-8")).items():
            result = ocr.predict(str(images / name))[0]
            report.backend = describe_backend(result)
            report.images += 1
            report.lines += len(expected["rec_texts"])
            report.words += sum(len(words) for words in expected["text_word"])
            report.differences += [
                f"{name}: {text}" for text in differences(result.json["res"], expected, report)
            ]
    return report


def differences(actual: dict[str, Any], expected: dict[str, Any], report: FamilyReport) -> Iterator[str]:
    """Yields a line of text for each key whose value differs."""
    for key in EXACT_KEYS:
        if key in expected and actual[key] != expected[key]:
            yield f"{key}: {first_difference(actual[key], expected[key])}"
    if len(actual["rec_scores"]) == len(expected["rec_scores"]) and expected["rec_scores"]:
        gap = float(np.abs(np.subtract(actual["rec_scores"], expected["rec_scores"])).max())
        report.largest_score_difference = max(report.largest_score_difference, gap)
        if gap > SCORE_TOLERANCE:
            yield f"rec_scores: differ by {gap:.2g}"


def first_difference(actual: Any, expected: Any) -> str:  # noqa: ANN401 - any JSON value
    """Returns where two JSON values first differ."""
    if isinstance(actual, list) and isinstance(expected, list):
        if len(actual) != len(expected):
            return f"{len(actual)} entries instead of {len(expected)}"
        unequal = [i for i, (a, b) in enumerate(zip(actual, expected, strict=True)) if a != b]
        return f"{len(unequal)} of {len(expected)} differ, first [{unequal[0]}] " + first_difference(
            actual[unequal[0]], expected[unequal[0]]
        )
    return f"{actual!r} instead of {expected!r}"


def describe_backend(result: OCRResult) -> str:
    """Returns runtime, version and provider of a result."""
    info = result.runtime["text_recognition"]
    return f"{info.backend} {info.version} {info.provider}"


def print_report(report: FamilyReport) -> None:
    """Prints one family's outcome."""
    print(
        f"{report.family}: {report.images} images, {report.lines} lines, {report.words} words on "
        f"{report.backend}: {len(report.differences)} differences, "
        f"scores within {report.largest_score_difference:.1e}"
    )
    for text in report.differences:
        print(f"  {text}")


def record(reports: list[FamilyReport]) -> dict[str, Any]:
    """Returns the record that stands in benchmarks/results."""
    return {
        "reference": "PaddleOCR 3.7.0, onnxruntime engine, text_recognition_batch_size=1",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "families": [vars(report) for report in reports],
    }


if __name__ == "__main__":
    sys.exit(main())
