"""What all public engines share: they are closed once, by hand or by ``with``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self


class Engine(ABC):
    """Something that holds networks until it is closed."""

    @abstractmethod
    def close(self) -> None:
        """Releases the networks; later calls raise ClosedError. Calling it again does nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
