"""Runs a saved Paddle model on given inputs with Paddle Inference and keeps inputs and outputs beside it.

A folder with ``inference.pdmodel`` or ``inference.json`` and its parameters, and input arrays, enter; files
``case_<k>.npz`` leave, with the inputs as ``x``, ``x2``, ... and the outputs as ``y``, ``y2``, ... in graph
order.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.paddle_reference.comparison import load_cases, relative_error

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from paddle.inference import Predictor


def record_cases(folder: Path, cases: Sequence[Sequence[NDArray[Any]]]) -> None:
    """Write one ``case_<k>.npz`` per group of input arrays.

    Args:
        folder: Holds the model; the case files are written into it.
        cases: For each case the input arrays, in the order of the graph's inputs.

    Raises:
        FileNotFoundError: The folder holds no model.
    """
    predictor = open_predictor(folder)
    for index, inputs in enumerate(cases):
        outputs = run_predictor(predictor, inputs)
        arrays: dict[str, Any] = {**name_arrays("x", inputs), **name_arrays("y", outputs)}
        np.savez_compressed(folder / f"case_{index}.npz", **arrays)


def name_arrays(stem: str, arrays: Sequence[NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """``stem``, ``stem2``, ``stem3``, ... for the arrays in order."""
    return {stem if index == 0 else f"{stem}{index + 1}": array for index, array in enumerate(arrays)}


def open_predictor(folder: Path, *, graph_passes: bool = False, onednn: bool = False) -> Predictor:
    """A Paddle Inference predictor on the CPU, by default without oneDNN and without graph passes.

    Paddle's own graph passes fold and reorder arithmetic; without them the outputs are those of the saved
    program.
    """
    from paddle import inference

    model = next(
        (folder / name for name in ("inference.json", "inference.pdmodel") if (folder / name).is_file()), None
    )
    if model is None:
        raise FileNotFoundError(f"no inference.json or inference.pdmodel in {folder}")
    config = inference.Config(str(model), str(folder / "inference.pdiparams"))
    config.disable_gpu()
    if onednn:
        config.enable_mkldnn()
    else:
        config.disable_mkldnn()
    config.switch_ir_optim(graph_passes)
    config.disable_glog_info()
    config.set_cpu_math_library_num_threads(1)
    return inference.create_predictor(config)


def run_predictor(predictor: Predictor, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
    """The outputs of one run, copied.

    Raises:
        ValueError: The number of arrays is not the number of graph inputs.
    """
    names = predictor.get_input_names()
    if len(names) != len(inputs):
        raise ValueError(f"the graph takes {len(names)} inputs {names}, {len(inputs)} were given")
    for name, array in zip(names, inputs, strict=True):
        handle = predictor.get_input_handle(name)
        handle.reshape(array.shape)
        handle.copy_from_cpu(np.ascontiguousarray(array))
    predictor.run()
    return [predictor.get_output_handle(name).copy_to_cpu().copy() for name in predictor.get_output_names()]


def record_spread(folder: Path) -> None:
    """Write how far Paddle with its graph passes, and with oneDNN, is from the recorded outputs.

    ``paddle_itself.json`` gets the largest relative error over the cases for each of the two that runs:
    Paddle 3.3 raises NotImplementedError on some programs with oneDNN.
    """
    cases = load_cases(folder)
    spread = {}
    for name, onednn in (("graph passes", False), ("graph passes and oneDNN", True)):
        try:
            predictor = open_predictor(folder, graph_passes=True, onednn=onednn)
            found = [run_predictor(predictor, case.inputs) for case in cases]
        except (RuntimeError, NotImplementedError) as error:
            print(f"{folder.name}: Paddle cannot run it with {name}: {str(error).strip().splitlines()[-1]}")
            continue
        spread[name] = max(
            relative_error(one, expected).largest
            for outputs, case in zip(found, cases, strict=True)
            for one, expected in zip(outputs, case.outputs, strict=True)
        )
    (folder / "paddle_itself.json").write_text(json.dumps(spread, indent=1), "utf-8")
