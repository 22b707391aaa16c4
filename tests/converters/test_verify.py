"""Comparison of graphs with references: errors worked out by hand, which reference is taken."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from onnxocr.arrays import Tensor
from onnxocr.converters import verify
from onnxocr.converters.sample_inputs import printed_picture, sample_feeds
from onnxocr.converters.verify import (
    OutputDifference,
    VerificationReport,
    output_difference,
    verify_against_graph,
    verify_against_recordings,
    verify_conversion,
)
from onnxocr.errors import ConversionError, MissingDependencyError, ModelFileError
from onnxocr.runtime.session import TensorSpec
from tests.runtime.graphs import save_doubling, save_model


def array(*values: float) -> Tensor:
    return np.array(values, np.float32)


@pytest.mark.parametrize(
    ("found", "expected", "absolute", "relative"),
    [
        (array(1, 2), array(1, 2), 0, 0),
        (array(1, 2.5), array(1, 2), 0.5, 0.25),
        (array(3, -4), array(3, -5), 1, 0.2),
        (array(0, 0), array(0, 0), 0, 0),
        (array(0, 0.5), array(0, 0), 0.5, np.inf),
        (array(1, np.nan), array(1, np.nan), 0, 0),
        (array(1, np.nan), array(1, 2), np.inf, np.inf),
        (array(1, 2, 3), array(1, 2), np.inf, np.inf),
        (np.array([2**53 + 2]), np.array([2**53]), 2, 2 / 2**53),
    ],
)
def test_errors_are_relative_to_the_largest_expected_value(
    found: Tensor, expected: Tensor, absolute: float, relative: float
) -> None:
    difference = output_difference("y", found, expected)
    assert difference.absolute == absolute
    assert difference.relative == pytest.approx(relative)


def test_of_scores_of_classes_the_largest_decides() -> None:
    expected = np.array([[[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.3, 0.7]]], np.float32)
    found = expected.copy()
    found[0, 1] = 0.6, 0.4
    assert output_difference("y", found, expected).agreement == 0.75
    assert output_difference("y", found[..., :1], expected[..., :1]).agreement is None


def test_of_probability_maps_the_side_of_the_threshold_decides(tmp_path: Path) -> None:
    expected = np.array([[[[0.29, 0.31], [0.9, 0.1]]]], np.float32)
    found = expected + np.float32(0.02)
    assert output_difference("y", found, expected).agreement == 0.75
    assert output_difference("y", found + 1, expected + 1).agreement is None
    model = save_doubling(tmp_path / "doubling.onnx")
    case = record(tmp_path / "a.npz", x=found[:, [0, 0, 0]], y=2 * found[:, [0, 0, 0]])
    report = verify_against_recordings(model, [case])
    assert report.passed
    assert report.agreement == 1


@pytest.mark.parametrize(("required", "passed"), [(None, True), (0.75, True), (0.76, False)])
def test_decisions_may_be_required_to_agree(required: float | None, passed: bool) -> None:
    difference = OutputDifference(((1, 3),), "y", 0.1, 0.1, 0.75)
    report = VerificationReport("a graph", 0.2, (difference,), required)
    assert report.passed == passed
    assert ("BELOW the required" in str(report)) != passed


def record(path: Path, **arrays: Tensor) -> Path:
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


def picture(value: float) -> Tensor:
    return np.full((1, 3, 2, 2), value, np.float32)


def test_recordings_are_replayed_and_the_worst_run_decides(tmp_path: Path) -> None:
    model = save_doubling(tmp_path / "doubling.onnx")
    right = record(tmp_path / "a.npz", x=picture(1), y=picture(2))
    wrong = record(tmp_path / "b.npz", x=picture(2), y=picture(5))
    assert verify_against_recordings(model, [right]).passed
    report = verify_against_recordings(model, [right, wrong])
    assert [each.relative for each in report.differences] == [0, pytest.approx(0.2)]
    assert (report.absolute, report.passed) == (1, False)
    assert verify_against_recordings(model, [right, wrong], tolerance=0.2001).passed
    assert "ABOVE the tolerance 0.001" in str(report)
    assert "input 1x3x2x2: output y: largest error 1, relative 0.2" in str(report)


def test_recorded_arrays_are_taken_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    inputs = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n"]) for name in ("a", "b")]
    outputs = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n"]) for name in ("s", "d")]
    nodes = [helper.make_node("Add", ["a", "b"], ["s"]), helper.make_node("Sub", ["a", "b"], ["d"])]
    model = helper.make_model(
        helper.make_graph(nodes, "two", inputs, outputs),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    path = tmp_path / "two.onnx"
    onnx.save(model, path)
    case = record(tmp_path / "a.npz", y2=array(-2), x2=array(5), y=array(8), x=array(3))
    assert verify_against_recordings(path, [case], tolerance=0).passed


@pytest.mark.parametrize(
    ("arrays", "complaint"),
    [
        ({"x": picture(1)}, "no outputs y, y2"),
        (
            {"x": picture(1), "x2": picture(1), "y": picture(2)},
            "1 inputs and 1 outputs.*2 and 1.*different models",
        ),
    ],
)
def test_recordings_of_another_model_are_refused(
    tmp_path: Path, arrays: dict[str, Tensor], complaint: str
) -> None:
    model = save_doubling(tmp_path / "doubling.onnx")
    with pytest.raises(ModelFileError, match=complaint):
        verify_against_recordings(model, [record(tmp_path / "a.npz", **arrays)])


def test_a_recording_that_is_no_archive_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"not a zip")
    with pytest.raises(ModelFileError, match=r"a\.npz cannot be read"):
        verify_against_recordings(save_doubling(tmp_path / "m.onnx"), [tmp_path / "a.npz"])


def test_two_graphs_are_compared_on_several_sizes_and_batches(tmp_path: Path) -> None:
    model = save_doubling(tmp_path / "doubling.onnx")
    other = save_model(tmp_path / "other.onnx", [helper.make_node("Mul", ["x", "x"], ["y"])])
    report = verify_against_graph(model, model)
    assert report.relative == 0
    shapes = [each.shapes[0] for each in report.differences]
    assert len(set(shapes)) == 5
    assert {shape[0] for shape in shapes} == {1, 6}
    assert not verify_against_graph(model, other).passed


@pytest.mark.parametrize(
    ("shape", "output_rank", "expected"),
    [
        ((None, 3, 48, None), 3, [(1, 48, 320), (1, 48, 192), (1, 48, 640), (6, 48, 320), (6, 48, 480)]),
        ((None, 3, None, None), 3, [(1, 48, 320), (1, 48, 192), (1, 48, 640), (6, 48, 320), (6, 48, 480)]),
        ((None, 3, 80, 160), 2, [(1, 80, 160), (6, 80, 160)]),
        ((2, 3, 80, 160), 2, [(2, 80, 160)]),
        ((1, 3, None, 64), 4, [(1, 320, 64), (1, 480, 64), (1, 608, 64), (1, 192, 64), (1, 256, 64)]),
    ],
)
def test_sizes_follow_what_the_graph_leaves_free(
    shape: tuple[int | None, ...], output_rank: int, expected: list[tuple[int, int, int]]
) -> None:
    feeds = sample_feeds([TensorSpec("x", shape, "float32")], output_rank=output_rank)
    assert [feed["x"].shape for feed in feeds] == [(n, 3, h, w) for n, h, w in expected]
    assert all(feed["x"].dtype == np.float32 and np.abs(feed["x"]).max() <= 1 for feed in feeds)


@pytest.mark.parametrize("size", [(48, 320), (256, 160)])
def test_sample_pictures_hold_dark_print_on_light_paper(size: tuple[int, int]) -> None:
    pictures = [printed_picture(*size, seed) for seed in (0, 0, 1)]
    assert np.array_equal(pictures[0], pictures[1])
    assert not np.array_equal(pictures[0], pictures[2])
    dark = (pictures[0] < 128).mean()
    assert 0.02 < dark < 0.4


@pytest.mark.parametrize(
    "inputs",
    [
        [TensorSpec("ids", (None, 12), "int64")],
        [TensorSpec("x", (None, 64, None, None), "float32")],
        [TensorSpec("a", (1, 3, 8, 8), "float32"), TensorSpec("b", (1, 3, 8, 8), "float32")],
    ],
)
def test_inputs_that_are_no_single_picture_need_recordings(inputs: Sequence[TensorSpec]) -> None:
    with pytest.raises(ConversionError, match=r"put recorded inputs and outputs \(\.npz"):
        sample_feeds(inputs, output_rank=4)


def without_paddle(monkeypatch: pytest.MonkeyPatch) -> None:
    find_spec = importlib.util.find_spec
    absent = ("paddle", "paddle2onnx")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in absent else find_spec(name))


def test_recordings_beside_the_program_come_first(tmp_path: Path) -> None:
    record(tmp_path / "case.npz", x=picture(1), y=picture(2))
    model, program = save_doubling(tmp_path / "m.onnx"), tmp_path / "inference.pdmodel"
    report = verify_conversion(model, program, tmp_path / "inference.pdiparams")
    assert report.reference == f"recorded outputs in {tmp_path}"


def test_without_paddle_the_graph_of_paddle2onnx_is_the_reference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_paddle(monkeypatch)

    def export(program: Path, params: Path, target: Path) -> str:
        save_doubling(target)
        return "1.3.1"

    monkeypatch.setattr(verify, "export_with_paddle2onnx", export)
    model = save_doubling(tmp_path / "m.onnx")
    report = verify_conversion(model, tmp_path / "a.pdmodel", tmp_path / "a.pdiparams")
    assert (report.reference, report.relative) == ("the graph of paddle2onnx 1.3.1", 0)


def test_without_any_reference_all_ways_to_one_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_paddle(monkeypatch)
    with pytest.raises(MissingDependencyError) as caught:
        verify_conversion(
            save_doubling(tmp_path / "m.onnx"), tmp_path / "a.pdmodel", tmp_path / "a.pdiparams"
        )
    for way in (".npz", "pip install paddlepaddle", "pip install paddle2onnx==1.3.1 --no-deps"):
        assert way in str(caught.value)
