"""Archives of models are unpacked whole, and never out of their folder."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from onnxocr.errors import ModelFileError
from onnxocr.zoo import archive
from onnxocr.zoo.archive import unpack_archive


def make_tar(path: Path, name: str, content: bytes = b"data", kind: bytes = tarfile.REGTYPE) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, "../../etc/passwd"
        member.size = len(content) if kind == tarfile.REGTYPE else 0
        tar.addfile(member, io.BytesIO(content))
    return path


def make_zip(path: Path, name: str, content: bytes = b"data", mode: int = 0) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        member = zipfile.ZipInfo(name)
        member.external_attr = mode << 16
        packed.writestr(member, content, zipfile.ZIP_DEFLATED)
    return path


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "inside" / "target"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("make", [make_tar, make_zip])
def test_folders_are_kept(tmp_path: Path, target: Path, make: object) -> None:
    unpack_archive((make_tar if make is make_tar else make_zip)(tmp_path / "a", "m/deep/file.bin"), target)
    assert (target / "m" / "deep" / "file.bin").read_bytes() == b"data"


@pytest.mark.parametrize("make", [make_tar, make_zip])
@pytest.mark.parametrize("name", ["../out", "m/../../out", "/tmp/out", "..\\out", "C:\\out", "C:/out"])
def test_places_outside_are_refused(tmp_path: Path, target: Path, make: object, name: str) -> None:
    packed = (make_tar if make is make_tar else make_zip)(tmp_path / "a", name)
    with pytest.raises(ModelFileError, match="outside"):
        unpack_archive(packed, target)
    assert list((tmp_path / "inside").iterdir()) == [target]
    assert list(target.iterdir()) == []


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_in_tars_are_refused(tmp_path: Path, target: Path, kind: bytes) -> None:
    with pytest.raises(ModelFileError, match="regular file"):
        unpack_archive(make_tar(tmp_path / "a", "link", kind=kind), target)


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO])
def test_links_and_devices_in_zips_are_refused(tmp_path: Path, target: Path, mode: int) -> None:
    with pytest.raises(ModelFileError, match="regular file"):
        unpack_archive(make_zip(tmp_path / "a", "link", mode=mode | 0o777), target)


@pytest.mark.parametrize("make", [make_tar, make_zip])
def test_archives_that_grow_without_measure_are_refused(
    tmp_path: Path, target: Path, make: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "_MIN_RATIO_BYTES", 1000)
    packed = (make_tar if make is make_tar else make_zip)(tmp_path / "a", "zeros", bytes(1_000_000))
    with pytest.raises(ModelFileError, match="200 times"):
        unpack_archive(packed, target)


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [
        ("MAX_MEMBERS", 0, "entries"),
        ("MAX_FILE_BYTES", 3, "more than a model"),
        ("MAX_TOTAL_BYTES", 3, "more"),
    ],
)
def test_limits_hold(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, words: str
) -> None:
    monkeypatch.setattr(archive, limit, value)
    with pytest.raises(ModelFileError, match=words):
        unpack_archive(make_zip(tmp_path / "a", "file"), target)


def test_a_name_twice_is_refused(tmp_path: Path, target: Path) -> None:
    with tarfile.open(tmp_path / "a", "w") as tar:
        for _ in range(2):
            tar.addfile(tarfile.TarInfo("file"), io.BytesIO())
    with pytest.raises(ModelFileError, match="twice"):
        unpack_archive(tmp_path / "a", target)


@pytest.mark.parametrize("make", [make_tar, make_zip])
@pytest.mark.parametrize("keep", [0.3, 0.7, 0.95])
def test_archives_cut_off_are_refused(tmp_path: Path, target: Path, make: object, keep: float) -> None:
    packed = (make_tar if make is make_tar else make_zip)(tmp_path / "a", "file", bytes(range(256)) * 40)
    packed.write_bytes(packed.read_bytes()[: int(packed.stat().st_size * keep)])
    with pytest.raises(ModelFileError, match="not a complete"):
        unpack_archive(packed, target)


def test_other_files_are_no_archives(tmp_path: Path, target: Path) -> None:
    (tmp_path / "a").write_bytes(b"no archive at all")
    with pytest.raises(ModelFileError, match="not a complete tar or zip"):
        unpack_archive(tmp_path / "a", target)


def test_a_tar_that_ends_in_a_zip_is_a_tar(tmp_path: Path, target: Path) -> None:
    inner = make_zip(tmp_path / "inner", "hidden").read_bytes()
    with tarfile.open(tmp_path / "a", "w") as tar:
        member = tarfile.TarInfo("inner.zip")
        member.size = len(inner)
        tar.addfile(member, io.BytesIO(inner))
    unpack_archive(tmp_path / "a", target)
    assert [path.name for path in target.iterdir()] == ["inner.zip"]


def test_a_missing_archive_is_named(tmp_path: Path, target: Path) -> None:
    with pytest.raises(ModelFileError, match="does not exist"):
        unpack_archive(tmp_path / "a", target)
