"""One model each: preprocess, run, postprocess."""

from __future__ import annotations
