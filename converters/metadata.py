"""What a converted graph says about itself, as strings in it: name, task, charset, preprocessing, origin.

``character`` is the key that the engine and RapidOCR read the charset from.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnxocr
from onnxocr.errors import CharsetError, ModelFileError
from onnxocr.zoo.charset import METADATA_KEY, split_charset
from onnxocr.zoo.inference_yml import InferenceConfig, read_inference_yml
from onnxocr.zoo.manifest import ModelSpec, load_manifest
from onnxocr.zoo.settings_text import SettingsTextError, load_settings_text, read_settings_text

if TYPE_CHECKING:
    import onnx

    from onnxocr.converters.paddle.model_files import PaddleFiles

_HASH_BYTES = 1 << 20
_logger = logging.getLogger(__name__)
# What PaddleX calls the step behind the network, and the task that it belongs to.
_TASK_OF_POSTPROCESS = {
    "DBPostProcess": "text_detection",
    "CTCLabelDecode": "text_recognition",
    "DocTrPostProcess": "doc_unwarping",
}
_TASK_OF_CLASSES = {
    frozenset({"0", "180"}): "textline_orientation",
    frozenset({"0", "90", "180", "270"}): "doc_orientation",
}


@dataclass(frozen=True, kw_only=True)
class ModelDescription:
    """What is known about a model beside its graph.

    Attributes:
        name: the model's name.
        task: one of the zoo's tasks, None if nothing says it.
        charset: a recogniser's characters without blank and trailing space, else None.
        preprocess: what the network takes, None if nothing says it.
    """

    name: str
    task: str | None
    charset: tuple[str, ...] | None
    preprocess: object


def describe(
    files: PaddleFiles, *, name: str, name_rules: bool, spec: ModelSpec | None, charset: Path | None
) -> ModelDescription:
    """Returns what a model's files and the zoo's table say about it.

    Args:
        files: the Paddle files.
        name: the model's name.
        name_rules: whether it overrules the one in ``inference.yml``.
        spec: the zoo's entry, if the model is in the zoo.
        charset: a file with one character a line that overrules the ``inference.yml``.

    Raises:
        ModelFileError: the ``inference.yml`` is broken.
        CharsetError: the charset file cannot be read.
    """
    settings = read_inference_yml(files.inference_yml) if files.inference_yml else None
    document = _document(files.inference_yml) if files.inference_yml else {}
    characters = settings.character_dict if settings else None
    chosen = charset or (files.charset if characters is None else None)
    if chosen is not None:
        characters = _read_charset(chosen)
    return ModelDescription(
        name=name if name_rules or settings is None else settings.model_name or name,
        task=spec.task if spec else _task(settings, document, characters is not None),
        charset=characters,
        preprocess=_section(document, "PreProcess").get("transform_ops") or _preprocess(spec),
    )


def write_metadata(model: onnx.ModelProto, description: ModelDescription, sources: Sequence[Path]) -> None:
    """Adds the description, the sources' checksums and the converter's version to a model."""
    entries = {
        "model_name": description.name,
        "converter": f"onnxocr {onnxocr.__version__}",
        "source_sha256": json.dumps({path.name: file_sha256(path) for path in sources}),
    }
    if description.task is not None:
        entries["task"] = description.task
    if description.charset is not None:
        entries[METADATA_KEY] = "\n".join(description.charset)
    if description.preprocess is not None:
        entries["preprocess"] = json.dumps(description.preprocess, default=str)
    for key, value in entries.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    model.producer_name, model.producer_version = "onnxocr", onnxocr.__version__


def warn_about_charset(model: onnx.ModelProto, description: ModelDescription) -> None:
    """Logs a warning where a recogniser's classes are not its characters, the CTC blank and the space."""
    if description.charset is None or len(model.graph.output) != 1:
        return
    dims = model.graph.output[0].type.tensor_type.shape.dim
    classes, characters = (dims[-1].dim_value if dims else 0), len(description.charset)
    if classes and classes != characters + 2:
        _logger.warning(
            "%s has %d classes, but %d characters need %d (blank and space included): the charset is that of "
            "another model, or the model was trained without the space.",
            description.name,
            classes,
            characters,
            characters + 2,
        )


def settings_bytes(files: PaddleFiles, description: ModelDescription, spec: ModelSpec | None) -> bytes:
    """Returns the ``inference.yml`` to go with the graph: the source's, as long as it says what is known.

    Raises:
        ModelFileError: the source's cannot be read.
    """
    import yaml

    path = files.inference_yml
    document: dict[str, Any] = {}
    if path is not None:
        settings = read_inference_yml(path)
        if (settings.model_name, settings.character_dict) == (description.name, description.charset):
            return path.read_bytes()
        document = dict(_document(path))
    document["Global"] = {**_section(document, "Global"), "model_name": description.name}
    if spec is not None and "PreProcess" not in document:
        document["PreProcess"] = {"transform_ops": _transform_operators(spec)}
    postprocess = {**_postprocess(description, spec), **_section(document, "PostProcess")}
    if description.charset is not None:
        postprocess["character_dict"] = list(description.charset)
    if postprocess:
        document["PostProcess"] = postprocess
    return str(yaml.safe_dump(document, allow_unicode=True, sort_keys=False)).encode()


def file_sha256(path: Path) -> str:
    """Returns a file's checksum in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_HASH_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _document(path: Path) -> Mapping[str, Any]:
    try:
        loaded = load_settings_text(read_settings_text(path))
    except SettingsTextError as error:
        raise ModelFileError(f"{path} is {error}") from error
    return loaded if isinstance(loaded, dict) else {}


def _section(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = document.get(name)
    return section if isinstance(section, dict) else {}


def _task(settings: InferenceConfig | None, document: Mapping[str, Any], has_charset: bool) -> str | None:
    """Returns the task that the settings show: by the step behind the network, the classes, or the name."""
    stated = _TASK_OF_POSTPROCESS.get(str(_section(document, "PostProcess").get("name")))
    if stated is not None or has_charset:
        return stated or "text_recognition"
    if settings is None:
        return None
    classes = frozenset(label.removesuffix("_degree") for label in settings.labels or ())
    known = next((model.task for model in load_manifest().models if model.name == settings.model_name), None)
    return known or _TASK_OF_CLASSES.get(classes)


def _preprocess(spec: ModelSpec | None) -> object:
    if spec is None:
        return None
    taken = spec.input
    return {
        "layout": taken.layout,
        "color_order": taken.color_order,
        "image_shape": taken.image_shape,
        "scale": taken.scale,
        "mean": taken.mean,
        "std": taken.std,
    }


def _read_charset(path: Path) -> tuple[str, ...]:
    try:
        return split_charset(path.read_bytes().decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise CharsetError(f"The charset {path} cannot be read as UTF-8 text: {error}.") from error


def _transform_operators(spec: ModelSpec) -> list[dict[str, Any]]:
    """Returns PaddleX's preprocessing operators for a model of the zoo."""
    taken, shape = spec.input, spec.input.image_shape
    decode = {"DecodeImage": {"channel_first": False, "img_mode": taken.color_order}}
    normalise = {
        "NormalizeImage": {
            "mean": list(taken.mean),
            "std": list(taken.std),
            "scale": taken.scale,
            "order": "hwc",
        }
    }
    if spec.task == "text_recognition":
        return [decode, {"RecResizeImg": {"image_shape": list(shape or (3, 48, 320))}}]
    if spec.task == "text_detection":
        return [decode, {"DetResizeForTest": None}, normalise, {"ToCHWImage": None}]
    if shape is not None:
        resize = {"ResizeImage": {"size": [shape[2], shape[1]]}}
        return [decode, resize, normalise, {"ToCHWImage": None}]
    return [decode, normalise, {"ToCHWImage": None}]


def _postprocess(description: ModelDescription, spec: ModelSpec | None) -> dict[str, Any]:
    if description.charset is not None:
        return {"name": "CTCLabelDecode", "character_dict": list(description.charset)}
    if spec is None:
        return {}
    if spec.task == "text_detection":
        names = ("thresh", "box_thresh", "max_candidates", "unclip_ratio")
        return {
            "name": "DBPostProcess",
            **{name: spec.postprocess[name] for name in names if name in spec.postprocess},
        }
    labels = spec.postprocess.get("labels")
    return {"Topk": {"topk": 1, "label_list": [str(label) for label in labels]}} if labels else {}
