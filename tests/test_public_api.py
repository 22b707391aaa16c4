from __future__ import annotations

import importlib

import pytest

import onnxocr


def test_every_listed_name_is_there() -> None:
    for name in onnxocr.__all__:
        assert getattr(onnxocr, name) is not None
    assert dir(onnxocr) == sorted(onnxocr.__all__)


def test_public_classes_live_where_the_package_says() -> None:
    for name, home in onnxocr._HOMES.items():
        assert getattr(onnxocr, name) is getattr(importlib.import_module(home), name)
        assert set(onnxocr._HOMES) | {"__version__"} == set(onnxocr.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="PaddleOCRVL"):
        onnxocr.PaddleOCRVL  # noqa: B018
