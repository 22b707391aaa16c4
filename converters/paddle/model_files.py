"""The files of a Paddle model: a folder enters, paths or a whole :class:`Program` leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from onnxocr.converters.paddle.params import with_parameters
from onnxocr.converters.paddle.program import Program
from onnxocr.converters.paddle.program_desc import read_program_desc
from onnxocr.converters.paddle.program_pir import read_pir_program
from onnxocr.errors import ModelFileError

PROGRAM_NAMES = ("inference.json", "inference.pdmodel", "model.json", "model.pdmodel", "__model__")
"""Names of programs in the order of preference: PIR is the newer of two forms of one model."""

_PARAMETER_NAMES = ("inference.pdiparams", "model.pdiparams", "__params__")


@dataclass(frozen=True)
class PaddleFiles:
    """The files of one Paddle model.

    Attributes:
        program: the program, in either format.
        params: the parameter file; None for a program without parameters.
        inference_yml: PaddleX's settings beside it, or None.
        charset: a ``charset.txt`` beside it, or None.
    """

    program: Path
    params: Path | None
    inference_yml: Path | None
    charset: Path | None


def find_paddle_files(
    folder: Path, *, model_filename: str | None = None, params_filename: str | None = None
) -> PaddleFiles:
    """Returns the files of the one Paddle model in a folder or in a folder below it.

    Args:
        folder: where to look.
        model_filename: the program's file name; None looks for the usual ones.
        params_filename: the parameter file's name; None takes the program's with the ending ``.pdiparams``.

    Raises:
        ModelFileError: there is no such model, or more than one.
    """
    program = _program(folder, model_filename)
    if params_filename is not None:
        params: Path | None = program.with_name(params_filename)
        if params is not None and not params.is_file():
            raise ModelFileError(f"There is no {params_filename} beside {program}.")
    else:
        names = (f"{program.stem}.pdiparams", *_PARAMETER_NAMES)
        params = next((path for name in names if (path := program.with_name(name)).is_file()), None)
    return PaddleFiles(program, params, _beside(program, "inference.yml"), _beside(program, "charset.txt"))


def read_program(files: PaddleFiles) -> Program:
    """Returns the program with its parameters; the format is told by the content.

    Raises:
        ModelFileError: a file is missing, damaged, or does not belong to the other.
    """
    try:
        with files.program.open("rb") as file:
            start = file.read(64).lstrip()
    except OSError as error:
        raise ModelFileError(f"{files.program} cannot be read: {error}.") from error
    is_json = start[:1] == b"{" or files.program.suffix == ".json"
    program = read_pir_program(files.program) if is_json else read_program_desc(files.program)
    if files.params is not None:
        return with_parameters(program, files.params)
    if program.parameter_names:
        raise ModelFileError(
            f"{files.program} needs {len(program.parameter_names)} parameters, but there is no "
            f"{files.program.stem}.pdiparams beside it. Give its name as params_filename."
        )
    return program


def _program(folder: Path, name: str | None) -> Path:
    wanted: Sequence[str] = PROGRAM_NAMES if name is None else (name,)
    found = [path for path in sorted(folder.rglob("*")) if path.name in wanted and path.is_file()]
    if not found and name is None:
        found = [path for path in sorted(folder.rglob("*")) if _looks_like_a_program(path)]
    places = {path.parent for path in found}
    if not found:
        held = ", ".join(sorted(path.name for path in folder.iterdir())[:8]) or "nothing"
        looked = name or f"{PROGRAM_NAMES[0]} or {PROGRAM_NAMES[1]}"
        raise ModelFileError(
            f"There is no {looked} in {folder} (it holds {held}). Give the name as model_filename."
        )
    if len(places) > 1 or (name is None and found[0].name not in wanted and len(found) > 1):
        listed = ", ".join(str(path.relative_to(folder)) for path in found[:8])
        raise ModelFileError(f"{folder} holds several models: {listed}. Give the folder of one.")
    return min(found, key=lambda path: wanted.index(path.name) if path.name in wanted else 0)


def _looks_like_a_program(path: Path) -> bool:
    if path.suffix == ".pdmodel":
        return path.is_file()
    return path.suffix == ".json" and path.with_suffix(".pdiparams").is_file()


def _beside(program: Path, name: str) -> Path | None:
    path = program.with_name(name)
    return path if path.is_file() else None
