"""Draws what was read: a page and its items in, a picture out (boxes on the left, text on the right).

The page is never drawn into, no random generator is used, and a character that no font has is shown and
reported.
"""

from __future__ import annotations

import colorsys
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt

from onnxocr.arrays import Image, Quad
from onnxocr.results.fonts import FONT_VARIABLE, FontFace, available_fonts
from onnxocr.results.text_line import TextLine
from onnxocr.results.typesetting import RED, SUBSTITUTE, Colour, Typesetter

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

logger = logging.getLogger(__name__)

HINT = f"{SUBSTITUTE} = no font here has this character: install e.g. Noto Sans CJK, or set {FONT_VARIABLE}"

# PaddleX, OCRResult: boxes more than twice as high as wide, and of some height, hold one character per row.
_VERTICAL_ASPECT = 2
_LEAST_VERTICAL_HEIGHT_PX = 30

_GOLDEN_RATIO = 0.618033988749895
_CAPTION_SHARE = 0.06
_LEAST_CAPTION_SIZE_PX = 12
_HINT_SHARE = 0.025
_LEAST_HINT_SIZE_PX = 7


@dataclass(frozen=True, eq=False)
class PictureItem:
    """A text and the quad ``(4, 2)`` in px of the page that it is drawn into."""

    quad: Quad
    text: str


def page_items(lines: Iterable[TextLine], *, by_word: bool) -> list[PictureItem]:
    """Returns what to draw: each line, or each word whose region is at least 1 px wide and high."""
    if not by_word:
        return [PictureItem(line.quad, line.text) for line in lines]
    words = [PictureItem(np.array(word.region), word.text) for line in lines for word in line.words or ()]
    return [item for item in words if min(_box_size(item.quad)) > 0]


def draw_page(
    image: Image, items: Sequence[PictureItem], fonts: Sequence[FontFace] | None = None
) -> PillowImage:
    """Returns an RGB picture of twice the page's width: the page with its boxes filled, the text beside it.

    Characters that no font has appear as a red ``?``; the picture then carries a hint, and a warning is
    logged.

    Args:
        image: the page.
        items: what to draw, in reading order.
        fonts: faces to draw with, in order of preference; None finds those of the system.

    Raises:
        OutputError: the font that ``ONNXOCR_FONT`` names cannot be opened.
    """
    from PIL import Image as PillowImage

    typesetter = Typesetter(available_fonts() if fonts is None else fonts)
    colours = [_colour(number) for number in range(len(items))]
    height, width = image.shape[:2]
    canvas = np.full((height, 2 * width, 3), 255, np.uint8)
    left, right = canvas[:, :width], canvas[:, width:]
    left[:] = _paint_boxes(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), items, colours)
    for item, colour in zip(items, colours, strict=True):
        _place_text(right, item, colour, typesetter)
    if typesetter.missing:
        _warn_of_missing(list(typesetter.missing))
        _write_hint(right, typesetter)
    return PillowImage.fromarray(canvas)


def draw_caption(image: Image, text: str, fonts: Sequence[FontFace] | None = None) -> PillowImage:
    """Returns an RGB picture of an image with a text below it; wider than the image if the text needs it.

    Args:
        image: ``(H, W, 3)`` uint8 BGR.
        text: the caption.
        fonts: as in :func:`draw_page`.

    Raises:
        OutputError: the font that ``ONNXOCR_FONT`` names cannot be opened.
    """
    from PIL import Image as PillowImage

    typesetter = Typesetter(available_fonts() if fonts is None else fonts)
    width = image.shape[1]
    strips = [
        typesetter.draw_caption(text, width, int(_CAPTION_SHARE * width), least_size=_LEAST_CAPTION_SIZE_PX)
    ]
    if typesetter.missing:
        _warn_of_missing(list(typesetter.missing))
        strips.append(_hint(strips[0].shape[1], typesetter))
    rows = [image[:, :, ::-1], *strips]
    widest = max(row.shape[1] for row in rows)
    canvas = np.full((sum(row.shape[0] for row in rows), widest, 3), 255, np.uint8)
    top = 0
    for row in rows:
        canvas[top : top + row.shape[0], : row.shape[1]] = row
        top += row.shape[0]
    return PillowImage.fromarray(canvas)


def _colour(number: int) -> Colour:
    """Returns the colour of an item: steps of the golden ratio keep neighbours apart on the colour wheel."""
    red, green, blue = colorsys.hsv_to_rgb(number * _GOLDEN_RATIO % 1.0, 0.9, 0.85)
    return round(255 * red), round(255 * green), round(255 * blue)


def _paint_boxes(page: npt.NDArray[Any], items: Sequence[PictureItem], colours: Sequence[Colour]) -> Image:
    """Returns an RGB page with the items' boxes filled half transparently."""
    painted = page.copy()
    for item, colour in zip(items, colours, strict=True):
        cv2.fillPoly(painted, [item.quad.astype(np.int32)], colour)
    return np.asarray(cv2.addWeighted(page, 0.5, painted, 0.5, 0, dst=painted), np.uint8)


def _place_text(pane: Image, item: PictureItem, colour: Colour, typesetter: Typesetter) -> None:
    """Draws an item's text and outline into an RGB pane, keeping what is there already."""
    corner = np.maximum(item.quad.min(axis=0).astype(int), 0)
    end = np.maximum(item.quad.max(axis=0).astype(int) + 1, 0)
    part = pane[corner[1] : end[1], corner[0] : end[0]]
    if part.size == 0:
        logger.warning("The box of %r lies outside the page; it is not in the picture.", item.text)
        return
    quad = (item.quad - corner).astype(np.float32)
    drawn = np.full_like(part, 255)
    try:
        drawn = _fit_to_quad(_text_image(item, typesetter), quad, part.shape[1], part.shape[0])
    except (OSError, ValueError, cv2.error) as error:
        logger.warning("Cannot draw %r (%s); the picture shows its outline only.", item.text, error)
    cv2.polylines(drawn, [quad.astype(np.int32)], True, colour, 1)
    np.bitwise_and(part, drawn, out=part)


def _text_image(item: PictureItem, typesetter: Typesetter) -> Image:
    width, height = _box_size(item.quad)
    if width == 0 or height == 0 or cv2.contourArea(item.quad.astype(np.float32)) < 1:
        raise ValueError(f"its box of {width}x{height} px has no area")
    if height > _VERTICAL_ASPECT * width and height > _LEAST_VERTICAL_HEIGHT_PX:
        return typesetter.draw_vertical(item.text, width, height)
    return typesetter.draw_horizontal(item.text, width, height)


def _fit_to_quad(text_image: Image, quad: Quad, width: int, height: int) -> Image:
    """Returns ``(height, width, 3)`` white with an image stretched onto a quad."""
    from PIL import Image as PillowImage

    h, w = text_image.shape[:2]
    corners = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    # Pillow asks for the way back, from places in the result to places in the text image.
    back = cv2.getPerspectiveTransform(quad, corners).ravel()[:8].tolist()
    stretched = PillowImage.fromarray(text_image).transform(
        (width, height),
        PillowImage.Transform.PERSPECTIVE,
        back,
        PillowImage.Resampling.BILINEAR,
        fillcolor=(255, 255, 255),
    )
    return np.array(stretched)


def _box_size(quad: Quad) -> tuple[int, int]:
    """Returns whole width (top edge) and height (left edge) of a quad in px."""
    top_left, top_right, _, bottom_left = quad.astype(np.float64)
    return int(np.linalg.norm(top_right - top_left)), int(np.linalg.norm(bottom_left - top_left))


def _warn_of_missing(missing: Sequence[str]) -> None:
    some = ", ".join(f"{char} (U+{ord(char):04X})" for char in missing[:5])
    logger.warning(
        "No font here has %s%s; the picture shows a red %s instead. Install a font that has them, such as "
        "Noto Sans CJK, or set %s to the path of one.",
        some,
        f" and {len(missing) - 5} other characters" if len(missing) > 5 else "",
        SUBSTITUTE,
        FONT_VARIABLE,
    )


def _hint(width: int, typesetter: Typesetter) -> Image:
    size = int(_HINT_SHARE * width)
    return typesetter.draw_caption(HINT, width, size, least_size=_LEAST_HINT_SIZE_PX, colour=RED)


def _write_hint(pane: Image, typesetter: Typesetter) -> None:
    """Writes the hint along the lower edge of an RGB pane, over nothing that is there already."""
    hint = _hint(pane.shape[1], typesetter)[-pane.shape[0] :, : pane.shape[1]]
    part = pane[pane.shape[0] - hint.shape[0] :]
    np.bitwise_and(part, hint, out=part)
