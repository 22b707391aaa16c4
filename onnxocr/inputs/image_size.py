"""The bound on the size of one image, checked before memory for its pixels is asked for."""

from __future__ import annotations

from onnxocr.errors import ImageSizeError


def check_image_size(width: int, height: int, *, name: str, max_pixels: int) -> None:
    """Refuses an image that has no pixels or more than the limit.

    Args:
        width: in px.
        height: in px.
        name: what the message calls the image.
        max_pixels: see :class:`onnxocr.config.InputLimits`.

    Raises:
        ImageSizeError: it has no pixels, or more than ``max_pixels``.
    """
    if width <= 0 or height <= 0:
        raise ImageSizeError(f"{name} is {width} x {height} px and so has no pixels; hand in a larger image.")
    if width * height > max_pixels:
        raise ImageSizeError(
            f"{name} is {width} x {height} px, that is {width * height:,} pixels and more than the limit of "
            f"{max_pixels:,}. Make the image smaller, or allow more with InputLimits(max_pixels=...)."
        )
