"""The command line: parses, builds settings, calls one pipeline, hands results to one exporter."""

from __future__ import annotations
