"""Archives of models are unpacked whole, and never out of their folder."""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from onnxocr.errors import ModelFileError
from onnxocr.zoo import archive
from onnxocr.zoo.archive import extract_files, unpack_archive


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


def gzipped_tar(content: bytes = bytes(range(256)) * 40, after: bytes = b"") -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        member = tarfile.TarInfo("file")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return gzip.compress(plain.getvalue() + after)


def test_a_checksum_that_does_not_fit_is_found(tmp_path: Path, target: Path) -> None:
    packed = bytearray(gzipped_tar())
    packed[-8] ^= 1  # the checksum and the length are the last eight bytes
    (tmp_path / "a.tgz").write_bytes(packed)
    with pytest.raises(ModelFileError, match=r"a\.tgz is not a complete tar.*CRC"):
        unpack_archive(tmp_path / "a.tgz", target)


def test_a_checksum_is_read_where_wanted_files_come_first(tmp_path: Path) -> None:
    packed = bytearray(gzipped_tar())
    packed[-8] ^= 1
    (tmp_path / "a.tgz").write_bytes(packed)
    with pytest.raises(ModelFileError, match="CRC"):
        extract_files(tmp_path / "a.tgz", {"file": tmp_path / "out"})


def test_damage_inside_compressed_data_is_called_so(tmp_path: Path, target: Path) -> None:
    packed = bytearray(gzipped_tar(bytes(range(256)) * 4000))
    packed[200:220] = bytes(20)
    (tmp_path / "a.tgz").write_bytes(packed)
    with pytest.raises(ModelFileError, match=r"a\.tgz is not a complete tar"):
        unpack_archive(tmp_path / "a.tgz", target)


def test_only_zeros_may_follow_the_last_member(tmp_path: Path, target: Path) -> None:
    (tmp_path / "zeros").write_bytes(gzipped_tar(after=bytes(100_000)))
    unpack_archive(tmp_path / "zeros", target)
    (tmp_path / "more").write_bytes(gzipped_tar(after=b"x" * 512))
    (target / "file").unlink()
    with pytest.raises(ModelFileError, match="behind its last complete member"):
        unpack_archive(tmp_path / "more", target)


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE])
def test_a_header_made_to_fill_the_memory_is_not_read(tmp_path: Path, target: Path, kind: bytes) -> None:
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = kind, 8_000_000
    (tmp_path / "a").write_bytes(gzip.compress(header.tobuf() + bytes(8_000_000)))
    with pytest.raises(ModelFileError, match="header of 80"):
        unpack_archive(tmp_path / "a", target)
    with pytest.raises(ModelFileError, match="header of"):
        extract_files(tmp_path / "a", {"file": tmp_path / "out"})


def test_headers_count_as_what_an_archive_unpacks_to(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "_MIN_RATIO_BYTES", 100_000)
    (tmp_path / "a").write_bytes(gzipped_tar(b"", after=bytes(3_000_000)))
    with pytest.raises(ModelFileError, match="200 times"):
        unpack_archive(tmp_path / "a", target)


@pytest.mark.parametrize("make", [make_tar, make_zip])
@pytest.mark.parametrize("name", ["n" * 300, "n" * 300 + "/file"])
def test_names_longer_than_file_names_can_be_are_refused(
    tmp_path: Path, target: Path, make: object, name: str
) -> None:
    packed = (make_tar if make is make_tar else make_zip)(tmp_path / "a", name)
    with pytest.raises(ModelFileError, match="cannot be made here") as caught:
        unpack_archive(packed, target)
    assert len(str(caught.value)) < 200


def test_a_file_cannot_be_a_folder_as_well(tmp_path: Path, target: Path) -> None:
    with tarfile.open(tmp_path / "a", "w") as tar:
        for name in ("m", "m/file"):
            tar.addfile(tarfile.TarInfo(name), io.BytesIO())
    with pytest.raises(ModelFileError, match="cannot be made here"):
        unpack_archive(tmp_path / "a", target)
