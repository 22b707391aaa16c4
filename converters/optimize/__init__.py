"""Rewrites of ONNX graphs that make them faster and cannot change results beyond float rounding."""

from __future__ import annotations

from onnxocr.converters.optimize.optimization import optimize_file, optimize_model
from onnxocr.converters.optimize.report import OptimizationReport

__all__ = ["OptimizationReport", "optimize_file", "optimize_model"]
