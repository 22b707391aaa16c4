from __future__ import annotations

import pytest

from onnxocr.errors import ConfigError
from onnxocr.zoo.switches import is_switched_on


@pytest.mark.parametrize(
    ("word", "default", "expected"),
    [
        ("1", False, True),
        ("ON", False, True),
        ("y", False, True),
        ("0", True, False),
        ("False", True, False),
        ("", False, False),
        (" ", True, True),
    ],
)
def test_words_for_yes_and_no(
    word: str, default: bool, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONNXOCR_OFFLINE", word)
    assert is_switched_on("ONNXOCR_OFFLINE", default=default) is expected


def test_a_variable_that_is_not_set_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ONNXOCR_OFFLINE", raising=False)
    assert is_switched_on("ONNXOCR_OFFLINE") is False


def test_another_word_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONNXOCR_OFFLINE", "maybe")
    with pytest.raises(ConfigError, match="ONNXOCR_OFFLINE='maybe' is neither a yes"):
        is_switched_on("ONNXOCR_OFFLINE")
