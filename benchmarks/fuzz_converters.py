"""Throws damaged Paddle files at the converter's readers and records what comes back.

Real programs and parameter files are changed at random: bits flipped, pieces cut out, doubled, swapped
between files, numbers replaced by hostile ones. Each case must end in a model or in an error of the package;
anything else is a finding.

    python benchmarks/fuzz_converters.py --cases 12000 --out RECORD.json [FOLDER ...]

FOLDERs hold further Paddle models; the networks recorded for the tests are always used.
"""

from __future__ import annotations

import argparse
import collections
import json
import random
import resource
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from onnxocr.converters.ops.lowering import to_onnx
from onnxocr.converters.optimize import optimize_model
from onnxocr.converters.paddle.model_files import find_paddle_files, read_program
from onnxocr.errors import OnnxOCRError
from tests.converters.recorded_networks import recorded_networks

Files = dict[str, bytes]
HOSTILE_NUMBERS = ("0", "-1", "-9", "9223372036854775807", "1e308", "null", "[]", "{}", '"text"', "true")
HOSTILE_BYTES = (b"\xff" * 9 + b"\x01", b"\x80" * 10, b"\x00", b"\xff\xff\xff\xff", b"\x7f")
SLOWEST_S = 30.0


def main() -> None:
    """Runs the cases and writes the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--cases", type=int, default=12_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    record = fuzz(load_seeds(arguments.folders), arguments.cases, arguments.seed)
    text = json.dumps(record, indent=1)
    print(text)
    if arguments.out is not None:
        arguments.out.write_text(text + "\n")
    if record["findings"]:
        sys.exit(1)


def load_seeds(folders: Sequence[Path]) -> list[Files]:
    """Returns the files of every model to start from."""
    seeds = []
    names = {"pir": "inference.json", "old": "inference.pdmodel"}
    for network in recorded_networks().values():
        files = {names[network.format]: network.program}
        if network.params is not None:
            files["inference.pdiparams"] = network.params
        seeds.append(files)
    for folder in folders:
        found = find_paddle_files(folder)
        paths = [path for path in (found.program, found.params) if path is not None]
        seeds.append({path.name: path.read_bytes() for path in paths})
    return seeds


def fuzz(seeds: Sequence[Files], cases: int, seed: int) -> dict[str, object]:
    """Returns counts of outcomes, the findings, and how long and large it got."""
    outcomes: collections.Counter[str] = collections.Counter()
    findings: list[dict[str, object]] = []
    chance, started, slowest = random.Random(seed), time.perf_counter(), 0.0
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(cases):
            files = damaged(dict(chance.choice(seeds)), seeds, chance)
            before = time.perf_counter()
            outcome, detail = attempt(files, Path(scratch))
            took = time.perf_counter() - before
            slowest = max(slowest, took)
            outcomes[outcome] += 1
            if detail or took > SLOWEST_S:
                findings.append(
                    {"case": number, "outcome": outcome, "seconds": round(took, 2), "trace": detail}
                )
    return {
        "cases": cases,
        "seed": seed,
        "models": len(seeds),
        "outcomes": dict(outcomes.most_common()),
        "findings": findings[:20],
        "slowest_case_s": round(slowest, 2),
        "total_s": round(time.perf_counter() - started, 1),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def attempt(files: Files, folder: Path) -> tuple[str, str]:
    """Returns how reading and mapping ended, with a traceback where that was no error of ours."""
    for path in folder.iterdir():
        path.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    try:
        optimize_model(to_onnx(read_program(find_paddle_files(folder))))
    except OnnxOCRError as error:
        return type(error).__name__, ""
    except Exception as error:
        return f"FINDING {type(error).__name__}", traceback.format_exc()[-1500:]
    return "converted", ""


def damaged(files: Files, seeds: Sequence[Files], chance: random.Random) -> Files:
    """Returns the files with one to four changes."""
    for _ in range(chance.randint(1, 4)):
        name = chance.choice(sorted(files))
        if chance.random() < 0.1:
            other = chance.choice([each for each in seeds if name in each])
            files[name] = other[name]
        elif name.endswith(".json") and chance.random() < 0.8:
            files[name] = damaged_json(files[name], chance)
        else:
            files[name] = chance.choice(BYTE_CHANGES)(files[name], chance)
    return files


def damaged_json(content: bytes, chance: random.Random) -> bytes:
    """Replaces, removes or doubles a value somewhere in a JSON document."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return content
    places = [(holder, key) for holder in containers(document) for key in keys(holder)]
    if not places:
        return content
    holder, key = chance.choice(places)
    action = chance.random()
    if action < 0.2:
        del holder[key]
    elif action < 0.35 and isinstance(holder, list):
        holder.insert(key, holder[key])
    elif action < 0.6:
        other, other_key = chance.choice(places)
        holder[key] = json.loads(json.dumps(other[other_key]))
    else:
        holder[key] = json.loads(chance.choice(HOSTILE_NUMBERS))
    return json.dumps(document).encode()


def containers(document: object) -> list[Any]:
    """Returns every object and list in a document."""
    found: list[Any] = []
    waiting: list[Any] = [document]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            found.append(each)
            waiting += each.values()
        elif isinstance(each, list):
            found.append(each)
            waiting += each
    return found


def keys(holder: Any) -> list[Any]:  # noqa: ANN401 - an object or a list
    """Returns the keys or places of an object or list."""
    return list(holder) if isinstance(holder, dict) else list(range(len(holder)))


def _flip(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        if changed:
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _cut_end(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def _cut_out(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content) + 1)
    return content[:start] + content[start + chance.randint(1, 64) :]


def _double(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content) + 1)
    return content[:start] + content[start : start + chance.randint(1, 256)] + content[start:]


def _insert(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content) + 1)
    return content[:start] + chance.choice(HOSTILE_BYTES) + content[start:]


def _overwrite(content: bytes, chance: random.Random) -> bytes:
    start, piece = chance.randrange(len(content) + 1), chance.choice(HOSTILE_BYTES)
    return content[:start] + piece + content[start + len(piece) :]


BYTE_CHANGES: Sequence[Callable[[bytes, random.Random], bytes]] = (
    _flip,
    _cut_end,
    _cut_out,
    _double,
    _insert,
    _overwrite,
)

if __name__ == "__main__":
    main()
