from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from onnxocr.runtime.onnx_metadata import MalformedOnnx, OnnxHeader, parse_onnx_header, read_onnx_header
from tests.runtime.graphs import save_doubling

# ir_version = 8 (field 1, varint); graph = empty message (field 7, bytes of length 0).
SMALLEST = b"\x08\x08\x3a\x00"


def test_versions_and_metadata_are_read_as_onnx_wrote_them(tmp_path: Path) -> None:
    metadata = {"character": "a\nb\n中\n \n", "empty": "", "date": "2026"}
    path = save_doubling(tmp_path / "m.onnx", metadata=metadata, opset=17, ir_version=8)
    assert read_onnx_header(path) == OnnxHeader(ir_version=8, opsets={"": 17}, metadata=metadata)


def test_a_large_number_of_metadata_bytes_is_read(tmp_path: Path) -> None:
    long_text = "字" * 100_000
    path = save_doubling(tmp_path / "m.onnx", metadata={"character": long_text})
    assert read_onnx_header(path).metadata["character"] == long_text


def test_every_domain_has_its_own_opset() -> None:
    model = helper.make_model(
        helper.make_graph([], "g", [], []),
        opset_imports=[helper.make_opsetid("", 15), helper.make_opsetid("com.microsoft", 1)],
    )
    assert parse_onnx_header(model.SerializeToString()).opsets == {"": 15, "com.microsoft": 1}


def test_the_smallest_model_has_a_version_and_a_graph() -> None:
    assert parse_onnx_header(SMALLEST) == OnnxHeader(ir_version=8, opsets={}, metadata={})


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", "no graph", id="empty"),
        pytest.param(b"\x08\x08", "no graph", id="version without graph"),
        pytest.param(b"\x3a\x00", "no graph or no format version", id="graph without version"),
        pytest.param(b"\x08\x08\x3a\x05\x00", "field 7 needs 4 more bytes", id="graph cut off"),
        pytest.param(b"\x08\x08\x3a", "middle of a number", id="cut off before a length"),
        pytest.param(b"\x08" + b"\xff" * 11, "too long", id="endless number"),
        pytest.param(b"\x3b", "does not start a field", id="wire type 3"),
        pytest.param(b"\x00\x00", "does not start a field", id="field number 0"),
        pytest.param(b"\xc2\x3e\x00", "no field 1000", id="field number 1000"),
        pytest.param(SMALLEST + b"\x72\x03\x0a\x01\xff", "not UTF-8", id="metadata that is no text"),
        pytest.param(
            SMALLEST + b"\x72\x02\x0a\x7f", "field 1 needs 127 more bytes", id="inner length too large"
        ),
        pytest.param(
            SMALLEST + b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
            "field 7 needs",
            id="length beyond any memory",
        ),
    ],
)
def test_bytes_that_are_no_model_are_refused_with_the_place(data: bytes, reason: str) -> None:
    with pytest.raises(MalformedOnnx, match=reason):
        parse_onnx_header(data)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(b"")
    with pytest.raises(MalformedOnnx, match="empty"):
        read_onnx_header(path)


def test_a_model_cut_off_inside_its_graph_is_refused(tmp_path: Path) -> None:
    whole = save_doubling(tmp_path / "m.onnx").read_bytes()
    graph_starts = whole.index(b"\x3a")
    for length in range(1, graph_starts + 10):
        with pytest.raises(MalformedOnnx):
            parse_onnx_header(whole[:length])


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_fail_otherwise(data: bytes) -> None:
    try:
        header = parse_onnx_header(data)
    except MalformedOnnx:
        return
    assert header.ir_version > 0


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.text(max_size=20), st.text(max_size=50), max_size=5))
def test_metadata_survives_writing_and_reading(metadata: dict[str, str]) -> None:
    model = helper.make_model(helper.make_graph([], "g", [], []))
    helper.set_model_props(model, metadata)
    assert dict(parse_onnx_header(model.SerializeToString()).metadata) == metadata


def test_the_onnx_package_reads_the_same_ir_version(tmp_path: Path) -> None:
    path = save_doubling(tmp_path / "m.onnx")
    assert read_onnx_header(path).ir_version == onnx.load(path).ir_version
