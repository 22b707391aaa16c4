"""Does a host answer at all? Asked once, within about 3 s; a host that did not answer is not asked again.

Package clients retry for half a minute without a name server, and name look-ups have no time limit of their
own: hence a plain request in a thread that is left behind if it hangs.
"""

from __future__ import annotations

import threading
from urllib.parse import urlsplit

from onnxocr.errors import ModelUnavailableError
from onnxocr.quiet_import import import_quietly

PROBE_TIMEOUT_S = 3.0

_unreachable: dict[str, str] = {}
_lock = threading.Lock()


def probe(url: str) -> int:
    """Returns the HTTP status that ``url`` answers with, redirects not followed.

    Raises:
        ModelUnavailableError: its host does not answer, now or earlier in this process.
    """
    host = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    with _lock:
        known = _unreachable.get(host)
    if known is not None:
        raise ModelUnavailableError(f"{host} is not reachable: {known} (not asked again in this process)")
    status, trouble = _ask(url)
    if trouble is not None:
        with _lock:
            _unreachable[host] = trouble
        raise ModelUnavailableError(f"{host} is not reachable: {trouble}")
    return status


def forget() -> None:
    """Makes every host be asked again."""
    with _lock:
        _unreachable.clear()


def _ask(url: str) -> tuple[int, str | None]:
    answers: list[tuple[int, str | None]] = []
    thread = threading.Thread(target=lambda: answers.append(_head(url)), name="onnxocr-probe", daemon=True)
    thread.start()
    thread.join(PROBE_TIMEOUT_S + 0.5)
    return answers[0] if answers else (0, f"no answer within {PROBE_TIMEOUT_S:g} s")


def _head(url: str) -> tuple[int, str | None]:
    httpx = import_quietly("httpx")

    try:
        return httpx.head(url, timeout=PROBE_TIMEOUT_S, follow_redirects=False).status_code, None
    except httpx.TimeoutException:
        return 0, f"no answer within {PROBE_TIMEOUT_S:g} s"
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        return 0, str(error) or type(error).__name__
