"""Modules joined into the steps that read a page."""

from __future__ import annotations
