from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from onnxocr.arrays import Image
from onnxocr.errors import CharsetError, ModelFileError
from onnxocr.modules.loading import LoadedModel
from onnxocr.modules.text_recognition import TextRecognizer
from onnxocr.runtime.null_session import NullSession
from onnxocr.runtime.session import TensorSpec
from tests import fakes


def line(width: int, *values: int) -> Image:
    """A crop of 48 px height whose brightness changes from left to right."""
    image = np.zeros((48, width, 3), np.uint8)
    for index, part in enumerate(np.array_split(np.arange(width), len(values))):
        image[:, part] = values[index]
    return image


def test_crops_are_read_in_order(tmp_path: Path) -> None:
    crops = [line(320, 255, 0), line(160, 150, 255), line(640, 0)]
    read = TextRecognizer(fakes.recognizer(tmp_path)).recognize(crops, batch_size=6)
    # Where a narrow crop is padded with 0 the fake spells 'c': the padding is part of its input.
    assert [decoded.text for decoded in read] == ["a", "bac", ""]
    assert read[0].score == pytest.approx(0.95)


def test_only_crops_of_equal_tensor_width_share_a_run(tmp_path: Path) -> None:
    model = fakes.recognizer(tmp_path)
    crops = [line(width, 255) for width in (100, 400, 300, 401, 20)]
    TextRecognizer(model).recognize(crops, batch_size=2)
    assert isinstance(model.session, NullSession)
    shapes = [shapes["x"] for shapes in model.session.shapes]
    assert shapes == [(2, 3, 48, 320), (1, 3, 48, 320), (1, 3, 48, 400), (1, 3, 48, 401)]


def test_the_text_of_a_crop_does_not_depend_on_its_neighbours(tmp_path: Path) -> None:
    recognizer = TextRecognizer(fakes.recognizer(tmp_path))
    crops = [line(width, 255, 0, 150) for width in (90, 333, 500, 120, 333)]
    together = recognizer.recognize(crops, batch_size=6)
    assert together == [recognizer.recognize([crop], batch_size=1)[0] for crop in crops]


def test_a_crop_without_pixels_reads_as_nothing(tmp_path: Path) -> None:
    read = TextRecognizer(fakes.recognizer(tmp_path)).recognize(
        [np.empty((0, 30, 3), np.uint8), line(320, 255)], batch_size=6
    )
    assert [(decoded.text, decoded.score > 0) for decoded in read] == [("", False), ("a", True)]


def test_a_fixed_shape_squeezes_every_crop(tmp_path: Path) -> None:
    model = fakes.recognizer(tmp_path)
    TextRecognizer(model, (3, 48, 200)).recognize([line(100, 255), line(900, 255)], 6)
    assert isinstance(model.session, NullSession)
    assert [shapes["x"] for shapes in model.session.shapes] == [(2, 3, 48, 200)]


def test_a_charset_that_does_not_fit_is_refused_at_load(tmp_path: Path) -> None:
    with pytest.raises(CharsetError, match="100 classes apart, but its charset makes 6"):
        TextRecognizer(fakes.recognizer(tmp_path, classes=100))


def test_a_charset_that_does_not_fit_is_refused_at_the_first_run_if_the_graph_does_not_tell(
    tmp_path: Path,
) -> None:
    model = fakes.recognizer(tmp_path, classes=None)
    (tmp_path / "charset.txt").write_text("a\nb", "utf-8")
    recognizer = TextRecognizer(model)
    with pytest.raises(CharsetError, match="6 classes apart, but its charset makes 4"):
        recognizer.recognize([line(320, 255)], 6)


def test_a_detector_is_refused(tmp_path: Path) -> None:
    session = NullSession(
        fakes.detect_bright,
        inputs=[fakes.IMAGE],
        outputs=[TensorSpec("map", (None, 1, None, None), "float32")],
    )
    with pytest.raises(ModelFileError, match="no text recognition model"):
        TextRecognizer(LoadedModel("x", session, fakes.model_files(tmp_path, "x"), None))
