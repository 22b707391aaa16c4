"""Tests of onnxocr.results."""

from __future__ import annotations
