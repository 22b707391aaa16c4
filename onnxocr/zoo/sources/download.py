"""One HTTP download to a file, with limits on time and size. No retries: there are other sources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from onnxocr.errors import ModelUnavailableError
from onnxocr.quiet_import import import_quietly
from onnxocr.zoo.sources.source import Progress

if TYPE_CHECKING:
    import httpx

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 30.0
MAX_BYTES = 2 * 1024**3
_CHUNK_BYTES = 256 * 1024


def download(url: str, target: Path, *, size: int | None, progress: Progress | None) -> None:
    """Writes what ``url`` delivers to ``target``.

    Args:
        url: http or https address; redirects are followed.
        target: the file to write.
        size: bytes that it must have, None if unknown.
        progress: called with the file's name as bytes come in.

    Raises:
        ModelUnavailableError: the server refuses, stalls, breaks off or sends too much; names the address.
        OSError: the file cannot be written.
    """
    httpx = import_quietly("httpx")

    timeout = httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
    # Compressed transfer would make the length that the server states useless.
    headers = {"Accept-Encoding": "identity", "User-Agent": "onnxocr"}
    try:
        with httpx.stream("GET", url, timeout=timeout, headers=headers, follow_redirects=True) as response:
            if response.status_code != 200:
                raise ModelUnavailableError(f"{url} answers {response.status_code} {response.reason_phrase}")
            _write_body(response, target, size, progress)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ModelUnavailableError(f"{url}: {error or type(error).__name__}") from error


def _write_body(response: httpx.Response, target: Path, size: int | None, progress: Progress | None) -> None:
    stated = response.headers.get("Content-Length", "")
    total = size if size is not None else int(stated) if stated.isdecimal() else None
    limit = size if size is not None else MAX_BYTES
    done = 0
    with target.open("wb") as file:
        for chunk in response.iter_bytes(_CHUNK_BYTES):
            done += len(chunk)
            if done > limit:
                raise ModelUnavailableError(f"{response.url} sends more than {limit} bytes")
            file.write(chunk)
            if progress is not None:
                progress(target.name, done, total)
    if size is not None and done != size:
        raise ModelUnavailableError(f"{response.url} sent {done} bytes instead of {size}")
