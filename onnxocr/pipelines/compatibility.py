"""PaddleOCR 2.x argument names, and the stages of PaddleOCR 3 that this release does not have.

Old names are translated with PaddleOCR's own warning; what cannot be carried out is refused, never dropped.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from os import PathLike
from typing import Any

from onnxocr.config import LimitType
from onnxocr.errors import ConfigError, NotYetSupportedError
from onnxocr.modules.engine_arguments import ENGINE_ARGUMENTS, EngineArguments

DEPRECATED_ARGUMENTS = {
    "det_model_dir": "text_detection_model_dir",
    "det_limit_side_len": "text_det_limit_side_len",
    "det_limit_type": "text_det_limit_type",
    "det_db_thresh": "text_det_thresh",
    "det_db_box_thresh": "text_det_box_thresh",
    "det_db_unclip_ratio": "text_det_unclip_ratio",
    "rec_model_dir": "text_recognition_model_dir",
    "rec_batch_num": "text_recognition_batch_size",
    "use_angle_cls": "use_textline_orientation",
    "cls_model_dir": "textline_orientation_model_dir",
    "cls_batch_num": "textline_orientation_batch_size",
}
"""PaddleOCR 2.x constructor names and what they are called today."""


class LegacyArguments(EngineArguments, total=False):
    """Keyword arguments of ``PaddleOCR`` beside the listed ones: common arguments and 2.x names."""

    paddlex_config: str | Mapping[str, Any] | None
    det_model_dir: str | PathLike[str] | None
    det_limit_side_len: int | None
    det_limit_type: LimitType | None
    det_db_thresh: float | None
    det_db_box_thresh: float | None
    det_db_unclip_ratio: float | None
    rec_model_dir: str | PathLike[str] | None
    rec_batch_num: int | None
    use_angle_cls: bool | None
    cls_model_dir: str | PathLike[str] | None
    cls_batch_num: int | None


def split_legacy_arguments(arguments: LegacyArguments) -> tuple[EngineArguments, dict[str, Any]]:
    """Returns the common arguments, and the others that were given a value."""
    given = {name: value for name, value in arguments.items() if value is not None}
    engine = EngineArguments(**{name: given.pop(name) for name in ENGINE_ARGUMENTS if name in given})  # type: ignore[typeddict-item]
    return engine, given


def use_current_names(legacy: Mapping[str, Any], current: Mapping[str, Any]) -> dict[str, Any]:
    """Returns ``current`` with the values of 2.x names filled in, with one warning each.

    Raises:
        ConfigError: a setting was given by its old and its new name.
    """
    merged = dict(current)
    for old, new in DEPRECATED_ARGUMENTS.items():
        if old not in legacy:
            continue
        if merged[new] is not None:
            raise ConfigError(f"`{old}` and `{new}` are mutually exclusive.")
        warnings.warn(
            f"The parameter `{old}` has been deprecated and will be removed in the future. "
            f"Please use `{new}` instead.",
            DeprecationWarning,
            stacklevel=3,
        )
        merged[new] = legacy[old]
    return merged


def refuse_optional_stages(**settings: Any) -> None:  # noqa: ANN401 - values of any setting
    """Raises NotYetSupportedError if a setting asks for a stage that this release does not have.

    None and False leave the stage off, which is always possible.
    """
    for name, value in settings.items():
        if value is not None and value is not False:
            raise NotYetSupportedError(
                f"{name}={value!r}: this release detects and recognises text only; document orientation, "
                "unwarping, text-line orientation and pipeline files are not in it yet. Leave it out."
            )
