"""From a model's name or folder to a session with everything that is known about the model."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from onnxocr.config import InputShape, RuntimeConfig
from onnxocr.errors import ConfigError, ModelFileError
from onnxocr.modules.preparation import prepare, usable_formats
from onnxocr.runtime.opening import decide_engine, open_session
from onnxocr.runtime.session import Session, TensorSpec
from onnxocr.zoo.fetch import ModelFiles, fetch_models
from onnxocr.zoo.inference_yml import InferenceConfig, read_inference_yml
from onnxocr.zoo.local import local_model_files
from onnxocr.zoo.manifest import ModelSpec, load_manifest

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ModelRequest:
    """A model that is wanted: from the zoo by name, or from a folder; at least one of the two.

    Raises:
        ConfigError: the folder is an empty string, which would mean the current one.
    """

    task: str
    name: str | None
    directory: str | PathLike[str] | None

    def __post_init__(self) -> None:
        if self.directory is not None and not str(self.directory):
            raise ConfigError(f"The folder given for the {self.task} model is an empty string.")


@dataclass(frozen=True)
class LoadedModel:
    """A session and what is known about its model."""

    name: str
    session: Session
    files: ModelFiles
    inference: InferenceConfig | None

    @property
    def path(self) -> Path:
        """The graph's file."""
        return self.files.model

    @property
    def spec(self) -> ModelSpec | None:
        """The zoo's entry, None for a model of the user's own."""
        return self.files.spec

    @property
    def image_shape(self) -> InputShape | None:
        """The ``(C, H, W)`` that the model's files state for its input, None if they do not."""
        if self.inference is not None and self.inference.image_shape is not None:
            return self.inference.image_shape
        return self.spec.input.image_shape if self.spec is not None else None

    @property
    def fixed_shape(self) -> InputShape | None:
        """The ``(C, H, W)`` that the graph's input insists on, None if its height or width is free."""
        _, channels, height, width = self.only_image_input().shape
        if height is None or width is None:
            return None
        return channels or 3, height, width

    def only_image_input(self) -> TensorSpec:
        """Returns the graph's input.

        Raises:
            ModelFileError: unless it is a single ``(N, 3, H, W)`` float32 tensor.
        """
        inputs = self.session.inputs
        seen = ", ".join(f"{tensor.name} {tensor.dtype}{list(tensor.shape)}" for tensor in inputs) or "none"
        fits = (
            len(inputs) == 1
            and inputs[0].dtype == "float32"
            and len(inputs[0].shape) == 4
            and inputs[0].shape[1] in (3, None)
        )
        if not fits:
            raise ModelFileError(
                f"{self.path} does not take one float32 image tensor (N, 3, H, W); its inputs are: {seen}."
            )
        return inputs[0]

    def first_output(self, task: str, form: str) -> TensorSpec:
        """Returns the graph's first output, which has as many axes as ``form`` names.

        Args:
            task: what the model should do, for the message.
            form: the expected shape, such as ``(N, 1, H, W)``.

        Raises:
            ModelFileError: there is no output, or it has another number of axes.
        """
        shapes = [output.shape for output in self.session.outputs]
        if not shapes or len(shapes[0]) != len(form.split(",")):
            raise ModelFileError(
                f"{self.path} is no {task} model: its output has the shape {shapes[0] if shapes else '()'} "
                f"instead of {form}."
            )
        return self.session.outputs[0]


def load_models(requests: Sequence[ModelRequest], runtime: RuntimeConfig) -> list[LoadedModel]:
    """Returns the requested models, fetched together and loaded.

    Raises:
        ConfigError: a zoo model is of another task than its place.
        ModelError: a model cannot be had or is broken.
        BackendError: no runtime is installed, or the device is not there.
    """
    runtime = decide_engine(runtime)  # before anything is downloaded in vain
    located = _locate(requests)
    loaded: list[LoadedModel] = []
    with contextlib.ExitStack() as undo:
        for files in located:
            session = open_session(files.model, runtime)
            undo.callback(session.close)
            _logger.info(
                "Loaded %s from %s (%s) on %s, %d threads.",
                files.name,
                files.model,
                files.origin,
                f"{session.info.backend} {session.info.version} {session.info.provider}",
                session.info.threads,
            )
            inference = read_inference_yml(files.inference_yml) if files.inference_yml else None
            loaded.append(LoadedModel(files.name, session, files, inference))
        undo.pop_all()
    return loaded


@contextlib.contextmanager
def closing_on_error(models: Sequence[LoadedModel]) -> Iterator[None]:
    """Closes the models if the body fails, so that a refused model does not stay in memory."""
    try:
        yield
    except BaseException:
        for model in models:
            model.session.close()
        raise


def _locate(requests: Sequence[ModelRequest]) -> list[ModelFiles]:
    own = {
        index: local_model_files(Path(request.directory), request.name)
        for index, request in enumerate(requests)
        if request.directory is not None
    }
    wanted = [index for index in range(len(requests)) if index not in own]
    specs = [_spec(requests[index]) for index in wanted]
    fetched = [prepare(files) for files in fetch_models(specs, formats=usable_formats())]
    return [files for _, files in sorted({**own, **dict(zip(wanted, fetched, strict=True))}.items())]


def _spec(request: ModelRequest) -> ModelSpec:
    if request.name is None:
        raise ModelFileError("Neither a model name nor a model folder was given.")
    spec = load_manifest().get(request.name)
    if spec.task != request.task:
        raise ConfigError(f"{spec.name} is a {spec.task} model and cannot be used for {request.task}.")
    return spec
