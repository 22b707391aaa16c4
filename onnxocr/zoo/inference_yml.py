"""PaddleX's ``inference.yml``: a path enters, a typed :class:`InferenceConfig` leaves.

Only what is needed to run the model is read; training-time operators are passed over. The file is on the
start-up path and its character list has up to 18,708 entries, for which the YAML library takes 60 ms in C and
a second without: the list is read line by line here (4 ms), the library does the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from onnxocr.errors import ModelFileError
from onnxocr.zoo.settings_text import SettingsTextError, load_settings_text, read_settings_text, short

_LIST_KEY = "character_dict:"
# Single characters that YAML gives a meaning of its own; "=" and "~" resolve to other types.
_YAML_SIGNS = frozenset("-?:,[]{}#&*!|>'\"%@`=~")
_DETECTION_KEYS = {
    "thresh": (int, float),
    "box_thresh": (int, float),
    "unclip_ratio": (int, float),
    "max_candidates": (int,),
    "use_dilation": (bool,),
    "score_mode": (str,),
    "box_type": (str,),
}


@dataclass(frozen=True, kw_only=True)
class InferenceConfig:
    """What a model's own file says about running it.

    Attributes:
        model_name: ``Global.model_name``, or None.
        image_shape: ``(C, H, W)`` in px of a recogniser's input, W being its least width; or None.
        postprocess: a detector's settings by their names in ``TextDetectionConfig``; only those given.
        character_dict: a recogniser's characters without blank and trailing space, or None.
        labels: a classifier's labels in class order, or None.
    """

    model_name: str | None = None
    image_shape: tuple[int, int, int] | None = None
    postprocess: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    character_dict: tuple[str, ...] | None = None
    labels: tuple[str, ...] | None = None


def read_inference_yml(path: Path) -> InferenceConfig:
    """Returns the settings in a model's ``inference.yml``.

    Raises:
        ModelFileError: the file cannot be read, is not YAML, or a setting has a value of the wrong kind.
    """
    text = read_settings_text(path)
    try:
        return parse_inference_yml(text)
    except SettingsTextError as error:
        raise ModelFileError(f"{path} is {error}") from error
    except _Misfit as error:
        raise ModelFileError(f"{path} does not fit: {error}.") from error


def parse_inference_yml(text: str) -> InferenceConfig:
    """Returns the settings in the text of an ``inference.yml``; its errors carry no path yet."""
    rest, characters = _take_out_characters(text)
    document = load_settings_text(rest)
    if not isinstance(document, dict):
        raise _Misfit("it holds no settings")
    operators = _operators(document)
    post = _section(document, "PostProcess")
    if characters is None and post.get("character_dict") is not None:
        characters = _strings(post["character_dict"], "PostProcess.character_dict")
    return InferenceConfig(
        model_name=_text(_section(document, "Global").get("model_name"), "Global.model_name"),
        image_shape=_image_shape(operators),
        postprocess=MappingProxyType(_detection_settings(operators, post)),
        character_dict=characters,
        labels=_labels(post),
    )


class _Misfit(Exception):
    """A setting has a value of the wrong kind."""


def _take_out_characters(text: str) -> tuple[str, tuple[str, ...] | None]:
    """Returns the text without its character list, and the list: None if it has another form."""
    lines = text.split("\n")
    heads = [number for number, line in enumerate(lines) if line.strip() == _LIST_KEY]
    if len(heads) != 1:
        return text, None
    head = heads[0]
    first = lines[head + 1] if head + 1 < len(lines) else ""
    marker = first[: len(first) - len(first.lstrip(" "))] + "- "
    if len(marker) < len(lines[head]) - len(lines[head].lstrip(" ")) + 2:
        return text, None
    end = head + 1
    while end < len(lines) and lines[end].startswith(marker):
        end += 1
    following = next((line for line in lines[end:] if line.strip()), "")
    # Anything but a shallower key behind the list means entries in a form that is not read here.
    if (
        end == head + 1
        or len(following) - len(following.lstrip(" ")) > len(marker) - 2
        or following.startswith(marker[:-1])
    ):
        return text, None
    entries = [line[len(marker) :].rstrip("\r") for line in lines[head + 1 : end]]
    return "\n".join([*lines[:head], *lines[end:]]), _scalars(entries)


def _scalars(entries: list[str]) -> tuple[str, ...]:
    """Returns the strings that YAML list entries stand for; the library reads all but the plainest forms."""
    values: list[str] = []
    others: list[int] = []
    for number, entry in enumerate(entries):
        if len(entry) == 1 and entry not in _YAML_SIGNS and entry.isprintable() and not entry.isdecimal():
            values.append(entry)
        elif len(entry) == 3 and entry[0] == entry[2] == "'" and entry[1] != "'" and entry[1].isprintable():
            values.append(entry[1])
        else:
            values.append("")
            others.append(number)
    read = load_settings_text("\n".join(f"- {entries[number]}" for number in others)) if others else []
    if len(read) != len(others):
        raise _Misfit("PostProcess.character_dict has entries over several lines")
    for number, value in zip(others, _strings(read, "PostProcess.character_dict"), strict=True):
        values[number] = value
    return tuple(values)


def _operators(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    listed = _section(document, "PreProcess").get("transform_ops") or []
    operators: dict[str, Mapping[str, Any]] = {}
    for entry in listed if isinstance(listed, list) else [listed]:
        if not isinstance(entry, dict) or len(entry) != 1:
            raise _Misfit(
                f"PreProcess.transform_ops holds {short(entry)} instead of one operator with its settings"
            )
        ((name, settings),) = entry.items()
        operators[str(name)] = settings if isinstance(settings, dict) else {}
    return operators


def _detection_settings(
    operators: Mapping[str, Mapping[str, Any]], post: Mapping[str, Any]
) -> dict[str, Any]:
    if "DetResizeForTest" not in operators and post.get("name") != "DBPostProcess":
        return {}
    settings = {name: post[name] for name in _DETECTION_KEYS if post.get(name) is not None}
    for name, value in settings.items():
        kinds = _DETECTION_KEYS[name]
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise _Misfit(f"PostProcess.{name} has the value {short(value)}")
    resize = operators.get("DetResizeForTest", {})
    if resize.get("image_shape") is not None:
        height, width = _whole_numbers(resize["image_shape"], 2, "DetResizeForTest.image_shape")
        if resize.get("keep_ratio"):
            raise _Misfit("DetResizeForTest.keep_ratio with an image_shape is not supported")
        settings["input_shape"] = (3, height, width)
    if resize.get("resize_long") is not None:
        # PaddleX takes only the length from it; the limit type stays "max".
        (settings["limit_side_len"],) = _whole_numbers(
            [resize["resize_long"]], 1, "DetResizeForTest.resize_long"
        )
    return settings


def _image_shape(operators: Mapping[str, Mapping[str, Any]]) -> tuple[int, int, int] | None:
    shape = operators.get("RecResizeImg", {}).get("image_shape")
    if shape is None:
        return None
    channels, height, width = _whole_numbers(shape, 3, "RecResizeImg.image_shape")
    return channels, height, width


def _labels(post: Mapping[str, Any]) -> tuple[str, ...] | None:
    topk = post.get("Topk")
    listed = topk.get("label_list") if isinstance(topk, dict) else None
    if listed is None:
        return None
    if not isinstance(listed, list):
        raise _Misfit(f"PostProcess.Topk.label_list is {short(listed)} instead of a list")
    return tuple(str(label) for label in listed)


def _section(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = document.get(name) or {}
    if not isinstance(section, dict):
        raise _Misfit(f"{name} is {short(section)} instead of a group of settings")
    return section


def _text(value: object, name: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise _Misfit(f"{name} is {short(value)} instead of text")
    return value


def _strings(values: object, name: str) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise _Misfit(f"{name} is {short(values)} instead of a list")
    wrong = [value for value in values if not isinstance(value, str)]
    if wrong:
        raise _Misfit(f"{name} holds {short(wrong[0])}, which is not text (quote it)")
    return tuple(values)


def _whole_numbers(values: object, count: int, name: str) -> list[int]:
    numbers = (
        [value for value in values if type(value) is int and value > 0] if isinstance(values, list) else []
    )
    if not isinstance(values, list) or len(numbers) != count or len(values) != count:
        raise _Misfit(f"{name} is {short(values)} instead of {count} whole numbers above 0")
    return numbers
