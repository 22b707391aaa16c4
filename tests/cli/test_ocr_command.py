"""``onnxocr ocr`` as a process sees it, over stand-in networks."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from onnxocr.cli import main as program
from onnxocr.cli.engine_options import engine_parameters, parse_bool
from onnxocr.cli.ocr import app
from onnxocr.cli.result_stream import Format, ResultStream, write_stdout
from onnxocr.config import TextDetectionConfig, TextRecognitionConfig
from onnxocr.errors import ConfigError, ModelUnavailableError, OutputError
from onnxocr.modules.engine_arguments import ENGINE_ARGUMENTS
from onnxocr.modules.loading import LoadedModel
from onnxocr.pipelines.compatibility import DEPRECATED_ARGUMENTS, LegacyArguments
from onnxocr.pipelines.ocr import PaddleOCR
from onnxocr.results.ocr_result import OCRResult
from onnxocr.results.text_line import TextLine
from tests import fakes


@pytest.fixture(autouse=True)
def _stand_ins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def load(requests: object, runtime: object) -> list[LoadedModel]:
        return [fakes.detector(tmp_path), fakes.recognizer(tmp_path)]

    monkeypatch.setattr("onnxocr.pipelines.ocr.load_models", load)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    image = np.zeros((100, 300, 3), np.uint8)
    image[30:60, 50:250] = 255
    path = tmp_path / "page.png"
    assert cv2.imwrite(str(path), image)
    return path


@pytest.fixture
def folder(tmp_path: Path, picture: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    for name in ("a.png", "c.png"):
        (folder / name).write_bytes(picture.read_bytes())
    (folder / "b.png").write_bytes(b"no image")
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_text_goes_to_stdout_alone(picture: Path) -> None:
    result = run("-i", picture)
    assert (result.exit_code, result.stderr) == (0, "")
    assert len(result.stdout.splitlines()) == 1


def test_pages_of_several_inputs_are_headed(picture: Path) -> None:
    headed = run("-i", picture, "-i", picture).stdout.splitlines()
    assert [line for line in headed if line.startswith("==>")] == [f"==> {picture} <=="] * 2


def test_json_is_one_array_and_jsonl_one_object_a_line(picture: Path) -> None:
    pages: list[dict[str, Any]] = json.loads(run("-i", picture, "-i", picture, "--format", "json").stdout)
    lines = run("-i", picture, "-i", picture, "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line) for line in lines] == pages
    assert [page["input_path"] for page in pages] == [str(picture)] * 2
    assert json.loads(run("-i", picture.parent / "nothing.png", "--format", "json").stdout) == []


def test_a_broken_file_in_a_folder_is_reported_and_the_rest_is_read(folder: Path) -> None:
    result = run("-i", folder, "--format", "jsonl")
    read = [json.loads(line)["input_path"] for line in result.stdout.splitlines()]
    assert [Path(path).name for path in read] == ["a.png", "c.png"]
    assert result.exit_code == 3
    assert "b.png" in result.stderr
    assert "1 of the inputs could not be read" in result.stderr


def test_save_path_gets_json_and_picture(picture: Path, tmp_path: Path) -> None:
    assert run("-i", picture, "--save_path", tmp_path / "out").exit_code == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"page_res.json", "page_ocr_res_img.png"}


@pytest.mark.parametrize("form", ["text", "json", "jsonl"])
def test_what_stdout_cannot_show_is_escaped(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    stdout = io.TextIOWrapper(raw, encoding="cp1252", write_through=True)
    monkeypatch.setattr(sys, "stdout", stdout)
    line = TextLine(quad=np.zeros((4, 2), np.int16), detection_score=1.0, text="\u6e56\U0001f375", score=1.0)
    result = OCRResult(
        input_path="x",
        page_index=None,
        image=np.zeros((9, 9, 3), np.uint8),
        lines=[line],
        detection=TextDetectionConfig(),
        recognition=TextRecognitionConfig(),
        runtime={},
    )
    with ResultStream(Format(form), lambda _: False) as stream:
        stream.write(result)
    text = raw.getvalue().decode("cp1252")
    if form == "text":
        assert text == "\\u6e56\\U0001f375\n"
    else:
        page = json.loads(text)
        assert (page[0] if form == "json" else page)["rec_texts"] == ["\u6e56\U0001f375"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_stdout_is_an_output_error(monkeypatch: pytest.MonkeyPatch) -> None:
    script = "from onnxocr.cli.result_stream import write_stdout; write_stdout('x' * 100000)"
    with Path("/dev/full").open("w") as full:
        finished = subprocess.run(
            [sys.executable, "-c", script], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert "OutputError: The result cannot be written to stdout" in finished.stderr
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(OutputError, match="stdout is closed"):
        write_stdout("x")


def test_json_ends_properly_when_the_run_stops(picture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: object, folder: Path) -> None:
        raise OutputError("disk full")

    monkeypatch.setattr(OCRResult, "save_all", fail)
    result = run("-i", picture, "--format", "json", "--save_path", picture.parent / "out")
    assert isinstance(result.exception, OutputError)
    assert len(json.loads(result.stdout)) == 1


def test_subfolders_are_kept_and_names_never_meet(folder: Path, picture: Path, tmp_path: Path) -> None:
    (folder / "b.png").unlink()
    (folder / "deep").mkdir()
    (folder / "deep" / "a.png").write_bytes(picture.read_bytes())
    out = tmp_path / "out"
    assert run("-i", folder, "--save_path", out).exit_code == 0
    assert {str(path.relative_to(out)) for path in out.rglob("*.json")} == {
        "a_res.json",
        "c_res.json",
        "deep/a_res.json",
    }
    double = run("-i", folder / "a.png", "-i", folder / "deep" / "a.png", "--save_path", tmp_path / "one")
    assert isinstance(double.exception, OutputError)


def test_a_save_path_that_cannot_be_is_refused_before_anything_is_read(picture: Path) -> None:
    result = run("-i", picture, "--save_path", picture / "below_a_file")
    assert isinstance(result.exception, OutputError)
    assert result.stdout == ""


def test_the_log_tells_what_runs(picture: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG", "onnxocr"):
        run("-i", picture)
    assert f"{picture}: 1 lines in" in caplog.text
    assert run("-i", picture, "--log_level", "loud").exit_code == 2


def test_options_reach_the_engine(picture: Path) -> None:
    assert run("-i", picture, "--text_det_box_thresh", "0.95").stdout == ""
    assert run("-i", picture, "--text-det-box-thresh", "0.95").stdout == ""
    page = json.loads(run("-i", picture, "--return_word_box", "True", "--format", "jsonl").stdout)
    assert page["return_word_box"] is True
    shaped = json.loads(run("-i", picture, "--text_rec_input_shape", 3, 48, 64, "--format", "jsonl").stdout)
    assert shaped["rec_texts"] != page["rec_texts"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "--input"),
        (("-i", "x.png", "--no_such_option", "1"), "--no_such_option"),
        (("-i", "x.png", "--return_word_box", "maybe"), "'maybe' is neither true nor false"),
        (("-i", "x.png", "--text_det_thresh", "high"), "--text_det_thresh"),
        (("-i", "x.png", "--format", "xml"), "xml"),
    ],
)
def test_wrong_usage_exits_with_2(arguments: tuple[str, ...], complaint: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert complaint in result.stderr


def test_settings_out_of_range_are_config_errors(picture: Path) -> None:
    assert isinstance(run("-i", picture, "--text_det_thresh", "3").exception, ConfigError)


def test_old_option_names_work_and_are_hidden(picture: Path) -> None:
    with pytest.warns(DeprecationWarning, match="det_db_box_thresh"):
        assert run("-i", picture, "--det_db_box_thresh", "0.95").stdout == ""
    assert "det_db_box_thresh" not in run("--help").stdout


def test_every_argument_of_the_engine_is_an_explained_option() -> None:
    options = {parameter.name for parameter in engine_parameters(PaddleOCR, LegacyArguments)}
    assert set(ENGINE_ARGUMENTS) - {"engine_config"} <= options
    assert set(DEPRECATED_ARGUMENTS) <= options
    assert {"text_detection_model_dir", "lang", "ocr_version", "text_rec_input_shape"} <= options
    shown = run("--help").stdout
    for name in options - set(DEPRECATED_ARGUMENTS) - {"paddlex_config"}:
        assert f"--{name}" in shown


@pytest.mark.parametrize(
    ("word", "value"),
    [("True", True), ("yes", True), ("1", True), ("FALSE", False), ("n", False), ("0", False)],
)
def test_words_for_true_and_false(word: str, value: bool) -> None:
    assert parse_bool(word) is value


def test_errors_become_a_message_and_the_exit_code_of_their_class(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(prog_name: str) -> None:
        raise ModelUnavailableError("tried everywhere\nin vain")

    monkeypatch.setattr(program, "app", fail)
    with pytest.raises(SystemExit) as caught:
        program.main()
    assert caught.value.code == 4
    assert capsys.readouterr().err == "onnxocr: tried everywhere\nin vain\n"


def test_version_and_help_name_the_subcommands() -> None:
    shown = CliRunner().invoke(program.app, ["--version"])
    assert shown.stdout.startswith("onnxocr 0.")
    listed = CliRunner().invoke(program.app, ["--help"]).stdout
    assert all(name in listed for name in program.COMMANDS)
