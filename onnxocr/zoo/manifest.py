"""The model table as typed records: ``model_zoo.json`` enters, a checked :class:`Manifest` leaves.

Reads no model file and no network. A table that does not fit is refused with the place of the mistake.
"""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from functools import lru_cache
from importlib import resources
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, TypeVar

from onnxocr.errors import ModelError, UnknownModelError

SCHEMA = 1
TASKS = ("text_detection", "text_recognition", "textline_orientation", "doc_orientation", "doc_unwarping")
SOURCE_KINDS = ("huggingface", "modelscope", "wheel", "bos")
FORMATS = ("onnx", "paddle")
MODEL_FILE_NAMES = (
    "inference.onnx",
    "inference.yml",
    "charset.txt",
    "inference.json",
    "inference.pdmodel",
    "inference.pdiparams",
)

POSTPROCESS_KEYS: Mapping[str, Mapping[str, type | tuple[type, ...]]] = {
    "text_detection": {
        "thresh": (int, float),
        "box_thresh": (int, float),
        "unclip_ratio": (int, float),
        "max_candidates": int,
        "limit_side_len": int,
        "limit_type": str,
        "box_type": str,
    },
    "text_recognition": {"visual_order": bool},
    "textline_orientation": {"labels": tuple, "size": tuple, "keep_ratio": bool},
    "doc_orientation": {"labels": tuple, "resize_short": int, "crop": int},
    "doc_unwarping": {},
}
"""What a model may say about the steps around its network, by task. Detection keys are the fields of
``TextDetectionConfig``; ``visual_order`` marks recognisers trained on text in visual order (right-to-left
scripts); ``labels`` are in class order, ``size`` is ``(W, H)`` in px."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_Record = TypeVar("_Record")


@dataclass(frozen=True, kw_only=True)
class FileSpec:
    """One file that a source delivers.

    Attributes:
        name: file name in the model folder, one of ``MODEL_FILE_NAMES``.
        path: where it stands in the source: path in the repository, member of the wheel, name in the tar.
        sha256: checksum in lower-case hexadecimal, None where nobody has published it.
        bytes: size, None where unknown.
    """

    name: str
    path: str
    sha256: str | None = None
    bytes: int | None = None

    def __post_init__(self) -> None:
        _require(
            self.name in MODEL_FILE_NAMES, f"name {self.name!r} is none of {', '.join(MODEL_FILE_NAMES)}"
        )
        parts = PurePosixPath(self.path).parts
        _require(bool(parts) and ".." not in parts and parts[0] != "/", f"path {self.path!r} is not relative")
        _require(self.sha256 is None or bool(_SHA256.match(self.sha256)), f"sha256 {self.sha256!r}")
        _require(self.bytes is None or self.bytes > 0, f"bytes {self.bytes!r}")


@dataclass(frozen=True, kw_only=True)
class SourceSpec:
    """One place that a model can be had from.

    Attributes:
        kind: one of ``SOURCE_KINDS``.
        format: ``onnx`` (ready to run) or ``paddle`` (has to be converted first).
        conversion: who made the ONNX graph; sources with the same word deliver the same graph. ``none`` for
            Paddle files.
        location: repository (huggingface, modelscope), package (wheel) or address of the archive (bos).
        revision: revision of the repository or version of the package; None for bos.
        files: what is delivered.
    """

    kind: str
    format: str
    conversion: str
    location: str
    revision: str | None
    files: tuple[FileSpec, ...]

    def __post_init__(self) -> None:
        _require(self.kind in SOURCE_KINDS, f"kind {self.kind!r} is none of {', '.join(SOURCE_KINDS)}")
        _require(self.format in FORMATS, f"format {self.format!r} is none of {', '.join(FORMATS)}")
        _require(self.kind == "bos" or bool(self.revision), f"a {self.kind} source needs a revision")
        names = [file.name for file in self.files]
        _require(bool(names) and len(set(names)) == len(names), f"file names {names} must be one of each")
        _require(self.format == "paddle" or "inference.onnx" in names, "an onnx source needs inference.onnx")

    @property
    def label(self) -> str:
        """One line that names the place, for messages and origin records."""
        return f"{self.kind} {self.location}" + (f" {self.revision}" if self.revision else "")


@dataclass(frozen=True, kw_only=True)
class InputSpec:
    """What the network takes: ``(pixel * scale - mean) / std``, channel by channel in ``color_order``.

    Attributes:
        name: name of the graph input.
        layout: order of the axes.
        color_order: order of the channels; ``mean`` and ``std`` follow it.
        shape: axis lengths, None where free.
        image_shape: ``(C, H, W)`` in px that an image is resized to, W being the least width for recognisers;
            None where images keep their own size.
        scale: factor on the 8-bit pixel value.
        mean: per channel, subtracted after scaling.
        std: per channel, divided by.
    """

    name: str
    layout: str
    color_order: str
    shape: tuple[int | None, ...]
    image_shape: tuple[int, int, int] | None
    scale: float
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def __post_init__(self) -> None:
        _require(self.layout == "NCHW", f"layout {self.layout!r} is not NCHW")
        _require(self.color_order in ("BGR", "RGB"), f"color_order {self.color_order!r} is not BGR or RGB")
        _require(len(self.shape) == len(self.layout), f"shape {self.shape} does not fit {self.layout}")
        _require(self.image_shape is None or len(self.image_shape) == 3, f"image_shape {self.image_shape}")
        _require(len(self.mean) == len(self.std) == 3 and 0 not in self.std, "mean and std need three values")
        _require(math.isfinite(self.scale) and self.scale > 0, f"scale {self.scale!r}")


@dataclass(frozen=True, kw_only=True)
class CharsetSpec:
    """The characters of a recogniser, without CTC blank and trailing space.

    Attributes:
        origin: dictionary of PaddleOCR (``ppocr/utils/dict``) that the model was trained with.
        characters: how many entries.
        sha256: checksum of the entries joined by line feeds, as UTF-8.
    """

    origin: str
    characters: int
    sha256: str | None = None


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """Everything known about a model before its files are there.

    Attributes:
        name: PaddleOCR's model name.
        task: one of ``TASKS``.
        family: architecture family, such as ``PP-OCR``, ``PP-LCNet`` or ``UVDoc``.
        version: ``PP-OCRv5`` and the like; None outside the PP-OCR versions.
        size: ``mobile``, ``server``, ``small``, ``tiny``, ...; None where there is only one.
        languages: PaddleOCR language codes that a recogniser is for; empty for other tasks.
        input: what the network takes.
        charset: a recogniser's characters, else None.
        postprocess: settings of the steps around the network, with the keys of ``POSTPROCESS_KEYS``.
        licence: SPDX identifier.
        sources: where its files can be had, in the order of trying; empty if it was never published.
        notes: a remark for people, or None.
    """

    name: str
    task: str
    family: str
    version: str | None
    size: str | None
    languages: tuple[str, ...]
    input: InputSpec
    charset: CharsetSpec | None
    postprocess: Mapping[str, Any]
    licence: str
    sources: tuple[SourceSpec, ...]
    notes: str | None = None

    def __post_init__(self) -> None:
        _require(bool(_NAME.match(self.name)), f"name {self.name!r} must be usable as a folder name")
        _require(self.task in TASKS, f"task {self.task!r} is none of {', '.join(TASKS)}")
        recogniser = self.task == "text_recognition"
        _require((self.charset is not None) == recogniser, "a charset belongs to recognisers")
        _require(recogniser or not self.languages, "languages belong to recognisers")
        for key, value in self.postprocess.items():
            kind = POSTPROCESS_KEYS[self.task].get(key)
            _require(kind is not None, f"{key!r} is no postprocess setting of {self.task}")
            _require(isinstance(value, kind or object), f"postprocess setting {key} has the value {value!r}")


@dataclass(frozen=True)
class Manifest:
    """The model table, in file order."""

    models: tuple[ModelSpec, ...]

    def __post_init__(self) -> None:
        names = self.names
        doubles = sorted({name for name in names if names.count(name) > 1})
        _require(not doubles, f"models listed twice: {', '.join(doubles)}")

    @property
    def names(self) -> tuple[str, ...]:
        """All model names, in file order."""
        return tuple(model.name for model in self.models)

    def get(self, name: str) -> ModelSpec:
        """Returns the model of that name.

        Raises:
            UnknownModelError: there is none; names the nearest ones.
        """
        for model in self.models:
            if model.name == name:
                return model
        near = difflib.get_close_matches(name, self.names, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(self.names)}."
        raise UnknownModelError(f"There is no model named {name!r} in the model zoo. {hint}")


@lru_cache(maxsize=1)
def load_manifest() -> Manifest:
    """Returns the model table that ships with the package, read once.

    Raises:
        ModelError: the table is missing or does not fit (a broken installation).
    """
    return parse_manifest(resources.files("onnxocr").joinpath("model_zoo.json").read_bytes())


def parse_manifest(text: str | bytes) -> Manifest:
    """Returns the checked table written in JSON ``text``.

    Raises:
        ModelError: it is not JSON, has an unknown schema, or a record does not fit; names the model.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ModelError(f"The model table is not valid JSON: {error}.") from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        found = document.get("schema") if isinstance(document, dict) else type(document).__name__
        raise ModelError(f"The model table has schema {found!r}; this release reads schema {SCHEMA}.")
    entries = document.get("models")
    if not isinstance(entries, list):
        raise ModelError("The model table has no list named 'models'.")
    try:
        return Manifest(tuple(_model(entry) for entry in entries))
    except _Misfit as error:
        raise ModelError(f"The model table does not fit: {error}.") from error


class _Misfit(Exception):
    """A record of the table does not fit; says what, and gets the place on its way up."""


def _require(condition: bool, complaint: str) -> None:
    if not condition:
        raise _Misfit(complaint)


def _model(entry: object) -> ModelSpec:
    name = entry.get("name", "without a name") if isinstance(entry, dict) else entry
    try:
        return _record(
            ModelSpec,
            entry,
            languages=_tuple_of(str),
            input=lambda value: _record(
                InputSpec, value, shape=tuple, image_shape=_optional(tuple), mean=tuple, std=tuple
            ),
            charset=_optional(lambda value: _record(CharsetSpec, value)),
            sources=_tuple_of(_source),
            postprocess=_settings,
        )
    except (_Misfit, TypeError) as error:
        raise _Misfit(f"model {name}: {error}") from error


def _source(entry: object) -> SourceSpec:
    return _record(SourceSpec, entry, files=_tuple_of(lambda value: _record(FileSpec, value)))


def _settings(entry: object) -> Mapping[str, Any]:
    if not isinstance(entry, Mapping):
        raise _Misfit(f"postprocess must be an object, not {entry!r}")
    frozen = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
    return MappingProxyType(frozen)


def _record(kind: type[_Record], entry: object, **convert: Callable[[Any], Any]) -> _Record:
    """Builds a frozen record from a JSON object: every key known, no required key missing."""
    if not isinstance(entry, Mapping):
        raise _Misfit(f"{kind.__name__} must be an object, not {entry!r}")
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(entry) - set(known))
    missing = sorted(name for name, field in known.items() if field.default is MISSING and name not in entry)
    _require(not unknown, f"{kind.__name__} has unknown keys {', '.join(unknown)}")
    _require(not missing, f"{kind.__name__} lacks {', '.join(missing)}")
    return kind(**{name: convert.get(name, lambda value: value)(value) for name, value in entry.items()})


def _tuple_of(convert: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, ...]]:
    return lambda values: tuple(convert(value) for value in values)


def _optional(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else convert(value)
