"""One call makes an ONNX model folder of a Paddle model, or says why not and leaves nothing behind."""

from __future__ import annotations

import errno
import json
import logging
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from onnxocr.converters import ConversionResult, conversion, convert
from onnxocr.errors import (
    ConversionError,
    MissingDependencyError,
    ModelFileError,
    OutputError,
    UnknownModelError,
    UnsupportedOperatorError,
)
from onnxocr.zoo.charset import METADATA_KEY
from onnxocr.zoo.inference_yml import read_inference_yml
from onnxocr.zoo.manifest import ModelSpec
from onnxocr.zoo.model_files import ModelFiles
from tests.converters.paddle_files import (
    BIAS,
    WEIGHT,
    feed,
    fetch,
    linear_params,
    operator,
    pir_document,
    result,
    write_linear,
)
from tests.zoo.place import Place

SETTINGS = """Global:
  model_name: spark_rec
PreProcess:
  transform_ops:
  - RecResizeImg:
      image_shape: [3, 48, 320]
PostProcess:
  name: CTCLabelDecode
  character_dict:
  - a
  - '!'
"""


def run(result: ConversionResult, x: object) -> np.ndarray:
    session = onnxruntime.InferenceSession(result.model, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"x": np.asarray(x, dtype=np.float32)})[0])


def metadata(result: ConversionResult) -> dict[str, str]:
    session = onnxruntime.InferenceSession(result.model, providers=["CPUExecutionProvider"])
    return dict(session.get_modelmeta().custom_metadata_map)


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("optimize", [False, True])
def test_a_folder_becomes_an_onnx_folder(tmp_path: Path, old: bool, optimize: bool) -> None:
    result = convert(write_linear(tmp_path / "spark_infer", old=old), tmp_path / "out", optimize=optimize)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["inference.onnx", "inference.yml"]
    assert result.operators == {"matmul": 1, "add": 1, "relu": 1}
    assert (result.optimization is not None) == optimize
    x = np.array([[1.0, 2.0, 3.0], [-1.0, 0.0, 1.0]], dtype=np.float32)
    np.testing.assert_allclose(run(result, x), np.maximum(x @ WEIGHT + BIAS, 0))


def test_free_axes_keep_a_name(tmp_path: Path) -> None:
    result = convert(write_linear(tmp_path / "m"), tmp_path / "out")
    session = onnxruntime.InferenceSession(result.model, providers=["CPUExecutionProvider"])
    assert session.get_inputs()[0].shape == ["batch", 3]


@pytest.mark.parametrize("ending", [".tar", ".tar.gz", ".tgz", ".zip"])
def test_archives_are_opened_whatever_their_folder(tmp_path: Path, ending: str) -> None:
    folder, archive = write_linear(tmp_path / "spark_infer"), tmp_path / f"spark_infer{ending}"
    if ending == ".zip":
        with zipfile.ZipFile(archive, "w") as packed:
            for path in folder.iterdir():
                packed.write(path, f"spark_infer/{path.name}")
    else:
        with tarfile.open(archive, "w:gz" if "gz" in ending else "w") as tar:
            tar.add(folder, "spark_infer")
    result = convert(archive, tmp_path / "out")
    assert result.name == "spark"
    assert read_inference_yml(result.inference_yml).model_name == "spark"


def test_other_file_names_can_be_given(tmp_path: Path) -> None:
    folder = write_linear(tmp_path / "m", stem="best")
    (folder / "best.pdiparams").rename(folder / "weights.bin")
    result = convert(folder, tmp_path / "out", model_filename="best.json", params_filename="weights.bin")
    assert result.program == "best.json"


def test_settings_of_the_source_are_kept_to_the_byte_and_written_into_the_graph(tmp_path: Path) -> None:
    folder = write_linear(tmp_path / "m")
    (folder / "inference.yml").write_text(SETTINGS)
    result = convert(folder, tmp_path / "out")
    assert result.inference_yml.read_text() == SETTINGS
    assert (result.name, result.task) == ("spark_rec", "text_recognition")
    told = metadata(result)
    assert told["model_name"] == "spark_rec"
    assert told["task"] == "text_recognition"
    assert told[METADATA_KEY] == "a\n!"
    assert json.loads(told["preprocess"]) == [{"RecResizeImg": {"image_shape": [3, 48, 320]}}]
    assert set(json.loads(told["source_sha256"])) == {
        "inference.json",
        "inference.pdiparams",
        "inference.yml",
    }
    assert told["converter"].startswith("onnxocr ")


def test_name_and_charset_that_are_given_overrule_the_settings(tmp_path: Path) -> None:
    folder = write_linear(tmp_path / "m")
    (folder / "inference.yml").write_text(SETTINGS)
    (tmp_path / "letters.txt").write_text("x\ny\nz\n")
    result = convert(folder, tmp_path / "out", name="mine", charset=tmp_path / "letters.txt")
    settings = read_inference_yml(result.inference_yml)
    assert (settings.model_name, settings.character_dict) == ("mine", ("x", "y", "z"))
    assert settings.image_shape == (3, 48, 320)
    assert metadata(result)[METADATA_KEY] == "x\ny\nz"


def test_a_charset_that_does_not_fit_the_classes_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "letters.txt").write_text("x\ny\nz\n")
    with caplog.at_level(logging.WARNING):
        convert(write_linear(tmp_path / "m"), tmp_path / "out", charset=tmp_path / "letters.txt")
    assert "has 2 classes, but 3 characters need 5" in caplog.text


def test_a_model_of_the_zoo_gets_the_settings_that_the_zoo_knows(tmp_path: Path) -> None:
    result = convert(write_linear(tmp_path / "PP-OCRv4_mobile_det_infer"), tmp_path / "out")
    assert (result.name, result.task) == ("PP-OCRv4_mobile_det", "text_detection")
    assert read_inference_yml(result.inference_yml).postprocess["box_thresh"] == 0.6


@pytest.mark.parametrize(
    ("settings", "task"),
    [
        ("PostProcess: {name: DBPostProcess}", "text_detection"),
        ("PostProcess: {name: DocTrPostProcess}", "doc_unwarping"),
        ("PostProcess: {Topk: {topk: 1, label_list: [0_degree, 180_degree]}}", "textline_orientation"),
        ("PostProcess: {Topk: {topk: 4, label_list: ['0', '90', '180', '270']}}", "doc_orientation"),
        ("PostProcess: {Topk: {topk: 1, label_list: [cat, dog]}}", None),
        ("Global: {model_name: PP-OCRv5_mobile_det}", "text_detection"),
        ("Global: {model_name: my_own}", None),
    ],
)
def test_the_task_is_read_off_the_settings(tmp_path: Path, settings: str, task: str | None) -> None:
    folder = write_linear(tmp_path / "m")
    (folder / "inference.yml").write_text(settings)
    result = convert(folder, tmp_path / "out")
    assert result.task == task
    assert metadata(result).get("task") == task


def unsupported_network() -> str:
    return json.dumps(
        pir_document(
            feed(1, "x", [4]),
            operator("1.fft_r2c", [1], [result(2, [4])]),
            operator("1.relu", [2], [result(3, [4])]),
            operator("1.fft_r2c", [3], [result(4, [4])]),
            operator("3.my_own", [4], [result(5, [4])]),
            fetch(5),
        )
    )


def test_all_unknown_operators_come_in_one_error(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / "inference.json").write_text(unsupported_network())
    with pytest.raises(UnsupportedOperatorError) as caught:
        convert(folder, tmp_path / "out")
    assert "fft_r2c: 2 times, first operator 1 (fft_r2c)" in str(caught.value)
    assert "3.my_own: 1 times" in str(caught.value)
    assert "--backend paddle2onnx" in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_an_operator_that_contradicts_its_inputs_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    document = pir_document(
        feed(1, "x", [4]), operator("1.softmax", [1], [result(2, [4])], axis_attribute(7)), fetch(2)
    )
    (folder / "inference.json").write_text(json.dumps(document))
    with pytest.raises(ConversionError, match=r"Operator 1 \(softmax\) works on axis 7 of 1"):
        convert(folder, tmp_path / "out")


def axis_attribute(axis: int) -> dict[str, object]:
    return {"N": "axis", "AT": {"#": "0.a_i32", "D": axis}}


def test_what_is_there_is_not_overwritten_unasked(tmp_path: Path) -> None:
    folder, out = write_linear(tmp_path / "m"), tmp_path / "out"
    convert(folder, out)
    with pytest.raises(OutputError, match="overwrite=True"):
        convert(folder, out)
    (out / "inference.onnx").write_bytes(b"old")
    (out / "notes.txt").write_text("mine")
    convert(folder, out, overwrite=True)
    assert (out / "inference.onnx").stat().st_size > 100
    assert (out / "notes.txt").read_text() == "mine"


def test_a_model_can_be_converted_in_its_own_folder(tmp_path: Path) -> None:
    folder = write_linear(tmp_path / "m")
    (folder / "inference.yml").write_text(SETTINGS)
    convert(folder, folder)
    assert (folder / "inference.onnx").is_file()
    assert (folder / "inference.yml").read_text() == SETTINGS
    assert not list(tmp_path.glob(".*"))


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = write_linear(tmp_path / "m")
    (folder / "inference.pdiparams").write_bytes(linear_params()[:-4])
    with pytest.raises(ModelFileError):
        convert(folder, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


@pytest.mark.parametrize(
    ("source", "error", "words"),
    [
        ("no/such/folder", ModelFileError, "does not exist"),
        ("missing.tar", ModelFileError, "does not exist"),
        ("PP-OCRv9_mobile_det", UnknownModelError, "no folder or archive"),
    ],
)
def test_sources_that_are_not_there_are_named(
    tmp_path: Path, source: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        convert(source, tmp_path / "out")


def test_without_the_onnx_package_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"onnxocr-engine\[convert\]"):
        convert(tmp_path, tmp_path / "out")


def test_neither_paddle_nor_paddle2onnx_is_imported(tmp_path: Path) -> None:
    write_linear(tmp_path / "m")
    code = (
        "import sys\n"
        "for name in ('paddle', 'paddle2onnx'): sys.modules[name] = None\n"
        "from onnxocr.converters import convert\n"
        f"convert({str(tmp_path / 'm')!r}, {str(tmp_path / 'out')!r})\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert (tmp_path / "out" / "inference.onnx").is_file()


def test_importing_the_package_loads_no_library() -> None:
    code = "import sys, onnxocr.converters; print([m for m in ('numpy', 'onnx', 'yaml') if m in sys.modules])"
    finished = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert finished.stdout.strip() == "[]"


def test_an_address_is_downloaded_first(tmp_path: Path) -> None:
    archive = tmp_path / "spark_infer.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(write_linear(tmp_path / "spark_infer"), "spark_infer")
    server = Place()
    server.files["/models/spark_infer.tar"] = archive.read_bytes()
    try:
        result = convert(f"{server.address}/models/spark_infer.tar", tmp_path / "out")
    finally:
        server.stop()
    assert result.name == "spark"


def test_a_zoo_model_is_fetched_in_paddle_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_linear(tmp_path / "cached")
    asked: list[tuple[str, object]] = []

    def fetch_models(specs: list[ModelSpec], *, formats: tuple[str, ...]) -> list[ModelFiles]:
        (spec,) = specs
        asked.append((spec.name, formats))
        return [
            ModelFiles(
                name=spec.name,
                directory=folder,
                model=folder / "inference.json",
                inference_yml=None,
                charset=None,
                origin="a test",
                spec=spec,
            )
        ]

    monkeypatch.setattr(conversion, "fetch_models", fetch_models)
    result = convert("PP-OCRv5_mobile_det", tmp_path / "out")
    assert asked == [("PP-OCRv5_mobile_det", ("paddle",))]
    assert (result.name, result.task) == ("PP-OCRv5_mobile_det", "text_detection")


@pytest.mark.parametrize("output", ["/", "", "n" * 300, "source/inference.json", "source/inference.json/x"])
def test_outputs_that_cannot_be_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str
) -> None:
    monkeypatch.chdir(tmp_path)
    source = write_linear(tmp_path / "source")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(OutputError) as caught:
        convert(source, output)
    assert len(str(caught.value)) < 600
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("output", [".", "../here", "n" * 254])
def test_unusual_outputs_are_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    result = convert(write_linear(tmp_path / "source"), output)
    assert result.directory == Path(output)
    assert sorted(path.name for path in result.directory.iterdir()) == ["inference.onnx", "inference.yml"]


def test_a_link_that_leads_nowhere_is_filled(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    convert(write_linear(tmp_path / "source"), tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "folder" / "inference.onnx").is_file()


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("", "No model is given"),
        (" ", "No model is given"),
        ("ftp://host/m.tar", "only http:// and https://"),
        ("file:///tmp/m.tar", "only http:// and https://"),
        ("n" * 300, "cannot be read"),
        ("~nobody-of-that-name/m", "cannot be read"),
    ],
)
def test_sources_that_cannot_be_are_refused(tmp_path: Path, source: str, complaint: str) -> None:
    with pytest.raises(ModelFileError, match=complaint):
        convert(source, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("remote", [False, True])
def test_a_full_temporary_folder_is_named_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, remote: bool
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(conversion, "unpack_archive", full)
    monkeypatch.setattr(conversion, "download", full)
    archive = tmp_path / "m.tar"
    archive.write_bytes(b"anything")
    with pytest.raises(OutputError, match=r"temporary folder /.*No space left.*TMPDIR"):
        convert("https://host/m.tar" if remote else archive, tmp_path / "out")


def test_messages_about_an_archive_name_the_archive(tmp_path: Path) -> None:
    (tmp_path / "inference.json").write_text("{}")
    archive = tmp_path / "m.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(tmp_path / "inference.json", "m/inference.json")
    with pytest.raises(ModelFileError) as caught:
        convert(archive, tmp_path / "out")
    assert str(archive) in str(caught.value)
    assert "onnxocr-convert-" not in str(caught.value)
