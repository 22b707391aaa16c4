"""The characters of a recogniser: from graph metadata, ``inference.yml`` or ``charset.txt``.

Entries come without the two classes that CTC decoding adds: the blank in front and the space at the end. A
graph with this charset therefore has ``len(charset) + 2`` classes. An entry may be white space (U+3000) and
may be several code points (flags in the PP-OCRv5 set).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from onnxocr.errors import CharsetError
from onnxocr.zoo.inference_yml import read_inference_yml
from onnxocr.zoo.manifest import CharsetSpec
from onnxocr.zoo.model_files import ModelFiles

METADATA_KEY = "character"
"""Key of the graph's custom metadata that RapidOCR's conversions keep the charset under."""


def load_charset(files: ModelFiles, metadata: Mapping[str, str]) -> tuple[str, ...]:
    """Returns a recogniser's characters, without CTC blank and trailing space.

    The graph's metadata comes first, because it cannot be parted from the graph; then ``inference.yml``, then
    ``charset.txt``. For a model of the zoo, the characters are compared with the table's number and checksum.

    Raises:
        CharsetError: no charset was found, it cannot be read, or it is not the one that the model belongs to.
    """
    charset, origin = _find_charset(files, metadata)
    if files.spec is not None and files.spec.charset is not None:
        _check(charset, files.spec.charset, origin, files.name)
    return charset


def split_charset(text: str) -> tuple[str, ...]:
    """Returns the entries of a charset written one per line.

    Only line feeds part entries: ``str.splitlines`` would also cut at characters such as U+2028, which are
    entries themselves. Spaces are kept.
    """
    lines = [line.rstrip("\r") for line in text.split("\n")]
    if lines and not lines[-1]:
        lines.pop()
    return tuple(lines)


def _find_charset(files: ModelFiles, metadata: Mapping[str, str]) -> tuple[tuple[str, ...], str]:
    if metadata.get(METADATA_KEY):
        return split_charset(metadata[METADATA_KEY]), f"the metadata of {files.model}"
    if files.inference_yml is not None:
        characters = read_inference_yml(files.inference_yml).character_dict
        if characters:
            return characters, str(files.inference_yml)
    if files.charset is not None:
        return split_charset(_read(files.charset)), str(files.charset)
    raise CharsetError(
        f"No charset was found for {files.name}: {files.model} has no metadata {METADATA_KEY!r}, and beside "
        "it there is no inference.yml with PostProcess.character_dict and no charset.txt (one entry a line)."
    )


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CharsetError(f"The charset {path} cannot be read as UTF-8 text: {error}.") from error


def _check(charset: tuple[str, ...], expected: CharsetSpec, origin: str, name: str) -> None:
    if len(charset) != expected.characters:
        raise CharsetError(
            f"{name} has {expected.characters} characters, but {origin} has {len(charset)}: "
            "it belongs to another model."
        )
    digest = hashlib.sha256("\n".join(charset).encode()).hexdigest()
    if expected.sha256 is not None and digest != expected.sha256:
        raise CharsetError(f"The characters in {origin} are not those of {name} ({expected.origin}).")
