"""A model of the user's own: a folder or an ONNX file enters, :class:`ModelFiles` leaves. Copies nothing."""

from __future__ import annotations

from pathlib import Path

from onnxocr.errors import ModelFileError
from onnxocr.zoo.inference_yml import read_inference_yml
from onnxocr.zoo.manifest import ModelSpec
from onnxocr.zoo.model_files import ModelFiles

_PADDLE_PROGRAMS = ("inference.json", "inference.pdmodel")


def local_model_files(path: Path, expected_name: str | None = None) -> ModelFiles:
    """Returns the files of a model: a folder with ``inference.onnx`` and more, or an ``.onnx`` file.

    Args:
        path: the folder or the file.
        expected_name: the model that the user says it is; compared with the ``inference.yml`` beside it.

    Raises:
        ModelFileError: path or graph is missing, the folder holds Paddle files only, or the ``inference.yml``
            names another model.
    """
    path = Path(path).expanduser()
    model = _graph(path)
    settings = _beside(model, "inference.yml")
    stated = read_inference_yml(settings).model_name if settings else None
    if expected_name is not None and stated is not None and stated != expected_name:
        raise ModelFileError(
            f"Model name mismatch: expected {expected_name!r}, but {settings} says {stated!r}. "
            "Give the folder of the right model, or the right model name."
        )
    return ModelFiles(
        name=expected_name or stated or (path.name if path.is_dir() else path.stem),
        directory=model.parent,
        model=model,
        inference_yml=settings,
        charset=_beside(model, "charset.txt"),
        origin=f"local {path}",
        spec=None,
    )


def local_zoo_files(root: Path, spec: ModelSpec) -> ModelFiles:
    """Returns a zoo model from a local folder that stands in for all other sources.

    Args:
        root: a folder that holds ``<name>/`` or ``<name>_onnx/``, or the model's files themselves; or an
            ``.onnx`` file.
        spec: the model wanted.

    Raises:
        ModelFileError: it is not there; names the places that were looked at.
    """
    candidates = [root / spec.name, root / f"{spec.name}_onnx"]
    folder = next((candidate for candidate in candidates if candidate.is_dir()), None)
    if folder is None and not (root.is_file() or (root / "inference.onnx").is_file()):
        looked = " and ".join(str(candidate) for candidate in candidates)
        raise ModelFileError(f"{spec.name} is not in the local model source {root}: there is no {looked}.")
    found = local_model_files(folder or root, spec.name)
    return ModelFiles(
        name=spec.name,
        directory=found.directory,
        model=found.model,
        inference_yml=found.inference_yml,
        charset=found.charset,
        origin=found.origin,
        spec=spec,
    )


def _graph(path: Path) -> Path:
    if path.is_file():
        if path.suffix.lower() != ".onnx":
            raise ModelFileError(
                f"{path} is not an ONNX model: give an .onnx file or a folder with inference.onnx."
            )
        return path
    if not path.is_dir():
        raise ModelFileError(f"The model folder {path} does not exist.")
    model = path / "inference.onnx"
    if model.is_file():
        return model
    paddle = [name for name in _PADDLE_PROGRAMS if (path / name).is_file()]
    if paddle:
        raise ModelFileError(
            f"{path} holds a Paddle model ({paddle[0]}) and no inference.onnx: "
            f"convert it first: onnxocr convert {path} -o FOLDER."
        )
    present = ", ".join(sorted(entry.name for entry in path.iterdir())[:8]) or "nothing"
    raise ModelFileError(f"{path} has no inference.onnx (it holds {present}).")


def _beside(model: Path, name: str) -> Path | None:
    path = model.with_name(name)
    return path if path.is_file() else None
