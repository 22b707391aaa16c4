"""Small networks that Paddle saved, with what Paddle computes; see recorded/README.md."""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

RECORDED = Path(__file__).parent / "recorded"
_NAMES = {"pir": "inference.json", "old": "inference.pdmodel"}


@dataclass(frozen=True)
class RecordedNetwork:
    format: str
    program: bytes
    params: bytes | None
    x: npt.NDArray[np.float32]
    outputs: list[npt.NDArray[np.generic]]

    def write(self, folder: Path) -> Path:
        """Writes the model's files as Paddle would and returns the folder."""
        (folder / _NAMES[self.format]).write_bytes(self.program)
        if self.params is not None:
            (folder / "inference.pdiparams").write_bytes(self.params)
        return folder


@lru_cache(maxsize=1)
def recorded_networks() -> dict[str, RecordedNetwork]:
    """Returns all networks by ``<format>/<name>``."""
    members: dict[str, dict[str, npt.NDArray[np.generic]]] = {}
    with tarfile.open(RECORDED / "paddle_operators.tar.xz") as tar:
        for member in tar:
            network, _, name = member.name.removesuffix(".npy").rpartition("/")
            file = tar.extractfile(member)
            assert file is not None
            members.setdefault(network, {})[name] = np.load(io.BytesIO(file.read()))
    return {network: _network(network, arrays) for network, arrays in members.items()}


def _network(name: str, arrays: dict[str, npt.NDArray[np.generic]]) -> RecordedNetwork:
    count = sum(key.startswith("y") for key in arrays)
    return RecordedNetwork(
        format=name.partition("/")[0],
        program=arrays["program"].tobytes(),
        params=arrays["params"].tobytes() if "params" in arrays else None,
        x=arrays["x"].astype(np.float32),
        outputs=[arrays[f"y{index}"] for index in range(count)],
    )
