"""Runs graphs on ONNX Runtime and OpenVINO; knows no OCR."""

from __future__ import annotations
