from __future__ import annotations

import io
import json
import sys
import threading

import numpy as np
import pytest

from onnxocr.results.value_forms import abbreviated
from tests.results.sample_page import line, page

LINES = (line((10, 5, 60, 20), "ab", 0.75), line((10, 30, 90, 50), "中文", 0.25))


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (np.arange(5, dtype=np.int16), "array([0, ..., 4], shape=(5,), dtype=int16)"),
        (np.array([0.5]), "array([0.5], shape=(1,), dtype=float64)"),
        (np.array([]), "array([], shape=(0,), dtype=float64)"),
        ({"a": [np.float64(0.5), None], "b": ("x",)}, "{'a': [0.5, None], 'b': ('x',)}"),
        ((), "()"),
    ],
)
def test_arrays_are_cut_short(value: object, form: str) -> None:
    assert abbreviated(value) == form


def test_print_writes_the_dict_form_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    page(*LINES).print()
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith("{'res': {'input_path': 'in/t.png', 'page_index': None, 'model_settings': {")
    assert "'rec_texts': ['ab', '中文'], 'rec_scores': array([0.75, 0.25], shape=(2,), dtype=float64)" in out
    assert out.endswith("dtype=int16)}}\n")


@pytest.mark.parametrize(
    ("arguments", "is_json"),
    [
        ({}, False),
        ({"json_format": True}, True),
        ({"format_json": True}, True),
        ({"json_format": True, "format_json": False}, False),
        ({"json_format": False, "format_json": True}, True),
    ],
)
def test_the_older_name_of_json_format_wins_if_given(
    arguments: dict[str, bool], is_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    result = page(*LINES)
    result.print(**arguments)
    out = capsys.readouterr().out
    expected = json.dumps(result.json, indent=4, ensure_ascii=False) + "\n"
    assert (out == expected) is is_json


def test_json_form_obeys_indent_and_ensure_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    page(*LINES).print(json_format=True, indent=1, ensure_ascii=True)
    out = capsys.readouterr().out
    assert out.startswith('{\n "res": {\n  "input_path"')
    assert "\\u4e2d\\u6587" in out


def test_a_stream_that_cannot_encode_a_character_shows_its_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    data = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(data, encoding="ascii", newline=""))
    page(*LINES).print()
    sys.stdout.flush()
    assert rb"'\u4e2d\u6587'" in data.getvalue()


def test_print_options_of_numpy_stay_as_they_are_for_every_thread(capsys: pytest.CaptureFixture[str]) -> None:
    before = np.get_printoptions()
    seen: list[bool] = []

    def show() -> None:
        for _ in range(20):
            page(*LINES).print()
            seen.append(np.get_printoptions()["threshold"] == before["threshold"])

    threads = [threading.Thread(target=show) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [True] * 80
    assert np.get_printoptions() == before
    assert "..." not in repr(np.arange(10))
