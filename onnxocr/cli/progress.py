"""Progress bars on stderr, drawn only where somebody can see them."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

from onnxocr.zoo.sources.source import Progress


@contextlib.contextmanager
def download_bars() -> Iterator[Progress | None]:
    """Gives a callback that draws one bar for each file that comes in; None where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def report(what: str, done: int, total: int | None) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield report


@contextlib.contextmanager
def page_bar(pages: int | None) -> Iterator[Callable[[], None]]:
    """Gives a function to call after each page; draws nothing for a single page or an unknown number."""
    if pages is None or pages < 2 or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bars

    with Bars(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("Reading", total=pages)
        yield lambda: bars.advance(task)
