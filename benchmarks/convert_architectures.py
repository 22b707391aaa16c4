"""Converts recorded Paddle models and compares their outputs with Paddle's, with paddle2onnx beside it.

A folder written by the scripts in ``paddle_reference`` enters; a table in Markdown and figures in JSON leave.

    python -m benchmarks.convert_architectures FOLDER --results STEM [--limit 1e-3] [--each-in-process]

Two errors are shown, the largest over a model's cases: ``max|a - b| / max|b|``, and the root of the summed
squares of the differences over that of Paddle's outputs. ``--each-in-process`` converts each model in a fresh
process and measures time and memory: the peak of resident memory during conversion, less what the imported
modules took. Exit code 0 if every promised model converts within the limit.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.paddle_reference.comparison import load_cases, model_folders, worst_error

MODEL_FILES = ("inference.json", "inference.pdmodel", "inference.pdiparams")
PADDLE2ONNX_RECORDS = ("paddle2onnx.json", "paddle2onnx_compiled.json")
KILOBYTE = 1024
LEGEND = (
    "`error` is `max|a - b| / max|b|` against Paddle Inference without graph passes and oneDNN, the largest",
    "over all recorded shapes; `rms` the root of the summed squares, relative. `paddle2onnx` is that",
    "exporter's `error` (its best of three attempts), `Paddle itself` that of Paddle with graph passes and",
    "oneDNN, where it runs: what rounding alone can do. Paddle 3.3.1 wrote pir33, old33 and pir,",
    "Paddle 3.0.0 pir30, old30 and old. Paddle 3.0.0 with oneDNN unwarps wrongly (UVDoc in pir30, 0.87).",
)
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Outcome:
    """What became of one model.

    Attributes:
        name: The network's name.
        written_by: The folder that names its format and the Paddle that wrote it.
        promised: Whether the converter promises its operators.
        size_mb: Program and parameters, in MB of 2**20 bytes.
        error: Why it did not convert or cannot be compared; empty if it did.
        relative_error: ``max|a - b| / max|b|``, None if there is an error.
        rms_error: The root of the summed squares, relative; None if there is an error.
        seconds: Conversion without imports.
        peak_mb: Peak resident memory of the process during conversion, None if not measured.
        added_mb: That peak less the memory before conversion, None if not measured.
        paddle2onnx_error: paddle2onnx's relative error, None if it did not convert.
        paddle2onnx_failure: Why it did not.
        paddle_spread: The largest error between Paddle's own outputs with and without graph passes and
            oneDNN, None if not recorded: no conversion can be expected to be nearer.
    """

    name: str
    written_by: str
    promised: bool
    size_mb: float
    error: str = ""
    relative_error: float | None = None
    rms_error: float | None = None
    seconds: float | None = None
    peak_mb: float | None = None
    added_mb: float | None = None
    paddle2onnx_error: float | None = None
    paddle2onnx_failure: str = ""
    paddle_spread: float | None = None

    def verdict(self, limit: float) -> str:
        """``ok``, or in what way the model is not."""
        if self.relative_error is None:
            return "fails"
        if self.relative_error > limit:
            return "above the limit"
        if self.paddle2onnx_error is not None and self.relative_error > max(2 * self.paddle2onnx_error, 1e-6):
            return "above twice paddle2onnx"
        return "ok"


def convert_and_compare(folder: Path, *, optimize: bool) -> dict[str, Any]:
    """Convert one model in this process; errors, seconds and memory as fields of an ``Outcome``."""
    from onnxocr.converters import convert

    before = _resident_bytes()
    with tempfile.TemporaryDirectory() as scratch:
        try:
            started = time.perf_counter()
            result = convert(folder, Path(scratch) / "converted", name=folder.name, optimize=optimize)
            seconds = time.perf_counter() - started
            peak = _peak_bytes()
            error = worst_error(result.model, load_cases(folder))
        except Exception as failure:  # any failure is a row of the table
            return {"error": f"{type(failure).__name__}: {failure}"}
    return {
        "relative_error": error.largest,
        "rms_error": error.rms,
        "seconds": round(seconds, 3),
        "peak_mb": round(peak / MEGABYTE, 1),
        "added_mb": round(max(0, peak - before) / MEGABYTE, 1),
    }


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KILOBYTE


def _resident_bytes() -> int:
    """Resident memory with everything imported that a conversion imports."""
    import onnx

    import onnxocr.converters.metadata
    import onnxocr.converters.ops.lowering
    import onnxocr.converters.optimize
    import onnxocr.converters.paddle.model_files

    del onnx, onnxocr
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _convert_in_process(folder: Path, *, optimize: bool) -> dict[str, Any]:
    """``convert_and_compare`` in a fresh process, whose peak memory is the conversion's own."""
    command = [sys.executable, "-m", "benchmarks.convert_architectures", str(folder), "--only-measure"]
    if not optimize:
        command.append("--no-optimize")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        return {"error": f"the process ended with {done.returncode}: {lines[-1] if lines else ''}"}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _paddle2onnx(folder: Path) -> dict[str, Any]:
    """paddle2onnx's best record beside the model, as fields of an ``Outcome``."""
    records = [
        json.loads((folder / name).read_text("utf-8"))
        for name in PADDLE2ONNX_RECORDS
        if (folder / name).is_file()
    ]
    errors = [record["relative_error"] for record in records if record["ok"]]
    if errors:
        return {"paddle2onnx_error": min(errors)}
    reasons = [record.get("log") or record["error"] for record in records]
    return {"paddle2onnx_failure": _plain(reasons[0]) if reasons else "not tried"}


def _plain(reason: str) -> str:
    """A log line without its time stamp and folders."""
    return re.sub(r"\d{4}-\d\d-\d\d \S+ \[ERROR\]\s*|(?<= )/\S*/(?=\w)", "", reason)


def _spread(folder: Path) -> dict[str, Any]:
    """How far Paddle is from itself, as a field of an ``Outcome``."""
    record = folder / "paddle_itself.json"
    if not record.is_file():
        return {}
    spread = max(json.loads(record.read_text("utf-8")).values(), default=0.0)
    return {"paddle_spread": spread or None}


def _named(folder: Path, root: Path, promised: set[str] | None) -> dict[str, Any]:
    """Name and format of a model: ``<format>/<name>`` or, among operators, ``<name>/<format>``."""
    name, written_by = folder.name, folder.parent.name
    if promised is not None:
        name, written_by = written_by, name
    elif folder.parent == root:
        written_by = "official"
    size = sum((folder / file).stat().st_size for file in MODEL_FILES if (folder / file).is_file())
    return {
        "name": name,
        "written_by": written_by,
        "promised": promised is None or name in promised,
        "size_mb": round(size / MEGABYTE, 2),
    }


def try_models(root: Path, *, in_process: bool, optimize: bool) -> Iterator[Outcome]:
    """One outcome for each recorded model below ``root``."""
    record = root / "promised.json"
    promised = set(json.loads(record.read_text("utf-8"))) if record.is_file() else None
    convert_one = _convert_in_process if in_process else convert_and_compare
    for folder in model_folders(root):
        found = convert_one(folder, optimize=optimize)
        if not in_process:
            found = {**found, "peak_mb": None, "added_mb": None}
        yield Outcome(**_named(folder, root, promised), **found, **_paddle2onnx(folder), **_spread(folder))


def model_table(outcomes: Iterable[Outcome], limit: float) -> list[str]:
    """One row a model, with time and memory."""
    lines = [
        "| model | written by | MB | error | rms | paddle2onnx | Paddle itself | verdict "
        "| s | peak MB | added MB | added/size |",
        "|---" * 12 + "|",
    ]
    for one in outcomes:
        ratio = "" if one.added_mb is None else f"{one.added_mb / one.size_mb:.1f}"
        cells = [
            one.name,
            one.written_by,
            f"{one.size_mb:.1f}",
            _number(one.relative_error),
            _number(one.rms_error),
            _number(one.paddle2onnx_error),
            "" if one.paddle_spread is None else _number(one.paddle_spread),
            one.verdict(limit),
            "" if one.seconds is None else f"{one.seconds:.2f}",
            "" if one.peak_mb is None else f"{one.peak_mb:.0f}",
            "" if one.added_mb is None else f"{one.added_mb:.0f}",
            ratio,
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def operator_table(outcomes: Iterable[Outcome], limit: float) -> list[str]:
    """One row a network, its formats side by side."""
    by_name: dict[str, dict[str, Outcome]] = {}
    for one in outcomes:
        by_name.setdefault(one.name, {})[one.written_by] = one
    formats = sorted({written_by for row in by_name.values() for written_by in row})
    titles = [title for written_by in formats for title in (written_by, f"{written_by}, paddle2onnx")]
    lines = [f"| network | promised | {' | '.join(titles)} |", "|---" * (2 + len(titles)) + "|"]
    for name, row in by_name.items():
        cells = [name, "yes" if next(iter(row.values())).promised else "no"]
        for written_by in formats:
            cells += _operator_cells(row.get(written_by), limit)
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _operator_cells(outcome: Outcome | None, limit: float) -> list[str]:
    """Our error and paddle2onnx's."""
    if outcome is None:
        return ["Paddle cannot", ""]
    verdict = outcome.verdict(limit)
    found = _number(outcome.relative_error)
    return [found if verdict in ("ok", "fails") else f"{found} {verdict}", _number(outcome.paddle2onnx_error)]


def _number(value: float | None) -> str:
    return "fails" if value is None else f"{value:.1e}"


def failure_list(outcomes: Iterable[Outcome], limit: float) -> list[str]:
    """What is not as it should be, promised models first."""
    wrong = sorted((one for one in outcomes if one.verdict(limit) != "ok"), key=lambda one: not one.promised)
    lines = []
    for one in wrong:
        kind = "" if one.promised else ", not promised"
        found = f"error {_number(one.relative_error)}, paddle2onnx {_number(one.paddle2onnx_error)}"
        reason = " ".join(one.error.split()) or found
        lines.append(f"* {one.name} ({one.written_by}{kind}): {one.verdict(limit)}; {reason}")
    return lines


def summary(outcomes: list[Outcome], limit: float) -> list[str]:
    """How many models of each format convert, and how many paddle2onnx does."""
    lines = []
    for written_by in sorted({one.written_by for one in outcomes}):
        for promised in (True, False):
            group = [one for one in outcomes if one.written_by == written_by and one.promised is promised]
            if group:
                ours = sum(_within(one.relative_error, limit) for one in group)
                theirs = sum(_within(one.paddle2onnx_error, limit) for one in group)
                kind = "" if promised else ", operators not promised"
                lines.append(
                    f"* {written_by}{kind}: {ours} of {len(group)} within {limit:.0e}; "
                    f"paddle2onnx: {theirs} of {len(group)}"
                )
    return lines


def _within(error: float | None, limit: float) -> bool:
    return error is not None and error <= limit


def report(outcomes: list[Outcome], limit: float) -> str:
    """The whole Markdown file."""
    import onnxruntime

    several = len({one.name for one in outcomes}) > 50
    table = operator_table(outcomes, limit) if several else model_table(outcomes, limit)
    failures = failure_list(outcomes, limit) or ["none"]
    machine = f"{platform.machine()}, {os.cpu_count()} threads, ONNX Runtime {onnxruntime.__version__}"
    lines = ["# Converted Paddle models against Paddle", "", machine + ".", "", *LEGEND, ""]
    lines += [*summary(outcomes, limit), ""]
    return "\n".join([*lines, *table, "", "## Not as it should be", "", *failures, ""])


def main() -> int:
    """Try every model, write the results, print what is wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--results", type=Path, help="stem of the .md and .json files")
    parser.add_argument(
        "--limit", type=float, default=1e-3, help="largest relative error that counts as right"
    )
    parser.add_argument("--each-in-process", action="store_true", help="measure memory")
    parser.add_argument("--no-optimize", action="store_true", help="leave out the graph rewrites")
    parser.add_argument("--only-measure", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    optimize = not arguments.no_optimize
    if arguments.only_measure:
        print(json.dumps(convert_and_compare(arguments.folder, optimize=optimize)))
        return 0
    outcomes = []
    for one in try_models(arguments.folder, in_process=arguments.each_in_process, optimize=optimize):
        outcomes.append(one)
        if one.verdict(arguments.limit) != "ok":
            print(failure_list([one], arguments.limit)[0][:300], flush=True)
    if arguments.results:
        stem = arguments.results
        stem.parent.mkdir(parents=True, exist_ok=True)
        stem.with_suffix(".md").write_text(report(outcomes, arguments.limit), "utf-8")
        stem.with_suffix(".json").write_text(json.dumps([asdict(one) for one in outcomes], indent=1), "utf-8")
    print("\n".join(summary(outcomes, arguments.limit)))
    return 0 if all(_within(one.relative_error, arguments.limit) for one in outcomes if one.promised) else 1


if __name__ == "__main__":
    sys.exit(main())
