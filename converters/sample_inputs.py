"""Pictures to try a graph on: its inputs enter, arrays with lines of print leave, the same on every call.

Random noise would not do: on noise a detector answers the same everywhere and a wrong graph looks right.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from onnxocr.arrays import Image, Tensor
from onnxocr.errors import ConversionError
from onnxocr.runtime.session import TensorSpec

_WORDS = ("Invoice", "2026-11-21", "Total", "48,90", "EUR", "Quartz", "jumps", "over", "lazy", "dog", "#42")
_LINE_HEIGHT = 48
_MOST_CHANNELS = 4

_FREE_SIZES = ((1, 320, 320), (1, 480, 640), (1, 608, 352), (6, 192, 256), (6, 256, 160))
_LINE_WIDTHS = ((1, 320), (1, 192), (1, 640), (6, 320), (6, 480))
_FIXED_BATCHES = (1, 6)


def sample_feeds(
    inputs: Sequence[TensorSpec], *, output_rank: int, line_height: int = _LINE_HEIGHT
) -> list[dict[str, Tensor]]:
    """Returns pictures of print for a graph's inputs, in several sizes and batches where these are free.

    Args:
        inputs: what the graph takes: one picture input, ``(N, C, H, W)``.
        output_rank: axes of its first output: three for recognisers, which take lines and not pages.
        line_height: height in px of a recogniser's lines where the graph leaves it free.

    Returns:
        Values from -1 to 1, by input name.

    Raises:
        ConversionError: the graph takes something else than one picture.
    """
    if len(inputs) != 1 or not _is_picture(inputs[0]):
        taken = ", ".join(f"{spec.name} {spec.dtype}{list(spec.shape)}" for spec in inputs)
        raise ConversionError(
            f"Sample inputs can be made for one picture (N, C, H, W), but the graph takes {taken}: "
            "put recorded inputs and outputs (.npz with x, x2, ... and y, y2, ...) beside the Paddle model."
        )
    (spec,) = inputs
    sizes = _sizes(spec.shape, line_height if output_rank == 3 else None)
    return [
        {spec.name: _batch(size, spec.shape[1] or 3, seed).astype(spec.dtype)}
        for seed, size in enumerate(sizes)
    ]


def printed_picture(height: int, width: int, seed: int) -> Image:
    """Returns a picture of dark print on uneven paper, ``(height, width, 3)`` px.

    Args:
        height: a height below 64 px holds a single line.
        width: in px.
        seed: what is printed, and on what.
    """
    random = np.random.default_rng(seed)
    light = np.linspace(205, 250, width)[None, :, None] + np.linspace(-10, 5, height)[:, None, None]
    picture = np.clip(light + random.normal(0, 3, (height, width, 3)), 0, 255).astype(np.uint8)
    line = height if height < 64 else int(random.integers(28, 44))
    for top in range(0, height - line + 1, line):
        words = " ".join(_WORDS[int(n)] for n in random.integers(0, len(_WORDS), 1 + width // line))
        ink = tuple(int(value) for value in random.integers(10, 90, 3))
        place = (int(random.integers(2, 8)), top + int(line * 0.72))
        cv2.putText(picture, words, place, cv2.FONT_HERSHEY_SIMPLEX, line / 44, ink, 2, cv2.LINE_AA)
    return picture


def _is_picture(spec: TensorSpec) -> bool:
    channels = spec.shape[1] if len(spec.shape) == 4 else 0
    return spec.dtype.startswith("float") and (channels is None or 1 <= channels <= _MOST_CHANNELS)


def _sizes(shape: Sequence[int | None], line_height: int | None) -> list[tuple[int, int, int]]:
    """Returns batch, height and width of each picture; what the graph fixes stays."""
    batch, _, height, width = shape
    height = height if height is not None else line_height
    if height is None:
        sizes = [(n, h, width or w) for n, h, w in _FREE_SIZES]
    elif width is None:
        sizes = [(n, height, w) for n, w in _LINE_WIDTHS]
    else:
        sizes = [(n, height, width) for n in _FIXED_BATCHES]
    return list(dict.fromkeys((batch or n, h, w) for n, h, w in sizes))


def _batch(size: tuple[int, int, int], channels: int, seed: int) -> Tensor:
    count, height, width = size
    pictures = [printed_picture(height, width, seed * 16 + number) for number in range(count)]
    layers = np.stack(pictures).transpose(0, 3, 1, 2)[:, [layer % 3 for layer in range(channels)]]
    return np.asarray(layers.astype(np.float32, order="C") / np.float32(127.5) - np.float32(1))
