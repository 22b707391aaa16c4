"""From paths, folders, URLs, documents, bytes and arrays to pages."""

from __future__ import annotations
