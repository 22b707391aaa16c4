"""A stand-in for the module ``onnxruntime`` with GPUs that this machine does not have."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from onnxocr.arrays import Tensor

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"
TENSORRT = "TensorrtExecutionProvider"


class _Attribute:
    """A settable attribute, seen by its users as one of pybind's properties."""

    fset = True

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = f"_{name}"

    def __get__(self, instance: object, owner: type) -> object:
        return self if instance is None else instance.__dict__.get(self.name)

    def __set__(self, instance: object, value: object) -> None:
        instance.__dict__[self.name] = value


class SessionOptions:
    intra_op_num_threads = _Attribute()
    inter_op_num_threads = _Attribute()
    log_severity_level = _Attribute()
    enable_mem_pattern = _Attribute()
    enable_cpu_mem_arena = _Attribute()
    execution_mode = _Attribute()
    graph_optimization_level = _Attribute()

    def __init__(self) -> None:
        self.entries: dict[str, str] = {}

    def add_session_config_entry(self, key: str, value: str) -> None:
        self.entries[key] = value


class RunOptions:
    def __init__(self) -> None:
        self.log_severity_level = 2
        self.entries: dict[str, str] = {}

    def add_run_config_entry(self, key: str, value: str) -> None:
        self.entries[key] = value


@dataclass
class FakeSession:
    """What was asked of ``InferenceSession``, and the providers that it came up with."""

    path: str
    options: SessionOptions
    asked: list[str]
    provider_options: list[dict[str, str]]
    fallback: int
    came_up: Sequence[str]
    runs: list[RunOptions] = field(default_factory=list)

    def get_inputs(self) -> list[types.SimpleNamespace]:
        return [types.SimpleNamespace(name="x", shape=["N", 3, "H", "W"], type="tensor(float)")]

    def get_outputs(self) -> list[types.SimpleNamespace]:
        return [types.SimpleNamespace(name="y", shape=["N", 3, "H", "W"], type="tensor(float)")]

    def run(self, names: list[str], feeds: dict[str, Tensor], run_options: RunOptions) -> list[Tensor]:
        self.runs.append(run_options)
        return [feeds["x"]]

    def get_providers(self) -> list[str]:
        return list(self.came_up)

    def get_modelmeta(self) -> types.SimpleNamespace:
        return types.SimpleNamespace(custom_metadata_map={})


@dataclass
class FakeOnnxRuntime:
    """The module, and the sessions that were built with it."""

    module: types.ModuleType
    sessions: list[FakeSession] = field(default_factory=list)


def install_fake(
    monkeypatch: pytest.MonkeyPatch,
    available: Sequence[str],
    come_up: Callable[[list[str]], Sequence[str]] = lambda asked: asked,
) -> FakeOnnxRuntime:
    """Makes ``import onnxruntime`` give a module with these providers.

    Args:
        monkeypatch: takes the module out again after the test.
        available: providers of the build.
        come_up: from the providers that a session asks for to those that it gets, or raises.
    """
    fake = FakeOnnxRuntime(types.ModuleType("onnxruntime"))

    def inference_session(
        path: str,
        options: SessionOptions,
        *,
        providers: list[str],
        provider_options: list[dict[str, str]],
        enable_fallback: int,
    ) -> FakeSession:
        session = FakeSession(path, options, providers, provider_options, enable_fallback, come_up(providers))
        fake.sessions.append(session)
        return session

    contents: dict[str, Any] = {
        "__version__": "9.9.9",
        "InferenceSession": inference_session,
        "SessionOptions": SessionOptions,
        "RunOptions": RunOptions,
        "get_available_providers": lambda: list(available),
        "get_all_providers": lambda: [TENSORRT, CUDA, CPU],
    }
    for name, value in contents.items():
        setattr(fake.module, name, value)
    monkeypatch.setitem(sys.modules, "onnxruntime", fake.module)
    return fake
