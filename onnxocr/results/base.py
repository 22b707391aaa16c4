"""What every result object can do: dict access, printing, and its JSON and picture files.

Subclasses say what is exported and what is drawn. Nothing here knows text or boxes, and nothing here
changes a process-wide setting.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from onnxocr.errors import OutputError
from onnxocr.results.file_naming import PICTURE_FORMATS, array_input_name, base_name, picture_suffix
from onnxocr.results.file_writing import write_file
from onnxocr.results.value_forms import abbreviated, plain

logger = logging.getLogger(__name__)

# Inside the class body `str` and `json` are properties, so annotations there need names of their own.
_Text: TypeAlias = str
SavePath: TypeAlias = "str | os.PathLike[str]"


class Result(dict[str, Any]):
    """A dict of raw values, in PaddleOCR's key order, with PaddleOCR's methods to show and save it.

    Args:
        values: the raw values, among them ``input_path`` (a string or None) and ``page_index`` (from 0, or
            None).
    """

    def __init__(self, values: dict[_Text, Any]) -> None:
        super().__init__(values)
        # Drawn once per object, so that the JSON and the picture of one array find each other on disk.
        self._array_name = array_input_name() if values["input_path"] is None else None

    def _exported(self) -> dict[_Text, Any]:
        """Returns what is shown and saved, in order; values may be arrays."""
        raise NotImplementedError

    def _pictures(self) -> dict[_Text, Any]:
        """Returns pictures by name, each a ``PIL.Image.Image`` or an ``(H, W, 3)`` uint8 RGB array."""
        raise NotImplementedError

    def print(
        self,
        json_format: bool = False,
        indent: int = 4,
        ensure_ascii: bool = False,
        *,
        format_json: bool | None = None,
    ) -> None:
        r"""Writes the exported values to standard output.

        Characters that the stream cannot encode appear as ``\uXXXX``.

        Args:
            json_format: JSON; otherwise Python's dict form, with arrays cut short.
            indent: spaces per JSON level.
            ensure_ascii: write non-ASCII characters of JSON as ``\uXXXX``.
            format_json: older name of ``json_format``; wins if given.
        """
        if json_format if format_json is None else format_json:
            text = json.dumps(self.json, indent=indent, ensure_ascii=ensure_ascii)
        else:
            text = abbreviated(self.str)
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        sys.stdout.write(text.encode(encoding, errors="backslashreplace").decode(encoding) + "\n")

    def save_to_json(self, save_path: SavePath, indent: int = 4, ensure_ascii: bool = False) -> Path:
        r"""Writes the exported values as UTF-8 JSON, without the ``res`` level of :attr:`json`.

        Args:
            save_path: a file if it ends in ``.json`` and is no folder; else a folder, made if missing, that
                gets ``<stem>_res.json`` (``docs/results.md`` tells what ``<stem>`` is).
            indent: spaces per level.
            ensure_ascii: write non-ASCII characters as ``\uXXXX``.

        Returns:
            The file written. One that was there is replaced.

        Raises:
            OutputError: the file could not be written.
        """
        text = json.dumps(self.json["res"], indent=indent, ensure_ascii=ensure_ascii)
        path = Path(save_path)
        if path.is_dir() or path.suffix.lower() != ".json":
            path = path / f"{Path(self._base_name()).stem}_res.json"
        # A lone surrogate (an undecodable byte of a file name) has no UTF-8, but its escape is valid JSON.
        data = text.encode("utf-8", errors="backslashreplace")
        write_file(path, lambda file: file.write(data), origin=self._origin())
        return path

    def save_to_img(self, save_path: SavePath) -> list[Path]:
        """Draws and writes the pictures.

        Args:
            save_path: a file if it ends like a picture (``.png``, ``.jpg``, ...) and is no folder; it gets
                the first picture only. Else a folder, made if missing, that gets ``<stem>_<name><suffix>``
                for each, with the input's suffix if it is a picture's and ``.png`` if not.

        Returns:
            The files written. Files that were there are replaced.

        Raises:
            OutputError: a picture could not be drawn or written.
        """
        pictures, path = self.img, Path(save_path)
        if path.is_dir() or path.suffix.lower() not in PICTURE_FORMATS:
            name = self._base_name()
            suffix = picture_suffix(name)
            targets = {key: path / f"{Path(name).stem}_{key}{suffix}" for key in pictures}
        else:
            targets = {next(iter(pictures)): path}
            if len(pictures) > 1:
                logger.warning("%s holds one picture; left out: %s.", path, ", ".join(list(pictures)[1:]))
        for key, target in targets.items():
            self._write_picture(pictures[key], target)
        return list(targets.values())

    def save_all(self, save_path: SavePath) -> list[Path]:
        """Writes the JSON file, then the pictures, into a folder that is made if missing.

        Returns:
            The files written. Files that were there are replaced.

        Raises:
            OutputError: ``save_path`` is a file, or something could not be drawn or written.
        """
        folder = Path(save_path)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError) as error:
            raise OutputError(f"Cannot make the folder {folder}: {error}.") from error
        return [self.save_to_json(folder), *self.save_to_img(folder)]

    @property
    def json(self) -> dict[_Text, Any]:
        """``{"res": ...}`` with plain Python values only."""
        return {"res": plain(self._exported())}

    @property
    def str(self) -> dict[_Text, Any]:
        """``{"res": ...}`` with arrays left as arrays (a dict, as PaddleOCR has it)."""
        return {"res": self._exported()}

    @property
    def img(self) -> dict[_Text, Any]:
        """Pictures by name, drawn anew each time.

        Raises:
            OutputError: a picture could not be drawn.
        """
        return self._pictures()

    def _base_name(self) -> _Text:
        """Returns the file name that names of outputs are made from, with its suffix."""
        return base_name(self["input_path"], self["page_index"], self._array_name)

    def _origin(self) -> _Text:
        """Returns a text that differs between inputs and between pages."""
        path = self["input_path"]
        where = self._array_name if path is None else path
        return f"{where}" if self["page_index"] is None else f"{where}, page {self['page_index']}"

    def _write_picture(self, picture: Any, path: Path) -> None:  # noqa: ANN401 - an image or an array
        from PIL import Image

        image = Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture
        file_format = PICTURE_FORMATS[path.suffix.lower()]
        write_file(path, lambda file: image.save(file, format=file_format), origin=self._origin())
