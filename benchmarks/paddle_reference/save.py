"""Writes a Paddle network as an inference model, with its parameters beside it.

A network and the specification of its inputs enter; the files leave. Which of the two formats is written is
decided by Paddle when it starts: the environment variable ``FLAGS_enable_pir_api=0`` asks for the old one.
"""

from __future__ import annotations

import multiprocessing
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import paddle
from paddle import Tensor, nn


def written_format() -> str:
    """``"pir"`` or ``"old"``, as this process will save."""
    return "old" if not paddle.get_flags("FLAGS_enable_pir_api")["FLAGS_enable_pir_api"] else "pir"


def save_network(network: nn.Layer, folder: Path, inputs: list[tuple[str, tuple[int | None, ...]]]) -> None:
    """Save a network for inference.

    Args:
        network: A ``paddle.nn.Layer``; it is put into evaluation mode.
        folder: Made if missing.
        inputs: Name and shape of each float32 input, ``None`` for a dimension that stays open.
    """
    folder.mkdir(parents=True, exist_ok=True)
    network.eval()
    specs = [paddle.static.InputSpec(list(shape), "float32", name) for name, shape in inputs]
    paddle.jit.save(network, str(folder / "inference"), input_spec=specs)


def perturb_vectors(network: nn.Layer, generator: np.random.Generator, spread: float = 0.1) -> None:
    """Add noise to every bias, scale and slope, which Paddle starts at exactly 0, 1 or 0.25.

    A converter that drops or swaps one of them would not be noticed otherwise.
    """
    for parameter in network.parameters():
        if len(parameter.shape) <= 1:
            noise = generator.normal(0.0, spread, parameter.shape).astype(np.float32)
            parameter.set_value(parameter.numpy() + noise)


def take_batch_statistics(network: nn.Layer, *inputs: Tensor) -> None:
    """Set every batch-norm's mean and variance to those of one forward pass in training mode."""
    norms = [
        layer for layer in network.sublayers() if hasattr(layer, "_momentum") and hasattr(layer, "_mean")
    ]
    for norm in norms:
        norm._momentum = 0.0
    network.train()
    with paddle.no_grad():
        network(*inputs)
    network.eval()


def write_in_child(write: Callable[[Path], None], folder: Path, name: str) -> None:
    """Fill an emptied folder in a process of its own, and leave Paddle's message there where it cannot.

    After one failed save, Paddle 3.3 fails on networks that it can save otherwise; hence the process.

    Args:
        write: Writes the model and its cases into the folder.
        folder: Gets the files, or ``not_written.txt`` alone.
        name: What is written, for the line that is printed.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    child = multiprocessing.get_context("fork").Process(target=_write_or_explain, args=(write, folder))
    child.start()
    child.join()
    record = folder / "not_written.txt"
    if child.exitcode:
        record.write_text(f"Paddle ended the process with code {child.exitcode}", "utf-8")
    outcome = "written" if not record.is_file() else f"Paddle cannot: {_last_line(record)}"
    print(f"{name}: {outcome}", flush=True)


def _write_or_explain(write: Callable[[Path], None], folder: Path) -> None:
    try:
        write(folder)
    except Exception as error:  # whatever Paddle raises is the record
        for leftover in folder.iterdir():
            leftover.unlink()
        (folder / "not_written.txt").write_text(f"{type(error).__name__}: {error}", "utf-8")


def _last_line(record: Path) -> str:
    return record.read_text("utf-8").strip().splitlines()[-1][:150]
