"""Tar archives are not trusted."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from onnxocr.errors import ModelFileError
from onnxocr.zoo import archive
from onnxocr.zoo.archive import extract_files


def write_tar(path: Path, *members: tuple[tarfile.TarInfo, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for member, content in members:
            member.size = len(content) if member.isreg() else 0
            tar.addfile(member, io.BytesIO(content))
    return path


def regular(name: str, content: bytes = b"data") -> tuple[tarfile.TarInfo, bytes]:
    return tarfile.TarInfo(name), content


def special(name: str, kind: bytes, target: str = "") -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member, b""


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
@pytest.mark.parametrize("name", ["inference.json", "m/inference.json", "./m/inference.json"])
def test_a_wanted_file_is_found_in_any_folder(tmp_path: Path, mode: str, name: str) -> None:
    path = write_tar(tmp_path / "m.tar", regular("m/other.txt"), regular(name), mode=mode)
    extract_files(path, {"inference.json": tmp_path / "out"})
    assert (tmp_path / "out").read_bytes() == b"data"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["m.tar", "out"]


@pytest.mark.parametrize("name", ["../../inference.json", "/inference.json"])
def test_the_place_to_write_is_the_callers(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    extract_files(write_tar(tmp_path / "m.tar", regular(name)), {"inference.json": folder / "out"})
    written = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert written == {tmp_path / "m.tar", folder / "out"}


@pytest.mark.parametrize(
    ("members", "complaint"),
    [
        ([special("inference.json", tarfile.SYMTYPE, "/etc/passwd")], "not a regular file"),
        ([special("inference.json", tarfile.LNKTYPE, "x")], "not a regular file"),
        ([special("inference.json", tarfile.CHRTYPE)], "not a regular file"),
        ([special("inference.json", tarfile.FIFOTYPE)], "not a regular file"),
        ([special("inference.json", tarfile.DIRTYPE)], "does not hold"),
        ([regular("a/inference.json"), regular("b/inference.json")], "twice"),
        ([regular("inference.json.txt")], "does not hold inference.json"),
        ([], "does not hold inference.json"),
        ([regular("inference.json", b"12345678901")], "11 bytes, more than 10"),
        ([regular(f"{number}") for number in range(8)], "more than 7 entries"),
    ],
)
def test_anything_but_the_expected_files_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    members: list[tuple[tarfile.TarInfo, bytes]],
    complaint: str,
) -> None:
    monkeypatch.setattr(archive, "MAX_FILE_BYTES", 10)
    monkeypatch.setattr(archive, "MAX_MEMBERS", 7)
    path = write_tar(tmp_path / "m.tar", *members)
    with pytest.raises(ModelFileError, match=complaint):
        extract_files(path, {"inference.json": tmp_path / "out"})
    assert {entry.name for entry in tmp_path.iterdir()} <= {"m.tar", "out"}
