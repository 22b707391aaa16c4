from __future__ import annotations

from typing import Any

import pytest

from onnxocr.errors import ConfigError
from onnxocr.runtime.device import Device
from onnxocr.runtime.engine_config import refuse_unknown_keys, settings_for, take_device


@pytest.mark.parametrize(
    ("engine_config", "settings"),
    [
        pytest.param(None, {}, id="none"),
        pytest.param({}, {}, id="empty"),
        pytest.param({"inter_op_num_threads": 2}, {"inter_op_num_threads": 2}, id="flat"),
        pytest.param({"onnxruntime": {"a": 1}, "openvino": {"b": 2}}, {"a": 1}, id="by engine"),
        pytest.param({"onnxruntime": {"a": 1}, "paddle_static": {"c": 3}}, {"a": 1}, id="with one of Paddle"),
        pytest.param({"onnxruntime": None}, {}, id="empty for the engine"),
    ],
)
def test_settings_stand_flat_or_under_the_name_of_their_engine(
    engine_config: object, settings: dict[str, Any]
) -> None:
    assert settings_for("onnxruntime", engine_config) == settings


@pytest.mark.parametrize(
    "engine_config",
    [
        {"onnxruntime": {}, "inter_op_num_threads": 2},
        {"onnxruntime": {"openvino": {}}},
        {"onnxruntime": 3},
        "onnxruntime",
        [("a", 1)],
    ],
)
def test_other_forms_are_refused(engine_config: object) -> None:
    with pytest.raises(ConfigError, match="engine_config"):
        settings_for("onnxruntime", engine_config)


def test_settings_for_another_engine_alone_are_refused() -> None:
    with pytest.raises(ConfigError, match="'onnxruntime' only, but the engine is 'openvino'"):
        settings_for("openvino", {"onnxruntime": {"a": 1}})
    assert settings_for("openvino", {"onnxruntime": {"a": 1}, "openvino": {"b": 2}}) == {"b": 2}


def test_the_settings_of_the_caller_are_copied() -> None:
    given = {"device_type": "cpu"}
    take_device(None, settings_for("onnxruntime", given))
    assert given == {"device_type": "cpu"}


def test_an_unknown_key_is_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(ConfigError, match=r"'intra_threads'. Did you mean 'intra_op_num_threads'\?"):
        refuse_unknown_keys("engine_config", ["intra_threads"], ["intra_op_num_threads", "providers"])


@pytest.mark.parametrize(
    ("device", "settings", "expected"),
    [
        pytest.param(None, {}, None, id="nothing named"),
        pytest.param("gpu:1", {}, Device("gpu", 1), id="argument"),
        pytest.param(None, {"device_type": "gpu", "device_id": 1}, Device("gpu", 1), id="settings"),
        pytest.param(None, {"device_type": "CPU"}, Device("cpu"), id="settings without number"),
        pytest.param(None, {"device_id": 2}, Device("gpu", 2), id="a number alone means a GPU"),
        pytest.param("gpu:1", {"device_type": "gpu", "device_id": 1}, Device("gpu", 1), id="both the same"),
    ],
)
def test_the_device_stands_in_the_argument_or_in_the_settings(
    device: str | None, settings: dict[str, Any], expected: Device | None
) -> None:
    rest = {**settings, "other": 1}
    assert take_device(device, rest) == expected
    assert rest == {"other": 1}


@pytest.mark.parametrize(
    ("device", "settings"),
    [
        ("cpu", {"device_type": "gpu"}),
        ("gpu:0", {"device_id": 1}),
        ("cpu", {"device_id": 0}),
        (None, {"device_type": "tpu"}),
        (None, {"device_type": 3}),
        (None, {"device_type": "gpu", "device_id": "first"}),
    ],
)
def test_contradictory_or_malformed_devices_are_refused(device: str | None, settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="device"):
        take_device(device, settings)
