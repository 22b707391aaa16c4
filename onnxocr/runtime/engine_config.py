"""From ``engine_config`` as users write it, flat or by engine, to the settings of one engine."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any

from onnxocr.config import ENGINES
from onnxocr.errors import ConfigError
from onnxocr.runtime.device import Device, parse_device

_PADDLE_ENGINES = ("paddle", "paddle_static", "paddle_dynamic", "transformers")


def settings_for(engine: str, engine_config: object) -> dict[str, Any]:
    """Returns the settings of one engine, unchecked.

    As in PaddleX, ``engine_config`` holds settings or, under the names of engines, the settings of each.

    Raises:
        ConfigError: it is no dictionary, or mixes the two forms.
    """
    if engine_config is None:
        return {}
    if not isinstance(engine_config, Mapping):
        raise ConfigError(f"engine_config must be a dictionary, not {engine_config!r}.")
    named = [key for key in engine_config if key in (*ENGINES, *_PADDLE_ENGINES)]
    if not named:
        return dict(engine_config)
    if len(named) < len(engine_config):
        others = [key for key in engine_config if key not in named]
        raise ConfigError(
            f"engine_config holds both the engine {named[0]!r} and the setting {others[0]!r}: "
            "give either settings, or a dictionary of settings for each engine."
        )
    if engine not in engine_config:
        raise ConfigError(
            f"engine_config has settings for {', '.join(map(repr, named))} only, but the engine is "
            f"{engine!r}: they would have no effect."
        )
    return settings_for(engine, _settings_only(engine, engine_config[engine]))


def refuse_unknown_keys(where: str, given: Collection[object], known: Collection[str]) -> None:
    """Raises ConfigError for the first key that is not known, with the nearest one that is."""
    for key in given:
        if key not in known:
            nearest = difflib.get_close_matches(str(key), known, n=1)
            hint = f"Did you mean {nearest[0]!r}? " if nearest else ""
            raise ConfigError(
                f"Unknown setting in {where}: {key!r}. {hint}Known: {', '.join(sorted(known))}."
            )


def take_device(device: str | None, settings: dict[str, Any]) -> Device | None:
    """Returns the device that ``device``, ``device_type`` and ``device_id`` name; None if none is given.

    The latter two are taken out of ``settings``.

    Raises:
        ConfigError: they name no device, or different ones.
        DeviceUnavailableError: a kind of device that only Paddle can use.
    """
    asked = None if device is None else parse_device(device)
    kind, number = settings.pop("device_type", None), settings.pop("device_id", None)
    if kind is None and number is None:
        return asked
    kind = kind if kind is not None else (asked.kind if asked else "gpu")
    configured = parse_device(kind if number is None else f"{kind}:{number}")
    if asked is not None and asked != configured:
        raise ConfigError(
            f"device={device!r} and the device in engine_config ({configured.name}) differ; name it once."
        )
    return configured


def _settings_only(engine: str, settings: object) -> object:
    if isinstance(settings, Mapping) and any(key in ENGINES for key in settings):
        raise ConfigError(f"engine_config[{engine!r}] must hold settings, not engines: {dict(settings)!r}.")
    return settings
