from __future__ import annotations

import pytest

from onnxocr.errors import ConfigError, DeviceUnavailableError
from onnxocr.runtime.device import PADDLE_DEVICE_KINDS, Device, parse_device


@pytest.mark.parametrize(
    ("text", "device"),
    [
        ("cpu", Device("cpu")),
        ("CPU", Device("cpu")),
        (" cpu ", Device("cpu")),
        ("gpu", Device("gpu", 0)),
        ("gpu:0", Device("gpu", 0)),
        ("GPU:3", Device("gpu", 3)),
        ("gpu:12", Device("gpu", 12)),
    ],
)
def test_device_strings_in_any_case(text: str, device: Device) -> None:
    assert parse_device(text) == device


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("cpu:0", "the CPU has no number"),
        ("cpu:", "the CPU has no number"),
        ("gpu:", "not the number of a GPU"),
        ("gpu:a", "'a' is not the number of a GPU"),
        ("gpu:-1", "not the number of a GPU"),
        ("gpu:0:1", "'0:1' is not the number of a GPU"),
        ("gpu:1.5", "not the number of a GPU"),
        ("cuda", "'cuda' is unknown; supported are 'cpu', 'gpu' or 'gpu:N'"),
        ("gpu0", "is unknown"),
        ("", "is unknown"),
        (0, "must be a string"),
        (("gpu", 0), "must be a string"),
    ],
)
def test_other_device_strings_are_refused_with_the_reason(text: object, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        parse_device(text)


def test_several_gpus_are_refused_with_the_way_to_use_them() -> None:
    with pytest.raises(ConfigError, match=r"one device.*device='gpu:0', device='gpu:2'"):
        parse_device("gpu:0,2")


@pytest.mark.parametrize("kind", PADDLE_DEVICE_KINDS)
@pytest.mark.parametrize("number", ["", ":0"])
def test_devices_that_only_paddle_drives_are_unavailable(kind: str, number: str) -> None:
    with pytest.raises(DeviceUnavailableError, match=f"cannot use {kind} devices.*'cpu', 'gpu' or 'gpu:N'"):
        parse_device(kind.upper() + number)


@pytest.mark.parametrize("name", ["cpu", "gpu:0", "gpu:7"])
def test_a_device_is_named_as_users_write_it(name: str) -> None:
    assert parse_device(name).name == name
