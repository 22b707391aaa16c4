"""Draws single lines of text in whatever fonts have their characters: strings in, small RGB images out."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from onnxocr.arrays import Image
from onnxocr.results.fonts import FontFace

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

SUBSTITUTE = "?"
"""Stands, in red, where no font has the character."""

Colour = tuple[int, int, int]

BLACK = (0, 0, 0)
RED = (200, 0, 0)
_WHITE = (255, 255, 255)

# PaddleX, OCRResult: font size by box height; for vertical text by the height of one character's share.
_HORIZONTAL_SHARE = 0.8
_VERTICAL_SHARE = 0.8 * 1.2
_LEAST_VERTICAL_SIZE_PX = 10


@dataclass(frozen=True)
class _Run:
    """Neighbouring characters that are drawn in one face and colour."""

    face: FontFace
    text: str
    colour: Colour


class Typesetter:
    """Draws the lines of one picture and remembers the characters that no font has.

    Args:
        faces: what to draw with, in order of preference; at least one has the ASCII characters.

    Attributes:
        missing: characters that were replaced so far, as keys in the order of their first use.
    """

    def __init__(self, faces: Sequence[FontFace]) -> None:
        self.missing: dict[str, None] = {}
        self._faces = faces
        self._sizes: dict[tuple[FontFace, int], FreeTypeFont] = {}

    def draw_horizontal(self, text: str, width: int, height: int) -> Image:
        """Returns ``(height, width, 3)`` RGB with the text in one row from the left, shrunk until it fits."""
        runs = self._runs(text)
        size = max(int(height * _HORIZONTAL_SHARE), 1)
        length = self._length(runs, size)
        if length > width:
            size = max(int(size * width / length), 1)
        return self._row(runs, size, width, height)

    def draw_vertical(self, text: str, width: int, height: int) -> Image:
        """Returns ``(height, width, 3)`` RGB with one character below the other, spread over the height."""
        from PIL import Image as PillowImage
        from PIL import ImageDraw

        cells = [self._runs(cluster) for cluster in _clusters(text)]
        cell_height = height / max(len(cells), 1)
        size = max(int(cell_height * _VERTICAL_SHARE), _LEAST_VERTICAL_SIZE_PX)
        widest = max((self._length(cell, size) for cell in cells), default=0.0)
        if widest > width:
            size = max(int(size * width / widest), _LEAST_VERTICAL_SIZE_PX)
        image = PillowImage.new("RGB", (width, height), _WHITE)
        draw = ImageDraw.Draw(image)
        for number, cell in enumerate(cells):
            for run in cell:
                centre = (width / 2, (number + 0.5) * cell_height)
                draw.text(centre, run.text, run.colour, self._font(run.face, size), anchor="mm")
        return np.array(image)

    def draw_caption(
        self, text: str, width: int, size: int, *, least_size: int, colour: Colour = BLACK
    ) -> Image:
        """Returns an RGB strip with the text in one row.

        Args:
            text: what to write.
            width: width of the strip in px; more if the text does not fit in the least size.
            size: font size in px to begin with; smaller until the text fits.
            least_size: bound of that.
            colour: of the text.
        """
        runs = self._runs(text, colour)
        size = max(size, least_size)
        while size > least_size and self._length(runs, size) > width:
            size -= 1
        ascent, descent = self._font(runs[0].face if runs else self._faces[0], size).getmetrics()
        return self._row(
            runs, size, max(width, math.ceil(self._length(runs, size))), int(1.2 * (ascent + descent))
        )

    def _row(self, runs: Sequence[_Run], size: int, width: int, height: int) -> Image:
        from PIL import Image as PillowImage
        from PIL import ImageDraw

        image = PillowImage.new("RGB", (width, height), _WHITE)
        draw = ImageDraw.Draw(image)
        x = 0.0
        for run in runs:
            font = self._font(run.face, size)
            if x == 0.0:
                ascent, descent = font.getmetrics()
                baseline = (height + ascent - descent) / 2
            draw.text((x, baseline), run.text, run.colour, font, anchor="ls")
            x += font.getlength(run.text)
        return np.array(image)

    def _length(self, runs: Sequence[_Run], size: int) -> float:
        return sum(self._font(run.face, size).getlength(run.text) for run in runs)

    def _font(self, face: FontFace, size: int) -> FreeTypeFont:
        # Opened for this picture alone: FreeType faces must not be used by two threads at once.
        key = (face, size)
        if key not in self._sizes:
            self._sizes[key] = face.open(size)
        return self._sizes[key]

    def _runs(self, text: str, colour: Colour = BLACK) -> list[_Run]:
        """Splits a text by face: one that has all of it if there is one, else the fewest replacements."""
        text = _drawable(text)
        face = self._line_face([char for char in dict.fromkeys(text) if _needs_glyph(char)])
        runs: list[_Run] = []
        for char in text:
            run = self._run_of(char, face, colour, runs[-1] if runs else None)
            if runs and (runs[-1].face, runs[-1].colour) == (run.face, run.colour):
                runs[-1] = _Run(run.face, runs[-1].text + run.text, run.colour)
            else:
                runs.append(run)
        return runs

    def _run_of(self, char: str, face: FontFace, colour: Colour, before: _Run | None) -> _Run:
        if not _needs_glyph(char):
            return _Run(before.face, char, before.colour) if before else _Run(face, char, colour)
        if char in self.missing:
            return _Run(self._first_face(SUBSTITUTE) or face, SUBSTITUTE, RED)
        return _Run(face if face.covers(char) else self._first_face(char) or face, char, colour)

    def _line_face(self, chars: Sequence[str]) -> FontFace:
        """Returns the first face with all of some characters, else that with the most; notes missing ones."""
        wanted = [char for char in chars if char not in self.missing] or [SUBSTITUTE]
        for face in self._faces:
            if all(map(face.maps, wanted)) and all(map(face.covers, wanted)):
                return face
        self.missing |= {char: None for char in wanted if self._first_face(char) is None}
        return max(self._faces, key=lambda face: sum(map(face.maps, wanted)))

    def _first_face(self, char: str) -> FontFace | None:
        return next((face for face in self._faces if face.covers(char)), None)


def _drawable(text: str) -> str:
    """Returns a text with blanks of all kinds as spaces and without control characters."""
    from PIL import features

    # Joiners and direction marks steer the complex layout; the simple one would draw them as boxes.
    dropped = ("Cc", "Cs") if features.check("raqm") else ("Cc", "Cs", "Cf")
    spaced = "".join(" " if char.isspace() else char for char in text)
    return "".join(char for char in spaced if unicodedata.category(char) not in dropped)


def _needs_glyph(char: str) -> bool:
    return char != " " and unicodedata.category(char) != "Cf" and not "\ufe00" <= char <= "\ufe0f"


def _clusters(text: str) -> list[str]:
    """Returns the characters of a text, each with the marks that combine with it."""
    clusters: list[str] = []
    for char in text:
        if clusters and unicodedata.category(char) in ("Mn", "Mc", "Me", "Cf"):
            clusters[-1] += char
        else:
            clusters.append(char)
    return clusters
