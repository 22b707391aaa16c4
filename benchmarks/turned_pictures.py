"""Makes pictures for parity.py that exercise crops: those of a folder turned, scaled, and upright.

    python benchmarks/turned_pictures.py IMAGES TARGET

TARGET then holds four pictures for each in IMAGES of at most 1,200 px, drawn from a fixed seed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

from onnxocr.arrays import Image, Tensor
from onnxocr.inputs.sources import iter_pages

LONGEST_SIDE = 1200


def main() -> int:
    """Writes the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("images", type=Path)
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    arguments.target.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(7)
    for path in sorted(arguments.images.iterdir()):
        image = next(iter_pages(path)).image
        for number in range(3):
            write(arguments.target / f"{path.stem}_{number}.png", turned(image, generator))
        write(arguments.target / f"{path.stem}_upright.png", cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE))
    return 0


def turned(image: Image, generator: np.random.Generator) -> Image:
    """Returns the picture turned by up to 25 degrees, scaled by 0.4 to 1.6, on a plain ground."""
    height, width = image.shape[:2]
    scale = generator.uniform(0.4, 1.6)
    turn: Tensor = cv2.getRotationMatrix2D((width / 2, height / 2), generator.uniform(-25, 25), scale)
    turn[:, 2] += generator.uniform(0, 20, 2)
    size = int(width * scale * 1.1) + 1, int(height * scale * 1.1) + 1
    ground = tuple(int(value) for value in generator.integers(0, 255, 3))
    framed: Image = cv2.warpAffine(image, turn, size, borderValue=ground)  # type: ignore[assignment]
    return framed


def write(path: Path, image: object) -> None:
    """Writes a PNG of at most ``LONGEST_SIDE`` px."""
    pixels = np.asarray(image)
    shrink = min(1.0, LONGEST_SIDE / max(pixels.shape[:2]))
    cv2.imwrite(str(path), cv2.resize(pixels, None, fx=shrink, fy=shrink) if shrink < 1 else pixels)


if __name__ == "__main__":
    sys.exit(main())
