"""Where ``--save_path`` puts the results of each input, so that none overwrites another's."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from onnxocr.errors import OutputError


class SaveTargets:
    """The folder for each input: ``--save_path`` itself, and below it the subfolders of input folders.

    PaddleOCR puts everything into one folder, where files of one name from different subfolders overwrite
    each other. Two inputs of one name that still meet are an error.

    Args:
        save_path: the folder that was asked for; it is made.
        inputs: the inputs as they were given.

    Raises:
        OutputError: the folder cannot be made or written.
    """

    def __init__(self, save_path: str, inputs: Sequence[str]) -> None:
        self._root = Path(save_path)
        self._folders = [Path(each) for each in inputs if Path(each).is_dir()]
        self._taken: dict[Path, str] = {}
        try:
            self._root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"The folder {save_path} for results cannot be made: {error}.") from error
        if not os.access(self._root, os.W_OK):
            raise OutputError(f"The folder {save_path} for results cannot be written.")

    def folder_for(self, input_path: str | None) -> Path:
        """Returns where the results of an input belong.

        Raises:
            OutputError: another input of the same name was saved there in this run.
        """
        if input_path is None:
            return self._root
        path = Path(input_path)
        above = next((folder for folder in self._folders if folder in path.parents), None)
        folder = self._root / path.parent.relative_to(above) if above else self._root
        first = self._taken.setdefault(folder / path.name, input_path)
        if first != input_path:
            raise OutputError(
                f"{input_path} and {first} have the same name, and {folder} holds the results of the latter: "
                "give them different --save_path folders."
            )
        return folder
