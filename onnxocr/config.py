"""Frozen settings of modules, pipelines and runtimes: the one place where defaults are written.

Front ends (the constructors, the command line) only build these records. A value is checked when the record
is built, so a setting is obeyed or refused, never ignored.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, TypeAlias, TypeVar

from onnxocr.errors import ConfigError

LimitType: TypeAlias = Literal["min", "max", "resize_long"]
InputShape: TypeAlias = tuple[int, int, int]

LIMIT_TYPES = ("min", "max", "resize_long")
SCORE_MODES = ("fast", "slow")
BOX_TYPES = ("quad", "poly")

MAX_UNCLIP_RATIO = 1000.0
"""No box of a page needs more; beyond, coordinates overflow the clipper's integers."""

DETECTION_STRIDE = 32
"""The detectors halve their input five times: its sides are multiples of this."""
ENGINES = ("onnxruntime", "openvino")

_Config = TypeVar("_Config")


def override(config: _Config, *, prefix: str = "", **changes: Any) -> _Config:  # noqa: ANN401 - any field
    """Returns a copy of a settings record with the given fields changed; ``None`` leaves a field as it is.

    Args:
        config: the record.
        prefix: what stands before a field's name where the user gave it (``text_det_`` for ``PaddleOCR``), so
            that an error names the argument.
        **changes: new values by field.

    Raises:
        ConfigError: a value is out of range.
    """
    given = {name: value for name, value in changes.items() if value is not None}
    try:
        return replace(config, **given) if given else config  # type: ignore[type-var]
    except ConfigError as error:
        if error.setting is None:
            raise
        raise ConfigError.about(prefix + error.setting, error.complaint) from None


@dataclass(frozen=True, kw_only=True)
class TextDetectionConfig:
    """How the detector's input is resized and how its probability map becomes boxes.

    The defaults are those of PaddleOCR 3.7's OCR pipeline (``OCR.yaml``, SubModules.TextDetection); the
    module class takes thresholds from the model's own file instead, as PaddleOCR's does.

    Attributes:
        limit_side_len: length in px that ``limit_type`` refers to.
        limit_type: ``min`` enlarges images whose shorter side is below the limit, ``max`` shrinks those whose
            longer side is above it, ``resize_long`` scales the longer side to the limit.
        max_side_limit: upper bound in px of the longer side after that.
        thresh: binarisation threshold; a pixel is text if its probability is greater.
        box_thresh: least mean probability of a box.
        unclip_ratio: how far a shrunk text kernel is expanded (Differentiable Binarization, section 3.5).
        max_candidates: how many contours are looked at.
        use_dilation: dilate the mask by 2x2 before contours are taken.
        score_mode: mean over the box (``fast``) or over the contour (``slow``).
        box_type: ``quad`` or ``poly``.
        input_shape: fixed detector input ``(C, H, W)``; the image is squeezed into it and the limits do not
            apply.
    """

    limit_side_len: int = 64
    limit_type: LimitType = "min"
    max_side_limit: int = 4000
    thresh: float = 0.3
    box_thresh: float = 0.6
    unclip_ratio: float = 1.5
    max_candidates: int = 1000
    use_dilation: bool = False
    score_mode: Literal["fast", "slow"] = "fast"
    box_type: Literal["quad", "poly"] = "quad"
    input_shape: InputShape | None = None

    def __post_init__(self) -> None:
        check_positive_int("limit_side_len", self.limit_side_len)
        check_choice("limit_type", self.limit_type, LIMIT_TYPES)
        check_positive_int("max_side_limit", self.max_side_limit)
        check_fraction("thresh", self.thresh)
        check_fraction("box_thresh", self.box_thresh)
        check_positive_number("unclip_ratio", self.unclip_ratio, most=MAX_UNCLIP_RATIO)
        check_positive_int("max_candidates", self.max_candidates)
        check_bool("use_dilation", self.use_dilation)
        check_choice("score_mode", self.score_mode, SCORE_MODES)
        check_choice("box_type", self.box_type, BOX_TYPES)
        if self.input_shape is not None:
            shape = check_input_shape("input_shape", self.input_shape)
            if shape[1] % DETECTION_STRIDE or shape[2] % DETECTION_STRIDE:
                raise ConfigError.about(
                    "input_shape", f"must have multiples of {DETECTION_STRIDE} as H and W, not {shape!r}."
                )
            object.__setattr__(self, "input_shape", shape)


@dataclass(frozen=True, kw_only=True)
class TextRecognitionConfig:
    """How crops are turned into text.

    Attributes:
        batch_size: at most how many crops go through the network together. Only crops whose tensors have the
            same width share a batch, so the text of a line never depends on its neighbours.
        score_thresh: lines with a lower confidence are left out of the result.
        return_word_box: locate every word (every character of a CJK run).
        input_shape: fixed recogniser input ``(C, H, W)``; crops are squeezed into it.
    """

    batch_size: int = 6
    score_thresh: float = 0.0
    return_word_box: bool = False
    input_shape: InputShape | None = None

    def __post_init__(self) -> None:
        check_positive_int("batch_size", self.batch_size)
        check_fraction("score_thresh", self.score_thresh)
        check_bool("return_word_box", self.return_word_box)
        if self.input_shape is not None:
            object.__setattr__(self, "input_shape", check_input_shape("input_shape", self.input_shape))


@dataclass(frozen=True, kw_only=True)
class RuntimeConfig:
    """Where and with what a graph runs.

    Attributes:
        device: ``cpu``, ``gpu`` or ``gpu:N``; None takes a GPU if the installed runtime offers one, else the
            CPU.
        engine: ``onnxruntime`` or ``openvino``; None takes the first that is installed.
        cpu_threads: threads of one session; None is the smallest of CPU quota, affinity and physical cores
            (``OMP_NUM_THREADS`` overrides that).
        engine_config: further settings of the engine, checked by it (``providers``, ``provider_options``,
            ``graph_optimization_level``, ...).
        use_tensorrt: run on ONNX Runtime's TensorRT provider; needs a GPU.
    """

    device: str | None = None
    engine: str | None = None
    cpu_threads: int | None = None
    engine_config: Mapping[str, Any] | None = None
    use_tensorrt: bool = False

    def __post_init__(self) -> None:
        if self.engine is not None:
            check_choice("engine", self.engine, ENGINES)
        if self.cpu_threads is not None:
            check_positive_int("cpu_threads", self.cpu_threads)
        check_bool("use_tensorrt", self.use_tensorrt)


@dataclass(frozen=True, kw_only=True)
class InputLimits:
    """What the readers of files, documents and URLs accept.

    Attributes:
        max_pixels: most pixels of one image or rendered page; the default is PaddleX's budget for PDF pages
            and Pillow's bound against decompression bombs.
        allow_urls: whether strings that start with ``http://`` or ``https://`` are downloaded.
        url_timeout_s: longest time for one whole download.
        url_max_bytes: largest download.
        pdf_scale: pixels per PDF point (2.0 = 144 dpi).
    """

    max_pixels: int = 178_956_970
    allow_urls: bool = True
    url_timeout_s: float = 60.0
    url_max_bytes: int = 200 * 1024 * 1024
    pdf_scale: float = 2.0

    def __post_init__(self) -> None:
        check_positive_int("max_pixels", self.max_pixels)
        check_bool("allow_urls", self.allow_urls)
        check_positive_number("url_timeout_s", self.url_timeout_s)
        check_positive_int("url_max_bytes", self.url_max_bytes)
        check_positive_number("pdf_scale", self.pdf_scale)


def field_names(config: type) -> tuple[str, ...]:
    """Returns the field names of a settings record, in order."""
    return tuple(field.name for field in fields(config))


def check_positive_int(name: str, value: object) -> None:
    """Raises ConfigError unless ``value`` is a whole number above 0."""
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise ConfigError.about(name, f"must be a whole number above 0, not {value!r}.")


def check_positive_number(name: str, value: object, most: float = math.inf) -> None:
    """Raises ConfigError unless ``value`` is a finite number above 0, and not above ``most``."""
    number = not isinstance(value, bool) and isinstance(value, (int, float))
    if not number or not 0 < value <= most or value == math.inf:  # type: ignore[operator]
        bound = "" if most == math.inf else f" and at most {most:g}"
        raise ConfigError.about(name, f"must be a number above 0{bound}, not {value!r}.")


def check_fraction(name: str, value: object) -> None:
    """Raises ConfigError unless ``value`` is a number from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise ConfigError.about(name, f"must be a number from 0 to 1, not {value!r}.")


def check_bool(name: str, value: object) -> None:
    """Raises ConfigError unless ``value`` is True or False."""
    if not isinstance(value, bool):
        raise ConfigError.about(name, f"must be True or False, not {value!r}.")


def check_choice(name: str, value: object, choices: Collection[str]) -> None:
    """Raises ConfigError unless ``value`` is one of ``choices``."""
    if value not in choices:
        raise ConfigError.about(name, f"must be one of {', '.join(choices)}, not {value!r}.")


def check_input_shape(name: str, value: object) -> InputShape:
    """Returns a fixed network input as ``(C, H, W)``.

    Raises:
        ConfigError: unless it is three whole numbers above 0 with 3 channels.
    """
    shape = tuple(value) if isinstance(value, (list, tuple)) else ()
    whole = all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in shape)
    if len(shape) != 3 or not whole or shape[0] != 3:
        raise ConfigError.about(name, f"must be three whole numbers (3, H, W), not {value!r}.")
    return shape
