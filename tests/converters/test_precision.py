"""Half precision: what is converted, what stays float32 and why, on graphs small enough to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from onnxocr.arrays import Tensor
from onnxocr.config import RuntimeConfig
from onnxocr.converters import precision
from onnxocr.converters.half_rounding import with_rounded_values
from onnxocr.converters.precision import halve_in_place, to_half_precision, write_half_precision
from onnxocr.converters.verify import verify_against_graph
from onnxocr.runtime.opening import open_session
from onnxocr.zoo.fetch import fetch_models
from onnxocr.zoo.manifest import load_manifest
from tests.runtime.graphs import save_model

WEIGHTS = np.random.default_rng(0).normal(0, 0.3, (3, 3, 1, 1)).astype(np.float32)


def build(
    folder: Path, nodes: Sequence[onnx.NodeProto], constants: Mapping[str, Tensor] | None = None
) -> onnx.ModelProto:
    shape = ("N", 3, "H2", "W2")
    path = save_model(folder / "m.onnx", nodes, initializers=constants, output_shape=shape)
    return onnx.load(path)


def operand_types(model: onnx.ModelProto) -> dict[str, str]:
    """Returns for each operator but Cast the types that it writes, such as {'Conv': 'half'}."""
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    types = {value.name: value.type.tensor_type.elem_type for value in inferred.graph.value_info}
    types.update({value.name: value.type.tensor_type.elem_type for value in inferred.graph.output})
    words = {TensorProto.FLOAT: "full", TensorProto.FLOAT16: "half"}
    return {
        node.op_type: words.get(types[node.output[0]], "other")
        for node in inferred.graph.node
        if node.op_type != "Cast"
    }


def conv(source: str, target: str) -> onnx.NodeProto:
    return helper.make_node("Conv", [source, "w"], [target])


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        (["Conv", "Relu"], {"Conv": "half", "Relu": "half"}),
        (["Conv", "Softmax", "Relu"], {"Conv": "half", "Softmax": "full", "Relu": "half"}),
        (["Conv", "Sigmoid"], {"Conv": "half", "Sigmoid": "full"}),
        (["Conv", "Sigmoid", "Identity"], {"Conv": "half", "Sigmoid": "full", "Identity": "full"}),
        (["Conv", "Sigmoid", "Relu"], {"Conv": "half", "Sigmoid": "half", "Relu": "half"}),
        (["Conv", "Transpose", "Relu"], {"Conv": "half", "Transpose": "half", "Relu": "half"}),
        (["Transpose", "Exp"], {"Transpose": "full", "Exp": "full"}),
        (["Conv", "Exp", "Sqrt", "Erf"], {"Conv": "half", "Exp": "full", "Sqrt": "full", "Erf": "full"}),
    ],
)
def test_arithmetic_is_halved_and_sensitive_operators_are_not(
    tmp_path: Path, nodes: list[str], expected: dict[str, str]
) -> None:
    names = ["x", *(f"v{number}" for number in range(len(nodes) - 1)), "y"]
    chain = [
        conv(names[number], names[number + 1])
        if kind == "Conv"
        else helper.make_node(kind, [names[number]], [names[number + 1]])
        for number, kind in enumerate(nodes)
    ]
    model = build(tmp_path, chain, {"w": WEIGHTS})
    before = model.SerializeToString()
    result, report = to_half_precision(model)
    assert operand_types(result) == expected
    assert report.half_nodes == list(expected.values()).count("half")
    assert model.SerializeToString() == before
    for value in (*result.graph.input, *result.graph.output):
        assert value.type.tensor_type.elem_type == TensorProto.FLOAT


def test_a_value_used_in_both_precisions_is_cast_once(tmp_path: Path) -> None:
    nodes = [
        conv("x", "a"),
        helper.make_node("Exp", ["a"], ["b"]),
        helper.make_node("Softmax", ["a"], ["c"]),
        helper.make_node("Add", ["b", "c"], ["y"]),
    ]
    result, report = to_half_precision(build(tmp_path, nodes, {"w": WEIGHTS}))
    casts = [node.input[0] for node in result.graph.node if node.op_type == "Cast"]
    assert sorted(casts) == ["a_half", "b", "c", "x", "y_half"]
    assert report.casts == 5
    assert report.kept == {"Exp": 1, "Softmax": 1}


def test_the_result_runs_and_stays_close(tmp_path: Path) -> None:
    nodes = [conv("x", "a"), helper.make_node("HardSwish", ["a"], ["y"])]
    build(tmp_path, nodes, {"w": WEIGHTS})
    report = write_half_precision(tmp_path / "m.onnx", tmp_path / "half.onnx")
    assert report.bytes_after < report.bytes_before + 400
    verified = verify_against_graph(tmp_path / "half.onnx", tmp_path / "m.onnx", tolerance=2e-3)
    assert verified.passed
    assert verified.relative > 0


def test_scales_of_resize_stay_float32(tmp_path: Path) -> None:
    nodes = [conv("x", "a"), helper.make_node("Resize", ["a", "", "s"], ["y"], mode="nearest")]
    result, _ = to_half_precision(
        build(tmp_path, nodes, {"w": WEIGHTS, "s": np.array([1, 1, 2, 2], np.float32)})
    )
    assert operand_types(result)["Resize"] == "half"
    resize = next(node for node in result.graph.node if node.op_type == "Resize")
    assert list(resize.input) == ["a_half", "", "s"]
    onnx.checker.check_model(result, full_check=True)


def test_what_makes_the_coordinates_of_a_grid_stays_float32(tmp_path: Path) -> None:
    nodes = [
        conv("x", "a"),
        helper.make_node("Tanh", ["a"], ["b"]),
        helper.make_node("Slice", ["b", "zero", "two", "axis"], ["c"]),
        helper.make_node("Transpose", ["c"], ["grid"], perm=[0, 2, 3, 1]),
        helper.make_node("GridSample", ["x", "grid"], ["y"]),
    ]
    constants: dict[str, Tensor] = {
        "w": WEIGHTS,
        "zero": np.array([0], np.int64),
        "two": np.array([2], np.int64),
        "axis": np.array([1], np.int64),
    }
    result, _ = to_half_precision(build(tmp_path, nodes, constants))
    full = dict.fromkeys(("Tanh", "Slice", "Transpose", "GridSample"), "full")
    assert operand_types(result) == {"Conv": "half", **full}


def test_arithmetic_on_sizes_stays_float32(tmp_path: Path) -> None:
    nodes = [
        conv("x", "a"),
        helper.make_node("Shape", ["a"], ["sizes"]),
        helper.make_node("Cast", ["sizes"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["numbers", "two"], ["doubled"]),
        helper.make_node("Div", ["doubled", "numbers"], ["s"]),
        helper.make_node("Resize", ["a", "", "s"], ["y"], mode="nearest"),
    ]
    constants = {"w": WEIGHTS, "two": np.array([1, 1, 2, 2], np.float32)}
    result, _ = to_half_precision(build(tmp_path, nodes, constants))
    types = operand_types(result)
    assert (types["Mul"], types["Div"], types["Resize"]) == ("full", "full", "half")


@pytest.mark.parametrize(
    ("weights", "half"),
    [
        (WEIGHTS, True),
        (WEIGHTS * 1e6, False),
        # Below 6e-5 half precision has fewer digits, below 6e-8 none.
        (WEIGHTS * 1e-7, False),
        (np.where(np.arange(3)[:, None, None, None] == 1, WEIGHTS * 1e-6, WEIGHTS), False),
        (np.where(np.arange(3)[None, :, None, None] == 1, WEIGHTS * 1e-6, WEIGHTS), False),
        (WEIGHTS * 0, True),
    ],
)
def test_a_convolution_whose_weights_do_not_fit_stays_float32(
    tmp_path: Path, weights: Tensor, half: bool
) -> None:
    nodes = [conv("x", "a"), helper.make_node("Relu", ["a"], ["y"])]
    result, report = to_half_precision(build(tmp_path, nodes, {"w": weights.astype(np.float32)}))
    assert operand_types(result)["Conv"] == ("half" if half else "full")
    assert report.kept_for_weights == (() if half else ("Conv a",))


@pytest.mark.parametrize(
    ("variance", "half"), [(np.array([1, 0.5, 2]), True), (np.array([1, 1e-9, 2]), False)]
)
def test_batch_norm_is_halved_only_if_its_variance_survives(
    tmp_path: Path, variance: Tensor, half: bool
) -> None:
    one = np.ones(3, np.float32)
    node = helper.make_node("BatchNormalization", ["x", "s", "b", "m", "v"], ["y"])
    constants = {"s": one, "b": one, "m": one, "v": variance.astype(np.float32)}
    result, _ = to_half_precision(build(tmp_path, [node], constants))
    assert operand_types(result)["BatchNormalization"] == ("half" if half else "full")


def test_limits_and_masks_beyond_the_range_become_its_ends(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Clip", ["x", "low", "high"], ["a"]),
        helper.make_node("Add", ["a", "mask"], ["b"]),
        helper.make_node("Mul", ["b", "large"], ["y"]),
    ]
    constants = {
        "low": np.array(-3.4e38, np.float32),
        "high": np.array(5, np.float32),
        "mask": np.array([0, -1e9], np.float32),
        "large": np.array(1e6, np.float32),
    }
    result, report = to_half_precision(build(tmp_path, nodes, constants))
    assert operand_types(result) == {"Clip": "half", "Add": "half", "Mul": "full"}
    assert report.clipped == {"low": 1, "mask": 1}
    halves = {tensor.name: numpy_helper.to_array(tensor) for tensor in result.graph.initializer}
    assert halves["low_half"] == -65504
    assert list(halves["mask_half"]) == [0, -65504]
    assert halves["large"].dtype == np.float32
    assert "low: 1 values set to the end of the range" in str(report)


def test_a_value_that_a_subgraph_captures_is_there_in_float32(tmp_path: Path) -> None:
    branch = helper.make_graph(
        [helper.make_node("Exp", ["a"], ["inner"])],
        "branch",
        [],
        [helper.make_tensor_value_info("inner", TensorProto.FLOAT, None)],
    )
    nodes = [
        conv("x", "a"),
        helper.make_node("If", ["yes"], ["y"], then_branch=branch, else_branch=branch),
    ]
    model = build(tmp_path, nodes, {"w": WEIGHTS, "yes": np.array(True)})
    result, _ = to_half_precision(model)
    assert [node.op_type for node in result.graph.node] == ["Cast", "Conv", "Cast", "If"]
    assert result.graph.node[2].output[0] == "a"


def test_constants_in_nodes_are_halved_too(tmp_path: Path) -> None:
    constant = helper.make_node("Constant", [], ["w"], value=numpy_helper.from_array(WEIGHTS, "w"))
    result, _ = to_half_precision(build(tmp_path, [constant, conv("x", "y")]))
    assert [(tensor.name, tensor.data_type) for tensor in result.graph.initializer] == [
        ("w_half", TensorProto.FLOAT16)
    ]


def test_rounded_values_show_the_error_that_a_cpu_hides(tmp_path: Path) -> None:
    # 1 / 4096 is lost when it is added to 1 in half precision, and not before.
    nodes = [
        helper.make_node("Add", ["x", "one"], ["a"]),
        helper.make_node("Sub", ["a", "one"], ["y"]),
    ]
    model = build(tmp_path, nodes, {"one": np.array(1, np.float32)})
    half, report = to_half_precision(model)
    assert report.half_nodes == 2
    path = tmp_path / "rounded.onnx"
    path.write_bytes(with_rounded_values(half).SerializeToString())
    session = open_session(path, RuntimeConfig(device="cpu"))
    picture = np.array([1 / 4096, 3 / 4096, 0.5, 0.1], np.float32).reshape(1, 1, 2, 2).repeat(3, axis=1)
    (values,) = session.run({"x": picture}).values()
    session.close()
    # Half precision knows steps of 1 / 1024 above 1: 3 / 4096 rounds up, 0.1 to 102 / 1024.
    assert values[0, 0].ravel().tolist() == [0, 1 / 1024, 0.5, 102 / 1024]


def test_comparisons_show_both_and_the_file_is_replaced(tmp_path: Path) -> None:
    build(tmp_path, [conv("x", "a"), helper.make_node("Relu", ["a"], ["y"])], {"w": WEIGHTS})
    report, (as_computed, as_rounded) = halve_in_place(tmp_path / "m.onnx", verify=True)
    assert report.half_nodes == 2
    assert as_rounded.reference.endswith("every half-precision value rounded")
    assert 0 < as_computed.relative < 1e-3
    assert 0 < as_rounded.relative < 2e-3
    assert [path.name for path in tmp_path.iterdir()] == ["m.onnx"]
    assert onnx.load(tmp_path / "m.onnx").graph.node[0].op_type == "Cast"


@pytest.mark.model
def test_an_official_recogniser_reads_the_same_in_half_precision(tmp_path: Path) -> None:
    (files,) = fetch_models([load_manifest().get("PP-OCRv5_mobile_rec")])
    half = tmp_path / "half.onnx"
    report = write_half_precision(files.model, half)
    assert report.bytes_after < 0.55 * report.bytes_before
    verified = verify_against_graph(
        half,
        files.model,
        tolerance=precision.TOLERANCE,
        required_agreement=precision.REQUIRED_AGREEMENT,
    )
    assert verified.passed, str(verified)
    assert verified.relative > 1e-5
