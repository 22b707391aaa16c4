"""Readers of Paddle inference models: files enter, one small graph leaves. Needs no Paddle."""

from __future__ import annotations
