"""Result objects that a user holds: text lines, pages, and their printed, JSON and picture forms."""

from __future__ import annotations
