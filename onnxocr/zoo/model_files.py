"""A model on disk: where its graph, its settings and its charset stand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from onnxocr.zoo.manifest import ModelSpec


@dataclass(frozen=True, kw_only=True)
class ModelFiles:
    """The files of one model, all of them present.

    Attributes:
        name: the model's name; for a file of the user's own its folder's or file's name.
        directory: the folder that holds it.
        model: the graph: ``inference.onnx``, or for Paddle files the program.
        inference_yml: PaddleX's settings beside it, or None.
        charset: a ``charset.txt`` beside it, or None.
        origin: where the files came from.
        spec: the zoo's entry, None for a model of the user's own.
        model_sha256: SHA-256 of the graph where it has just been checked, else None.
    """

    name: str
    directory: Path
    model: Path
    inference_yml: Path | None
    charset: Path | None
    origin: str
    spec: ModelSpec | None
    model_sha256: str | None = None
