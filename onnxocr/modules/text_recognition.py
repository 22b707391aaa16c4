"""Text recognition: the crop of one line in, its text and confidence out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from onnxocr.arrays import Image, Tensor
from onnxocr.config import InputLimits, InputShape, TextRecognitionConfig, override
from onnxocr.errors import CharsetError, ConfigError, InputError
from onnxocr.inputs.page import Page
from onnxocr.inputs.sources import iter_pages
from onnxocr.modules.engine import Engine
from onnxocr.modules.engine_arguments import (
    ENGINE_ARGUMENTS,
    EngineArguments,
    check_batch_size,
    check_input_limits,
    check_on_error,
    refuse_unknown,
    runtime_config,
)
from onnxocr.modules.loading import LoadedModel, ModelRequest, closing_on_error, load_models
from onnxocr.processing.batching import equal_size_batches
from onnxocr.processing.ctc import DecodedText, ctc_classes, decode_greedy
from onnxocr.processing.normalize import normalize_for_recognition
from onnxocr.processing.resize import RecognitionSize, recognition_size, resize_for_recognition
from onnxocr.processing.word_boxes import group_words, text_column_count
from onnxocr.results.backend_info import BackendInfo
from onnxocr.results.text_recognition_result import TextRecResult
from onnxocr.runtime.session import TensorSpec
from onnxocr.zoo.charset import load_charset

if TYPE_CHECKING:
    from typing_extensions import Unpack

TASK = "text_recognition"
DEFAULT_MODEL = "PP-OCRv5_mobile_rec"

MODEL_SHAPE: InputShape = (3, 48, 320)
"""Input of the PP-OCRv3 and later recognisers, for models that do not state theirs."""

NOTHING_READ = DecodedText(tokens=(), columns=(), step_count=0, score=0.0)


class RecognitionOptions(TypedDict, total=False):
    """Options of one ``TextRecognition.predict`` call; see ``TextRecognition.predict_iter``."""

    return_word_box: bool
    on_error: Callable[[InputError], None] | None


class TextRecognizer:
    """A recognition network with its charset. Safe to share between threads."""

    def __init__(self, model: LoadedModel, fixed_shape: InputShape | None = None) -> None:
        """Takes a loaded model.

        Args:
            model: the model.
            fixed_shape: squeeze every crop into this ``(C, H, W)``; None keeps the aspect ratio, unless the
                graph takes one size only.

        Raises:
            ConfigError: the graph takes another size than ``fixed_shape``.
            ModelFileError: the graph does not turn one image tensor into class probabilities by time step.
            CharsetError: no charset was found, or it does not fit the classes.
        """
        image = model.only_image_input()
        probabilities = model.first_output("text recognition", "(N, T, classes)")
        self._input = image.name
        self._output = probabilities.name
        self._session = model.session
        self._path = model.path
        self._classes = ctc_classes(load_charset(model.files, model.session.metadata))
        self._check_class_count(probabilities.shape[-1])
        self.name = model.name
        self._fixed_shape = fixed_shape or model.fixed_shape
        self.shape = self._fixed_shape or model.image_shape or MODEL_SHAPE
        _check_size(self.shape, image, model.path)

    @property
    def info(self) -> BackendInfo:
        """What runs the network."""
        return self._session.info

    def recognize(self, crops: Sequence[Image], batch_size: int) -> list[DecodedText]:
        """Returns what was read in each crop, in order; nothing in a crop without pixels.

        Args:
            crops: one text line each, upright.
            batch_size: at most how many crops go through the network together; only crops whose tensors have
                the same width do, so that the text of each depends on that crop alone.
        """
        read = [NOTHING_READ] * len(crops)
        height = self.shape[1]
        sizes = {index: self._size(crop) for index, crop in enumerate(crops) if crop.size}
        indices = list(sizes)
        for batch in equal_size_batches([sizes[index].tensor_width for index in indices], batch_size):
            members = [indices[position] for position in batch]
            tensor = np.stack([_line_tensor(crops[index], sizes[index], height) for index in members])
            probabilities = self._session.run({self._input: tensor})[self._output]
            self._check_class_count(probabilities.shape[-1])
            for index, line in zip(members, probabilities, strict=True):
                read[index] = decode_greedy(line, self._classes)
        return read

    def column_count(self, crop: Image, decoded: DecodedText) -> float:
        """Returns how many of the time steps a crop's text fills; the others look at padding."""
        if self._fixed_shape is not None:
            return float(decoded.step_count)
        aspect = crop.shape[1] / crop.shape[0]
        return text_column_count(decoded.step_count, aspect, self.shape[2] / self.shape[1])

    def close(self) -> None:
        """Releases the network."""
        self._session.close()

    def _size(self, crop: Image) -> RecognitionSize:
        if self._fixed_shape is not None:
            return RecognitionSize(self._fixed_shape[2], self._fixed_shape[2])
        return recognition_size(crop.shape[0], crop.shape[1], self.shape)

    def _check_class_count(self, count: int | None) -> None:
        if count is not None and count != len(self._classes):
            raise CharsetError(
                f"{self._path} tells {count} classes apart, but its charset makes {len(self._classes)} "
                f"({len(self._classes) - 2} characters, blank and space). Use the charset that the model was "
                "trained with."
            )


class TextRecognition(Engine):
    """PaddleOCR's text recognition module: images of single lines in, text out.

    Safe to share between threads; nothing changes after construction.
    """

    def __init__(
        self,
        *,
        model_name: str | None = None,
        model_dir: str | PathLike[str] | None = None,
        input_shape: Sequence[int] | None = None,
        input_limits: InputLimits | None = None,
        **engine_arguments: Unpack[EngineArguments],
    ) -> None:
        """Loads the model.

        Args:
            model_name: name in the zoo; ``PP-OCRv5_mobile_rec`` if neither name nor folder is given.
            model_dir: folder (or ``.onnx`` file) of a model of your own.
            input_shape: fixed recogniser input ``(3, H, W)``; every line is squeezed into it.
            input_limits: bounds on what is read.
            **engine_arguments: device, engine and threads, see
                :class:`onnxocr.modules.engine_arguments.EngineArguments`.

        Raises:
            ConfigError: a value is out of range or an argument unknown.
            ModelError: the model cannot be had or is broken.
            BackendError: no runtime is installed, or the device is not there.
        """
        refuse_unknown(engine_arguments, ENGINE_ARGUMENTS)
        config = override(TextRecognitionConfig(), input_shape=input_shape)
        request = ModelRequest(TASK, model_name or (None if model_dir else DEFAULT_MODEL), model_dir)
        self._limits = check_input_limits(input_limits)
        models = load_models([request], runtime_config(engine_arguments))
        with closing_on_error(models):
            self._recognizer = TextRecognizer(models[0], config.input_shape)

    def predict(
        self, input: object, batch_size: int | None = None, **options: Unpack[RecognitionOptions]
    ) -> list[TextRecResult]:
        """Returns one result for each image of the input; see :meth:`predict_iter`."""
        return list(self.predict_iter(input, batch_size, **options))

    def predict_iter(
        self,
        input: object,
        batch_size: int | None = None,
        *,
        return_word_box: bool = False,
        on_error: Callable[[InputError], None] | None = None,
    ) -> Iterator[TextRecResult]:
        """Yields one result for each image of the input, in order, as soon as it is there.

        Args:
            input: path, folder, URL, PDF, bytes, array, PIL image, or an iterable of these; one line of text
                each.
            batch_size: at most how many images are held; those of equal tensor width go through the network
                together. For this call only.
            return_word_box: add the time steps of each word, as PaddleOCR does.
            on_error: called with the error of an input that cannot be read, which is then passed over; None
                raises.

        Raises:
            ConfigError: a value is out of range.
            InputError: an input cannot be read, and ``on_error`` is None.
            BackendError: the network failed.
        """
        size = check_batch_size(batch_size)
        check_on_error(on_error)
        pages = iter_pages(input, limits=self._limits, on_error=on_error)
        return self._recognize_pages(pages, size, return_word_box)

    def _recognize_pages(
        self, pages: Iterator[Page], batch_size: int, return_word_box: bool
    ) -> Iterator[TextRecResult]:
        while batch := list(islice(pages, batch_size)):
            read = self._recognizer.recognize([page.image for page in batch], batch_size)
            for page, decoded in zip(batch, read, strict=True):
                yield TextRecResult(
                    input_path=page.input_path,
                    page_index=page.page_index,
                    image=page.image,
                    text=decoded.text,
                    score=decoded.score,
                    column_count=self._recognizer.column_count(page.image, decoded),
                    words=[(group.tokens, group.columns, group.kind) for group in group_words(decoded)]
                    if return_word_box
                    else None,
                    runtime=self._recognizer.info,
                )

    def close(self) -> None:
        """Releases the network; later calls raise ClosedError."""
        self._recognizer.close()


def _check_size(shape: InputShape, image: TensorSpec, path: Path) -> None:
    taken = image.shape[2:]
    if any(side not in (None, wanted) for side, wanted in zip(taken, shape[1:], strict=True)):
        raise ConfigError(
            f"An input of {shape} was asked for, but {path} takes {image.shape} (None is free): "
            "text_rec_input_shape or input_shape must agree with the model."
        )


def _line_tensor(crop: Image, size: RecognitionSize, height: int) -> Tensor:
    return normalize_for_recognition(resize_for_recognition(crop, size.text_width, height), size.tensor_width)
