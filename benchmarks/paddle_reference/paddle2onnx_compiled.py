"""What the compiled exporter of paddle2onnx 1.3.1 makes of models in the old format, without Paddle.

The exporter's shared library, taken out of its wheel, and folders of models with cases enter;
``paddle2onnx_compiled.json`` is left beside each ``inference.pdmodel``. Needs ONNX Runtime, not Paddle.

    python -m benchmarks.paddle_reference.paddle2onnx_compiled LIBRARY FOLDER [FOLDER ...]
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.paddle_reference.comparison import load_cases, model_folders, worst_error

OPSET = 14
MODULE = "paddle2onnx_cpp2py_export"


def load_exporter(library: Path) -> Callable[..., bytes]:
    """The library's ``export`` function.

    Raises:
        ImportError: The file is no Python extension for this interpreter.
    """
    spec = importlib.util.spec_from_file_location(MODULE, library)
    if spec is None or spec.loader is None:
        raise ImportError(f"{library} cannot be loaded as a Python extension")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    export: Callable[..., bytes] = module.export
    return export


def outcome_of(export: Callable[..., bytes], folder: Path) -> dict[str, object]:
    """Whether one model converts, in how many seconds, and how far it is from Paddle."""
    started = time.perf_counter()
    try:
        graph = export(
            str(folder / "inference.pdmodel"),
            str(folder / "inference.pdiparams"),
            OPSET,
            True,  # raises the opset where an operator needs a newer one
            False,  # verbose
            True,  # checks the graph
            True,  # experimental operators
            True,  # optimises
            {},
            "onnxruntime",
            "",  # calibration file
            "",  # external file
            False,  # single precision
        )
        seconds = round(time.perf_counter() - started, 3)
        with tempfile.TemporaryDirectory() as scratch:
            target = Path(scratch) / "inference.onnx"
            target.write_bytes(graph)
            found = worst_error(target, load_cases(folder))
        return {"ok": True, "relative_error": found.largest, "rms_error": found.rms, "seconds": seconds}
    except Exception as error:  # the outcome is what is recorded
        return {"ok": False, "error": f"{type(error).__name__}: {error}"[:400]}


def main() -> None:
    """Try the exporter on every model below the folders."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("library", type=Path)
    parser.add_argument("folders", type=Path, nargs="+")
    arguments = parser.parse_args()
    export = load_exporter(arguments.library)
    for root in arguments.folders:
        for folder in model_folders(root):
            if (folder / "inference.pdmodel").is_file():
                outcome = outcome_of(export, folder)
                (folder / "paddle2onnx_compiled.json").write_text(json.dumps(outcome, indent=1), "utf-8")
                print(f"{folder.relative_to(root)}: {outcome}", flush=True)


if __name__ == "__main__":
    main()
