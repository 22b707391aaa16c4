from __future__ import annotations

from typing import Any

import pytest

from onnxocr.errors import ConfigError
from onnxocr.runtime.ort_options import OrtOptions, ort_options


def test_no_settings_leave_everything_open() -> None:
    assert ort_options({}) == OrtOptions()


@pytest.mark.parametrize(
    ("settings", "attributes"),
    [
        ({"graph_optimization_level": 99}, {"graph_optimization_level": "ORT_ENABLE_ALL"}),
        ({"graph_optimization_level": 0}, {"graph_optimization_level": "ORT_DISABLE_ALL"}),
        ({"execution_mode": "Parallel"}, {"execution_mode": "ORT_PARALLEL"}),
        ({"execution_mode": "ort_sequential"}, {"execution_mode": "ORT_SEQUENTIAL"}),
        ({"intra_op_num_threads": 3}, {"intra_op_num_threads": 3}),
        ({"enable_mem_pattern": True}, {"enable_mem_pattern": True}),
        ({"session_options": {"enable_profiling": True}}, {"enable_profiling": True}),
        ({"session_options": {"execution_mode": "parallel"}}, {"execution_mode": "ORT_PARALLEL"}),
    ],
)
def test_session_attributes_stand_flat_or_in_session_options(
    settings: dict[str, Any], attributes: dict[str, Any]
) -> None:
    assert ort_options(settings).attributes == attributes


def test_enumerations_of_onnxruntime_are_taken_too() -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    options = ort_options(
        {
            "graph_optimization_level": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC,
            "execution_mode": onnxruntime.ExecutionMode.ORT_PARALLEL,
        }
    )
    assert options.attributes == {
        "graph_optimization_level": "ORT_ENABLE_BASIC",
        "execution_mode": "ORT_PARALLEL",
    }


def test_session_configuration_entries_become_texts() -> None:
    options = ort_options({"session_config": {"session.set_denormal_as_zero": True, "other": 3, "text": "x"}})
    assert options.session_config == {"session.set_denormal_as_zero": "1", "other": "3", "text": "x"}


@pytest.mark.parametrize(
    ("settings", "providers", "options"),
    [
        ({"providers": ["A", "B"]}, ("A", "B"), {"A": {}, "B": {}}),
        ({"providers": [("A", {"x": 1}), "B"]}, ("A", "B"), {"A": {"x": 1}, "B": {}}),
        ({"providers": ["A"], "provider_options": {"x": 1}}, ("A",), {"A": {"x": 1}}),
        ({"providers": ["A", "B"], "provider_options": [{"x": 1}, {}]}, ("A", "B"), {"A": {"x": 1}, "B": {}}),
    ],
)
def test_providers_and_their_options_stand_together_or_apart(
    settings: dict[str, Any], providers: tuple[str, ...], options: dict[str, dict[str, Any]]
) -> None:
    checked = ort_options(settings)
    assert checked.providers == providers
    assert checked.provider_options == options


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"intra_op_threads": 2}, "'intra_op_threads'. Did you mean 'intra_op_num_threads'"),
        ({"zzz": 2}, "Unknown setting.*'zzz'.*Known: "),
        ({"intra_op_num_threads": 0}, "intra_op_num_threads must be a whole number above 0"),
        ({"inter_op_num_threads": "2"}, "inter_op_num_threads must be a whole number above 0"),
        ({"session_options": {"intra_op_num_threads": -1}}, "intra_op_num_threads must be"),
        ({"execution_mode": "fast"}, "execution_mode must be one of sequential"),
        ({"execution_mode": 1}, "execution_mode must be one of"),
        ({"graph_optimization_level": 42}, "graph_optimization_level must be one of 0"),
        ({"graph_optimization_level": True}, "graph_optimization_level must be one of 0"),
        ({"graph_optimization_level": "all"}, "graph_optimization_level must be one of 0"),
        ({"enable_mem_pattern": True, "session_options": {"enable_mem_pattern": True}}, "twice"),
        ({"session_options": ["enable_profiling"]}, "session_options must be a dictionary"),
        ({"session_config": "x=1"}, "session_config must be a dictionary"),
        ({"provider_options": [{}]}, "provider_options needs providers"),
        ({"providers": "CPUExecutionProvider"}, "providers must be a list"),
        ({"providers": []}, "providers must be a list"),
        ({"providers": [3]}, "providers holds 3"),
        ({"providers": [("A", "x=1")]}, "providers holds"),
        ({"providers": ["A", "A"]}, "twice"),
        ({"providers": ["A", "B"], "provider_options": {"x": 1}}, "one dictionary for each of 2 providers"),
        ({"providers": ["A"], "provider_options": ["x"]}, "provider_options must be a dictionary"),
        ({"providers": [("A", {"x": 1})], "provider_options": [{"x": 1}]}, "give them once"),
    ],
)
def test_settings_that_do_not_fit_are_refused_with_the_reason(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        ort_options(settings)
