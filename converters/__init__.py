"""Paddle inference models to ONNX graphs; installed as onnxocr.converters, never needed to run a graph."""

from __future__ import annotations
