"""Array aliases: the shapes, types and coordinate frames that functions hand to each other.

All pixel coordinates have their origin in the top-left corner of the image they refer to, x to the right and
y down.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Image: TypeAlias = npt.NDArray[np.uint8]
"""``(H, W, 3)`` uint8, channels blue, green, red."""

Tensor: TypeAlias = npt.NDArray[Any]
"""What a session takes and returns; images as ``(N, 3, H, W)`` float32."""

ProbabilityMap: TypeAlias = npt.NDArray[np.float32]
"""``(H, W)`` float32 in [0, 1]: how likely each pixel of the detector's input belongs to text."""

Mask: TypeAlias = npt.NDArray[np.uint8]
"""``(H, W)`` uint8, 0 or 1."""

Quad: TypeAlias = npt.NDArray[Any]
"""``(4, 2)`` x, y of a text region: top-left, top-right, bottom-right, bottom-left. Integer in results."""

Polygon: TypeAlias = npt.NDArray[Any]
"""``(N, 2)`` x, y of a closed outline."""
