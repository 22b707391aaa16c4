"""What paddle2onnx makes of each recorded model: does it convert, how fast, how far from Paddle.

A folder of models with cases enters; ``paddle2onnx.json`` is left beside each model.

    python -m benchmarks.paddle_reference.paddle2onnx_outcomes FOLDER [FOLDER ...]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import tempfile
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import paddle2onnx

from benchmarks.paddle_reference.comparison import load_cases, model_folders, worst_error

OPSET = 17
ATTEMPTS = (
    3  # paddle2onnx 2.1.0 gives the same model two different graphs, one of them wrong, from call to call
)
NOTHING: dict[str, Any] = {"ok": False, "error": "", "relative_error": None, "seconds": None}
TELLING = re.compile(r"Unimplemented|Error|ERROR|Fail|not support|Aborted|expected", re.IGNORECASE)


def convert_and_compare(folder: Path, record: Path) -> None:
    """Convert one model with paddle2onnx and write the outcome."""
    model = next(path for path in (folder / "inference.json", folder / "inference.pdmodel") if path.is_file())
    outcome = dict(NOTHING)
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / "inference.onnx"
        started = time.perf_counter()
        try:
            paddle2onnx.export(
                str(model),
                str(folder / "inference.pdiparams"),
                str(target),
                opset_version=OPSET,
                optimize_tool="None",
            )
            outcome["seconds"] = round(time.perf_counter() - started, 3)
            found = worst_error(target, load_cases(folder))
            outcome |= {"relative_error": found.largest, "rms_error": found.rms}
            outcome["ok"] = True
        except Exception as error:  # the outcome is what is recorded
            outcome["error"] = f"{type(error).__name__}: {error}"[:400]
    record.write_text(json.dumps(outcome, indent=1), "utf-8")


def _run_quietly(folder: Path, record: Path, log: Path) -> None:
    """``convert_and_compare`` with everything that is printed, also by compiled code, in a file."""
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    convert_and_compare(folder, record)


def outcome_of(folder: Path, limit_s: float) -> dict[str, Any]:
    """The outcome of one model, found in a process of its own because some models end it."""
    with tempfile.TemporaryDirectory() as scratch:
        record, log = Path(scratch) / "outcome.json", Path(scratch) / "log.txt"
        child = multiprocessing.get_context("fork").Process(target=_run_quietly, args=(folder, record, log))
        child.start()
        child.join(limit_s)
        if child.is_alive():
            child.kill()
            child.join()
        outcome = dict(NOTHING)
        if record.is_file():
            outcome = json.loads(record.read_text("utf-8"))
        else:
            outcome["error"] = f"ended with code {child.exitcode}"
        if not outcome["ok"] and log.is_file():
            outcome["log"] = _telling_lines(log.read_text("utf-8", errors="replace"))
        return outcome


def best_outcome(folder: Path, limit_s: float) -> dict[str, Any]:
    """The best of several attempts, and the error of each attempt that converted."""
    outcomes = []
    for _ in range(ATTEMPTS):
        outcomes.append(outcome_of(folder, limit_s))
        if not outcomes[-1]["ok"]:
            break
    converted = [outcome for outcome in outcomes if outcome["ok"]]
    best = min(converted, key=lambda outcome: float(outcome["relative_error"])) if converted else outcomes[0]
    return {**best, "relative_errors": [outcome["relative_error"] for outcome in converted]}


def _telling_lines(log: str) -> str:
    """The last lines of a log that name a fault, without colours and machine paths."""
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line).strip() for line in log.splitlines()]
    lines = [re.sub(r"(/[\w.+-]+){3,}/", "", line)[:300] for line in lines if TELLING.search(line)]
    return " | ".join(dict.fromkeys(lines[-4:]))


def main() -> None:
    """Try paddle2onnx on every model below the folders."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--limit-s", type=float, default=180.0)
    arguments = parser.parse_args()
    version = metadata.version("paddle2onnx")
    for root in arguments.folders:
        for folder in model_folders(root):
            outcome = {"version": version, **best_outcome(folder, arguments.limit_s)}
            (folder / "paddle2onnx.json").write_text(json.dumps(outcome, indent=1), "utf-8")
            summary = (
                f"{outcome['relative_error']:.1e}"
                if outcome["ok"]
                else outcome.get("log") or outcome["error"]
            )
            print(f"{folder.relative_to(root)}: {summary[:200]}", flush=True)


if __name__ == "__main__":
    main()
