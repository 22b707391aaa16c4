"""Entries of a small model table, as JSON and as specs."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from onnxocr.zoo.manifest import ModelSpec, parse_manifest

GRAPH = b"\x08\x07" + bytes(range(256)) * 40
"""Stands for an ONNX file; nothing in the zoo reads graphs."""

SETTINGS = b"Global:\n  model_name: spark_det\n"


def file_entry(name: str, content: bytes | None, path: str | None = None) -> dict[str, Any]:
    """A file with checksum and size, or with neither if there is no content."""
    digest = hashlib.sha256(content).hexdigest() if content is not None else None
    size = len(content) if content is not None else None
    return {"name": name, "path": path or name, "sha256": digest, "bytes": size}


def source_entry(kind: str, *files: dict[str, Any], **changes: object) -> dict[str, Any]:
    """A source with the given files, by default graph and settings."""
    locations = {
        "huggingface": ("Sparks/spark_det_onnx", "main"),
        "modelscope": ("Sparks/spark_det_onnx", "master"),
        "wheel": ("sparkmodels", "1.0"),
        "bos": ("https://storage.invalid/models/spark_det_infer.tar", None),
    }
    location, revision = locations[kind]
    entry = {
        "kind": kind,
        "format": "onnx",
        "conversion": "Sparks",
        "location": location,
        "revision": revision,
        "files": list(files) or [file_entry("inference.onnx", GRAPH), file_entry("inference.yml", SETTINGS)],
    }
    return {**entry, **changes}


def model_entry(*sources: dict[str, Any], **changes: object) -> dict[str, Any]:
    """A text detector."""
    entry = {
        "name": "spark_det",
        "task": "text_detection",
        "family": "PP-OCR",
        "version": "PP-OCRv5",
        "size": "mobile",
        "languages": [],
        "input": {
            "name": "x",
            "layout": "NCHW",
            "color_order": "BGR",
            "shape": [None, 3, None, None],
            "image_shape": None,
            "scale": 1 / 255,
            "mean": [0.485, 0.456, 0.406],
            "std": [0.229, 0.224, 0.225],
        },
        "charset": None,
        "postprocess": {"thresh": 0.3},
        "licence": "Apache-2.0",
        "sources": list(sources),
    }
    return {**entry, **changes}


def recogniser_entry(name: str, version: str, size: str, languages: str, **changes: object) -> dict[str, Any]:
    """A text recogniser for the given language codes."""
    special = {"task": "text_recognition", "languages": languages.split(), "postprocess": {}}
    charset = {"origin": "spark_dict.txt", "characters": 3}
    return model_entry(
        **{"name": name, "version": version, "size": size, "charset": charset, **special, **changes}
    )


def table(*entries: dict[str, Any]) -> str:
    """The text of a model table."""
    return json.dumps({"schema": 1, "models": list(entries)})


def model_spec(*sources: dict[str, Any], **changes: object) -> ModelSpec:
    """The spec of a text detector with these sources."""
    return parse_manifest(table(model_entry(*sources, **changes))).models[0]
