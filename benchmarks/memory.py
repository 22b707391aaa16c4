"""Records the memory of one engine over many pages of distinct sizes.

    python benchmarks/memory.py IMAGES [--pages 100] [--output FILE]

Reads a PDF of as many pages, each of another size, made from parts of the pictures in the folder IMAGES, then
these pictures. Prints the resident memory after some of the pages and the peak. Linux only.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import resource
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from onnxocr import PaddleOCR

DPI = 144  # PDF pages are rendered at two px per point, so one px of a picture becomes one px of the page
SHOWN_PAGES = (1, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100)


@dataclass(frozen=True)
class Reading:
    """Memory after a page, in MB: resident now, and the most so far."""

    page: int
    resident: float
    peak: float


def main() -> int:
    """Reads pictures and PDF, prints and optionally writes the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("images", type=Path)
    parser.add_argument("--pages", type=int, default=100)
    parser.add_argument("--engine", default=None, help="onnxruntime or openvino")
    parser.add_argument("--output", type=Path, help="write the record as Markdown")
    arguments = parser.parse_args()
    files = sorted(path for path in arguments.images.iterdir() if path.is_file())
    with tempfile.TemporaryDirectory() as folder, PaddleOCR(engine=arguments.engine) as ocr:
        pdf = Path(folder) / "pages.pdf"
        sizes = write_pdf(files, pdf, arguments.pages)
        loaded = measure(0)
        pages = list(readings(ocr, str(pdf)))
        after_pdf = measure(len(pages))
        list(readings(ocr, str(arguments.images)))
    text = report(loaded, pages, after_pdf, measure(len(files)), sizes, len(files))
    sys.stdout.write(text)
    if arguments.output:
        arguments.output.write_text(text, "utf-8")
    return 0


def write_pdf(files: list[Path], target: Path, count: int) -> set[tuple[int, int]]:
    """Writes a PDF of parts of the pictures, each page of another size; returns the sizes.

    Sizes are shuffled, so that early and late pages are equally large. A process of its own writes the file,
    so that this one's memory is the engine's.
    """
    sizes = [(500 + 7 * number, 1400 - 6 * number) for number in range(count)]
    random.Random(0).shuffle(sizes)
    writer = multiprocessing.get_context("spawn").Process(target=save_pages, args=(files, target, sizes))
    writer.start()
    writer.join()
    if writer.exitcode:
        raise SystemExit("The PDF could not be written.")
    return set(sizes)


def save_pages(files: list[Path], target: Path, sizes: list[tuple[int, int]]) -> None:
    """Writes the PDF."""
    pages = [part_of(files[number % len(files)], size) for number, size in enumerate(sizes)]
    pages[0].save(target, save_all=True, append_images=pages[1:], resolution=DPI)


def part_of(file: Path, size: tuple[int, int]) -> Image.Image:
    """Returns a picture cut or extended to ``(width, height)`` px."""
    page = Image.new("RGB", size, "white")
    with Image.open(file) as picture:
        page.paste(picture.convert("RGB"), (0, 0))
    return page


def readings(ocr: PaddleOCR, source: str) -> Iterator[Reading]:
    """Yields the memory after each page of an input; holds no result."""
    for number, _ in enumerate(ocr.predict_iter(source), 1):
        yield measure(number)


def measure(page: int) -> Reading:
    """Returns the memory of this process now."""
    resident = int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Reading(page, resident / 1e6, peak / 1e6)


def report(
    loaded: Reading,
    pages: list[Reading],
    after_pdf: Reading,
    after_images: Reading,
    sizes: set[tuple[int, int]],
    image_count: int,
) -> str:
    """Returns the record as Markdown."""
    rows = [reading for reading in pages if reading.page in (*SHOWN_PAGES, len(pages))]
    lines = [
        f"PDF of {len(pages)} pages in {len(sizes)} distinct sizes, then {image_count} pictures, one engine.",
        "",
        "| after | resident MB | peak MB |",
        "|---|---|---|",
        f"| models loaded | {loaded.resident:.0f} | {loaded.peak:.0f} |",
        *(f"| page {row.page} | {row.resident:.0f} | {row.peak:.0f} |" for row in rows),
        f"| the pictures | {after_images.resident:.0f} | {after_images.peak:.0f} |",
        "",
        f"Highest resident memory after pages 1 to 10: {most(pages[:10]):.0f} MB, "
        f"after the last ten: {most(pages[-10:]):.0f} MB. Peak over the PDF: {after_pdf.peak:.0f} MB.",
    ]
    return "\n".join(lines) + "\n"


def most(pages: list[Reading]) -> float:
    """Returns the highest resident memory in MB."""
    return max(reading.resident for reading in pages)


if __name__ == "__main__":
    sys.exit(main())
