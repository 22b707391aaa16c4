"""Which detector and recogniser a language gets."""

from __future__ import annotations

import pytest

from onnxocr.errors import ConfigError, UnknownModelError
from onnxocr.zoo.manifest import parse_manifest
from onnxocr.zoo.resolve import resolve
from tests.zoo.entries import model_entry, recogniser_entry, table


@pytest.mark.parametrize(
    ("lang", "version", "size", "stem"),
    [
        (None, None, None, "PP-OCRv5_mobile"),
        ("ch", None, None, "PP-OCRv5_mobile"),
        ("japan", None, None, "PP-OCRv5_mobile"),
        # PP-OCRv5's mobile recogniser does not read French; the newest version that does is PP-OCRv6.
        ("french", None, None, "PP-OCRv6_small"),
        (None, None, "tiny", "PP-OCRv6_tiny"),
        (None, "PP-OCRv4", None, "PP-OCRv4_mobile"),
        ("en", "PP-OCRv6", None, "PP-OCRv6_small"),
        ("en", "PP-OCRv6", "tiny", "PP-OCRv6_tiny"),
    ],
)
def test_language_version_and_size_choose_the_pair(
    lang: str | None, version: str | None, size: str | None, stem: str
) -> None:
    detector, recogniser = resolve(lang=lang, ocr_version=version, size=size)
    assert (detector.name, recogniser.name) == (f"{stem}_det", f"{stem}_rec")


@pytest.mark.parametrize("version", ["PP-OCRv2", "v5", "PP-OCRv7", ""])
def test_a_version_that_paddleocr_does_not_know_is_refused(version: str) -> None:
    with pytest.raises(ConfigError, match="PP-OCRv3, PP-OCRv4, PP-OCRv5, PP-OCRv6, not"):
        resolve(lang=None, ocr_version=version)


@pytest.mark.parametrize(
    ("lang", "version", "size", "message"),
    [
        ("tlh", None, None, r"lang='tlh'.*Languages that can be read: af az .* vi\."),
        ("CH", None, None, "lang='CH'"),
        (
            "en",
            "PP-OCRv4",
            None,
            "'en' is read by: PP-OCRv5_mobile_rec, PP-OCRv6_small_rec, PP-OCRv6_tiny_rec",
        ),
        ("japan", "PP-OCRv6", "tiny", "'japan' is read by"),
        (None, "PP-OCRv3", None, "lang='ch', ocr_version='PP-OCRv3'"),
        (None, None, "huge", "size='huge'"),
    ],
)
def test_no_pair_is_an_error_that_says_what_exists(
    lang: str | None, version: str | None, size: str | None, message: str
) -> None:
    with pytest.raises(UnknownModelError, match=message):
        resolve(lang=lang, ocr_version=version, size=size)


def detector(version: str, size: str) -> dict[str, object]:
    return model_entry(name=f"{version}_{size}_det", version=version, size=size)


GROWN = parse_manifest(
    table(
        detector("PP-OCRv3", "mobile"),
        detector("PP-OCRv5", "server"),
        detector("PP-OCRv5", "mobile"),
        detector("PP-OCRv6", "medium"),
        recogniser_entry("ka_v3_rec", "PP-OCRv3", "mobile", "ka"),
        recogniser_entry("th_v5_rec", "PP-OCRv5", "mobile", "th"),
        recogniser_entry("v5_rec", "PP-OCRv5", "mobile", "ch en japan"),
        recogniser_entry("en_v5_rec", "PP-OCRv5", "mobile", "en"),
        recogniser_entry("v5_server_rec", "PP-OCRv5", "server", "ch en japan"),
        recogniser_entry("v6_rec", "PP-OCRv6", "medium", "ch en th"),
        recogniser_entry("v4_rec", "PP-OCRv4", "mobile", "xx"),
    )
)


@pytest.mark.parametrize(
    ("lang", "version", "size", "names"),
    [
        pytest.param(None, None, None, ("PP-OCRv5_mobile_det", "v5_rec"), id="mobile before server"),
        pytest.param(
            "en", None, None, ("PP-OCRv5_mobile_det", "en_v5_rec"), id="fewer languages before more"
        ),
        pytest.param("ch", None, "server", ("PP-OCRv5_server_det", "v5_server_rec"), id="size given"),
        pytest.param(
            "th", None, None, ("PP-OCRv5_mobile_det", "th_v5_rec"), id="default version before newest"
        ),
        pytest.param("th", "PP-OCRv6", None, ("PP-OCRv6_medium_det", "v6_rec"), id="version given"),
        pytest.param(
            "ka", None, None, ("PP-OCRv3_mobile_det", "ka_v3_rec"), id="only an old version reads it"
        ),
    ],
)
def test_a_grown_table_needs_no_other_code(
    lang: str | None, version: str | None, size: str | None, names: tuple[str, str]
) -> None:
    pair = resolve(lang=lang, ocr_version=version, size=size, manifest=GROWN)
    assert tuple(model.name for model in pair) == names


def test_a_recogniser_without_a_detector_of_its_version_is_no_pair() -> None:
    with pytest.raises(UnknownModelError, match="'xx' is read by: v4_rec"):
        resolve(lang="xx", ocr_version=None, manifest=GROWN)
