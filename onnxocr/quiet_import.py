"""Imports of libraries that change their process when they are imported, with the change taken back.

An engine that is embedded leaves random seeds and the environment as they are, contacts nobody and writes
nothing into the user's home.
"""

from __future__ import annotations

import importlib
import os
import random
import sys
from types import ModuleType

_ORT_TELEMETRY_SWITCH = "ORT_DISABLE_TELEMETRY"


def import_quietly(name: str) -> ModuleType:
    """Returns a module; HTTP clients draw from Python's global random generator, whose state is put back."""
    state = random.getstate()
    try:
        return importlib.import_module(name)
    finally:
        random.setstate(state)


def import_onnxruntime() -> ModuleType:
    """Returns ONNX Runtime, imported with its telemetry off.

    Since 1.31 its import starts a reporter that keeps a database under ``~/.cache/Microsoft`` and knows a
    server to send it to; a variable that it reads once is the only switch. A program that has imported ONNX
    Runtime itself, or has set the variable, keeps what it has.
    """
    if "onnxruntime" in sys.modules or _ORT_TELEMETRY_SWITCH in os.environ:
        return importlib.import_module("onnxruntime")
    os.environ[_ORT_TELEMETRY_SWITCH] = "1"
    try:
        return importlib.import_module("onnxruntime")
    finally:
        os.environ.pop(_ORT_TELEMETRY_SWITCH, None)
