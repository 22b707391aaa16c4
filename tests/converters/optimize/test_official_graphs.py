"""Official PP-OCR graphs compute the same after the rewrites, on a real page and a real line."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest

from onnxocr.arrays import Image
from onnxocr.config import TextDetectionConfig
from onnxocr.converters.optimize import optimize_model
from onnxocr.processing.normalize import normalize_for_detection, normalize_for_recognition
from onnxocr.processing.resize import resize_for_detection, resize_for_recognition
from onnxocr.zoo.fetch import fetch_models
from onnxocr.zoo.manifest import load_manifest
from tests.converters.optimize.models import Array, operators, run

pytestmark = pytest.mark.model

PAGE = Path(__file__).parents[3] / "examples" / "hello_en_zh.png"
FAMILIES = ("PP-OCRv4_mobile", "PP-OCRv5_mobile", "PP-OCRv6_small", "PP-OCRv6_tiny")
RELATIVE_ERROR = 1e-5


def official_graph(name: str) -> onnx.ModelProto:
    (files,) = fetch_models([load_manifest().get(name)])
    return onnx.load(files.model)


def page() -> Image:
    image: Image | None = cv2.imread(str(PAGE))  # type: ignore[assignment]
    assert image is not None
    return image


def model_input(name: str) -> Array:
    """The page for a detector, its upper part as one line for a recogniser."""
    if name.endswith("_det"):
        config = TextDetectionConfig(limit_side_len=320, limit_type="max")
        return normalize_for_detection(resize_for_detection(page(), config))[None]
    line = page()[: page().shape[0] // 3]
    return normalize_for_recognition(resize_for_recognition(line, 320, 48), 320)[None]


@pytest.mark.parametrize("name", [f"{family}_{task}" for family in FAMILIES for task in ("det", "rec")])
def test_official_graphs_compute_the_same_after_the_rewrites(name: str) -> None:
    original = official_graph(name)
    optimized, report = optimize_model(original)
    onnx.checker.check_model(optimized, full_check=True)
    feeds = {"x": model_input(name)}
    (expected,), (actual,) = run(original, **feeds), run(optimized, **feeds)
    assert np.ptp(expected) > 0.9
    assert np.linalg.norm(actual - expected) <= RELATIVE_ERROR * np.linalg.norm(expected)
    assert report.nodes_after < report.nodes_before
    assert not optimize_model(optimized)[1].changed


@pytest.mark.parametrize("name", ["PP-OCRv4_mobile_det", "PP-OCRv5_mobile_det"])
def test_between_the_convolutions_of_a_detector_only_what_the_network_needs_is_left(name: str) -> None:
    optimized, _ = optimize_model(official_graph(name))
    kinds = operators(optimized)
    assert kinds.count("HardSwish") == 24
    # 10 gates; one scale before a gate, where pooling reads it as well.
    assert kinds.count("Mul") == 11
    # 8 residual gates raised by one, 3 additions of the feature pyramid, the shift with that scale.
    assert kinds.count("Add") == 12
    # Shifts in front of padded convolutions.
    assert kinds.count("BatchNormalization") == 13
    assert {"Clip", "Div", "Identity", "Constant"}.isdisjoint(kinds)


def test_tiny_weights_of_the_v5_detector_become_zero() -> None:
    _, report = optimize_model(official_graph("PP-OCRv5_mobile_det"))
    # 35,276 in the file; scales that are folded into weights make some more.
    assert report.changes["tiny weights set to zero"] >= 35_000
