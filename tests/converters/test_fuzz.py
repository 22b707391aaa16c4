"""Whatever is done to the bytes of a Paddle model, the answer is a graph or an error of the package.

A longer run with more kinds of damage is benchmarks/fuzz_converters.py.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from onnxocr.converters.ops.lowering import to_onnx
from onnxocr.converters.paddle.model_files import find_paddle_files, read_program
from onnxocr.errors import ModelError
from tests.converters.recorded_networks import recorded_networks

NAMES = ("old/conv", "old/slice", "old/lstm", "pir/attention", "pir/pool", "pir/lstm")
FILES = ("program", "params")


def damaged(content: bytes, place: float, cut: int, piece: bytes) -> bytes:
    start = int(place * len(content))
    return content[:start] + piece + content[start + cut :]


@settings(max_examples=300, deadline=None)
@given(
    name=st.sampled_from(NAMES),
    file=st.sampled_from(FILES),
    place=st.floats(0, 1),
    cut=st.integers(0, 64),
    piece=st.binary(max_size=16),
)
@example(
    name="old/conv", file="program", place=0.0, cut=1, piece=b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
)
@example(name="pir/pool", file="program", place=0.5, cut=0, piece=b"[" * 16)
def test_damaged_bytes_never_end_in_a_foreign_error(
    name: str, file: str, place: float, cut: int, piece: bytes
) -> None:
    network = recorded_networks()[name]
    with tempfile.TemporaryDirectory() as scratch:
        folder = network.write(Path(scratch))
        program = next(path for path in folder.iterdir() if path.suffix != ".pdiparams")
        target = program if file == "program" else folder / "inference.pdiparams"
        content = target.read_bytes() if target.exists() else b""
        target.write_bytes(damaged(content, place, cut, piece))
        try:
            to_onnx(read_program(find_paddle_files(folder)))
        except ModelError as error:
            assert str(error)
