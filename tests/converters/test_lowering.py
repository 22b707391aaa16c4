"""Rules of the graph that no single operator owns: tables, types, names, known values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from onnxocr.converters.ops.builder import GraphBuilder
from onnxocr.converters.ops.lowering import to_onnx
from onnxocr.converters.ops.registry import OPERATORS, merged
from onnxocr.converters.paddle.model_files import find_paddle_files, read_program
from onnxocr.converters.paddle.vocabulary import OLD_OPERATORS
from onnxocr.errors import ConversionError
from tests.converters.paddle_files import (
    Json,
    attribute,
    feed,
    fetch,
    old_operator,
    old_program,
    operator,
    pir_document,
    result,
    variable,
    whole_number,
)


def lowered(folder: Path, *operators: Json) -> onnx.ModelProto:
    (folder / "inference.json").write_text(json.dumps(pir_document(*operators)))
    return to_onnx(read_program(find_paddle_files(folder)))


def run(model: onnx.ModelProto, **inputs: object) -> Any:  # noqa: ANN401 - an array
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, dict(inputs))[0]


def integers(number: int, *values: int) -> Json:
    content = [{"#": "0.a_i64", "D": value} for value in values]
    return operator(
        "1.full_int_array",
        [],
        [result(number, [len(values)], "int64")],
        attribute("value", "0.a_array", content),
    )


def test_every_name_of_the_old_format_leads_to_a_function() -> None:
    assert {old.type for old in OLD_OPERATORS.values()} <= OPERATORS.keys()


def test_two_functions_for_one_operator_are_an_error() -> None:
    with pytest.raises(ValueError, match="Two functions convert relu"):
        merged([{"relu": OPERATORS["relu"]}, {"relu": OPERATORS["relu6"]}])


def test_32_bit_integers_stay_32_bit_outside_and_are_64_bit_inside(tmp_path: Path) -> None:
    model = lowered(
        tmp_path,
        feed(1, "x", [-1], "int32"),
        operator("1.add", [1, 1], [result(2, [-1], "int32")]),
        fetch(2),
    )
    doubled = run(model, x=np.array([1, -2], dtype=np.int32))
    assert doubled.dtype == np.int32
    assert doubled.tolist() == [2, -4]


def test_an_element_type_that_an_old_program_leaves_open_is_the_one_of_the_result(tmp_path: Path) -> None:
    program = old_program(
        [variable("x", [2]), variable("y", [2])],
        [
            old_operator("feed", {}, {"Out": ["x"]}, whole_number("col", 0)),
            old_operator("fill_any_like", {"X": ["x"]}, {"Out": ["y"]}, whole_number("dtype", -1)),
            old_operator("fetch", {"X": ["y"]}, {}, whole_number("col", 0)),
        ],
    )
    (tmp_path / "inference.pdmodel").write_bytes(program)
    zeros = run(to_onnx(read_program(find_paddle_files(tmp_path))), x=np.ones(2, np.float32))
    assert (zeros.dtype, zeros.tolist()) == (np.float32, [0.0, 0.0])


def test_an_input_may_be_an_output_and_a_value_two_outputs(tmp_path: Path) -> None:
    model = lowered(
        tmp_path,
        feed(1, "x", [2]),
        operator("1.relu", [1], [result(2, [2])]),
        fetch(1, "same"),
        fetch(2, "a", 1),
        fetch(2, "b", 2),
    )
    onnx.checker.check_model(model)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    same, a, b = session.run(["same", "a", "b"], {"x": np.array([-1, 2], dtype=np.float32)})
    assert (same.tolist(), a.tolist(), b.tolist()) == ([-1, 2], [0, 2], [0, 2])


def test_a_shape_with_one_free_axis_becomes_a_constant(tmp_path: Path) -> None:
    model = lowered(
        tmp_path,
        feed(1, "x", [-1, 3, 4]),
        operator("1.shape64", [1], [result(2, [3], "int64")]),
        integers(3, 0),
        integers(4, 1),
        operator(
            "1.slice",
            [2, 3, 4],
            [result(5, [1], "int64")],
            attribute("axes", "0.a_array", [{"#": "0.a_i64", "D": 0}]),
        ),
        integers(6, 12),
        operator("0.combine", [5, 6], [{"%": 7, "TT": {"#": "0.t_vec", "D": []}}]),
        operator("1.concat", [7], [result(8, [2], "int64")]),
        operator("1.reshape", [1, 8], [result(9, [-1, 12])]),
        fetch(9),
    )
    (reshape,) = [node for node in model.graph.node if node.op_type == "Reshape" and node.output[0] == "out"]
    shapes = {tensor.name: onnx.numpy_helper.to_array(tensor).tolist() for tensor in model.graph.initializer}
    assert shapes[reshape.input[1]] == [-1, 12]


def test_batch_norms_of_a_network_saved_in_training_mode_are_refused(tmp_path: Path) -> None:
    channels = [feed(number, name, [3]) for number, name in enumerate("abcd", 2)]
    with pytest.raises(ConversionError, match=r"model.eval\(\) before exporting"):
        lowered(
            tmp_path,
            feed(1, "x", [-1, 3]),
            *channels,
            operator(
                "1.batch_norm_",
                [1, 2, 3, 4, 5],
                [result(6, [-1, 3])],
                attribute("is_test", "0.a_bool", False),
                attribute("data_format", "0.a_str", "NCHW"),
            ),
            fetch(6),
        )


def test_an_attribute_of_the_wrong_kind_is_named_with_its_operator(tmp_path: Path) -> None:
    with pytest.raises(
        ConversionError, match=r"Operator 1 \(elu\): attribute alpha is 'half' instead of a number"
    ):
        lowered(
            tmp_path,
            feed(1, "x", [2]),
            operator("1.elu", [1], [result(2, [2])], attribute("alpha", "0.a_str", "half")),
            fetch(2),
        )


@pytest.mark.parametrize(
    ("op_type", "inputs", "attributes", "expected"),
    [
        ("Slice", ([2, 3, 4, 5], [1], [3], [0]), {}, [3, 4]),
        ("Slice", ([2, 3, 4, 5], [-1], [-(2**31)], [0], [-1]), {}, [5, 4, 3, 2]),
        ("Concat", ([2], [3, 4]), {"axis": 0}, [2, 3, 4]),
        ("Gather", ([2, 3, 4], [2]), {}, [4]),
        ("Mul", ([2, 3], [4]), {}, [8, 12]),
        ("Squeeze", ([7], [0]), {}, 7),
    ],
)
def test_small_known_values_are_computed_at_once(
    op_type: str, inputs: tuple[list[int], ...], attributes: dict[str, int], expected: object
) -> None:
    graph = GraphBuilder()
    known = graph.known(graph.node(op_type, [graph.integers(each) for each in inputs], attributes))
    assert known is not None
    assert known.tolist() == expected


def test_partly_known_shapes_are_followed() -> None:
    graph = GraphBuilder()
    shape = graph.shape_of("x", (None, 3, 48))
    tail = graph.node("Slice", [shape, *(graph.integers([each]) for each in (1, 3, 0))])
    assert graph.known(tail) is not None
    joined = graph.node(
        "Concat", [graph.node("Slice", [shape, graph.integers([0]), graph.integers([1])]), tail]
    )
    assert graph.known(joined) is None
    assert graph.partly_known(joined) == [None, 3, 48]
