"""One session, many threads: same bytes as alone, and closing never harms a run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from onnxocr.arrays import Tensor
from onnxocr.config import RuntimeConfig
from onnxocr.errors import ClosedError
from onnxocr.runtime import feeds
from onnxocr.runtime.opening import open_session
from onnxocr.runtime.session import Session
from tests.runtime.graphs import save_convolutions

THREADS = 16
ENGINES = ["onnxruntime", "openvino"]


@pytest.fixture(params=ENGINES)
def session(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Session]:
    pytest.importorskip(request.param)
    path = save_convolutions(tmp_path / "m.onnx")
    opened = open_session(path, RuntimeConfig(engine=request.param, cpu_threads=2))
    yield opened
    opened.close()


def inputs() -> list[Tensor]:
    """Forty-eight arrays of different sizes and contents."""
    random = np.random.default_rng(0)
    return [random.random((1, 3, 16 + 4 * (n % 7), 32 + 8 * (n % 5)), np.float32) for n in range(48)]


@pytest.mark.parametrize("large_bytes", [feeds.LARGE_INPUT_BYTES, 0], ids=["small inputs", "large inputs"])
def test_16_threads_get_the_bytes_of_serial_runs(
    session: Session, monkeypatch: pytest.MonkeyPatch, large_bytes: int
) -> None:
    monkeypatch.setattr(feeds, "LARGE_INPUT_BYTES", large_bytes)
    arrays = inputs()
    serial = [session.run({"x": array})["y"].tobytes() for array in arrays]
    start = threading.Barrier(THREADS)

    def run_all(first: int) -> list[tuple[int, bytes]]:
        start.wait()
        order = [(first + step) % len(arrays) for step in range(len(arrays))]
        return [(index, session.run({"x": arrays[index]})["y"].tobytes()) for index in order]

    with ThreadPoolExecutor(THREADS) as pool:
        for answers in pool.map(run_all, range(THREADS)):
            assert all(serial[index] == answer for index, answer in answers)


def test_closing_while_others_run_gives_right_answers_or_closed_errors(session: Session) -> None:
    array = np.random.default_rng(0).random((1, 3, 64, 64), np.float32)
    expected = session.run({"x": array})["y"].tobytes()
    running = threading.Barrier(THREADS + 1)

    def run_until_closed(_: int) -> int:
        count = 0
        running.wait()
        try:
            while count < 100_000:
                assert session.run({"x": array})["y"].tobytes() == expected
                count += 1
        except ClosedError:
            return count
        raise AssertionError("the session was never closed")

    with ThreadPoolExecutor(THREADS) as pool:
        counts = [pool.submit(run_until_closed, number) for number in range(THREADS)]
        running.wait()
        session.close()
        assert all(count.result(timeout=60) >= 0 for count in counts)
