from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from onnxocr.config import TextDetectionConfig
from onnxocr.errors import ModelFileError
from onnxocr.modules.loading import LoadedModel
from onnxocr.modules.text_detection import TextDetector, detection_defaults
from onnxocr.runtime.null_session import NullSession
from onnxocr.runtime.session import TensorSpec
from onnxocr.zoo.inference_yml import parse_inference_yml
from onnxocr.zoo.manifest import load_manifest
from tests import fakes

INPUT = TensorSpec("x", (None, 3, None, None), "float32")
MAP = TensorSpec("map", (None, 1, None, None), "float32")


def test_a_bright_area_becomes_a_box_in_px_of_the_image(tmp_path: Path) -> None:
    image = np.zeros((64, 256, 3), np.uint8)
    image[20:41, 60:121] = 255
    ((region,),) = TextDetector(fakes.detector(tmp_path)).detect([image], TextDetectionConfig())
    # 60 x 20 px between pixel centres grow by 60 * 20 * 1.5 / 160 = 11.25 px on every side
    assert region.polygon.tolist() == [[49, 9], [131, 9], [131, 51], [49, 51]]
    assert region.score == pytest.approx(0.9)


def test_boxes_of_very_small_images_are_scaled_by_the_padded_size(tmp_path: Path) -> None:
    # 20 x 40 px are padded to 32 x 40 and enlarged to 64 x 96: 2 and 2.4 px of the map for one of the image.
    image = np.zeros((20, 40, 3), np.uint8)
    image[5:15, 8:32] = 255
    ((region,),) = TextDetector(fakes.detector(tmp_path)).detect(
        [image], TextDetectionConfig(unclip_ratio=0.01)
    )
    assert np.abs(region.polygon - np.array([[8, 5], [32, 5], [32, 15], [8, 15]])).max() <= 1


def test_images_of_equal_size_share_a_run_and_others_do_not(tmp_path: Path) -> None:
    model = fakes.detector(tmp_path)
    images = [np.zeros(shape, np.uint8) for shape in ((64, 96, 3), (64, 128, 3), (64, 96, 3))]
    found = TextDetector(model).detect(images, TextDetectionConfig())
    assert [len(regions) for regions in found] == [0, 0, 0]
    assert isinstance(model.session, NullSession)
    assert [shapes["x"] for shapes in model.session.shapes] == [(2, 3, 64, 96), (1, 3, 64, 128)]


@pytest.mark.parametrize(
    ("inputs", "outputs", "complaint"),
    [
        ([INPUT], [TensorSpec("steps", (None, 40, 6625), "float32")], "no text detection model"),
        ([INPUT], [], "no text detection model"),
        ([INPUT, INPUT], [MAP], "does not take one float32 image tensor"),
        (
            [TensorSpec("x", (None, 1, None, None), "float32")],
            [MAP],
            "does not take one float32 image tensor",
        ),
        ([TensorSpec("x", (None, 3, None, None), "int64")], [MAP], "does not take one float32 image tensor"),
        ([TensorSpec("ids", (None, 7), "float32")], [MAP], "does not take one float32 image tensor"),
    ],
)
def test_other_models_are_refused(
    tmp_path: Path, inputs: list[TensorSpec], outputs: list[TensorSpec], complaint: str
) -> None:
    session = NullSession(fakes.detect_bright, inputs=inputs, outputs=outputs)
    with pytest.raises(ModelFileError, match=complaint):
        TextDetector(LoadedModel("x", session, fakes.model_files(tmp_path, "x"), None))


def test_the_module_takes_thresholds_from_the_models_own_file(tmp_path: Path) -> None:
    files = fakes.model_files(tmp_path, "x")
    own = parse_inference_yml(
        "Global: {model_name: x}\nPostProcess: {name: DBPostProcess, thresh: 0.2, box_thresh: 0.45, "
        "unclip_ratio: 1.4, max_candidates: 3000}\n"
    )
    session = NullSession(fakes.detect_bright, inputs=[INPUT], outputs=[MAP])
    defaults = detection_defaults(LoadedModel("x", session, files, own))
    assert defaults == TextDetectionConfig(
        limit_side_len=960,
        limit_type="max",
        thresh=0.2,
        box_thresh=0.45,
        unclip_ratio=1.4,
        max_candidates=3000,
    )


def test_every_detector_of_the_zoo_has_valid_defaults(tmp_path: Path) -> None:
    for spec in load_manifest().models:
        if spec.task == "text_detection":
            session = NullSession(fakes.detect_bright, inputs=[INPUT], outputs=[MAP])
            files = fakes.model_files(tmp_path, spec.name)
            model = LoadedModel(spec.name, session, type(files)(**{**vars(files), "spec": spec}), None)
            assert detection_defaults(model).limit_type == "max"
