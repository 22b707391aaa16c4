"""Models as tar archives on Baidu's object storage (BOS), where PaddleOCR publishes them first."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from onnxocr.zoo.archive import extract_files
from onnxocr.zoo.manifest import SourceSpec
from onnxocr.zoo.sources.download import download
from onnxocr.zoo.sources.reachability import probe
from onnxocr.zoo.sources.source import Progress

ENDPOINT_VARIABLE = "ONNXOCR_BOS_ENDPOINT"


class BosSource:
    """Brings an archive and takes the wanted files out of it; ``ONNXOCR_BOS_ENDPOINT`` names another host."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch

    def fetch(self, spec: SourceSpec, folder: Path, progress: Progress | None) -> None:
        """Leaves the files in ``folder``; see :class:`onnxocr.zoo.sources.source.Source`."""
        address = _address(spec)
        probe(address)
        self._scratch.mkdir(exist_ok=True)
        archive = self._scratch / address.rsplit("/", 1)[-1]
        try:
            download(address, archive, size=None, progress=progress)
            extract_files(archive, {file.path: folder / file.name for file in spec.files})
        finally:
            archive.unlink(missing_ok=True)

    def by_hand(self, spec: SourceSpec) -> str:
        """Returns the address of the archive."""
        return f"{_address(spec)}   then untar {', '.join(file.name for file in spec.files)}"


def _address(spec: SourceSpec) -> str:
    endpoint = os.environ.get(ENDPOINT_VARIABLE)
    return f"{endpoint.rstrip('/')}{urlsplit(spec.location).path}" if endpoint else spec.location
