"""Models on ModelScope, by plain HTTP."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

from onnxocr.zoo.manifest import FileSpec, SourceSpec
from onnxocr.zoo.sources.download import download
from onnxocr.zoo.sources.reachability import probe
from onnxocr.zoo.sources.source import Progress

DEFAULT_ENDPOINT = "https://www.modelscope.cn"


class ModelScopeSource:
    """Brings files of a repository; ``MODELSCOPE_ENDPOINT`` or ``MODELSCOPE_DOMAIN`` name another host."""

    def __init__(self, scratch: Path) -> None:
        del scratch  # nothing is kept between models

    def fetch(self, spec: SourceSpec, folder: Path, progress: Progress | None) -> None:
        """Leaves the files in ``folder``; see :class:`onnxocr.zoo.sources.source.Source`."""
        probe(_address(spec, spec.files[0]))
        for file in spec.files:
            download(_address(spec, file), folder / file.name, size=file.bytes, progress=progress)

    def by_hand(self, spec: SourceSpec) -> str:
        """Returns the addresses of the files."""
        return "  ".join(f"{_address(spec, file)} as {file.name}" for file in spec.files)


def _endpoint() -> str:
    endpoint = os.environ.get("MODELSCOPE_ENDPOINT")
    if endpoint:
        return endpoint.rstrip("/")
    domain = os.environ.get("MODELSCOPE_DOMAIN")
    return f"https://{domain.strip('/')}" if domain else DEFAULT_ENDPOINT


def _address(spec: SourceSpec, file: FileSpec) -> str:
    return f"{_endpoint()}/models/{spec.location}/resolve/{spec.revision}/{quote(file.path)}"
