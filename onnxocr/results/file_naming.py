"""Names of output files: an input's path and page in, a file name out. Touches no disk."""

from __future__ import annotations

import itertools
import re
import time
import uuid
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

PICTURE_FORMATS = {
    ".bmp": "BMP",
    ".dib": "DIB",
    ".gif": "GIF",
    ".jfif": "JPEG",
    ".jpe": "JPEG",
    ".jpeg": "JPEG",
    ".jpg": "JPEG",
    ".pbm": "PPM",
    ".pgm": "PPM",
    ".png": "PNG",
    ".pnm": "PPM",
    ".ppm": "PPM",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WEBP",
}
"""File suffixes that mean a picture, and Pillow's name of the format. A fixed table, because the MIME
tables of the standard library differ between machines."""

_array_numbers = itertools.count()


def array_input_name() -> str:
    """Returns a name for an input that has none: ``<unix seconds>_<number>_<8 hex digits>``.

    The number counts within the process, so names sort in the order of reading; the digits keep processes
    apart.
    """
    return f"{int(time.time())}_{next(_array_numbers):04d}_{uuid.uuid4().hex[:8]}"


def base_name(input_path: str | None, page_index: int | None, array_name: str | None) -> str:
    """Returns the file name that output names are made from.

    Args:
        input_path: path or URL of the input, or None.
        page_index: page from 0, put before the suffix as ``_<page_index>``; None for inputs without pages.
        array_name: stands in when ``input_path`` is None.
    """
    if input_path is None:
        name = f"{array_name}.png"
    elif input_path.lower().startswith(("http://", "https://")):
        name = _url_file_name(input_path)
    else:
        name = Path(input_path).name
    if page_index is None:
        return name
    path = Path(name)
    return f"{path.stem}_{page_index}{path.suffix}"


def picture_suffix(name: str) -> str:
    """Returns the suffix for pictures of an input: its own if it is a picture's, else ``.png``."""
    suffix = Path(name).suffix
    return suffix if suffix.lower() in PICTURE_FORMATS else ".png"


def _url_file_name(url: str) -> str:
    """Returns the last part of a URL's path without what file systems refuse; the host if there is none."""
    parts = urlsplit(url)
    name = PurePosixPath(unquote(parts.path)).name
    if name in ("", ".", ".."):
        name = parts.hostname or "download"
    return re.sub(r'[<>:"/\\|?*\x00-\x1f]', "_", name)
