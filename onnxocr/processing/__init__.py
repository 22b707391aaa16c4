"""Pure NumPy and OpenCV functions between the networks; never sees a session."""

from __future__ import annotations
