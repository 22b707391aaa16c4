"""Network inputs with real picture content, prepared as the PP-OCR models expect them.

A folder of pictures enters; float32 tensors ``(N, 3, H, W)`` of any asked-for shape leave. Nothing is run
here. Only Pillow and NumPy are needed, both of which come with Paddle.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

if TYPE_CHECKING:
    from numpy.typing import NDArray

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
HALF = (0.5, 0.5, 0.5)

# Pictures with text all over them, so that every crop carries strokes and paper.
PAGES = (
    "receipt_000.jpg",
    "receipt_010.jpg",
    "receipt_100.jpg",
    "receipt_200.jpg",
    "ch_en_num.jpg",
    "japan.jpg",
)
LINES = ("text_rec.jpg", "en_rec.jpg", "text_cls.jpg", "check_return_word_len.jpeg", "short.png", "latin.jpg")


def read_pictures(folder: Path, names: tuple[str, ...]) -> list[Image.Image]:
    """The named pictures as RGB, turned upright by their EXIF tag.

    Raises:
        FileNotFoundError: A picture is not in the folder.
    """
    return [ImageOps.exif_transpose(Image.open(folder / name)).convert("RGB") for name in names]


def page_tensor(folder: Path, batch: int, height: int, width: int, *, offset: int = 0) -> NDArray[np.float32]:
    """Pages scaled to cover one size and cropped to it, normalised with the ImageNet statistics.

    Returns:
        ``(batch, 3, height, width)`` float32, channels in BGR order.
    """
    pages = [
        ImageOps.fit(page, (width, height), Image.Resampling.BILINEAR, centering=(0.5, 0.3))
        for page in _pick(read_pictures(folder, PAGES), batch, offset)
    ]
    return _stack(pages, height, width, IMAGENET_MEAN, IMAGENET_STD)


def line_tensor(folder: Path, batch: int, height: int, width: int, *, offset: int = 0) -> NDArray[np.float32]:
    """Text lines at one height, each padded with zeros on the right, scaled to [-1, 1].

    Returns:
        ``(batch, 3, height, width)`` float32, channels in BGR order.
    """
    rows = []
    for line in _pick(_line_pictures(folder), batch, offset):
        used = min(width, max(1, round(line.width * height / line.height)))
        tensor = np.zeros((3, height, width), np.float32)
        tensor[:, :, :used] = _normalise(line.resize((used, height)), HALF, HALF)
        rows.append(tensor)
    return np.stack(rows)


def smooth_tensor(
    folder: Path, batch: int, height: int, width: int, *, offset: int = 0
) -> NDArray[np.float32]:
    """Pages reduced to 24 px and enlarged again, from 0 to 1: content without edges, for document unwarping.

    Returns:
        ``(batch, 3, height, width)`` float32, channels in BGR order.
    """
    pages = [
        ImageOps.autocontrast(page.resize((24, 24)))
        for page in _pick(read_pictures(folder, PAGES), batch, offset)
    ]
    return _stack(pages, height, width, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), Image.Resampling.BICUBIC)


def _line_pictures(folder: Path) -> list[Image.Image]:
    """Pictures of single lines, and strips of a receipt that hold about one line each."""
    lines = [line for line in read_pictures(folder, LINES) if line.width > 2 * line.height]
    receipt = read_pictures(folder, PAGES[:1])[0]
    strip = max(16, receipt.height // 40)
    lines += [
        receipt.crop((receipt.width // 8, top, receipt.width * 7 // 8, top + strip))
        for top in range(receipt.height // 4, receipt.height // 2, strip)
    ]
    return lines


def _pick(pictures: list[Image.Image], count: int, offset: int) -> list[Image.Image]:
    return [pictures[(offset + index) % len(pictures)] for index in range(count)]


def _stack(
    pictures: list[Image.Image],
    height: int,
    width: int,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    resampling: Image.Resampling = Image.Resampling.BILINEAR,
) -> NDArray[np.float32]:
    return np.stack([_normalise(p.resize((width, height), resampling), mean, std) for p in pictures])


def _normalise(picture: Image.Image, mean: tuple[float, ...], std: tuple[float, ...]) -> NDArray[np.float32]:
    """``(3, H, W)`` float32 in BGR order from an RGB picture."""
    pixels = np.asarray(picture, np.float32)[:, :, ::-1] / 255.0
    scaled = (pixels - np.array(mean, np.float32)) / np.array(std, np.float32)
    return np.ascontiguousarray(scaled.transpose(2, 0, 1), np.float32)
