"""Image files become the pixels that PaddleOCR 3.7 on OpenCV 4.10 sees, or an error that says why not."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image as PillowImage

from onnxocr.errors import ImageDecodeError, ImageSizeError
from onnxocr.inputs.images import decode_image
from tests.inputs.files import bgr, orientation, pillow, png, png_chunk, saved

LIMIT = 178_956_970
PICTURE = bgr(9, 7)
SMOOTH = cv2.resize(bgr(6, 8), (64, 48)).astype(np.uint8)

# What a viewer has to do with the stored rows (EXIF 2.3, tag 0x0112), as NumPy on (H, W, 3).
TURNED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: np.rot90(a, 2),
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).transpose(1, 0, 2),
    8: lambda a: np.rot90(a, 1),
}


def decode(data: bytes, max_pixels: int = LIMIT) -> npt.NDArray[np.uint8]:
    return decode_image(data, name="scan", max_pixels=max_pixels)


def grey_rows(*rows: list[int]) -> npt.NDArray[np.uint8]:
    return np.repeat(np.array(rows, np.uint8)[:, :, np.newaxis], 3, axis=2)


def be16(*values: int) -> bytes:
    return struct.pack(f">{len(values)}H", *values)


LOSSLESS = {
    "PNG": saved(pillow(PICTURE), "PNG"),
    "BMP": saved(pillow(PICTURE), "BMP"),
    "WebP": saved(pillow(PICTURE), "WEBP", lossless=True),
    "binary PNM": saved(pillow(PICTURE), "PPM"),
    "text PNM": b"P3 7 9 255\n" + b" ".join(b"%d" % value for value in PICTURE[:, :, ::-1].ravel()),
    "Sun raster": cv2.imencode(".ras", PICTURE)[1].tobytes(),
    "JPEG 2000": saved(pillow(PICTURE), "JPEG2000"),
    "GIF": saved(pillow(PICTURE), "GIF"),  # 63 colours, so the palette holds all of them
}


@pytest.mark.parametrize("data", LOSSLESS.values(), ids=LOSSLESS.keys())
def test_lossless_formats_keep_every_pixel(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PillowImage, "MAX_IMAGE_PIXELS", 1)  # Pillow's own limit is none of ours
    image = decode(data)
    np.testing.assert_array_equal(image, PICTURE)
    assert image.dtype == np.uint8
    assert image.flags.c_contiguous


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}], ids=str)
def test_jpeg_is_what_opencv_decodes(options: dict[str, bool]) -> None:
    data = saved(pillow(SMOOTH), "JPEG", **options)
    image = decode(data)
    np.testing.assert_array_equal(image, cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR))
    assert np.abs(image.astype(int) - SMOOTH).mean() < 6  # and it is the picture


@pytest.mark.parametrize("value", TURNED)
@pytest.mark.parametrize(("format", "stored"), [("PNG", PICTURE), ("JPEG", SMOOTH)])
def test_exif_orientation_is_applied_to_jpeg_and_png(
    format: str, stored: npt.NDArray[np.uint8], value: int
) -> None:
    upright = decode(saved(pillow(stored), format))
    turned = decode(saved(pillow(stored), format, exif=orientation(value)))
    np.testing.assert_array_equal(turned, TURNED[value](upright))


def test_exif_orientation_is_not_applied_to_webp() -> None:
    data = saved(pillow(PICTURE), "WEBP", lossless=True, exif=orientation(6))
    np.testing.assert_array_equal(decode(data), PICTURE)


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_transparent_pixels_keep_their_stored_colour(format: str) -> None:
    stored = np.dstack([PICTURE[:, :, ::-1], np.zeros((9, 7), np.uint8)])
    options = {"lossless": True, "exact": True} if format == "WEBP" else {}
    np.testing.assert_array_equal(decode(saved(PillowImage.fromarray(stored), format, **options)), PICTURE)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (png(3, 1, depth=8, colour_type=0, rows=[bytes([0, 7, 255])]), [0, 7, 255]),
        (png(4, 1, depth=2, colour_type=0, rows=[b"\x1b"]), [0, 85, 170, 255]),
        (png(2, 1, depth=8, colour_type=4, rows=[bytes([7, 0, 200, 99])]), [7, 200]),
        (png(5, 1, depth=16, colour_type=0, rows=[be16(0, 255, 256, 40000, 65535)]), [0, 0, 1, 156, 255]),
        (b"P5 3 1 255\n\x00\x07\xff", [0, 7, 255]),
        (b"P5 3 1 65535\n" + be16(255, 256, 40000), [0, 1, 156]),
        (b"P2\n# remark\n3 1\n255\n0 7 255", [0, 7, 255]),
        (b"P1 4 1\n1 0 0 1", [0, 255, 255, 0]),
        (b"P4 4 1\n\x90", [0, 255, 255, 0]),
    ],
    ids=["8 bit", "2 bit", "with alpha", "16 bit", "PGM", "16-bit PGM", "text PGM", "text PBM", "PBM"],
)
def test_grey_values_are_repeated_over_three_channels(data: bytes, expected: list[int]) -> None:
    np.testing.assert_array_equal(decode(data), grey_rows(expected))


def test_16_bit_colours_are_cut_to_their_upper_byte() -> None:
    data = png(1, 1, depth=16, colour_type=2, rows=[be16(40000, 255, 513)])
    assert decode(data).tolist() == [[[2, 0, 156]]]


def test_palette_colours_are_looked_up_and_their_transparency_dropped() -> None:
    palette = png_chunk(b"PLTE", bytes([1, 2, 3, 200, 100, 50])) + png_chunk(b"tRNS", b"\x00\x80")
    data = png(2, 1, depth=8, colour_type=3, rows=[b"\x01\x00"], extra=palette)
    assert decode(data).tolist() == [[[50, 100, 200], [3, 2, 1]]]


def test_bmp_rows_may_run_from_top_to_bottom() -> None:
    data = bytearray(LOSSLESS["BMP"])
    data[22:26] = struct.pack("<i", -9)
    np.testing.assert_array_equal(decode(bytes(data)), PICTURE[::-1])


def test_of_an_animation_the_first_frame_is_taken() -> None:
    other = pillow(bgr(9, 7)[::-1])
    data = saved(pillow(PICTURE), "GIF", save_all=True, append_images=[other])
    np.testing.assert_array_equal(decode(data), PICTURE)


def jpeg(quality: int = 90) -> bytes:
    return saved(pillow(SMOOTH), "JPEG", quality=quality)


@pytest.mark.parametrize(
    "garbage", [b"\x00" * 5000, b"\xff\xd8\xff trailing"], ids=["zeros", "another start"]
)
@pytest.mark.parametrize("format", ["JPEG", "PNG", "BMP", "WEBP", "PPM"])
def test_data_behind_the_image_is_ignored(format: str, garbage: bytes) -> None:
    data = saved(pillow(SMOOTH), format)
    np.testing.assert_array_equal(decode(data + garbage), decode(data))


def test_a_jpeg_without_end_marker_counts_as_truncated() -> None:
    # Without decoding nobody can tell whether pixels are missing. OpenCV 4.14 refuses it too, 4.10 does not.
    with pytest.raises(ImageDecodeError, match="truncated JPEG"):
        decode(jpeg()[:-2])


def test_a_thumbnail_does_not_pass_for_the_end_of_a_truncated_jpeg() -> None:
    whole = jpeg()
    thumbnail = b"\xff\xe1" + struct.pack(">H", 2 + len(whole)) + whole
    with pytest.raises(ImageDecodeError, match="truncated"):
        decode(whole[:2] + thumbnail + whole[2 : len(whole) // 2])


def long_pnm() -> bytes:
    return b"P3 64 48 255\n" + b" ".join(b"%d" % value for value in SMOOTH.ravel())


def run_length_bmp() -> bytes:
    """Two rows of eight pixels, the lower one all 5, the upper one all 7."""
    palette = b"".join(bytes([n, n, n, 0]) for n in range(256))
    pixels = b"\x08\x05\x00\x00\x08\x07\x00\x00\x00\x01"
    start = 54 + len(palette)
    header = struct.pack("<IHHI", start + len(pixels), 0, 0, start)
    info = struct.pack("<IiiHHIIiiII", 40, 8, 2, 1, 8, 1, len(pixels), 0, 0, 256, 0)
    return b"BM" + header + info + palette + pixels


def test_run_length_coded_bmp() -> None:
    np.testing.assert_array_equal(decode(run_length_bmp()), grey_rows([7] * 8, [5] * 8))


TRUNCATED = {
    "JPEG": jpeg(),
    "progressive JPEG": saved(pillow(SMOOTH), "JPEG", progressive=True),
    "PNG": saved(pillow(SMOOTH), "PNG"),
    "BMP": saved(pillow(SMOOTH), "BMP"),
    "run-length BMP": run_length_bmp(),
    "WebP": saved(pillow(SMOOTH), "WEBP"),
    "binary PNM": saved(pillow(SMOOTH), "PPM"),
    "text PNM": long_pnm(),
    "Sun raster": cv2.imencode(".ras", SMOOTH)[1].tobytes(),
    "GIF": saved(pillow(SMOOTH), "GIF"),
    "JPEG 2000": saved(pillow(SMOOTH), "JPEG2000"),
}


@pytest.mark.parametrize("part", [0.02, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("data", TRUNCATED.values(), ids=TRUNCATED.keys())
def test_truncated_images_are_refused_in_silence(
    data: bytes, part: float, capfd: pytest.CaptureFixture[str]
) -> None:
    decode(data)
    with pytest.raises(ImageDecodeError, match=r"^scan (is a|holds no)"):
        decode(data[: max(int(len(data) * part), 1)])
    assert capfd.readouterr() == ("", "")


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


@pytest.mark.parametrize("place", ["header", "chunk name", "pixels", "checksum"])
def test_a_damaged_png_is_refused_in_silence(place: str, capfd: pytest.CaptureFixture[str]) -> None:
    data = saved(pillow(SMOOTH), "PNG")
    pixels = data.index(b"IDAT")
    at = {"header": 25, "chunk name": pixels, "pixels": pixels + 100, "checksum": len(data) - 14}[place]
    with pytest.raises(ImageDecodeError, match="PNG"):
        decode(flipped(data, at))
    assert capfd.readouterr() == ("", "")


def test_chunks_that_do_not_decide_pixels_say_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    # libpng warns about each of these on stderr; bad colour profiles are common.
    extra = (
        png_chunk(b"iCCP", b"x\x00\x00" + zlib.compress(b"short"))
        + png_chunk(b"gAMA", struct.pack(">I", 1))
        + png_chunk(b"tEXt", b"Comment\x00hello")
    )
    data = png(2, 1, depth=8, colour_type=0, rows=[b"\x05\x09"], extra=extra)
    np.testing.assert_array_equal(decode(data), grey_rows([5, 9]))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"just some text", "holds no image.*just some text"),
        (b"\xff\xd8\xff", "JPEG.*header"),
        (b"\x89PNG\r\n\x1a\n", "PNG.*header"),
        (b"BMW is a car maker", "BMP"),
        (b"P6 is a page number", "PNM.*header"),
        (b"GIF89a", "GIF.*header"),
    ],
)
def test_what_is_no_image_is_a_decode_error(data: bytes, words: str) -> None:
    with pytest.raises(ImageDecodeError, match=words):
        decode(data)


def declared(format: str, width: int, height: int) -> bytes:
    """A header that promises this size, with hardly anything behind it."""
    if format == "PNG":
        return png(width, height, depth=8, colour_type=2, rows=[b""])
    if format == "JPEG":
        data, frame = jpeg(), jpeg().index(b"\xff\xc0") + 5
        return data[:frame] + struct.pack(">HH", height, width) + data[frame + 4 :]
    if format == "BMP":
        data = LOSSLESS["BMP"]
        return data[:18] + struct.pack("<ii", width, height) + data[26:]
    if format == "GIF":
        return b"GIF89a" + struct.pack("<HH", width, height) + b"\x00\x00\x00;"
    if format == "PNM":
        return b"P6 %d %d 255\n" % (width, height)
    if format == "WebP":
        sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        return b"RIFF\x16\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00" + sides
    return LOSSLESS["Sun raster"][:4] + struct.pack(">II", width, height) + LOSSLESS["Sun raster"][12:]


@pytest.mark.parametrize("format", ["PNG", "JPEG", "BMP", "GIF", "PNM", "WebP", "Sun raster"])
def test_the_declared_size_is_checked_before_decoding(format: str) -> None:
    with pytest.raises(ImageSizeError, match=r"60000 x 50000 px.*3,000,000,000.*178,956,970.*max_pixels"):
        decode(declared(format, 60_000, 50_000))


def test_jpeg_2000_declares_its_size_too() -> None:
    with pytest.raises(ImageSizeError, match="64 x 48"):
        decode(saved(pillow(SMOOTH), "JPEG2000"), max_pixels=3071)


@pytest.mark.parametrize(("format", "options"), [("WEBP", {}), ("WEBP", {"lossless": True}), ("JPEG", {})])
def test_the_limit_is_inclusive(format: str, options: dict[str, bool]) -> None:
    data = saved(pillow(SMOOTH), format, **options)
    assert decode(data, max_pixels=64 * 48).shape == (48, 64, 3)
    with pytest.raises(ImageSizeError, match="64 x 48"):
        decode(data, max_pixels=64 * 48 - 1)


def test_a_side_that_the_decoder_cannot_handle_is_a_size_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ImageSizeError, match="1,000,000"):
        decode(declared("PNG", 1_000_001, 1))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 40_000), (40_000, 3)])
@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_extreme_shapes_are_images(format: str, width: int, height: int) -> None:
    data = saved(PillowImage.new("RGB", (width, height), (10, 20, 30)), format, quality=100, subsampling=0)
    image = decode(data)
    assert image.shape == (height, width, 3)
    assert np.abs(image.astype(int) - (30, 20, 10)).max() <= 2


_PEAK = """
import re, sys
from onnxocr.inputs.images import decode_image
data = open(sys.argv[1], "rb").read()
def peak_mb():
    return int(re.search("VmHWM: *([0-9]+)", open("/proc/self/status").read().replace("\\t", " "))[1]) // 1024
before = peak_mb()
image = decode_image(data, name="scan", max_pixels=178956970)
print(image.shape, peak_mb() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_100_megapixels_take_no_more_memory_than_opencv_needs(format: str, tmp_path: Path) -> None:
    data = io.BytesIO()
    PillowImage.new("L", (10_000, 10_000), 200).save(data, format)
    path = tmp_path / "large"
    path.write_bytes(data.getvalue())
    finished = subprocess.run(
        [sys.executable, "-c", _PEAK, str(path)], capture_output=True, text=True, check=True
    )
    shape, _, peak_mb = finished.stdout.strip().rpartition(" ")
    assert shape == "(10000, 10000, 3)"
    # 286 MiB of pixels, which OpenCV decodes into its own memory and then copies to NumPy's.
    assert 286 <= int(peak_mb) < 2.1 * 286
