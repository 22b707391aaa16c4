"""One file per place that a model can come from."""

from __future__ import annotations
