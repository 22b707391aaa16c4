"""Readers of Paddle inference models: files enter, one small graph (:mod:`.program`) leaves. Needs no Paddle."""

from __future__ import annotations
