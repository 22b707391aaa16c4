"""One small Paddle network per operator and way of using it, grouped as Paddle groups them."""

from __future__ import annotations
