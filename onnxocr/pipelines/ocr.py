"""The OCR pipeline: detect the lines of a page, put them in reading order, cut them out, read them.

``PaddleOCR`` takes PaddleOCR 3.7's arguments and gives its results, so that users change one import line.
"""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, TypeAlias, TypedDict

from onnxocr.arrays import Image
from onnxocr.config import InputLimits, LimitType, TextDetectionConfig, TextRecognitionConfig, override
from onnxocr.errors import InputError
from onnxocr.inputs.page import Page
from onnxocr.inputs.sources import iter_pages
from onnxocr.modules.engine import Engine
from onnxocr.modules.engine_arguments import (
    ENGINE_ARGUMENTS,
    check_input_limits,
    check_on_error,
    refuse_unknown,
    runtime_config,
)
from onnxocr.modules.loading import ModelRequest, closing_on_error, load_models
from onnxocr.modules.text_detection import TextDetector
from onnxocr.modules.text_recognition import TextRecognizer
from onnxocr.pipelines.compatibility import (
    DEPRECATED_ARGUMENTS,
    LegacyArguments,
    refuse_optional_stages,
    split_legacy_arguments,
    use_current_names,
)
from onnxocr.processing.box_order import reading_order
from onnxocr.processing.crop import crop_line
from onnxocr.processing.word_boxes import locate_words
from onnxocr.results.ocr_result import OCRResult
from onnxocr.results.text_line import TextLine
from onnxocr.zoo.resolve import resolve

if TYPE_CHECKING:
    from typing_extensions import Unpack

_logger = logging.getLogger(__name__)


class PredictOptions(TypedDict, total=False):
    """Options of one ``PaddleOCR.predict`` call; see ``PaddleOCR.predict_iter``."""

    use_doc_orientation_classify: bool | None
    use_doc_unwarping: bool | None
    use_textline_orientation: bool | None
    text_det_limit_side_len: int | None
    text_det_limit_type: LimitType | None
    text_det_thresh: float | None
    text_det_box_thresh: float | None
    text_det_unclip_ratio: float | None
    text_rec_score_thresh: float | None
    return_word_box: bool | None
    on_error: Callable[[InputError], None] | None


@dataclass(frozen=True)
class _PageConfig:
    """The settings that one call reads pages with."""

    detection: TextDetectionConfig
    recognition: TextRecognitionConfig


class PaddleOCR(Engine):
    """Reads pages: text detection and text recognition, PaddleOCR's interface, without Paddle.

    Safe to share between threads; nothing changes after construction. Differences from PaddleOCR that a user
    can notice are listed in docs/differences.md; the main ones: the portable PP-OCRv5 mobile models are the
    default, document orientation, unwarping and text-line orientation are off, and the text of a line never
    depends on its neighbours.
    """

    def __init__(
        self,
        doc_orientation_classify_model_name: str | None = None,
        doc_orientation_classify_model_dir: str | PathLike[str] | None = None,
        doc_unwarping_model_name: str | None = None,
        doc_unwarping_model_dir: str | PathLike[str] | None = None,
        text_detection_model_name: str | None = None,
        text_detection_model_dir: str | PathLike[str] | None = None,
        textline_orientation_model_name: str | None = None,
        textline_orientation_model_dir: str | PathLike[str] | None = None,
        textline_orientation_batch_size: int | None = None,
        text_recognition_model_name: str | None = None,
        text_recognition_model_dir: str | PathLike[str] | None = None,
        text_recognition_batch_size: int | None = None,
        use_doc_orientation_classify: bool | None = None,
        use_doc_unwarping: bool | None = None,
        use_textline_orientation: bool | None = None,
        text_det_limit_side_len: int | None = None,
        text_det_limit_type: LimitType | None = None,
        text_det_thresh: float | None = None,
        text_det_box_thresh: float | None = None,
        text_det_unclip_ratio: float | None = None,
        text_det_input_shape: Sequence[int] | None = None,
        text_rec_score_thresh: float | None = None,
        return_word_box: bool | None = None,
        text_rec_input_shape: Sequence[int] | None = None,
        lang: str | None = None,
        ocr_version: str | None = None,
        *,
        input_limits: InputLimits | None = None,
        **arguments: Unpack[LegacyArguments],
    ) -> None:
        """Loads the models.

        Args:
            doc_orientation_classify_model_name: not in this release.
            doc_orientation_classify_model_dir: not in this release.
            doc_unwarping_model_name: not in this release.
            doc_unwarping_model_dir: not in this release.
            text_detection_model_name: name of a detector in the model zoo.
            text_detection_model_dir: folder (or ``.onnx`` file) of a detector of your own.
            textline_orientation_model_name: not in this release.
            textline_orientation_model_dir: not in this release.
            textline_orientation_batch_size: not in this release.
            text_recognition_model_name: name of a recogniser in the model zoo.
            text_recognition_model_dir: folder (or ``.onnx`` file) of a recogniser of your own.
            text_recognition_batch_size: at most how many lines go through the recogniser together (6).
            use_doc_orientation_classify: only False in this release.
            use_doc_unwarping: only False in this release.
            use_textline_orientation: only False in this release.
            text_det_limit_side_len: length in px that the limit type refers to (64).
            text_det_limit_type: ``min`` enlarges pages whose shorter side is below the limit, ``max`` shrinks
                those whose longer side is above it, ``resize_long`` scales the longer side to it (min).
            text_det_thresh: a pixel is text if its probability is greater, 0 to 1 (0.3).
            text_det_box_thresh: least mean probability of a box, 0 to 1 (0.6).
            text_det_unclip_ratio: how far boxes are expanded (1.5).
            text_det_input_shape: fixed detector input 3 H W, in place of the limits.
            text_rec_score_thresh: lines with a lower confidence are left out, 0 to 1 (0).
            return_word_box: locate every word, every character of Chinese runs (False).
            text_rec_input_shape: fixed recogniser input 3 H W; lines are squeezed into it.
            lang: language code; chooses the models together with ``ocr_version`` (ch).
            ocr_version: ``PP-OCRv3`` to ``PP-OCRv6`` (PP-OCRv5).
            input_limits: bounds on what is read.
            **arguments: device, engine and threads, see
                :class:`onnxocr.modules.engine_arguments.EngineArguments`, and PaddleOCR 2.x names, which
                warn.

        Raises:
            ConfigError: a value is out of range or an argument unknown.
            NotYetSupportedError: a stage or mode that this release does not have.
            ModelError: a model cannot be had or is broken.
            BackendError: no runtime is installed, or the device is not there.
        """
        refuse_unknown(arguments, (*ENGINE_ARGUMENTS, *DEPRECATED_ARGUMENTS, "paddlex_config"))
        engine_arguments, legacy = split_legacy_arguments(arguments)
        current = use_current_names(
            legacy,
            {
                "text_detection_model_dir": text_detection_model_dir,
                "text_det_limit_side_len": text_det_limit_side_len,
                "text_det_limit_type": text_det_limit_type,
                "text_det_thresh": text_det_thresh,
                "text_det_box_thresh": text_det_box_thresh,
                "text_det_unclip_ratio": text_det_unclip_ratio,
                "text_recognition_model_dir": text_recognition_model_dir,
                "text_recognition_batch_size": text_recognition_batch_size,
                "use_textline_orientation": use_textline_orientation,
                "textline_orientation_model_dir": textline_orientation_model_dir,
                "textline_orientation_batch_size": textline_orientation_batch_size,
            },
        )
        refuse_optional_stages(
            doc_orientation_classify_model_name=doc_orientation_classify_model_name,
            doc_orientation_classify_model_dir=doc_orientation_classify_model_dir,
            doc_unwarping_model_name=doc_unwarping_model_name,
            doc_unwarping_model_dir=doc_unwarping_model_dir,
            textline_orientation_model_name=textline_orientation_model_name,
            textline_orientation_model_dir=current["textline_orientation_model_dir"],
            textline_orientation_batch_size=current["textline_orientation_batch_size"],
            use_doc_orientation_classify=use_doc_orientation_classify,
            use_doc_unwarping=use_doc_unwarping,
            use_textline_orientation=current["use_textline_orientation"],
            paddlex_config=legacy.get("paddlex_config"),
        )
        detection = {
            "limit_side_len": current["text_det_limit_side_len"],
            "limit_type": current["text_det_limit_type"],
            "thresh": current["text_det_thresh"],
            "box_thresh": current["text_det_box_thresh"],
            "unclip_ratio": current["text_det_unclip_ratio"],
            "input_shape": text_det_input_shape,
        }
        recognition = _recognition_config(
            TextRecognitionConfig(),
            batch_size=current["text_recognition_batch_size"],
            score_thresh=text_rec_score_thresh,
            return_word_box=return_word_box,
            input_shape=text_rec_input_shape,
        )
        # Refuse bad values before a model is fetched.
        override(TextDetectionConfig(), prefix="text_det_", **detection)
        self._limits = check_input_limits(input_limits)
        requests = _model_requests(
            (text_detection_model_name, current["text_detection_model_dir"]),
            (text_recognition_model_name, current["text_recognition_model_dir"]),
            lang,
            ocr_version,
        )
        models = load_models(requests, runtime_config(engine_arguments))
        with closing_on_error(models):
            self._detector = TextDetector(models[0])
            self._recognizer = TextRecognizer(models[1], recognition.input_shape)
        # As in PaddleOCR, the pipeline's thresholds prevail over the model's own; the rest is the model's.
        pipeline_detection = TextDetectionConfig()
        defaults = override(
            self._detector.defaults,
            **{name: getattr(pipeline_detection, name) for name in _PIPELINE_DETECTION_FIELDS},
        )
        self._config = _PageConfig(override(defaults, **detection), recognition)

    def predict(self, input: object, **options: Unpack[PredictOptions]) -> list[OCRResult]:
        """Returns one result for each page of the input; see :meth:`predict_iter`."""
        return list(self.predict_iter(input, **options))

    def predict_iter(
        self,
        input: object,
        *,
        use_doc_orientation_classify: bool | None = None,
        use_doc_unwarping: bool | None = None,
        use_textline_orientation: bool | None = None,
        text_det_limit_side_len: int | None = None,
        text_det_limit_type: LimitType | None = None,
        text_det_thresh: float | None = None,
        text_det_box_thresh: float | None = None,
        text_det_unclip_ratio: float | None = None,
        text_rec_score_thresh: float | None = None,
        return_word_box: bool | None = None,
        on_error: Callable[[InputError], None] | None = None,
    ) -> Iterator[OCRResult]:
        """Yields one result for each page of the input, in order, holding one page at a time.

        Every option is for this call only; None keeps the constructor's value.

        Args:
            input: path, folder, URL, PDF, bytes, array, PIL image, or an iterable of these.
            use_doc_orientation_classify: only False in this release, as the next two.
            use_doc_unwarping: only False in this release.
            use_textline_orientation: only False in this release.
            text_det_limit_side_len: see :class:`onnxocr.config.TextDetectionConfig`, as the next four.
            text_det_limit_type: ``min``, ``max`` or ``resize_long``.
            text_det_thresh: binarisation threshold.
            text_det_box_thresh: least mean probability of a box.
            text_det_unclip_ratio: how far boxes are expanded.
            text_rec_score_thresh: lines with a lower confidence are left out.
            return_word_box: locate words.
            on_error: called with the error of an input that cannot be read, which is then passed over; None
                raises.

        Raises:
            ConfigError: a value is out of range.
            NotYetSupportedError: a stage that this release does not have.
            InputError: an input cannot be read, and ``on_error`` is None.
            BackendError: a network failed, or the engine was closed.
        """
        refuse_optional_stages(
            use_doc_orientation_classify=use_doc_orientation_classify,
            use_doc_unwarping=use_doc_unwarping,
            use_textline_orientation=use_textline_orientation,
        )
        config = _PageConfig(
            override(
                self._config.detection,
                prefix="text_det_",
                limit_side_len=text_det_limit_side_len,
                limit_type=text_det_limit_type,
                thresh=text_det_thresh,
                box_thresh=text_det_box_thresh,
                unclip_ratio=text_det_unclip_ratio,
            ),
            _recognition_config(
                self._config.recognition, score_thresh=text_rec_score_thresh, return_word_box=return_word_box
            ),
        )
        check_on_error(on_error)
        pages = iter_pages(input, limits=self._limits, on_error=on_error)
        return (self._read_page(page, config) for page in pages)

    def ocr(self, img: object, **options: Unpack[PredictOptions]) -> list[OCRResult]:
        """Returns what :meth:`predict` returns; PaddleOCR's deprecated name."""
        warnings.warn("Please use `predict` instead.", DeprecationWarning, stacklevel=2)
        return self.predict(img, **options)

    def close(self) -> None:
        """Releases the models; later calls raise ClosedError. Calling it again does nothing."""
        self._detector.close()
        self._recognizer.close()

    def _read_page(self, page: Page, config: _PageConfig) -> OCRResult:
        started = time.perf_counter()
        lines = self._read_lines(page.image, config)
        where = "an array" if page.input_path is None else page.input_path
        number = "" if page.page_index is None else f" page {page.page_index + 1}"
        _logger.debug("%s%s: %d lines in %.3f s.", where, number, len(lines), time.perf_counter() - started)
        return OCRResult(
            input_path=page.input_path,
            page_index=page.page_index,
            image=page.image,
            lines=lines,
            detection=config.detection,
            recognition=config.recognition,
            runtime={"text_detection": self._detector.info, "text_recognition": self._recognizer.info},
        )

    def _read_lines(self, image: Image, config: _PageConfig) -> list[TextLine]:
        found = self._detector.detect([image], config.detection)[0]
        regions = [found[index] for index in reading_order([region.polygon for region in found])]
        crops = [crop_line(image, region.polygon) for region in regions]
        read = self._recognizer.recognize(crops, config.recognition.batch_size)
        lines: list[TextLine] = []
        for region, crop, decoded in zip(regions, crops, read, strict=True):
            words = None
            if config.recognition.return_word_box and crop.size:
                columns = self._recognizer.column_count(crop, decoded)
                words = locate_words(decoded, region.polygon, columns)
            lines.append(
                TextLine(
                    quad=region.polygon,
                    detection_score=region.score,
                    text=decoded.text,
                    score=decoded.score,
                    words=words,
                )
            )
        return lines


def _recognition_config(
    config: TextRecognitionConfig,
    *,
    batch_size: int | None = None,
    score_thresh: float | None,
    return_word_box: bool | None,
    input_shape: Sequence[int] | None = None,
) -> TextRecognitionConfig:
    """Returns changed settings; errors name the arguments, whose prefixes differ."""
    config = override(config, prefix="text_rec_", score_thresh=score_thresh, input_shape=input_shape)
    config = override(config, prefix="text_recognition_", batch_size=batch_size)
    return override(config, return_word_box=return_word_box)


_PIPELINE_DETECTION_FIELDS = (
    "limit_side_len",
    "limit_type",
    "max_side_limit",
    "thresh",
    "box_thresh",
    "unclip_ratio",
)


_NameAndFolder: TypeAlias = "tuple[str | None, str | PathLike[str] | None]"


def _model_requests(
    detector: _NameAndFolder,
    recogniser: _NameAndFolder,
    lang: str | None,
    ocr_version: str | None,
) -> list[ModelRequest]:
    named = [*detector, *recogniser]
    if any(named) and (lang is not None or ocr_version is not None):
        # PaddleOCR's rule: language and version only count while no model is named.
        warnings.warn(
            "`lang` and `ocr_version` are ignored because a model name or folder is given.",
            UserWarning,
            stacklevel=3,
        )
        lang = ocr_version = None
    defaults = ("", "") if _is_given(detector) and _is_given(recogniser) else _names(lang, ocr_version)
    return [
        ModelRequest(task, name if _is_given((name, directory)) else default, directory)
        for task, (name, directory), default in zip(
            ("text_detection", "text_recognition"), (detector, recogniser), defaults, strict=True
        )
    ]


def _is_given(model: _NameAndFolder) -> bool:
    return any(part is not None for part in model)


def _names(lang: str | None, ocr_version: str | None) -> tuple[str, str]:
    detector, recogniser = resolve(lang=lang, ocr_version=ocr_version)
    return detector.name, recogniser.name
