"""Times graphs before and after the rewrites of onnxocr.converters.optimize, and compares their outputs.

    python benchmarks/optimize_speed.py FOLDER MODEL.onnx... [--output STEM] [--repeats N] [--engine NAME]

FOLDER holds ``images/`` and ``expected/<family>.json`` with ``rec_polys``, the places of text lines: inputs
are real pages and real lines, three shapes for each model. Original and rewritten graph run in turns in one
process, on two threads, with the engine's own session settings. Times are medians; the speed-up is the median
of the ratios of neighbouring runs. Writes STEM.json and STEM.md.

Two differences are reported: the largest of any output element, and the relative error, the root of the
summed squares of all differences over that of the original's outputs. Exit code 0 if every relative error is
within 1e-5. (The largest difference of a detector at the steep edge of a letter is beyond that even between
two optimisation levels of ONNX Runtime on one graph, see docs/graph-rewrites.md.)
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
import onnx

from onnxocr.arrays import Image, Tensor
from onnxocr.config import RuntimeConfig, TextDetectionConfig
from onnxocr.converters.optimize import optimize_file
from onnxocr.processing.crop import crop_line
from onnxocr.processing.normalize import normalize_for_detection, normalize_for_recognition
from onnxocr.processing.resize import recognition_size, resize_for_detection, resize_for_recognition
from onnxocr.runtime.opening import open_session
from onnxocr.runtime.session import Session

TOLERANCE = 1e-5
THREADS = 2
ENGINES = ("onnxruntime", "openvino")

PAGES = ("receipt_000.jpg", "en.jpg", "japan.jpg")
LINE_PAGES = "PP-OCRv5_mobile.json"
LONGEST_PAGE_SIDE = 960
LINE_ASPECTS = (4.0, 9.0, 16.0)
LINE_SHAPE = (3, 48, 320)
TEXTLINE_ORIENTATION_SHAPE = (3, 48, 192)


@dataclass(frozen=True)
class Measurement:
    """One model on one engine with one input."""

    model: str
    engine: str
    shape: str
    original_ms: float
    optimized_ms: float
    speedup: float
    largest_difference: float
    relative_error: float


def main() -> int:
    """Measures every model, prints and optionally writes the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--output", type=Path, help="write the record as STEM.json and STEM.md")
    parser.add_argument("--repeats", type=int, default=15, help="runs of each graph on each input")
    parser.add_argument("--engine", choices=ENGINES, help="only this engine")
    arguments = parser.parse_args()
    engines = [arguments.engine] if arguments.engine else list(ENGINES)
    measurements = [
        measurement
        for model in arguments.models
        for engine in engines
        for measurement in measure(model, engine, arguments.folder, arguments.repeats)
    ]
    table = render(measurements)
    print(table)
    if arguments.output:
        arguments.output.with_suffix(".md").write_text(table, "utf-8")
        arguments.output.with_suffix(".json").write_text(
            json.dumps(record(measurements), indent=1) + "\n", "utf-8"
        )
    return int(any(measurement.relative_error > TOLERANCE for measurement in measurements))


def measure(model: Path, engine: str, folder: Path, repeats: int) -> list[Measurement]:
    """Runs a model and its rewritten form in turns on three inputs."""
    name = model.stem if model.stem != "inference" else model.parent.name
    runtime = RuntimeConfig(device="cpu", engine=engine, cpu_threads=THREADS)
    with tempfile.TemporaryDirectory() as temporary:
        rewritten = Path(temporary) / "inference.onnx"
        optimize_file(model, rewritten)
        sessions = [open_session(model, runtime), open_session(rewritten, runtime)]
        try:
            measurements = [
                compare(name, engine, sessions, tensor, repeats) for tensor in real_inputs(model, folder)
            ]
        finally:
            for session in sessions:
                session.close()
    return measurements


def compare(name: str, engine: str, sessions: list[Session], tensor: Tensor, repeats: int) -> Measurement:
    """Times two sessions on one input, in turns, after two runs each that are not counted."""
    feeds = {sessions[0].inputs[0].name: tensor}
    original, optimized = ([session.run(feeds) for _ in range(2)][-1] for session in sessions)
    largest, relative = differences(list(original.values()), list(optimized.values()))
    times: list[list[float]] = [[], []]
    for turn in range(repeats):
        for index in (0, 1) if turn % 2 else (1, 0):
            start = time.perf_counter()
            sessions[index].run(feeds)
            times[index].append((time.perf_counter() - start) * 1000)
    before_ms, after_ms = (statistics.median(values) for values in times)
    # Of neighbouring runs: other work on the machine, which comes and goes, slows both down.
    speedup = statistics.median(before / after for before, after in zip(*times, strict=True))
    shape = "x".join(map(str, tensor.shape))
    return Measurement(
        model=name,
        engine=engine,
        shape=shape,
        original_ms=round(before_ms, 2),
        optimized_ms=round(after_ms, 2),
        speedup=round(speedup, 3),
        largest_difference=largest,
        relative_error=relative,
    )


def differences(expected: list[Tensor], actual: list[Tensor]) -> tuple[float, float]:
    """The largest absolute difference and the relative error over all outputs."""
    pairs = [(a.astype(np.float64), b.astype(np.float64)) for a, b in zip(expected, actual, strict=True)]
    largest = max(float(np.abs(a - b).max()) for a, b in pairs)
    error = sum(float(np.square(a - b).sum()) for a, b in pairs)
    return largest, float(np.sqrt(error / sum(float(np.square(a).sum()) for a, _ in pairs)))


def real_inputs(model: Path, folder: Path) -> list[Tensor]:
    """Three inputs of different shape (of different content where the model has one shape)."""
    graph = onnx.load(model).graph
    rank = len(graph.output[0].type.tensor_type.shape.dim)
    height = graph.input[0].type.tensor_type.shape.dim[2].dim_value
    pages = [read_image(folder / "images" / name) for name in PAGES]
    if rank == 4:
        config = TextDetectionConfig(limit_side_len=LONGEST_PAGE_SIDE, limit_type="max")
        return [normalize_for_detection(resize_for_detection(page, config))[None] for page in pages]
    if rank == 3:
        return [line_tensor(line, LINE_SHAPE)[None] for line in real_lines(folder)]
    if height == 224:
        return [normalize_for_detection(_resized(page, 224))[None] for page in pages]
    lines = [line_tensor(line, TEXTLINE_ORIENTATION_SHAPE)[:, :, :192] for line in real_lines(folder)]
    return [np.stack([lines[index % 3] for index in range(count)]) for count in (1, 3, 6)]


def real_lines(folder: Path) -> list[Image]:
    """One text line for each of three aspect ratios, the closest among all recorded lines."""
    recorded = json.loads((folder / "expected" / LINE_PAGES).read_text("utf-8"))
    crops = [
        crop_line(read_image(folder / "images" / name), np.asarray(quad, np.int16))
        for name in PAGES
        for quad in recorded[name]["rec_polys"]
    ]
    return [
        min(crops, key=lambda crop: abs(crop.shape[1] / crop.shape[0] - aspect)) for aspect in LINE_ASPECTS
    ]


def line_tensor(line: Image, shape: tuple[int, int, int]) -> Tensor:
    """A line as a recogniser gets it."""
    size = recognition_size(line.shape[0], line.shape[1], shape)
    return normalize_for_recognition(
        resize_for_recognition(line, size.text_width, shape[1]), size.tensor_width
    )


def read_image(path: Path) -> Image:
    """An image file as ``(H, W, 3)`` uint8 BGR."""
    image = cv2.imread(str(path))
    if image is None:
        raise SystemExit(f"{path} is missing or no image.")
    return image  # type: ignore[return-value]


def _resized(image: Image, side: int) -> Image:
    return cv2.resize(image, (side, side))  # type: ignore[return-value]


def render(measurements: list[Measurement]) -> str:
    """The table of all figures, with the median speed-up of each model on each engine."""
    lines = [
        "| model | engine | input | original ms | optimised ms | faster | largest difference "
        "| relative error |",
        "|---|---|---|---|---|---|---|---|",
    ]
    groups: dict[tuple[str, str], list[Measurement]] = {}
    for item in measurements:
        groups.setdefault((item.model, item.engine), []).append(item)
        figures = f"{item.original_ms:.1f} | {item.optimized_ms:.1f} | {item.speedup:.2f}x"
        errors = f"{item.largest_difference:.1e} | {item.relative_error:.1e}"
        lines.append(f"| {item.model} | {item.engine} | {item.shape} | {figures} | {errors} |")
    lines += ["", "| model | engine | median over the inputs |", "|---|---|---|"]
    for (model, engine), items in groups.items():
        lines.append(f"| {model} | {engine} | {statistics.median(item.speedup for item in items):.2f}x |")
    return "\n".join(lines) + "\n"


def record(measurements: list[Measurement]) -> dict[str, object]:
    """The figures with what they were measured on."""
    return {
        "platform": platform.platform(),
        "python": platform.python_version(),
        "threads": THREADS,
        "versions": {name: version(name) for name in ("onnx", *ENGINES)},
        "measurements": [asdict(item) for item in measurements],
    }


if __name__ == "__main__":
    sys.exit(main())
