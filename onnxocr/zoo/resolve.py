"""From a wish (language, version, size) to a detector and a recogniser. Pure: no network, no disk.

Which languages a model reads stands in the model table; nothing here knows a model by name.
"""

from __future__ import annotations

from collections.abc import Sequence

from onnxocr.errors import ConfigError, UnknownModelError
from onnxocr.zoo.manifest import Manifest, ModelSpec, load_manifest

OCR_VERSIONS = ("PP-OCRv3", "PP-OCRv4", "PP-OCRv5", "PP-OCRv6")
"""Values that PaddleOCR 3.7 accepts for ``ocr_version``."""

DEFAULT_VERSION = "PP-OCRv5"
DEFAULT_LANGUAGE = "ch"

# A portable engine: small models first. PaddleOCR prefers server and medium.
SIZE_PREFERENCE = ("mobile", "small", "tiny", "medium", "server")


def resolve(
    *, lang: str | None, ocr_version: str | None, size: str | None = None, manifest: Manifest | None = None
) -> tuple[ModelSpec, ModelSpec]:
    """Chooses the text detector and the text recogniser for a language.

    Without a version, ``PP-OCRv5`` is taken if it reads the language, else the newest version that does.

    Args:
        lang: PaddleOCR language code; None is ``ch``.
        ocr_version: one of ``OCR_VERSIONS``, or None.
        size: ``mobile``, ``small``, ``tiny``, ... for both models, or None for the first of
            ``SIZE_PREFERENCE`` that exists.
        manifest: the model table; None is the one that ships with the package.

    Returns:
        Detector and recogniser, of the same version.

    Raises:
        ConfigError: ``ocr_version`` is not one that PaddleOCR knows.
        UnknownModelError: no pair fits; names what exists.
    """
    if ocr_version is not None and ocr_version not in OCR_VERSIONS:
        raise ConfigError(f"ocr_version must be one of {', '.join(OCR_VERSIONS)}, not {ocr_version!r}.")
    models = (manifest or load_manifest()).models
    language = DEFAULT_LANGUAGE if lang is None else lang
    for version in _versions_to_try(ocr_version):
        recognisers = _of(models, "text_recognition", version, size)
        recogniser = _preferred([model for model in recognisers if language in model.languages])
        if recogniser is None:
            continue
        detectors = _of(models, "text_detection", version, size)
        same_size = [model for model in detectors if model.size == recogniser.size]
        detector = _preferred(same_size or detectors)
        if detector is not None:
            return detector, recogniser
    raise UnknownModelError(_nothing_fits(models, language, ocr_version, size))


def _versions_to_try(ocr_version: str | None) -> tuple[str, ...]:
    if ocr_version is not None:
        return (ocr_version,)
    newest_first = sorted(OCR_VERSIONS, reverse=True)
    return (DEFAULT_VERSION, *(version for version in newest_first if version != DEFAULT_VERSION))


def _of(models: Sequence[ModelSpec], task: str, version: str, size: str | None) -> list[ModelSpec]:
    return [m for m in models if m.task == task and m.version == version and size in (None, m.size)]


def _preferred(models: Sequence[ModelSpec]) -> ModelSpec | None:
    """Returns the first by size preference; a model made for fewer languages wins within a size."""

    def rank(model: ModelSpec) -> tuple[int, int]:
        known = model.size in SIZE_PREFERENCE
        return (
            SIZE_PREFERENCE.index(model.size) if known and model.size else len(SIZE_PREFERENCE),
            len(model.languages),
        )

    return min(models, key=rank, default=None)


def _nothing_fits(models: Sequence[ModelSpec], language: str, version: str | None, size: str | None) -> str:
    wish = f"lang={language!r}, ocr_version={version!r}" + (f", size={size!r}" if size else "")
    recognisers = [model for model in models if model.task == "text_recognition"]
    readers = [model.name for model in recognisers if language in model.languages]
    if readers:
        return f"No model pair for {wish}. {language!r} is read by: {', '.join(readers)}."
    in_version = [model for model in recognisers if version in (None, model.version)]
    known = sorted({code for model in in_version or recognisers for code in model.languages})
    return f"No model pair for {wish}. Languages that can be read: {' '.join(known)}."
