"""Is this file an ONNX model? If it is not, what is it?

A path goes in; the model's header or an error that names the remedy comes out. Knows neither zoo nor runtime.
"""

from __future__ import annotations

from pathlib import Path

from onnxocr.errors import ModelFileError
from onnxocr.runtime.onnx_metadata import MalformedOnnx, OnnxHeader, read_onnx_header

_START_BYTES = 512

_CONVERT = "convert it to ONNX first"
_FETCH_AGAIN = "fetch the model again"

_STARTS = (
    (
        b"version https://git-lfs",
        "a git-lfs pointer, not the model itself",
        "run 'git lfs pull' where it came from",
    ),
    (b"<!doctype html", "a web page, not a model", _FETCH_AGAIN),
    (b"<html", "a web page, not a model", _FETCH_AGAIN),
    (b"<?xml", "an XML file (an OpenVINO IR?), not an ONNX model", "use the ONNX file that it was made from"),
    (b"pk\x03\x04", "a zip archive, not an ONNX model", "unpack it, or export the model to ONNX"),
    (b"\x1f\x8b", "a gzip archive, not an ONNX model", "unpack it and use the .onnx file in it"),
    (b"{", "a JSON file (a Paddle program?), not an ONNX model", _CONVERT),
)

_PADDLE_SUFFIXES = (".pdmodel", ".pdiparams", ".pdparams", ".json")


def check_model_file(path: Path) -> OnnxHeader:
    """Returns the header of an ONNX model.

    Raises:
        ModelFileError: the file is missing, unreadable, cut off or something else; says what it is.
    """
    if path.is_dir():
        raise ModelFileError(f"{path} is a folder; a runtime takes the path of an ONNX file.")
    if not path.exists():
        raise ModelFileError(f"The model file {path} does not exist.")
    try:
        with path.open("rb") as file:
            _refuse_other_kinds(path, file.read(_START_BYTES))
        return read_onnx_header(path)
    except MalformedOnnx as error:
        raise ModelFileError(
            f"{path} is not an ONNX model, or it is cut off or damaged: {error}. Fetch or export it again."
        ) from error
    except OSError as error:
        raise ModelFileError(f"The model file {path} cannot be read: {error}.") from error


def _refuse_other_kinds(path: Path, start: bytes) -> None:
    # First, because the program of a .pdmodel is a protobuf message too and would only look damaged.
    if path.suffix.lower() in _PADDLE_SUFFIXES:
        raise ModelFileError(f"{path} is a file of a Paddle model, not an ONNX model; {_CONVERT}.")
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for magic, kind, remedy in _STARTS:
        if text.startswith(magic):
            raise ModelFileError(f"{path} is {kind}; {remedy}.")
