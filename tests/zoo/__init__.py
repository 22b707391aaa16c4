"""Tests of onnxocr.zoo."""

from __future__ import annotations
