"""Which files of a folder are read, and opening a file by path. Never looks inside a file."""

from __future__ import annotations

import os
import stat
from typing import BinaryIO

from onnxocr.errors import InputNotFoundError, UnsupportedInputError
from onnxocr.inputs.file_kind import SUFFIXES, kind_by_suffix


def files_in_folder(folder: str) -> list[str]:
    """Returns the paths of all images and documents in a folder and its subfolders, sorted as strings.

    Files are chosen by suffix; links to folders are not followed.

    Raises:
        InputNotFoundError: a folder cannot be listed, or there is no such file.
    """
    found = [
        os.path.join(place, file)  # noqa: PTH118 - the path as it was given, not a normalised one
        for place, _, files in os.walk(folder, onerror=_refuse_listing)
        for file in files
        if kind_by_suffix(file)
    ]
    if not found:
        raise InputNotFoundError(
            f"{folder} holds no file to read; suffixes read are {' '.join(sorted(SUFFIXES))}."
        )
    return sorted(found)


def open_file(path: str) -> BinaryIO:
    """Returns a regular file, opened for reading bytes.

    Raises:
        InputNotFoundError: it does not exist or cannot be opened.
        UnsupportedInputError: it is a pipe, socket or device.
    """
    try:
        # Before opening: opening a pipe waits for somebody to write to it. Not by Path: it takes "" for ".".
        if stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116
            return open(path, "rb")  # noqa: PTH123
    except FileNotFoundError as error:
        raise InputNotFoundError(f"{path!r} does not exist. Check the path.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputNotFoundError(f"{path!r} cannot be opened: {reason}.") from error
    raise UnsupportedInputError(
        f"{path} is a pipe or a device; open it in binary mode and hand in the file object."
    )


def _refuse_listing(error: OSError) -> None:
    raise InputNotFoundError(f"{error.filename} cannot be listed: {error.strerror}.") from error
