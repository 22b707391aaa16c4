"""From a wish (a name, a language, a version) to a model's files."""

from __future__ import annotations
