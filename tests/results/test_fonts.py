from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from onnxocr.errors import OutputError
from onnxocr.results import fonts
from onnxocr.results.fonts import FontFace, available_fonts, system_fonts


@pytest.fixture
def font_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The only font folder of the system."""
    folder = tmp_path / "fonts"
    folder.mkdir()
    monkeypatch.setattr(fonts, "font_folders", lambda: [folder, tmp_path / "missing"])
    monkeypatch.delenv("ONNXOCR_FONT", raising=False)
    system_fonts.cache_clear()
    yield folder
    system_fonts.cache_clear()


def pillow_font_file(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(FontFace(None).open(10).font_bytes)
    return path


def test_preferred_families_go_first_then_regular_styles(font_folder: Path) -> None:
    for name in (
        "Zebra.ttf",
        "Alpha-Bold.ttf",
        "DejaVuSans-Bold.ttf",
        "DejaVuSans.ttf",
        "wqy-zenhei.ttc",
        "a.pcf",
    ):
        (font_folder / name).touch()
    (font_folder / "deep").mkdir()
    (font_folder / "deep" / "NotoSansCJK-Regular.TTC").touch()
    assert [face.path.name for face in system_fonts() if face.path] == [
        "NotoSansCJK-Regular.TTC",
        "wqy-zenhei.ttc",
        "DejaVuSans.ttf",
        "DejaVuSans-Bold.ttf",
        "Zebra.ttf",
        "Alpha-Bold.ttf",
    ]


def test_noto_sans_cjk_is_taken_in_its_simplified_chinese_form(font_folder: Path) -> None:
    for name in ("NotoSansCJK-Regular.ttc", "wqy-zenhei.ttc", "NotoSansCJKjp-Regular.otf"):
        (font_folder / name).touch()
    assert {face.path.name: face.index for face in system_fonts() if face.path} == {
        "NotoSansCJK-Regular.ttc": 2,
        "wqy-zenhei.ttc": 0,
        "NotoSansCJKjp-Regular.otf": 0,
    }


def test_linked_folders_are_searched_once_and_loops_end(font_folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "Linked.ttf").touch()
    try:
        (font_folder / "link").symlink_to(elsewhere)
        (elsewhere / "loop").symlink_to(font_folder)
    except OSError as error:
        pytest.skip(f"this system makes no links: {error}")
    assert [face.path.name for face in system_fonts() if face.path] == ["Linked.ttf"]


def test_without_any_system_font_the_one_of_pillow_remains(font_folder: Path) -> None:
    assert list(font_folder.iterdir()) == []
    (last,) = available_fonts()
    assert last.path is None
    assert [char for char in "Az9?中م" if last.covers(char)] == ["A", "z", "9", "?"]


def test_onnxocr_font_goes_first(font_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pillow_font_file(font_folder / "DejaVuSans.ttf")
    named = pillow_font_file(tmp_path / "mine" / "my.ttf")
    monkeypatch.setenv("ONNXOCR_FONT", str(named))
    assert [face.path for face in available_fonts()] == [named, font_folder / "DejaVuSans.ttf", None]


@pytest.mark.parametrize("content", [None, b"", b"no font"], ids=["missing", "empty", "text"])
def test_onnxocr_font_that_is_no_font_is_an_output_error(
    content: bytes | None, font_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "my.ttf"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv("ONNXOCR_FONT", str(path))
    with pytest.raises(OutputError, match=r"ONNXOCR_FONT is .*my\.ttf") as caught:
        available_fonts()
    assert isinstance(caught.value.__cause__, OSError)


def test_damaged_font_files_are_passed_over(font_folder: Path) -> None:
    whole = pillow_font_file(font_folder / "Whole.ttf")
    (font_folder / "Arial.ttf").write_bytes(b"damaged")
    (font_folder / "DejaVuSans.ttf").write_bytes(whole.read_bytes()[:2000])
    assert [face.path.name for face in system_fonts() if face.path and face.covers("A")] == ["Whole.ttf"]


def test_a_home_is_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("no home")

    monkeypatch.setattr(Path, "home", homeless)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_DIRS", "/opt/share:/usr/share")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert fonts.font_folders() == [Path("/opt/share/fonts"), Path("/usr/share/fonts")]


@pytest.mark.parametrize(
    ("platform", "folder"),
    [
        ("linux", "/usr/share/fonts"),
        ("darwin", "/System/Library/Fonts"),
        ("win32", "W:/Windows/Fonts"),
    ],
)
def test_each_platform_has_its_font_folders(
    platform: str, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("WINDIR", "W:/Windows")
    monkeypatch.delenv("XDG_DATA_DIRS", raising=False)
    assert Path(folder) in fonts.font_folders()


class Blank:
    """Stands for a font whose glyphs hold no ink."""

    def getmask(self, text: str) -> object:
        from PIL import Image

        return Image.new("L", (5, 5), 0)


def test_a_glyph_without_ink_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    face = FontFace(None)
    assert face.maps("A")
    face.__dict__["_probe"] = Blank()
    assert not face.covers("A")
