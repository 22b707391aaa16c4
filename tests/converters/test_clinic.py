"""The model clinic: what it finds in graphs whose ailments are known, and what it tells to do."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from onnxocr.arrays import Tensor
from onnxocr.converters import clinic, clinic_speed
from onnxocr.converters.clinic import ClinicReport, Finding, check_model
from onnxocr.converters.clinic_speed import cached_relative, median_times_ms, similarity
from onnxocr.errors import ModelFileError
from onnxocr.zoo.fetch import fetch_models
from onnxocr.zoo.local import local_model_files
from onnxocr.zoo.manifest import ModelSpec, load_manifest
from onnxocr.zoo.model_files import ModelFiles
from tests.runtime.graphs import save_doubling, save_model


@pytest.fixture(autouse=True)
def _quiet_machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty cache, and graphs that all take as long."""
    if request.node.get_closest_marker("model"):
        return
    monkeypatch.setenv("ONNXOCR_HOME", str(tmp_path / "home"))
    give_times(monkeypatch, [20.0, 20.0, 20.0])


def give_times(monkeypatch: pytest.MonkeyPatch, times: Sequence[float]) -> None:
    monkeypatch.setattr(clinic, "median_times_ms", lambda models, feeds: list(times[: len(models)]))


def finding(report: ClinicReport, topic: str) -> Finding:
    (found,) = (each for each in report.findings if each.topic == topic)
    return found


HALVES = np.full((1, 3, 1, 1), 0.5, np.float32)


def detector(
    path: Path,
    weights: Tensor = HALVES,
    *,
    input_shape: Sequence[int | str] = ("N", 3, "H", "W"),
    opset: int = 17,
    ir_version: int = 8,
) -> Path:
    """Saves a graph that gives one map: a convolution and a sigmoid."""
    nodes = [helper.make_node("Conv", ["x", "w"], ["a"]), helper.make_node("Sigmoid", ["a"], ["y"])]
    return save_model(
        path,
        nodes,
        initializers={"w": weights},
        input_shape=input_shape,
        output_shape=("N", 1, "H", "W"),
        opset=opset,
        ir_version=ir_version,
    )


def recognizer(path: Path, classes: int, metadata: Mapping[str, str] | None = None) -> Path:
    """Saves a graph from lines of 8 px height to scores of classes: ``(N, W, classes)``."""
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["column"], axes=[1, 2], keepdims=0),
        helper.make_node("Unsqueeze", ["column", "last"], ["tall"]),
        helper.make_node("MatMul", ["tall", "w"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["y"]),
    ]
    constants: dict[str, Tensor] = {
        "last": np.array([2], np.int64),
        "w": np.ones((1, classes), np.float32),
    }
    return save_model(
        path,
        nodes,
        initializers=constants,
        input_shape=("N", 3, 8, "W"),
        output_shape=("N", "W", classes),
        metadata=metadata,
    )


def test_a_sound_detector_is_healthy(tmp_path: Path) -> None:
    report = check_model(detector(tmp_path / "det.onnx"))
    assert (report.task, report.verdict) == ("text_detection", "ok")
    assert str(report).endswith("Healthy.")
    assert finding(report, "versions").message == "operator set 17, file format 8"
    assert finding(report, "running").message == "1x3x480x640 gives 1x1x480x640"
    plain = json.loads(json.dumps(report.as_dict()))
    assert plain["verdict"] == "ok"
    assert [each["topic"] for each in plain["findings"]] == [each.topic for each in report.findings]


def test_a_missing_file_is_an_error_not_a_finding(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="does not exist"):
        check_model(tmp_path / "nothing")


@pytest.mark.parametrize("content", [b"version https://git-lfs.github.com/spec/v1", b"\x08\x07:\xff"])
def test_a_file_that_does_not_open_is_a_problem_with_its_reason(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    report = check_model(path)
    assert (report.task, report.verdict) == (None, "problem")
    assert str(path) in finding(report, "loading").message
    assert finding(report, "loading").remedy


def test_a_graph_that_the_oldest_runtime_cannot_read_says_so(tmp_path: Path) -> None:
    report = check_model(detector(tmp_path / "det.onnx", opset=21, ir_version=10))
    assert "too new for ONNX Runtime 1.17" in finding(report, "versions").message
    assert report.verdict == "ok"


@pytest.mark.parametrize(
    ("entries", "verdict", "words"),
    [
        (3, "ok", "3 characters, blank and space fit 5 classes"),
        (4, "problem", "trained without the space"),
        (2, "problem", "make 4, but the graph has 5 classes"),
        (None, "problem", "No charset was found"),
    ],
)
def test_the_charset_must_fit_the_classes(
    tmp_path: Path, entries: int | None, verdict: str, words: str
) -> None:
    if entries is not None:
        (tmp_path / "charset.txt").write_text("\n".join("abcdef"[:entries]))
    report = check_model(recognizer(tmp_path / "inference.onnx", classes=5))
    assert report.task == "text_recognition"
    charset = finding(report, "charset")
    assert (charset.verdict, report.verdict) == (verdict, verdict)
    assert words in charset.message
    assert verdict == "ok" or "charset.txt, 3 entries" in str(charset.remedy)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        (("N", 3, "H", "W"), None),
        ((1, 3, "H", "W"), "batch is fixed (1 at a time only)"),
        (("N", 3, 64, "W"), "height is fixed (pages are squeezed to one size)"),
        ((2, 3, 64, 96), "batch is fixed (2 at a time only); height is fixed"),
    ],
)
def test_fixed_axes_of_a_detector_are_told(
    tmp_path: Path, shape: tuple[int | str, ...], words: str | None
) -> None:
    axes = finding(check_model(detector(tmp_path / "det.onnx", input_shape=shape)), "axes")
    assert axes.verdict == ("ok" if words is None else "advice")
    assert words is None or words in axes.message


def test_the_fixed_height_of_a_recogniser_is_normal(tmp_path: Path) -> None:
    report = check_model(recognizer(tmp_path / "rec.onnx", 5, {"character": "a\nb\nc"}))
    assert finding(report, "axes").message == "input x takes ?x3x8x?"
    assert report.verdict == "ok"


def test_tiny_weights_are_counted_and_optimising_is_advised(tmp_path: Path) -> None:
    weights = np.full((100, 3, 1, 1), 0.5, np.float32)
    weights[:40] = 1e-39
    weights[40:45] = -1e-32
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"]),
        helper.make_node("ReduceMean", ["a"], ["y"], axes=[1], keepdims=1),
    ]
    path = save_model(
        tmp_path / "a model.onnx", nodes, initializers={"w": weights}, output_shape=("N", 1, "H", "W")
    )
    found = finding(check_model(path), "weights")
    assert found.message.startswith("300 weights, 120 denormal, 135 below 1e-30")
    assert (found.verdict, found.remedy) == ("advice", f"onnxocr convert optimize '{path}'")


def test_infinite_weights_and_outputs_are_problems(tmp_path: Path) -> None:
    report = check_model(detector(tmp_path / "det.onnx", np.full((1, 3, 1, 1), np.nan, np.float32)))
    assert finding(report, "running").verdict == "problem"
    assert finding(report, "weights").message == "3 weights, 0 denormal, 0 below 1e-30, 3 not finite"


@pytest.mark.parametrize(("optimized_ms", "verdict"), [(10.0, "advice"), (19.0, "ok")])
def test_rewriting_is_advised_where_it_gains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, optimized_ms: float, verdict: str
) -> None:
    give_times(monkeypatch, [20.0, optimized_ms])
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"]),
        helper.make_node("Identity", ["a"], ["b"]),
        helper.make_node("Sigmoid", ["b"], ["y"]),
    ]
    weights = np.full((1, 3, 1, 1), 0.5, np.float32)
    path = save_model(
        tmp_path / "m.onnx", nodes, initializers={"w": weights}, output_shape=("N", 1, "H", "W")
    )
    report = check_model(path)
    graph, speed = finding(report, "graph"), finding(report, "speed")
    assert graph.message.startswith("3 nodes, among them 1 Identity; optimising leaves 2 (")
    assert speed.message == f"20.0 ms a picture, {optimized_ms:.1f} ms if optimised"
    assert graph.verdict == speed.verdict == report.verdict == verdict
    assert (graph.remedy is None) == (verdict == "ok")


def zoo_with(monkeypatch: pytest.MonkeyPatch, models: Mapping[str, Path]) -> None:
    def cached(spec: ModelSpec) -> ModelFiles | None:
        if spec.name not in models:
            return None
        return replace(local_model_files(models[spec.name]), name=spec.name, spec=spec)

    monkeypatch.setattr(clinic_speed, "cached_files", cached)


@pytest.mark.parametrize(
    ("own_ms", "verdict", "words"),
    [
        (30.0, "advice", "of the same architecture, as fetched, 20.0 ms: 1.50 times slower"),
        (21.0, "ok", "21.0 ms, the zoo's PP-OCRv5_mobile_det"),
    ],
)
def test_a_graph_is_timed_beside_the_cached_zoo_model_of_its_architecture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_ms: float, verdict: str, words: str
) -> None:
    official = detector(tmp_path / "official.onnx", np.full((1, 3, 1, 1), 0.25, np.float32))
    other = detector(tmp_path / "other.onnx", np.full((1, 3, 3, 3), 0.25, np.float32))
    zoo_with(monkeypatch, {"PP-OCRv4_mobile_det": other, "PP-OCRv5_mobile_det": official})
    give_times(monkeypatch, [own_ms, 20.0])
    found = finding(check_model(detector(tmp_path / "mine.onnx")), "speed beside the zoo")
    assert found.verdict == verdict
    assert words in found.message


def test_the_zoos_own_file_is_recognised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    official = detector(tmp_path / "official.onnx")
    zoo_with(monkeypatch, {"PP-OCRv5_mobile_det": official})
    give_times(monkeypatch, [50.0, 20.0])
    found = finding(check_model(official), "speed beside the zoo")
    assert found.message.startswith("this is the zoo's PP-OCRv5_mobile_det itself")


def test_of_equal_architectures_the_nearest_in_size_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def with_classes(name: str, classes: int) -> Path:
        nodes = [
            helper.make_node("Conv", ["x", "w"], ["a"]),
            helper.make_node("MatMul", ["a", "classes"], ["y"]),
        ]
        constants = {
            "w": np.ones((3, 3, 1, 1), np.float32),
            "classes": np.ones((4, classes), np.float32),
        }
        return save_model(tmp_path / name, nodes, initializers=constants)

    models = {"PP-OCRv4_mobile_rec": 60, "PP-OCRv5_mobile_rec": 180}
    zoo_with(monkeypatch, {name: with_classes(f"{name}.onnx", count) for name, count in models.items()})
    for classes, expected in ((70, "PP-OCRv4_mobile_rec"), (170, "PP-OCRv5_mobile_rec")):
        found = cached_relative(onnx.load(with_classes("mine.onnx", classes)), "text_recognition")
        assert found is not None
        assert found.name == expected
    assert cached_relative(onnx.load(detector(tmp_path / "det.onnx")), "text_detection") is None


def test_similarity_is_the_share_of_common_convolutions() -> None:
    one: Counter[tuple[int, ...]] = Counter({(8, 3, 3, 3): 1, (8, 8, 1, 1): 3})
    other: Counter[tuple[int, ...]] = Counter({(8, 8, 1, 1): 2})
    assert similarity(one, one) == 1
    assert similarity(one, other) == 0.5
    assert similarity(Counter(), Counter()) == 0


def test_times_are_medians_of_real_runs(tmp_path: Path) -> None:
    models = [save_doubling(tmp_path / "a.onnx"), detector(tmp_path / "b.onnx")]
    times = median_times_ms(models, {"x": np.zeros((1, 3, 8, 8), np.float32)})
    assert len(times) == 2
    assert all(0 < each < 1000 for each in times)


def test_a_graph_that_takes_no_picture_is_only_loaded(tmp_path: Path) -> None:
    nodes = [helper.make_node("Add", ["x", "x"], ["y"])]
    path = save_model(tmp_path / "m.onnx", nodes, input_shape=("N", 7), output_shape=("N", 7))
    report = check_model(path)
    assert [each.topic for each in report.findings] == ["loading", "versions", "running"]
    assert (report.verdict, report.task) == ("advice", None)


@pytest.mark.model
def test_the_denormal_weights_of_the_official_detector_are_found() -> None:
    (files,) = fetch_models([load_manifest().get("PP-OCRv5_mobile_det")])
    found = finding(check_model(files.directory), "weights")
    assert found.verdict == "advice"
    assert "14,879 denormal, 35,276 below 1e-30" in found.message
