"""A model's YAML text: what somebody wrote enters, plain Python values of bounded size and depth leave.

What the values mean is not its business.
"""

from __future__ import annotations

import reprlib
from pathlib import Path
from typing import Any

from onnxocr.errors import ModelFileError

MAX_BYTES = 16 * 1024**2
"""The largest official file has 150 kB."""

MAX_DEPTH = 50
"""The official files nest 8 deep; the YAML library's C part crashes the process at some 10,000."""

MAX_NODES = 500_000
"""Values with aliases written out. Official files have aliases, so these cannot be refused as such."""


class SettingsTextError(ValueError):
    """A text is not YAML, or nests deeper or means more than settings do."""


def read_settings_text(path: Path) -> str:
    """Returns the text of a settings file without its byte order mark.

    Raises:
        ModelFileError: the file cannot be read, is too large, or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise ModelFileError(f"{path} has more than {MAX_BYTES} bytes; it is no inference.yml.")
        return content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelFileError(f"{path} cannot be read: {error}.") from error


def load_settings_text(text: str) -> Any:  # noqa: ANN401 - whatever the text holds
    """Returns the values that a YAML text stands for.

    Raises:
        SettingsTextError: it is not YAML, or too deep or too large when aliases are written out.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        # Events come without recursion, and one by one: the check stops before the loader can crash.
        _check_extent(text, loader)
        return yaml.load(text, Loader=loader)
    except SettingsTextError:
        raise
    # Numbers of too many digits and dates that do not exist are ValueErrors.
    except (yaml.YAMLError, ValueError) as error:
        raise SettingsTextError(f"not valid YAML: {error}") from error


def short(value: object) -> str:
    """Returns a value for a message, shortened where it is long."""
    return reprlib.repr(value)


def _check_extent(text: str, loader: Any) -> None:  # noqa: ANN401 - one of the library's loader classes
    import yaml

    extent = _Extent()
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.ScalarEvent):
            extent.add(event.anchor, 1, 0)
        elif isinstance(event, yaml.CollectionStartEvent):
            extent.start(event.anchor)
        elif isinstance(event, yaml.CollectionEndEvent):
            extent.end()
        elif isinstance(event, yaml.AliasEvent):
            extent.add(None, *extent.aliased(event.anchor))


class _Extent:
    """Counts values and levels of a text, each alias as much as what it stands for."""

    def __init__(self) -> None:
        self._open: list[tuple[str | None, int, int]] = [(None, 0, 0)]
        self._known: dict[str, tuple[int, int]] = {}

    def start(self, anchor: str | None) -> None:
        self._open.append((anchor, 1, 1))
        self._check(0, 0)
        if anchor is not None:
            # Until it ends, an alias to it would hold itself.
            self._known.pop(anchor, None)

    def end(self) -> None:
        self.add(*self._open.pop())

    def add(self, anchor: str | None, nodes: int, height: int) -> None:
        self._check(nodes, height)
        if anchor is not None:
            self._known[anchor] = nodes, height
        name, total, highest = self._open[-1]
        self._open[-1] = name, total + nodes, max(highest, height + 1)

    def aliased(self, anchor: str | None) -> tuple[int, int]:
        if anchor is None or anchor not in self._known:
            raise SettingsTextError(f"not valid YAML: the alias {short(anchor)} stands for nothing before it")
        return self._known[anchor]

    def _check(self, nodes: int, height: int) -> None:
        if len(self._open) - 1 + height > MAX_DEPTH:
            raise SettingsTextError(f"not a settings file: it nests deeper than {MAX_DEPTH} levels")
        if self._open[-1][1] + nodes > MAX_NODES:
            raise SettingsTextError(f"not a settings file: it holds more than {MAX_NODES} values")
