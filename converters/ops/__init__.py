"""From Paddle's operators to ONNX nodes: one function per operator, one file per group."""

from __future__ import annotations
