"""A local HTTP server with the layouts of Hugging Face, ModelScope and BOS, and with faults on demand."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"
"""What the server says is the commit of every revision."""

Answer = Callable[["Handler"], None]


class Place(ThreadingHTTPServer):
    """Serves ``files`` (address path to content); ``faults`` take over single addresses."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.large: set[str] = set()
        self.faults: dict[str, Answer] = {}
        self.requests: list[tuple[str, str]] = []
        self.released = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True, kwargs={"poll_interval": 0.02}).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def gets(self, path: str) -> int:
        """How often ``path`` was downloaded."""
        return self.requests.count(("GET", path))

    def stop(self) -> None:
        self.released.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are part of the tests."""


class Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD; large files of Hugging Face are redirected elsewhere, as its storage does."""

    server: Place

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        self.server.requests.append((self.command, self.path))
        if self.path in self.server.faults:
            self.server.faults[self.path](self)
            return
        if self.path.startswith("/storage"):
            self.send(self.server.files[self.path.removeprefix("/storage")], body=body)
        elif self.path not in self.server.files:
            self.send_error(404)
        elif self.path in self.server.large:
            self.redirect(self.server.files[self.path])
        else:
            self.send(self.server.files[self.path], body=body)

    def send(self, content: bytes, *, body: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if body:
            self.wfile.write(content)

    def redirect(self, content: bytes) -> None:
        self.send_response(302)
        self.send_header("Location", f"{self.server.address}/storage{self.path}")
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("X-Linked-Size", str(len(content)))
        self.send_header("X-Linked-Etag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing."""


def status(code: int) -> Answer:
    """The server answers with an error."""
    return lambda handler: handler.send_error(code)


def truncated(content: bytes) -> Answer:
    """The server promises the whole content and hangs up after half of it."""

    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        if handler.command == "GET":
            handler.wfile.write(content[: len(content) // 2])
            handler.wfile.flush()
            handler.close_connection = True

    return answer


def stalled(content: bytes) -> Answer:
    """The server sends half of the content and then nothing until the test ends."""

    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        if handler.command == "GET":
            handler.wfile.write(content[: len(content) // 2])
            handler.wfile.flush()
            handler.server.released.wait(30)

    return answer


def silent() -> Answer:
    """The server takes the request and never answers."""
    return lambda handler: void(handler.server.released.wait(30))


def void(_: object) -> None:
    """Drops a value."""


def slow(content: bytes, seconds: float) -> Answer:
    """The server waits before it sends the content."""

    def answer(handler: Handler) -> None:
        handler.server.released.wait(seconds if handler.command == "GET" else 0)
        handler.send(content, body=handler.command == "GET")

    return answer


def write_tree(root: Path, files: dict[str, bytes]) -> None:
    """Writes files below a folder."""
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
