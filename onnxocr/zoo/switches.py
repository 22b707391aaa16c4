"""Switches in the environment: a word that is neither a yes nor a no is an error, so that none fails open."""

from __future__ import annotations

import os

from onnxocr.errors import ConfigError

YES = ("1", "true", "yes", "on", "y", "t")
NO = ("0", "false", "no", "off", "n", "f")


def is_switched_on(variable: str, *, default: bool = False) -> bool:
    """Returns whether an environment variable says yes.

    Raises:
        ConfigError: its value is neither a yes nor a no.
    """
    word = os.environ.get(variable, "").strip().lower()
    if not word:
        return default
    if word in (*YES, *NO):
        return word in YES
    raise ConfigError(
        f"{variable}={os.environ[variable]!r} is neither a yes (1, true, on) nor a no (0, false, off)."
    )
