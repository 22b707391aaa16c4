"""The model table is checked as a whole when it is read, and the one that ships is complete."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from onnxocr.errors import ModelError, UnknownModelError
from onnxocr.zoo.manifest import ModelSpec, load_manifest, parse_manifest
from tests.zoo.entries import file_entry, model_entry, recogniser_entry, source_entry, table


def test_shipped_table_has_the_models_of_this_release() -> None:
    families = ("PP-OCRv4_mobile", "PP-OCRv5_mobile", "PP-OCRv6_small", "PP-OCRv6_tiny")
    assert load_manifest().names == tuple(
        f"{family}_{task}" for family in families for task in ("det", "rec")
    )


@pytest.mark.parametrize("spec", load_manifest().models, ids=lambda spec: str(spec.name))
def test_every_shipped_model_can_be_had_ready_to_run_and_checked(spec: ModelSpec) -> None:
    ready = [source for source in spec.sources if source.format == "onnx"]
    graphs = [file for source in ready for file in source.files if file.name == "inference.onnx"]
    assert ready
    assert all(graph.sha256 and graph.bytes for graph in graphs)
    assert "wheel" in {source.kind for source in ready}


def test_sources_of_one_conversion_deliver_the_same_graph() -> None:
    for spec in load_manifest().models:
        graphs: dict[str, set[str | None]] = {}
        for source in spec.sources:
            for file in source.files:
                if file.name == "inference.onnx":
                    graphs.setdefault(source.conversion, set()).add(file.sha256)
        assert all(len(checksums) == 1 for checksums in graphs.values()), spec.name


# spec of PaddleOCR 3.7: languages of PP-OCRv6 are the four CJK/English codes and 48 of the 49 Latin ones.
@pytest.mark.parametrize(
    ("name", "count", "with_japanese"),
    [
        ("PP-OCRv4_mobile_rec", 1, False),
        ("PP-OCRv5_mobile_rec", 4, True),
        ("PP-OCRv6_small_rec", 52, True),
        ("PP-OCRv6_tiny_rec", 51, False),
    ],
)
def test_languages_of_the_recognisers(name: str, count: int, with_japanese: bool) -> None:
    languages = load_manifest().get(name).languages
    assert len(set(languages)) == len(languages) == count
    assert ("japan" in languages) is with_japanese
    assert "pi" not in languages


def test_reading_the_table_waits_until_it_is_asked_for() -> None:
    code = "import sys, onnxocr.zoo.manifest as m; assert m.load_manifest.cache_info().currsize == 0"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_unknown_name_is_answered_with_the_nearest_ones() -> None:
    with pytest.raises(UnknownModelError, match=r"'PP-OCRv5_mobil_det'.*Did you mean PP-OCRv5_mobile_det"):
        load_manifest().get("PP-OCRv5_mobil_det")
    with pytest.raises(UnknownModelError, match=r"Known: PP-OCRv4_mobile_det"):
        load_manifest().get("zzz")


CLASSIFIER: dict[str, Any] = {
    "name": "spark_ori",
    "task": "doc_orientation",
    "version": None,
    "size": None,
    "postprocess": {"labels": ["0", "90", "180", "270"], "resize_short": 256, "crop": 224},
}
PADDLE_FILES = [file_entry(name, None) for name in ("inference.json", "inference.pdiparams", "inference.yml")]
OLD_INPUT = {**model_entry()["input"], "shape": [None, 3, 32, None], "image_shape": [3, 32, 320]}


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(
            model_entry(source_entry("bos", *PADDLE_FILES, format="paddle")), id="only in Paddle format"
        ),
        pytest.param(model_entry(notes="Announced, never published."), id="announced only"),
        pytest.param(model_entry(**CLASSIFIER), id="orientation classifier"),
        pytest.param(model_entry(task="doc_unwarping", postprocess={}, version=None), id="unwarping"),
        pytest.param(
            recogniser_entry("old_rec", "PP-OCR v2.0", "mobile", "ch", input=OLD_INPUT), id="32 px high"
        ),
        pytest.param(
            recogniser_entry("arabic_rec", "PP-OCRv5", "mobile", "ar", postprocess={"visual_order": True}),
            id="right to left",
        ),
    ],
)
def test_other_kinds_of_models_fit_the_table(entry: dict[str, Any]) -> None:
    assert parse_manifest(table(entry)).names == (entry["name"],)


def without(entry: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != key}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "not valid JSON"),
        ("[]", "schema 'list'"),
        ('{"schema": 2}', "schema 2"),
        ('{"schema": 1}', "no list named 'models'"),
        (table(model_entry(), model_entry()), "listed twice: spark_det"),
        (table(model_entry(colour="red")), "model spark_det: ModelSpec has unknown keys colour"),
        (table(without(model_entry(), "licence")), "model spark_det: ModelSpec lacks licence"),
        (table(model_entry(task="reading")), "task 'reading' is none of"),
        (table(model_entry(name="../spark")), "usable as a folder name"),
        (table(model_entry(languages=["ch"])), "languages belong to recognisers"),
        (table(model_entry(charset={"origin": "x", "characters": 1})), "a charset belongs to recognisers"),
        (table(recogniser_entry("r", "v", "s", "ch", charset=None)), "a charset belongs to recognisers"),
        (table(model_entry(postprocess={"labels": ["0"]})), "'labels' is no postprocess setting"),
        (table(model_entry(postprocess={"thresh": "high"})), "thresh has the value 'high'"),
        (table(model_entry(input={**model_entry()["input"], "layout": "NHWC"})), "layout 'NHWC'"),
        (table(model_entry(input={**model_entry()["input"], "std": [1, 0, 1]})), "mean and std"),
        (table(model_entry({**source_entry("bos"), "kind": "ftp"})), "kind 'ftp' is none of"),
        (table(model_entry(source_entry("wheel", revision=None))), "needs a revision"),
        (table(model_entry(source_entry("bos", file_entry("inference.yml", None)))), "needs inference.onnx"),
        (table(model_entry(source_entry("bos", file_entry("model.onnx", None)))), "'model.onnx' is none of"),
        (
            table(model_entry(source_entry("bos", file_entry("inference.onnx", None, "../x")))),
            "'../x' is not",
        ),
        (table(model_entry(source_entry("bos", {**PADDLE_FILES[0], "sha256": "ABC"}))), "sha256 'ABC'"),
        (table(model_entry(source_entry("bos", PADDLE_FILES[0], PADDLE_FILES[0]))), "one of each"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_with_the_place(text: str, complaint: str) -> None:
    with pytest.raises(ModelError, match=complaint.replace("(", r"\(")):
        parse_manifest(text)
