"""What really ran a model: travels from the session to the result that a user holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class BackendInfo:
    """The runtime that a session came up on.

    Attributes:
        backend: ``onnxruntime``, ``openvino`` or ``null``.
        provider: ONNX Runtime execution provider or OpenVINO device, as the runtime reports it.
        device: ``cpu``, ``gpu:0``, ...
        precision: ``fp32`` or ``fp16``.
        threads: CPU threads that the session was given.
        version: version of the runtime.
    """

    backend: str
    provider: str
    device: str
    precision: str = "fp32"
    threads: int = 1
    version: str = ""
