"""Finds fonts for pictures: the one the user named, then the system's, then the one that Pillow brings.

Fonts are looked for when a picture is first drawn; the list is kept for the life of the process. Nothing is
downloaded.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from onnxocr.errors import OutputError
from onnxocr.results.font_coverage import CharacterMap, read_character_map

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

logger = logging.getLogger(__name__)

FONT_VARIABLE = "ONNXOCR_FONT"
"""Environment variable with the path of the font to try first."""

_SUFFIXES = (".ttf", ".ttc", ".otf", ".otc")
_PROBE_SIZE_PX = 16

# Families with many characters first, so that most lines of a page share one font. Compared with file names
# without punctuation.
_PREFERRED = (
    "notosanscjk",
    "notosanssc",
    "notosanshans",
    "sourcehansans",
    "wqyzenhei",
    "wqymicrohei",
    "droidsansfallback",
    "pingfang",
    "hiraginosansgb",
    "stheiti",
    "msyh",
    "simhei",
    "simsun",
    "arialunicode",
    "notosansjp",
    "yugoth",
    "meiryo",
    "msgothic",
    "notosanskr",
    "malgun",
    "applesdgothicneo",
    "dejavusans",
    "notosans",
    "segoeui",
    "liberationsans",
    "arial",
)
_STYLES = re.compile("bold|italic|oblique|light|thin|black|medium|demi|condensed|narrow|mono|math|serif")

# The collections of Noto Sans CJK hold the same characters in Japanese, Korean, Simplified Chinese, ... form.
_SIMPLIFIED_CHINESE_FACE = {"notosanscjk": 2}


class FontFace:
    """One face of a font file.

    Args:
        path: the file; None is the font that comes with Pillow.
        index: which face, if the file is a collection.
    """

    def __init__(self, path: Path | None, index: int = 0) -> None:
        self.path = path
        self.index = index
        self._mapped: dict[str, bool] = {}
        self._inked: dict[str, bool] = {}

    def __repr__(self) -> str:
        return f"FontFace({str(self.path)!r}, {self.index})"

    def open(self, size_px: int) -> FreeTypeFont:
        """Returns the face at a size.

        Raises:
            OSError: the file is gone or damaged.
        """
        from PIL import ImageFont

        if self.path is not None:
            return ImageFont.truetype(str(self.path), size_px, index=self.index)
        font = ImageFont.load_default(size_px)
        if not isinstance(font, ImageFont.FreeTypeFont):
            raise OutputError(
                "Pictures need a Pillow that was built with FreeType; reinstall pillow from a wheel."
            )
        return font

    def maps(self, character: str) -> bool:
        """Returns whether the face lists a glyph for a character; opens nothing."""
        known = self._mapped.get(character)
        if known is None:
            characters = self._characters
            known = self._mapped[character] = characters is not None and characters.has(ord(character))
        return known

    def covers(self, character: str) -> bool:
        """Returns whether the face has a glyph with ink for a character."""
        if not self.maps(character):
            return False
        known = self._inked.get(character)
        if known is None:
            known = self._inked[character] = self._has_ink(character)
        return known

    def _has_ink(self, character: str) -> bool:
        # Some fonts list characters that they leave blank, for instance those that only have them in colour.
        try:
            return self._probe.getmask(character).getbbox() is not None
        except (OSError, ValueError) as error:
            logger.debug("%r cannot draw U+%04X: %s", self, ord(character), error)
            return False

    @cached_property
    def _characters(self) -> CharacterMap | None:
        try:
            if self.path is None:
                return read_character_map(BytesIO(self._probe.font_bytes))
            with self.path.open("rb") as file:
                return read_character_map(file, self.index)
        except (OSError, ValueError) as error:
            logger.debug("%r is passed over: %s", self, error)
            return None

    @cached_property
    def _probe(self) -> FreeTypeFont:
        return self.open(_PROBE_SIZE_PX)


def available_fonts() -> tuple[FontFace, ...]:
    """Returns the faces to try for a line of text, in order: ``ONNXOCR_FONT``, the system's, Pillow's.

    Raises:
        OutputError: ``ONNXOCR_FONT`` names a file that is no font.
    """
    named = os.environ.get(FONT_VARIABLE)
    return (*([_named_font(named)] if named else []), *system_fonts(), _pillow_font())


@lru_cache(maxsize=1)
def system_fonts() -> tuple[FontFace, ...]:
    """Returns a face of each font file of the system, the most useful first."""
    files = sorted(_font_files(font_folders()), key=_usefulness)
    return tuple(FontFace(path, _face_index(path)) for path in files)


def font_folders() -> list[Path]:
    """Returns where this platform keeps fonts; folders may be missing."""
    if sys.platform == "win32":
        windows, local = os.environ.get("WINDIR", r"C:\Windows"), os.environ.get("LOCALAPPDATA", "")
        return [Path(windows) / "Fonts", *([Path(local) / "Microsoft/Windows/Fonts"] if local else [])]
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), *_in_home("Library/Fonts")]
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    own = os.environ.get("XDG_DATA_HOME")
    shares = [Path(share) for share in [*shared.split(":"), own] if share]
    return [*(share / "fonts" for share in shares), *_in_home(".local/share/fonts", ".fonts")]


def _in_home(*places: str) -> list[Path]:
    try:
        return [Path.home() / place for place in places]
    except RuntimeError:  # a user without a home folder, as in some containers
        return []


@lru_cache(maxsize=1)
def _pillow_font() -> FontFace:
    return FontFace(None)


@lru_cache(maxsize=4)
def _named_font(path: str) -> FontFace:
    face = FontFace(Path(path), _face_index(Path(path)))
    try:
        face.open(_PROBE_SIZE_PX)
    except OSError as error:
        raise OutputError(
            f"{FONT_VARIABLE} is {path!r}, which is no font file that can be opened ({error}). Set it to a "
            ".ttf, .otf or .ttc file, or unset it."
        ) from error
    return face


def _font_files(folders: Iterable[Path]) -> Iterator[Path]:
    seen: set[Path] = set()
    for folder in folders:
        # Links are followed, as some systems build their font folder of links; no place is entered twice.
        for place, subfolders, names in os.walk(folder, followlinks=True):
            real = Path(place).resolve()
            if real in seen:
                subfolders.clear()
                continue
            seen.add(real)
            yield from (Path(place) / name for name in names if name.lower().endswith(_SUFFIXES))


def _usefulness(path: Path) -> tuple[int, bool, str]:
    """Returns a sort key: preferred families, then upright regular styles, then by name."""
    name = _bare_name(path)
    ranks = [rank for rank, family in enumerate(_PREFERRED) if name.startswith(family)]
    return min(ranks, default=len(_PREFERRED)), _STYLES.search(name) is not None, str(path)


def _face_index(path: Path) -> int:
    if path.suffix.lower() not in (".ttc", ".otc"):
        return 0
    name = _bare_name(path)
    return next((i for family, i in _SIMPLIFIED_CHINESE_FACE.items() if name.startswith(family)), 0)


def _bare_name(path: Path) -> str:
    return re.sub("[^a-z0-9]", "", path.stem.lower())
