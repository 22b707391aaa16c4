"""From a URL to the bytes behind it, bounded in time and size. Knows nothing about images."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from onnxocr.config import InputLimits
from onnxocr.errors import URLError
from onnxocr.quiet_import import import_quietly

if TYPE_CHECKING:
    import httpx

_MAX_REDIRECTS = 5


def is_url(text: str) -> bool:
    """Returns whether a string is a URL of any scheme rather than a path."""
    scheme, separator, _ = text.partition("://")
    return bool(separator) and len(scheme) > 1 and scheme.replace("+", "").replace("-", "").isalnum()


def download(url: str, limits: InputLimits) -> bytes:
    """Returns what an ``http`` or ``https`` URL serves, following at most five redirects.

    The time limit is one for everything: name look-up, connecting, redirects, headers and body.

    Raises:
        URLError: not allowed, another scheme, no connection, a status other than 200, too many redirects, too
            large, too slow, or broken off.
    """
    shown = without_credentials(url)
    if not limits.allow_urls:
        raise URLError(
            f"{shown} is a URL and downloads are off: InputLimits(allow_urls=False). Hand in a local file."
        )
    if not url.lower().startswith(("http://", "https://")):
        raise URLError(f"{shown} cannot be downloaded: only http:// and https:// are supported.")
    client = _client(url, limits)
    # In a thread, because neither a name look-up nor the headers of a slow server can be interrupted.
    outcome: queue.SimpleQueue[bytes | URLError] = queue.SimpleQueue()
    deadline = time.monotonic() + limits.url_timeout_s
    worker = threading.Thread(
        target=lambda: outcome.put(_outcome(client, url, limits, deadline)),
        name="onnxocr-download",
        daemon=True,
    )
    worker.start()
    try:
        result = outcome.get(timeout=limits.url_timeout_s)
    except queue.Empty:
        raise _too_slow(url, limits) from None
    finally:
        client.close()  # a thread that still reads fails at its next step
    if isinstance(result, URLError):
        raise result
    return result


def without_credentials(url: str) -> str:
    """Returns a URL as it may stand in a message: user and password replaced by ``***``."""
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc="***@" + parts.netloc.rpartition("@")[2]))


def _client(url: str, limits: InputLimits) -> Any:  # noqa: ANN401 - httpx is imported late
    httpx = import_quietly("httpx")
    try:
        return httpx.Client(follow_redirects=True, max_redirects=_MAX_REDIRECTS, timeout=limits.url_timeout_s)
    except (OSError, ValueError, ImportError) as error:
        # Certificates or a proxy that the environment names and that are not there.
        raise _failed(url, error) from error


def _outcome(client: httpx.Client, url: str, limits: InputLimits, deadline: float) -> bytes | URLError:
    """Returns the body, or the error that there is none: a thread has nobody to raise to."""
    httpx = import_quietly("httpx")

    try:
        return _fetch(client, url, limits, deadline)
    except URLError as error:
        return error
    except httpx.TimeoutException as error:
        return _because_of(error, _too_slow(url, limits))
    except Exception as error:
        return _because_of(error, _failed(url, error))


def _fetch(client: httpx.Client, url: str, limits: InputLimits, deadline: float) -> bytes:
    # A compressed body could unfold to any size.
    with client.stream("GET", url, headers={"Accept-Encoding": "identity"}) as response:
        _check_response(url, response, limits)
        body = bytearray()
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > limits.url_max_bytes:
                raise _too_large(url, f"at least {len(body):,}", limits)
            if time.monotonic() > deadline:
                raise _too_slow(url, limits)
    return bytes(body)


def _check_response(url: str, response: httpx.Response, limits: InputLimits) -> None:
    if response.status_code != 200:
        answer = f"{response.status_code} {response.reason_phrase}"
        raise URLError(f"{without_credentials(url)} answered {answer}. Check the address.")
    encoding = response.headers.get("Content-Encoding", "identity")
    if encoding.lower() != "identity":
        raise URLError(
            f"{without_credentials(url)} sends its data compressed ({encoding}) though asked not to; "
            "download it by hand."
        )
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) > limits.url_max_bytes:
        raise _too_large(url, f"{int(announced):,}", limits)


def _too_large(url: str, size: str, limits: InputLimits) -> URLError:
    return URLError(
        f"{without_credentials(url)} is too large: {size} bytes, the limit is {limits.url_max_bytes:,}. "
        "Allow more with InputLimits(url_max_bytes=...)."
    )


def _too_slow(url: str, limits: InputLimits) -> URLError:
    return URLError(
        f"{without_credentials(url)} could not be downloaded within {limits.url_timeout_s:g} s. "
        "Allow more with InputLimits(url_timeout_s=...)."
    )


def _failed(url: str, cause: BaseException) -> URLError:
    return URLError(f"{without_credentials(url)} could not be downloaded: {str(cause) or repr(cause)}")


def _because_of(cause: BaseException, error: URLError) -> URLError:
    error.__cause__ = cause
    return error
