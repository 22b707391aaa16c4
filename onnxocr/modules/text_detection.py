"""Text detection: a page in, the outlines of its text lines out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from os import PathLike
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np

from onnxocr.arrays import Image
from onnxocr.config import InputLimits, LimitType, TextDetectionConfig, field_names, override
from onnxocr.errors import InputError
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
from onnxocr.processing.db_postprocess import MapFrame, TextRegion, find_text_regions
from onnxocr.processing.normalize import normalize_for_detection
from onnxocr.processing.resize import pad_small_image, resize_for_detection
from onnxocr.results.backend_info import BackendInfo
from onnxocr.results.text_detection_result import TextDetResult

if TYPE_CHECKING:
    from typing_extensions import Unpack

TASK = "text_detection"
DEFAULT_MODEL = "PP-OCRv5_mobile_det"


class DetectionOptions(TypedDict, total=False):
    """Options of one ``TextDetection.predict`` call; see ``TextDetection.predict_iter``."""

    limit_side_len: int | None
    limit_type: LimitType | None
    thresh: float | None
    box_thresh: float | None
    unclip_ratio: float | None
    max_side_limit: int | None
    on_error: Callable[[InputError], None] | None


class TextDetector:
    """A detection network with what stands before and behind it. Safe to share between threads."""

    def __init__(self, model: LoadedModel) -> None:
        """Takes a loaded model.

        Raises:
            ModelFileError: the graph does not turn one image tensor into one probability map.
        """
        image = model.only_image_input()
        self._input = image.name
        self._output = model.first_output("text detection", "(N, 1, H, W)").name
        self._session = model.session
        self.name = model.name
        self.defaults = detection_defaults(model)

    @property
    def info(self) -> BackendInfo:
        """What runs the network."""
        return self._session.info

    def detect(self, images: Sequence[Image], config: TextDetectionConfig) -> list[list[TextRegion]]:
        """Returns the text regions of each image, in px of that image, in no particular order.

        Images whose tensors have the same size go through the network together.
        """
        padded = [pad_small_image(image) for image in images]
        resized = [resize_for_detection(image, config) for image in padded]
        regions: list[list[TextRegion]] = [[] for _ in images]
        for batch in equal_size_batches([image.shape for image in resized], len(images)):
            tensor = np.stack([normalize_for_detection(resized[index]) for index in batch])
            maps = self._session.run({self._input: tensor})[self._output]
            for index, probabilities in zip(batch, maps[:, 0], strict=True):
                frame = _map_frame(images[index], padded[index], probabilities.shape)
                regions[index] = find_text_regions(probabilities, frame, config)
        return regions

    def close(self) -> None:
        """Releases the network."""
        self._session.close()


class TextDetection(Engine):
    """PaddleOCR's text detection module.

    Thresholds that are not given come from the model's own file, sizes from PaddleOCR's module defaults
    (longer side at most 960 px). Safe to share between threads; nothing changes after construction.
    """

    def __init__(
        self,
        *,
        model_name: str | None = None,
        model_dir: str | PathLike[str] | None = None,
        limit_side_len: int | None = None,
        limit_type: LimitType | None = None,
        thresh: float | None = None,
        box_thresh: float | None = None,
        unclip_ratio: float | None = None,
        input_shape: Sequence[int] | None = None,
        input_limits: InputLimits | None = None,
        **engine_arguments: Unpack[EngineArguments],
    ) -> None:
        """Loads the model.

        Args:
            model_name: name in the zoo; ``PP-OCRv5_mobile_det`` if neither name nor folder is given.
            model_dir: folder (or ``.onnx`` file) of a model of your own.
            limit_side_len: see :class:`onnxocr.config.TextDetectionConfig`, as the next five.
            limit_type: ``min``, ``max`` or ``resize_long``.
            thresh: binarisation threshold.
            box_thresh: least mean probability of a box.
            unclip_ratio: how far boxes are expanded.
            input_shape: fixed detector input ``(3, H, W)``.
            input_limits: bounds on what is read.
            **engine_arguments: device, engine and threads, see
                :class:`onnxocr.modules.engine_arguments.EngineArguments`.

        Raises:
            ConfigError: a value is out of range or an argument unknown.
            ModelError: the model cannot be had or is broken.
            BackendError: no runtime is installed, or the device is not there.
        """
        refuse_unknown(engine_arguments, ENGINE_ARGUMENTS)
        changes: dict[str, Any] = {
            "limit_side_len": limit_side_len,
            "limit_type": limit_type,
            "thresh": thresh,
            "box_thresh": box_thresh,
            "unclip_ratio": unclip_ratio,
            "input_shape": input_shape,
        }
        override(TextDetectionConfig(), **changes)  # refuse bad values before a model is fetched
        request = ModelRequest(TASK, model_name or (None if model_dir else DEFAULT_MODEL), model_dir)
        self._limits = check_input_limits(input_limits)
        models = load_models([request], runtime_config(engine_arguments))
        with closing_on_error(models):
            self._detector = TextDetector(models[0])
        self._config = override(self._detector.defaults, **changes)

    def predict(
        self, input: object, batch_size: int | None = None, **options: Unpack[DetectionOptions]
    ) -> list[TextDetResult]:
        """Returns one result for each page of the input; see :meth:`predict_iter`."""
        return list(self.predict_iter(input, batch_size, **options))

    def predict_iter(
        self,
        input: object,
        batch_size: int | None = None,
        *,
        limit_side_len: int | None = None,
        limit_type: LimitType | None = None,
        thresh: float | None = None,
        box_thresh: float | None = None,
        unclip_ratio: float | None = None,
        max_side_limit: int | None = None,
        on_error: Callable[[InputError], None] | None = None,
    ) -> Iterator[TextDetResult]:
        """Yields one result for each page of the input, in order, as soon as it is there.

        Args:
            input: path, folder, URL, PDF, bytes, array, PIL image, or an iterable of these.
            batch_size: at most how many pages are held and go through the network together; for this call
                only.
            limit_side_len: for this call, as the next five; None keeps the constructor's value.
            limit_type: ``min``, ``max`` or ``resize_long``.
            thresh: binarisation threshold.
            box_thresh: least mean probability of a box.
            unclip_ratio: how far boxes are expanded.
            max_side_limit: upper bound in px of the longer side.
            on_error: called with the error of an input that cannot be read, which is then passed over; None
                raises.

        Raises:
            ConfigError: a value is out of range.
            InputError: an input cannot be read, and ``on_error`` is None.
            BackendError: the network failed.
        """
        config = override(
            self._config,
            limit_side_len=limit_side_len,
            limit_type=limit_type,
            thresh=thresh,
            box_thresh=box_thresh,
            unclip_ratio=unclip_ratio,
            max_side_limit=max_side_limit,
        )
        size = check_batch_size(batch_size)
        check_on_error(on_error)
        pages = iter_pages(input, limits=self._limits, on_error=on_error)
        return self._detect_pages(pages, size, config)

    def _detect_pages(
        self, pages: Iterator[Page], batch_size: int, config: TextDetectionConfig
    ) -> Iterator[TextDetResult]:
        while batch := list(islice(pages, batch_size)):
            found = self._detector.detect([page.image for page in batch], config)
            for page, regions in zip(batch, found, strict=True):
                yield TextDetResult(
                    input_path=page.input_path,
                    page_index=page.page_index,
                    image=page.image,
                    polygons=[region.polygon for region in regions],
                    scores=[region.score for region in regions],
                    runtime=self._detector.info,
                )

    def close(self) -> None:
        """Releases the network; later calls raise ClosedError."""
        self._detector.close()


def detection_defaults(model: LoadedModel) -> TextDetectionConfig:
    """Returns the module's settings for a model: the zoo's entry, overruled by its ``inference.yml``."""
    known: dict[str, Any] = {}
    sources: list[Mapping[str, Any]] = [model.spec.postprocess] if model.spec else []
    sources += [model.inference.postprocess] if model.inference else []
    for source in sources:
        known.update({name: source[name] for name in field_names(TextDetectionConfig) if name in source})
    if model.fixed_shape is not None:
        known["input_shape"] = model.fixed_shape
    return override(TextDetectionConfig(limit_side_len=960, limit_type="max"), **known)


def _map_frame(image: Image, padded: Image, map_shape: tuple[int, ...]) -> MapFrame:
    # PaddleOCR scales by the unpadded size, which moves the boxes of very small images; the map covers the
    # padding.
    return MapFrame(
        scale_x=padded.shape[1] / map_shape[1],
        scale_y=padded.shape[0] / map_shape[0],
        width=image.shape[1],
        height=image.shape[0],
    )
