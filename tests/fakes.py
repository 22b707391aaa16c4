"""Stand-ins for networks: a detector that finds what is painted, a recogniser that spells brightness."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from onnxocr.arrays import Tensor
from onnxocr.modules.loading import LoadedModel
from onnxocr.runtime.null_session import NullSession
from onnxocr.runtime.session import TensorSpec
from onnxocr.zoo.model_files import ModelFiles

CHARSET = ("a", "b", "c", "d")

IMAGE = TensorSpec("x", (None, 3, None, None), "float32")


def detect_bright(feeds: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Answers with 0.9 where the first channel is above the middle, as text on black."""
    return {"map": np.where(feeds["x"][:, :1] > 0, 0.9, 0.0).astype(np.float32)}


def spell_width(feeds: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Answers with one step for each 8 px of width: a on white, b and c the darker it is, blank on black."""
    columns = feeds["x"][:, 0, 0, ::8]
    classes = np.where(columns > 0.9, 1, np.where(columns > 0, 2, np.where(columns > -0.9, 3, 0)))
    probabilities = np.full((*classes.shape, len(CHARSET) + 2), 0.01, np.float32)
    np.put_along_axis(probabilities, classes[..., None], np.float32(0.95), axis=2)
    return {"steps": probabilities}


def detector(folder: Path) -> LoadedModel:
    """A detector that finds bright areas."""
    session = NullSession(
        detect_bright, inputs=[IMAGE], outputs=[TensorSpec("map", (None, 1, None, None), "float32")]
    )
    return LoadedModel("detector", session, model_files(folder, "detector"), None)


def recognizer(folder: Path, classes: int | None = len(CHARSET) + 2) -> LoadedModel:
    """A recogniser whose letters follow brightness."""
    session = NullSession(
        spell_width,
        inputs=[TensorSpec("x", (None, 3, 48, None), "float32")],
        outputs=[TensorSpec("steps", (None, None, classes), "float32")],
    )
    return LoadedModel("recognizer", session, model_files(folder, "recognizer"), None)


def model_files(folder: Path, name: str) -> ModelFiles:
    """The files of a model of the user's own, with ``CHARSET`` beside the graph."""
    charset = folder / "charset.txt"
    charset.write_text("\n".join(CHARSET), "utf-8")
    return ModelFiles(
        name=name,
        directory=folder,
        model=folder / f"{name}.onnx",
        inference_yml=None,
        charset=charset,
        origin="test",
        spec=None,
    )
