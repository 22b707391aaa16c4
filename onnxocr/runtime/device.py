"""From a device string as PaddleOCR writes it (``cpu``, ``gpu``, ``gpu:1``) to a device, or an error.

Does not look at the machine: whether a device is there, the engine says when it opens a session.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from onnxocr.errors import ConfigError, DeviceUnavailableError

DEVICE_FORMS = "'cpu', 'gpu' or 'gpu:N' (N is the number of the GPU, from 0)"

PADDLE_DEVICE_KINDS = ("xpu", "npu", "mlu", "gcu", "dcu", "iluvatar_gpu", "metax_gpu")
"""Kinds that Paddle drives with plug-ins of its own."""


@dataclass(frozen=True)
class Device:
    """One CPU or one GPU; a GPU without a number is the first one."""

    kind: Literal["cpu", "gpu"]
    index: int = 0

    @property
    def name(self) -> str:
        """The device as users write it: ``cpu``, ``gpu:0``."""
        return self.kind if self.kind == "cpu" else f"{self.kind}:{self.index}"


def parse_device(text: object) -> Device:
    """Returns the device that a string names; upper and lower case are the same.

    Raises:
        ConfigError: it is no device string, names several devices, or numbers the CPU.
        DeviceUnavailableError: a kind of device that only Paddle can use.
    """
    if not isinstance(text, str):
        raise ConfigError(f"device must be a string: {DEVICE_FORMS}; not {text!r}.")
    kind, colon, number = text.strip().lower().partition(":")
    if kind in PADDLE_DEVICE_KINDS:
        raise DeviceUnavailableError(
            f"device={text!r}: ONNX Runtime and OpenVINO cannot use {kind} devices as Paddle does. "
            f"Supported are {DEVICE_FORMS}; further hardware through "
            'engine_config={"providers": [...]} where your onnxruntime build offers a provider for it.'
        )
    if kind == "cpu" and not colon:
        return Device("cpu")
    if kind == "cpu":
        raise ConfigError(f"device={text!r}: the CPU has no number; write 'cpu'.")
    if kind != "gpu":
        raise ConfigError(f"device={text!r} is unknown; supported are {DEVICE_FORMS}.")
    return Device("gpu", _gpu_number(text, number) if colon else 0)


def _gpu_number(text: str, number: str) -> int:
    if "," in number:
        first, second = (f"gpu:{part.strip()}" for part in number.split(",")[:2])
        raise ConfigError(
            f"device={text!r}: an engine uses one device. Build one engine for each GPU (device={first!r}, "
            f"device={second!r}) and share the inputs out between them."
        )
    if not (number.isascii() and number.isdigit()):
        raise ConfigError(
            f"device={text!r}: {number!r} is not the number of a GPU; supported are {DEVICE_FORMS}."
        )
    return int(number)
