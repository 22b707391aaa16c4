"""The whole of the rewrites: what comes out, what is left alone, files, memory."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.external_data_helper import set_external_data

from onnxocr.converters.optimize import optimization, optimize_file, optimize_model
from onnxocr.converters.optimize.graph import Graph
from onnxocr.errors import ModelFileError, OutputError
from tests.converters.optimize.models import assert_same_outputs, floats, model, noise, operators

SCALAR = floats(0.7)


def scaled_network(opset: int = 12) -> onnx.ModelProto:
    """Two convolutions with everything between them that PP-LCNetV3 has in old exports."""
    text = (
        "g (float[N,3,H,W] x) => (float[N,2,H,W] y) { c = Conv<pads=[1,1,1,1]>(x, w) "
        "n = BatchNormalization(c, gamma, beta, mean, variance) s = Mul(scale, n) t = Add(s, scale) "
        "a = Add(t, three) b = Clip(a, zero, six) m = Mul(t, b) h = Div(m, six) "
        "u = Mul(scale, h) v = Add(u, scale) d = Identity(v) e = Conv<pads=[1,1,1,1]>(d, k) "
        "f = Add(e, bias) y = Sigmoid(f) }"
    )
    built = model(
        text,
        opset,
        w=noise(4, 3, 3, 3),
        gamma=noise(4, seed=1),
        beta=noise(4, seed=2),
        mean=noise(4, seed=3),
        variance=np.abs(noise(4, seed=4)),
        scale=SCALAR,
        three=floats(3),
        zero=np.array(0, np.float32),
        six=np.array(6, np.float32),
        k=noise(2, 4, 3, 3, seed=5),
        bias=noise(1, 2, 1, 1, seed=6),
    )
    built.metadata_props.add(key="character", value="abc")
    built.producer_name = "exporter"
    return built


def test_a_network_is_reduced_to_convolutions_activations_and_one_shift() -> None:
    original = scaled_network()
    result, report = optimize_model(original)
    assert operators(result) == ["Conv", "HardSwish", "BatchNormalization", "Conv", "Sigmoid"]
    assert (report.nodes_before, report.nodes_after) == (14, 5)
    assert_same_outputs(original, result, x=noise(2, 3, 6, 7))


def test_names_dynamic_sizes_and_metadata_are_kept() -> None:
    original = scaled_network()
    result, _ = optimize_model(original)
    assert list(result.graph.input) == list(original.graph.input)
    assert list(result.graph.output) == list(original.graph.output)
    assert list(result.metadata_props) == list(original.metadata_props)
    assert result.producer_name == "exporter"


def test_the_model_handed_in_is_not_changed() -> None:
    original = scaled_network()
    before = original.SerializeToString(deterministic=True)
    optimize_model(original)
    assert original.SerializeToString(deterministic=True) == before


def test_a_second_time_changes_nothing() -> None:
    once, _ = optimize_model(scaled_network())
    twice, report = optimize_model(once)
    assert not report.changed
    assert str(report) == "5 -> 5 nodes (nothing to do)"
    assert twice.graph.node == once.graph.node


def test_the_report_names_what_was_done() -> None:
    _, report = optimize_model(scaled_network())
    assert report.changes["batch norms folded"] == 1
    assert "14 -> 5 nodes" in str(report)


def test_nodes_of_other_operator_sets_are_left_alone() -> None:
    nodes = [
        helper.make_node("Identity", ["x"], ["a"], domain="custom"),
        helper.make_node("Conv", ["a", "w"], ["y"], domain="custom"),
    ]
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 4, 4])
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph(
        nodes, "g", [image], [output], [numpy_helper.from_array(noise(3, 3, 1, 1), "w")]
    )
    sets = [helper.make_opsetid("", 17), helper.make_opsetid("custom", 1)]
    original = helper.make_model(graph, opset_imports=sets)
    result, report = optimize_model(original)
    assert not report.changed
    assert [node.domain for node in result.graph.node] == ["custom", "custom"]
    assert [list(node.input) for node in result.graph.node] == [["x"], ["a", "w"]]


def network_with_branches() -> onnx.ModelProto:
    """An If whose branches read values of the graph around it."""
    branches = [
        helper.make_graph([helper.make_node(op, names, ["r"])], op, [], [_float("r", ["N", 3])])
        for op, names in (("Mul", ["a", "k"]), ("Add", ["b", "k"]))
    ]
    nodes = [
        helper.make_node("Identity", ["x"], ["a"]),
        helper.make_node("Mul", ["x", "one"], ["b"]),
        helper.make_node("Identity", ["b"], ["c"]),
        helper.make_node("If", ["flag"], ["i"], then_branch=branches[0], else_branch=branches[1]),
        helper.make_node("Add", ["i", "c"], ["y"]),
    ]
    constants = {"k": floats(2), "one": floats(1)}
    graph = helper.make_graph(
        nodes,
        "g",
        [_float("x", ["N", 3]), helper.make_tensor_value_info("flag", TensorProto.BOOL, [])],
        [_float("y", ["N", 3])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def _float(name: str, shape: list[str | int]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


@pytest.mark.parametrize("flag", [True, False])
def test_values_that_branches_read_keep_their_names(flag: bool) -> None:
    original = network_with_branches()
    result, _ = optimize_model(original)
    onnx.checker.check_model(result)
    assert_same_outputs(original, result, x=noise(2, 3), flag=np.array(flag))


def with_external_weights(folder: Path) -> Path:
    """A model whose second convolution keeps its weights in another file."""
    original = scaled_network()
    tensor = next(item for item in original.graph.initializer if item.name == "k")
    (folder / "weights.bin").write_bytes(tensor.raw_data)
    set_external_data(tensor, "weights.bin", 0, len(tensor.raw_data))
    tensor.ClearField("raw_data")
    path = folder / "model.onnx"
    path.write_bytes(original.SerializeToString())
    return path


def test_external_weights_stay_where_they_are(tmp_path: Path) -> None:
    path = with_external_weights(tmp_path)
    before = onnx.load(path)
    optimize_file(path, tmp_path / "optimized.onnx")
    stored = onnx.load(tmp_path / "optimized.onnx", load_external_data=False)
    assert [tensor.name for tensor in stored.graph.initializer if tensor.external_data] == ["k"]
    # The scale before that convolution stays, because it cannot go into weights that are not here.
    assert operators(stored).count("Mul") + operators(stored).count("BatchNormalization") > 0
    assert_same_outputs(before, onnx.load(tmp_path / "optimized.onnx"), x=noise(1, 3, 5, 5))


def test_external_weights_cannot_go_to_another_folder(tmp_path: Path) -> None:
    path = with_external_weights(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(ModelFileError, match="keeps weights in other files"):
        optimize_file(path, other / "model.onnx")
    assert not list(other.iterdir())


def test_a_file_may_be_replaced_by_its_optimised_form(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(scaled_network().SerializeToString())
    report = optimize_file(path, path)
    assert (report.nodes_before, report.nodes_after) == (14, 5)
    assert len(onnx.load(path).graph.node) == 5
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read"),
        (b"", "holds no nodes"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is no ONNX model"),
        (scaled_network().SerializeToString()[:-100], "is no ONNX model"),
    ],
)
def test_what_is_no_model_is_refused(tmp_path: Path, content: bytes | None, message: str) -> None:
    source, target = tmp_path / "source.onnx", tmp_path / "target.onnx"
    if content is not None:
        source.write_bytes(content)
    with pytest.raises(ModelFileError, match=message):
        optimize_file(source, target)
    assert not target.exists()


def test_a_model_that_hands_its_input_on_stays_as_it_is(tmp_path: Path) -> None:
    value = _float("x", ["N", 3])
    graph = helper.make_graph([], "g", [value], [value])
    path = tmp_path / "model.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    before = onnx.load(path)
    assert not optimize_file(path, path).changed
    assert onnx.load(path) == before


def test_tensors_that_cannot_be_converted_are_an_error_that_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Graph) -> int:
        raise NotImplementedError("no such type")

    monkeypatch.setattr(optimization, "FINAL_REWRITES", {"anything": refuse})
    source = tmp_path / "source.onnx"
    source.write_bytes(scaled_network().SerializeToString())
    with pytest.raises(ModelFileError, match=r"source\.onnx is damaged.*NotImplementedError"):
        optimize_file(source, tmp_path / "target.onnx")


def test_a_target_that_cannot_be_written_is_an_error_that_names_it(tmp_path: Path) -> None:
    source = tmp_path / "source.onnx"
    source.write_bytes(scaled_network().SerializeToString())
    for target in (tmp_path / "missing" / "target.onnx", source / "target.onnx", tmp_path / ("n" * 250)):
        with pytest.raises(OutputError, match="could not be written"):
            optimize_file(source, target)


@pytest.mark.parametrize("name", ["model.json", "model.textproto", "model.onnxtxt", "model.pb", "model"])
def test_a_file_is_read_as_onnx_whatever_its_ending(tmp_path: Path, name: str) -> None:
    source = tmp_path / name
    source.write_bytes(scaled_network().SerializeToString())
    assert optimize_file(source, tmp_path / "target.onnx").changed
    source.write_text('{"base_code": {"magic": "pir"}}')
    remedy = "onnxocr convert" if name.endswith(".json") else "export it again"
    with pytest.raises(ModelFileError, match=f"is no ONNX model.*{remedy}"):
        optimize_file(source, tmp_path / "other.onnx")


def test_numpy_holds_less_than_twice_the_weights_of_a_large_model() -> None:
    layers = 12
    steps = " ".join(f"c{i} = Conv(v{i}, w{i}) v{i + 1} = Mul(c{i}, s)" for i in range(layers))
    text = f"g (float[N,256,H,W] v0) => (float[N,256,P,Q] v{layers}) {{ {steps} }}"
    weights = {f"w{i}": noise(256, 256, 3, 3, seed=i) for i in range(layers)}
    original = model(text, s=SCALAR, **weights)
    size = sum(weight.nbytes for weight in weights.values())
    del weights
    tracemalloc.start()
    optimize_model(original)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * size


def test_weights_that_are_cut_off_are_an_error_that_names_the_file(tmp_path: Path) -> None:
    damaged = scaled_network()
    tensor = next(item for item in damaged.graph.initializer if item.name == "w")
    tensor.raw_data = tensor.raw_data[:-4]
    source = tmp_path / "source.onnx"
    source.write_bytes(damaged.SerializeToString())
    with pytest.raises(ModelFileError, match=r"source\.onnx is damaged"):
        optimize_file(source, tmp_path / "target.onnx")


def test_rewrites_of_a_graph_that_runs_in_a_circle_come_to_an_end() -> None:
    circle = scaled_network()
    circle.graph.node[0].input[0] = "e"
    result, _ = optimize_model(circle)
    assert operators(result).count("Conv") == 2


def test_a_negative_variance_is_left_to_the_runtime() -> None:
    text = (
        "g (float[N,3,H,W] x) => (float[N,3,H,W] y) { c = Conv(x, w) "
        "y = BatchNormalization(c, gamma, gamma, gamma, variance) }"
    )
    original = model(text, w=noise(3, 3, 1, 1), gamma=noise(3), variance=floats(1, -1, 1))
    assert not optimize_model(original)[1].changed
