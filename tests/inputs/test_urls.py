"""Downloads end: with the data, or within the time and size limits with an error that names the fault."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from onnxocr.config import InputLimits
from onnxocr.errors import ImageDecodeError, InputError, URLError
from onnxocr.inputs.sources import count_pages, iter_pages
from onnxocr.inputs.urls import download, is_url
from tests.inputs.files import bgr, pdf, pillow, saved

Answer = Callable[[socket.socket, str], None]
PICTURE = bgr(9, 7)
PNG = saved(pillow(PICTURE), "PNG")
QUICK = InputLimits(url_timeout_s=1.0, url_max_bytes=100_000)


@contextmanager
def server(answer: Answer) -> Iterator[str]:
    """Serves each connection by calling ``answer(connection, path)`` in a thread; yields the base URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    stopped = threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection:
            request = connection.recv(65536).decode("latin-1")
            try:
                answer(connection, request.split(" ")[1] if " " in request else "")
            except OSError:
                return  # the client gave up, as it should

    def accept() -> None:
        while not stopped.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stopped.set()
        listener.close()


def reply(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def serving(body: bytes, status: str = "200 OK", *headers: str) -> Answer:
    return lambda connection, _: connection.sendall(reply(body, status, *headers))


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.mark.parametrize(("text", "expected"), [
    ("http://host/a.png", True),
    ("HTTPS://host", True),
    ("ftp://host/a.png", True),
    ("a.png", False),
    ("http.png", False),
    ("C:/scans/a.png", False),
    ("://", False),
    ("some folder/x://y", False),
])  # fmt: skip
def test_what_is_a_url(text: str, expected: bool) -> None:
    assert is_url(text) is expected


def test_an_image_behind_a_url_needs_no_suffix() -> None:
    with server(serving(PNG)) as base:
        url = f"{base}/show?id=7"
        (page,) = iter_pages(url)
        np.testing.assert_array_equal(page.image, PICTURE)
        assert (page.input_path, page.page_index) == (url, None)
        assert count_pages(url) is None


def test_a_pdf_behind_a_url() -> None:
    with server(serving(pdf([(10, 10)] * 2))) as base:
        assert [page.page_index for page in iter_pages(f"{base}/a.pdf")] == [0, 1]


def redirecting(times: int) -> Answer:
    def answer(connection: socket.socket, path: str) -> None:
        number = int(path.strip("/"))
        if number == times:
            connection.sendall(reply(PNG))
        else:
            connection.sendall(reply(b"", "302 Found", f"Location: /{number + 1}"))

    return answer


def test_five_redirects_are_followed_six_are_not() -> None:
    with server(redirecting(5)) as base:
        assert download(f"{base}/0", QUICK) == PNG
    with server(redirecting(6)) as base, pytest.raises(URLError, match="redirects"):
        download(f"{base}/0", QUICK)


def test_redirecting_for_ever_is_an_error() -> None:
    with (
        server(serving(b"", "302 Found", "Location: /")) as base,
        pytest.raises(URLError, match="redirects"),
    ):
        download(base, QUICK)


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_a_redirect_leads_to_no_other_scheme(target: str) -> None:
    with (
        server(serving(b"", "302 Found", f"Location: {target}")) as base,
        pytest.raises(URLError, match="could not be downloaded"),
    ):
        download(base, QUICK)


@pytest.mark.parametrize("status", ["404 Not Found", "500 Oops", "204 No Content", "206 Partial Content"])
def test_any_status_but_200_is_named(status: str) -> None:
    with server(serving(b"", status)) as base, pytest.raises(URLError, match=status):
        download(base, QUICK)


def test_a_page_that_is_no_image_is_a_decode_error_naming_the_url() -> None:
    with (
        server(serving(b"<html>log in first</html>")) as base,
        pytest.raises(ImageDecodeError, match=rf"{base}/a.png.*<html>"),
    ):
        list(iter_pages(f"{base}/a.png"))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"http://127.0.0.1:{free_port()}/a.png", "could not be downloaded: .*[Cc]onnect"),
        ("http://nowhere.invalid/a.png", "could not be downloaded"),
        ("http://", "could not be downloaded"),
        ("http://127.0.0.1:99999/", "could not be downloaded"),
        ("ftp://127.0.0.1/a.png", "only http:// and https://"),
        ("file:///etc/passwd", "only http:// and https://"),
    ],
)
def test_what_cannot_be_reached_is_an_error_that_says_so(url: str, words: str) -> None:
    with pytest.raises(URLError, match=words):
        list(iter_pages(url, limits=QUICK))


def test_downloads_can_be_forbidden() -> None:
    with (
        server(serving(PNG)) as base,
        pytest.raises(URLError, match="allow_urls=False"),
    ):
        list(iter_pages(base, limits=InputLimits(allow_urls=False)))


def test_an_announced_size_above_the_limit_is_refused_before_the_body() -> None:
    def answer(connection: socket.socket, _: str) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n")
        time.sleep(5)  # a client that waits for the body times out instead

    with (
        server(answer) as base,
        pytest.raises(URLError, match=r"100,001 bytes.*limit is 100,000.*url_max_bytes"),
    ):
        download(base, QUICK)


def test_a_body_of_exactly_the_limit_is_taken() -> None:
    with server(serving(b"x" * 100_000)) as base:
        assert len(download(base, QUICK)) == 100_000


def endless(connection: socket.socket, _: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"x" * 10_000)


def test_a_body_that_never_ends_is_too_large() -> None:
    with server(endless) as base, pytest.raises(URLError, match="too large"):
        download(base, QUICK)


def test_a_compressed_body_is_refused() -> None:
    with (
        server(serving(b"x", "200 OK", "Content-Encoding: gzip")) as base,
        pytest.raises(URLError, match=r"compressed \(gzip"),
    ):
        download(base, QUICK)


def test_a_body_that_breaks_off_is_an_error() -> None:
    with (
        server(lambda connection, _: connection.sendall(reply(PNG)[:-10])) as base,
        pytest.raises(URLError, match="could not be downloaded"),
    ):
        download(base, QUICK)


def silent(connection: socket.socket, _: str) -> None:
    connection.settimeout(10)
    connection.recv(1)


def dripping_body(connection: socket.socket, _: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _number in range(100):
        connection.sendall(b"x")
        time.sleep(0.1)


def dripping_headers(connection: socket.socket, _: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    for _number in range(100):
        connection.sendall(b"x")
        time.sleep(0.1)


def slow_redirects(connection: socket.socket, _: str) -> None:
    time.sleep(0.4)
    connection.sendall(reply(b"", "302 Found", "Location: /"))


@pytest.mark.parametrize("answer", [silent, dripping_body, dripping_headers, slow_redirects])
def test_the_time_limit_holds_for_the_whole_download(answer: Answer) -> None:
    started = time.monotonic()
    with server(answer) as base, pytest.raises(URLError, match=r"within 1 s.*url_timeout_s"):
        download(base, QUICK)
    assert 0.9 < time.monotonic() - started < 1.9


@pytest.mark.parametrize("answer", [dripping_body, dripping_headers])
def test_no_thread_keeps_reading_after_the_time_limit(answer: Answer) -> None:
    with server(answer) as base, pytest.raises(URLError):
        download(base, QUICK)
    for thread in threading.enumerate():
        if thread.name == "onnxocr-download":
            thread.join(timeout=2)
            assert not thread.is_alive()


def test_a_failed_download_does_not_stop_the_others() -> None:
    errors: list[InputError] = []
    with server(redirecting(0)) as base:
        sources = [f"{base}/0", f"http://127.0.0.1:{free_port()}/a.png", f"{base}/0"]
        found = [page.input_path for page in iter_pages(sources, limits=QUICK, on_error=errors.append)]
    assert found == [sources[0], sources[2]]
    assert [(type(error), getattr(error, "input_path", None)) for error in errors] == [(URLError, sources[1])]
