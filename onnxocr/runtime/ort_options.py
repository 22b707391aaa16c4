"""``engine_config`` of ONNX Runtime, checked: providers, session attributes and configuration entries.

Does not import onnxruntime: enumerations and attributes are looked up when a session is built.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from onnxocr.config import check_positive_int
from onnxocr.errors import ConfigError
from onnxocr.runtime.engine_config import refuse_unknown_keys

WHERE = "engine_config for onnxruntime"

THREAD_KEYS = ("intra_op_num_threads", "inter_op_num_threads")
ATTRIBUTE_KEYS = (
    "graph_optimization_level",
    *THREAD_KEYS,
    "execution_mode",
    "log_severity_level",
    "enable_mem_pattern",
    "enable_cpu_mem_arena",
)
KEYS = (*ATTRIBUTE_KEYS, "providers", "provider_options", "session_options", "session_config")

EXECUTION_MODES = {
    "sequential": "ORT_SEQUENTIAL",
    "ort_sequential": "ORT_SEQUENTIAL",
    "parallel": "ORT_PARALLEL",
    "ort_parallel": "ORT_PARALLEL",
}
OPTIMIZATION_LEVELS = {
    0: "ORT_DISABLE_ALL",
    1: "ORT_ENABLE_BASIC",
    2: "ORT_ENABLE_EXTENDED",
    3: "ORT_ENABLE_LAYOUT",
    99: "ORT_ENABLE_ALL",
}


@dataclass(frozen=True, kw_only=True)
class OrtOptions:
    """Checked settings of one session.

    Attributes:
        providers: execution providers in order of preference; None leaves them to the device.
        provider_options: options by provider.
        attributes: attributes of ``onnxruntime.SessionOptions``; enumerations as the name of the member.
        session_config: entries for ``SessionOptions.add_session_config_entry``.
    """

    providers: tuple[str, ...] | None = None
    provider_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    session_config: Mapping[str, str] = field(default_factory=dict)


def ort_options(settings: Mapping[str, Any]) -> OrtOptions:
    """Returns the checked settings.

    Raises:
        ConfigError: a key is unknown, given twice, or a value does not fit.
    """
    refuse_unknown_keys(WHERE, settings, KEYS)
    providers, options = _providers(settings.get("providers"), settings.get("provider_options"))
    entries = _dictionary("session_config", settings.get("session_config"))
    return OrtOptions(
        providers=providers,
        provider_options=options,
        attributes=_attributes(settings),
        session_config={str(key): _entry_text(value) for key, value in entries.items()},
    )


def _attributes(settings: Mapping[str, Any]) -> dict[str, Any]:
    attributes = {key: settings[key] for key in ATTRIBUTE_KEYS if key in settings}
    for key, value in _dictionary("session_options", settings.get("session_options")).items():
        if key in attributes:
            raise ConfigError(f"{WHERE} gives {key!r} twice, once of them in session_options.")
        attributes[str(key)] = value
    for key in THREAD_KEYS:
        if key in attributes:
            check_positive_int(key, attributes[key])
    if "execution_mode" in attributes:
        attributes["execution_mode"] = _execution_mode(attributes["execution_mode"])
    if "graph_optimization_level" in attributes:
        attributes["graph_optimization_level"] = _optimization_level(attributes["graph_optimization_level"])
    return attributes


def _providers(
    providers: object, options: object
) -> tuple[tuple[str, ...] | None, dict[str, Mapping[str, Any]]]:
    if providers is None:
        if options is not None:
            raise ConfigError(
                "provider_options needs providers: name the providers that the options are for."
            )
        return None, {}
    if isinstance(providers, str) or not isinstance(providers, (list, tuple)) or not providers:
        raise ConfigError(f"providers must be a list of execution provider names, not {providers!r}.")
    names, inline = [], {}
    for entry in providers:
        # ONNX Runtime's own form: a name, or a pair of a name and its options.
        name, own = entry if isinstance(entry, (list, tuple)) and len(entry) == 2 else (entry, {})
        if not isinstance(name, str) or not isinstance(own, Mapping):
            raise ConfigError(f"providers holds {entry!r}; write a name or a pair (name, options).")
        names.append(name)
        inline[name] = own
    if len(set(names)) < len(names):
        raise ConfigError(f"providers names a provider twice: {names!r}.")
    return tuple(names), _options_by_provider(names, inline, options)


def _options_by_provider(
    names: list[str], inline: dict[str, Mapping[str, Any]], options: object
) -> dict[str, Mapping[str, Any]]:
    if options is None:
        return inline
    if any(inline.values()):
        raise ConfigError("Provider options stand both in providers and in provider_options; give them once.")
    listed = [options] if isinstance(options, Mapping) else options
    if not isinstance(listed, (list, tuple)) or len(listed) != len(names):
        raise ConfigError(
            f"provider_options must hold one dictionary for each of {len(names)} providers, not {options!r}."
        )
    for entry in listed:
        _dictionary("provider_options", entry)
    return dict(zip(names, listed, strict=True))


def _dictionary(name: str, value: object) -> Mapping[Any, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ConfigError(f"{name} must be a dictionary, not {value!r}.")
    return value


def _entry_text(value: object) -> str:
    # The entries' own notation for switches is "0" and "1".
    return str(int(value)) if isinstance(value, bool) else str(value)


def _execution_mode(value: object) -> str:
    name = EXECUTION_MODES.get(str(value).lower()) if isinstance(value, str) else getattr(value, "name", None)
    if name not in EXECUTION_MODES.values():
        raise ConfigError(f"execution_mode must be one of {', '.join(EXECUTION_MODES)}, not {value!r}.")
    return str(name)


def _optimization_level(value: object) -> str:
    is_level = isinstance(value, int) and not isinstance(value, bool)
    name = OPTIMIZATION_LEVELS.get(value) if is_level else getattr(value, "name", None)  # type: ignore[call-overload]
    if name not in OPTIMIZATION_LEVELS.values():
        levels = ", ".join(f"{level} ({name})" for level, name in OPTIMIZATION_LEVELS.items())
        raise ConfigError(f"graph_optimization_level must be one of {levels}, not {value!r}.")
    return str(name)
