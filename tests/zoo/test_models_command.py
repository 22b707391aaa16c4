"""``onnxocr models``: results on stdout, everything else on stderr, errors raised for the program's entry."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from onnxocr.cli import models
from onnxocr.cli.progress import download_bars
from onnxocr.errors import ModelFileError, ModelUnavailableError, UnknownModelError
from onnxocr.zoo.manifest import load_manifest, parse_manifest
from tests.zoo.entries import GRAPH, SETTINGS, model_entry, recogniser_entry, source_entry, table
from tests.zoo.place import Place
from tests.zoo.test_sources import stock

SCOPE = source_entry("modelscope")


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(models.app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture
def sparks(monkeypatch: pytest.MonkeyPatch, place: Place) -> Place:
    """A zoo of one detector and one recogniser, on a server."""
    stock(place)
    rec = recogniser_entry("spark_rec", "PP-OCRv6", "tiny", "ch en", sources=[SCOPE])
    manifest = parse_manifest(table(model_entry(SCOPE), rec))
    monkeypatch.setattr(models, "load_manifest", lambda: manifest)
    return place


def test_list_shows_every_model_of_the_zoo() -> None:
    lines = run("list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(load_manifest().names)


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        (["--task", "text_recognition"], ["spark_rec"]),
        (["--version", "PP-OCRv5"], ["spark_det"]),
        (["--language", "en"], ["spark_rec"]),
        (["--size", "mobile"], ["spark_det"]),
        (["--size", "mobile", "--language", "en"], []),
        ([], ["spark_det", "spark_rec"]),
    ],
)
def test_list_filters(sparks: Place, filters: list[str], names: list[str]) -> None:
    shown = json.loads(run("list", "--json", *filters).stdout)
    assert [model["name"] for model in shown] == names


def test_list_says_what_is_cached_and_how_large_it_is(sparks: Place) -> None:
    run("pull", "spark_det")
    det, rec = json.loads(run("list", "--json").stdout)
    assert (det["cached"], rec["cached"]) == (True, False)
    assert det["bytes"] == len(GRAPH) + len(SETTINGS)
    assert "cached" in run("list", "--task", "text_detection").stdout


def test_info_shows_sources_and_checksums(sparks: Place) -> None:
    shown = run("info", "spark_det")
    assert "modelscope Sparks/spark_det_onnx master" in shown.stdout
    facts = json.loads(run("info", "spark_det", "--json").stdout)
    assert facts["sources"][0]["files"][0]["bytes"] == len(GRAPH)
    assert facts["postprocess"] == {"thresh": 0.3}


def test_pull_prints_the_folders_and_nothing_else_on_stdout(sparks: Place, home: Path) -> None:
    result = run("pull", "spark_rec", "spark_det")
    folders = [str(home / "models" / name) for name in ("spark_rec", "spark_det")]
    assert result.stdout.splitlines() == folders
    assert run("path", "spark_det").stdout.splitlines() == folders[1:]


def test_pull_takes_the_source_asked_for(sparks: Place) -> None:
    with pytest.raises(ModelUnavailableError, match="cannot be had from bos"):
        run("pull", "spark_det", "--source", "bos")


def test_path_of_a_model_that_was_not_fetched_is_an_error(sparks: Place) -> None:
    with pytest.raises(ModelFileError, match="onnxocr models pull spark_det"):
        run("path", "spark_det")


def test_verify_names_every_damaged_model(sparks: Place, home: Path) -> None:
    assert run("verify").stdout == ""
    run("pull", "spark_det", "spark_rec")
    assert [line.split(":")[0] for line in run("verify").stdout.splitlines()] == ["spark_det", "spark_rec"]
    (home / "models" / "spark_det" / "inference.yml").write_bytes(b"x")
    with pytest.raises(ModelFileError, match=r"Damaged: spark_det\. .*onnxocr models pull spark_det"):
        run("verify")
    assert run("verify", "spark_rec").stdout.startswith("spark_rec: ok")
    run("remove", "spark_det")
    with pytest.raises(ModelFileError, match="Not in the model cache"):
        run("verify", "spark_det", "spark_rec")


def test_remove_deletes_the_folder(sparks: Place, home: Path) -> None:
    run("pull", "spark_det")
    assert run("remove", "spark_det").stdout == "spark_det: removed\n"
    assert not (home / "models" / "spark_det").exists()
    again = run("remove", "spark_det")
    assert (again.stdout, again.stderr) == ("", "spark_det: was not in the cache\n")


@pytest.mark.parametrize("command", ["info", "pull", "path", "verify", "remove"])
def test_unknown_names_are_refused(sparks: Place, command: str) -> None:
    with pytest.raises(UnknownModelError, match="spark_dot"):
        run(command, "spark_dot")


def test_progress_is_drawn_on_a_terminal_only_and_never_on_stdout(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with download_bars() as progress:
        assert progress is None
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    with download_bars() as progress:
        assert progress is not None
        progress("spark_det: inference.onnx", 0, None)
        progress("spark_det: inference.onnx", 5, 10)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "inference.onnx" in captured.err
