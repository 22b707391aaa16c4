"""Programs and parameters are read from both formats; damaged and hostile files are refused with a reason."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from onnxocr.converters.paddle.model_files import find_paddle_files, read_program
from onnxocr.converters.paddle.program import Program
from onnxocr.errors import ModelFileError
from tests.converters.paddle_files import (
    BIAS,
    WEIGHT,
    Json,
    bytes_field,
    feed,
    fetch,
    linear_old,
    linear_params,
    linear_pir,
    old_operator,
    old_program,
    operator,
    parameter,
    pir_document,
    result,
    tensor_bytes,
    variable,
    varint,
    whole_number,
    write_linear,
)


def read(folder: Path) -> Program:
    return read_program(find_paddle_files(folder))


@pytest.mark.parametrize("old", [False, True])
def test_both_formats_give_the_same_operators(tmp_path: Path, old: bool) -> None:
    program = read(write_linear(tmp_path, old=old))
    assert [each.type for each in program.operators] == ["matmul", "add", "relu"]
    assert program.feeds == ("x",)
    assert [name for name, _ in program.fetches] == ["out"]
    assert program.values["x"].shape == (None, 3)
    np.testing.assert_array_equal(program.parameters["linear.w"], WEIGHT)
    np.testing.assert_array_equal(program.parameters["linear.b"], BIAS)


def test_parameters_are_views_of_the_file_and_not_copies(tmp_path: Path) -> None:
    program = read(write_linear(tmp_path))
    assert not any(array.flags.owndata for array in program.parameters.values())


def test_a_program_is_known_by_its_content_under_any_name(tmp_path: Path) -> None:
    write_linear(tmp_path)
    (tmp_path / "inference.json").rename(tmp_path / "__model__")
    (tmp_path / "inference.pdiparams").rename(tmp_path / "__params__")
    assert read(tmp_path).parameter_names == ("linear.b", "linear.w")


def test_a_value_written_twice_is_two_values(tmp_path: Path) -> None:
    program = old_program(
        [variable("x", [2]), variable("y", [2])],
        [
            old_operator("feed", {}, {"Out": ["x"]}, whole_number("col", 0)),
            old_operator("relu", {"X": ["x"]}, {"Out": ["y"]}),
            old_operator("exp", {"X": ["y"]}, {"Out": ["y"]}),
            old_operator("fetch", {"X": ["y"]}, {}, whole_number("col", 0)),
        ],
    )
    (tmp_path / "inference.pdmodel").write_bytes(program)
    relu, exp = read(tmp_path).operators
    assert exp.inputs == relu.outputs
    assert exp.outputs != relu.outputs


def test_lists_of_tensors_are_taken_apart(tmp_path: Path) -> None:
    group = {"%": 5, "TT": {"#": "0.t_vec", "D": [result(0, [2])["TT"], result(0, [2])["TT"]]}}
    document = pir_document(
        feed(1, "x", [4]),
        operator("1.split_with_num", [1], [group]),
        operator("0.split", [5], [result(6, [2]), result(7, [2])]),
        operator("0.combine", [7, 6], [{"%": 8, "TT": {"#": "0.t_vec", "D": []}}]),
        operator("1.concat", [8], [result(9, [4])]),
        fetch(9),
    )
    (tmp_path / "inference.json").write_text(json.dumps(document))
    split, concat = read(tmp_path).operators
    assert concat.inputs == (tuple(reversed(split.outputs[0])),)


def test_values_that_live_only_at_run_time_are_not_looked_for_in_the_file(tmp_path: Path) -> None:
    document = pir_document(
        parameter(1, "state__non_persistable", [0], lasting=False),
        parameter(2, "state__non_persistable", [0], lasting=False),
        feed(3, "x", [2]),
        operator("1.relu", [3], [result(4, [2])]),
        fetch(4),
    )
    (tmp_path / "inference.json").write_text(json.dumps(document))
    assert read(tmp_path).parameter_names == ()


PIR_DAMAGE: dict[str, tuple[Callable[[Json], object], str]] = {
    "another magic word": (lambda d: d["base_code"].update(magic="onnx"), "magic is 'onnx'"),
    "no program": (lambda d: d.pop("program"), "'program' is missing"),
    "no regions": (lambda d: d["program"].update(regions=[]), "0 times region"),
    "operators that are no list": (
        lambda d: d["program"]["regions"][0]["blocks"][0].update(ops={}),
        "'ops' is missing or no list",
    ),
    "an operator that is a number": (lambda d: ops(d).append(3), "'#' is missing"),
    "an operand from nowhere": (lambda d: ops(d)[3]["I"].append({"%": 99}), "value 99 is used before"),
    "a value defined twice": (lambda d: ops(d)[4].update(O=[result(4, [1])]), "given twice"),
    "a parameter without a name": (lambda d: ops(d)[0].update(A=[0, 1]), "a parameter has no name"),
    "no outputs": (lambda d: ops(d).pop(), "1 inputs and 0 outputs"),
    "axis lengths that are texts": (
        lambda d: ops(d)[0]["O"]["TT"]["D"].__setitem__(1, ["3"]),
        "no axis lengths",
    ),
}


def ops(document: Json) -> list[Any]:
    operators: list[Any] = document["program"]["regions"][0]["blocks"][0]["ops"]
    return operators


@pytest.mark.parametrize("case", PIR_DAMAGE)
def test_json_that_is_no_program_is_refused_with_its_reason(tmp_path: Path, case: str) -> None:
    damage, reason = PIR_DAMAGE[case]
    document = linear_pir()
    damage(document)
    write_linear(tmp_path)
    (tmp_path / "inference.json").write_text(json.dumps(document))
    with pytest.raises(ModelFileError, match=reason) as caught:
        read(tmp_path)
    assert str(tmp_path / "inference.json") in str(caught.value)


FILE_DAMAGE = {
    "an empty program": ("inference.json", b"", "is empty"),
    "JSON that ends early": ("inference.json", b'{"base_code"', "not valid JSON"),
    "deep nesting": ("inference.json", b'{"a":' + b"[" * 200_000, "nested too deeply|not valid JSON"),
    "a git-LFS pointer": (
        "inference.pdiparams",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
        "git lfs pull",
    ),
    "parameters cut off": ("inference.pdiparams", linear_params()[:-1], "cut off"),
    "parameters cut off between two": (
        "inference.pdiparams",
        tensor_bytes(BIAS),
        "is missing: the file ends",
    ),
    "too many parameters": ("inference.pdiparams", linear_params() * 2, "bytes more than the 2"),
    "parameters in another order": (
        "inference.pdiparams",
        tensor_bytes(WEIGHT) + tensor_bytes(BIAS),
        "belongs to another model",
    ),
    "a parameter of another type": (
        "inference.pdiparams",
        tensor_bytes(BIAS.astype(np.int64)) + tensor_bytes(WEIGHT),
        "type int64",
    ),
    "a header of another kind": ("inference.pdiparams", b"\x01" * 64, "not one of a dense tensor"),
    "a huge axis": (
        "inference.pdiparams",
        struct.pack("<IQIi", 0, 0, 0, 12) + b"\x08\x05\x10" + varint(2**60),
        "impossible",
    ),
    "an unknown element type": (
        "inference.pdiparams",
        struct.pack("<IQIi", 0, 0, 0, 4) + b"\x08\x63\x10\x02",
        "element type 99",
    ),
}


@pytest.mark.parametrize("case", FILE_DAMAGE)
def test_damaged_files_are_refused_with_name_and_reason(tmp_path: Path, case: str) -> None:
    name, content, reason = FILE_DAMAGE[case]
    write_linear(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelFileError, match=reason) as caught:
        read(tmp_path)
    assert str(tmp_path / name) in str(caught.value)


OLD_DAMAGE = {
    "nothing of protobuf": (b"\xff" * 40, "number that is too long"),
    "a length beyond the end": (b"\x0a\xff\xff\xff\xff\x0f" + b"\0" * 8, "more bytes than there are"),
    "a negative length": (b"\x0a" + varint(-5) + b"\0" * 8, "more bytes than there are"),
    "no block": (bytes_field(4, b""), "no block of operators"),
    "cut off": (linear_old()[:-3], "more bytes than there are"),
    "group fields": (b"\x0b", "does not start a field"),
    "a text that is no text": (
        old_program([], [bytes_field(3, b"\xff\xfe")]),
        "not UTF-8",
    ),
    "a value from nowhere": (
        old_program([], [old_operator("relu", {"X": ["ghost"]}, {"Out": ["y"]})]),
        "'ghost' is used before it is computed",
    ),
    "no outputs": (
        old_program([variable("x", [1])], [old_operator("feed", {}, {"Out": ["x"]})]),
        "1 inputs and 0 outputs",
    ),
}


@pytest.mark.parametrize("case", OLD_DAMAGE)
def test_protobuf_that_is_no_program_is_refused_with_its_reason(tmp_path: Path, case: str) -> None:
    content, reason = OLD_DAMAGE[case]
    write_linear(tmp_path, old=True)
    (tmp_path / "inference.pdmodel").write_bytes(content)
    with pytest.raises(ModelFileError, match=reason) as caught:
        read(tmp_path)
    assert str(tmp_path / "inference.pdmodel") in str(caught.value)


def test_a_folder_without_a_program_says_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(ModelFileError, match=r"no inference.json or inference.pdmodel .*notes.txt"):
        read(tmp_path)


def test_a_folder_with_two_models_is_refused(tmp_path: Path) -> None:
    write_linear(tmp_path / "a")
    write_linear(tmp_path / "b")
    with pytest.raises(ModelFileError, match="several models"):
        read(tmp_path)


def test_a_program_with_parameters_needs_their_file(tmp_path: Path) -> None:
    write_linear(tmp_path)
    (tmp_path / "inference.pdiparams").unlink()
    with pytest.raises(ModelFileError, match="needs 2 parameters"):
        read(tmp_path)
