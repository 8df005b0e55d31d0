"""Files are opened with limits of our own, and every failure is one sentence without a path."""

import os
import struct
import warnings
from pathlib import Path

import pytest
from PIL import Image, ImageFile

from qis_core.contracts.codec import Codec, DecodeRequest
from qis_core.errors import BackendError, NotFound, TooLarge, UnsupportedImage
from qis_plugins.pillow_codecs import CODECS
from qis_plugins.pillow_codecs.opening import (
    MAX_PAGES,
    check_pixels,
    decoding,
    opened,
    quiet,
    readable,
    require_pixels,
    seek_page,
    sniffer,
)
from qis_plugins.pillow_codecs.png import PNG
from tests.support.codec_files import Reader
from tests.support.small_files import png_chunk, saved

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
FAILURES = [
    OSError("no"),
    SyntaxError("no"),
    ValueError("no"),
    struct.error("no"),
    EOFError("no"),
    ZeroDivisionError("no"),
    MemoryError("no"),
    OverflowError("no"),
    KeyError("no"),
    IndexError("no"),
    TypeError("no"),
    AttributeError("no"),
    RecursionError("no"),
    AssertionError("no"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"),
]


def png_header(width: int, height: int) -> bytes:
    """A PNG that says how large it is, and has next to no pixels."""
    header = struct.pack(">LLBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", b"\x78\x9c\x03\0\0\0\0\x01"), (b"IEND", b""))
    return PNG_SIGNATURE + b"".join(png_chunk(name, content) for name, content in chunks)


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
def test_every_failure_is_unsupported(failure: Exception) -> None:
    with pytest.raises(UnsupportedImage, match="the JPEG file is damaged") as caught, decoding("JPEG"):
        raise failure
    assert caught.value.__cause__ is failure


@pytest.mark.parametrize("error", [NotFound("page"), TooLarge("pixels"), UnsupportedImage("odd"), BackendError("disk")])
def test_our_own_errors_pass(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, decoding("JPEG"):
        raise error
    assert caught.value is error


def test_interrupts_pass() -> None:
    with pytest.raises(KeyboardInterrupt), decoding("JPEG"):
        raise KeyboardInterrupt


def test_pillows_warnings_are_hushed_and_no_others() -> None:
    with quiet():
        warnings.warn_explicit("odd file", UserWarning, "x.py", 1, module="PIL.TiffImagePlugin")
    with pytest.raises(UserWarning), quiet():
        warnings.warn_explicit("mine", UserWarning, "x.py", 1, module="elsewhere")


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="not there any more"), readable(tmp_path / "gone", "PNG"):
        pass


def test_unreadable_file_is_our_trouble_not_the_callers(tmp_path: Path) -> None:
    with pytest.raises(BackendError) as caught, readable(tmp_path, "PNG"):
        pass
    assert str(tmp_path) not in str(caught.value)


def test_only_the_format_asked_for_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(saved(Image.new("RGB", (3, 3)), "GIF"))
    with pytest.raises(UnsupportedImage), opened(path, "PNG"):
        pass


def test_file_is_closed_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(saved(Image.new("RGB", (3, 3)), "PNG"))
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        with opened(path, "PNG"):
            pass
    assert len(os.listdir("/proc/self/fd")) == before


def test_bombs_are_refused_by_our_limit_before_decoding(tmp_path: Path) -> None:
    """200 MP are over Pillow's own limit, which is not the one that counts: no warning, no other error."""
    reader, bomb = Reader(PNG, tmp_path), png_header(20_000, 10_000)
    assert reader.facts(bomb).size == (20_000, 10_000)
    with pytest.raises(TooLarge, match=r"200000000 pixels; this server decodes up to 100000000"):
        reader.decode(bomb)


def test_a_higher_limit_than_pillows_is_ours_to_set(tmp_path: Path) -> None:
    bomb = png_header(20_000, 10_000)
    with pytest.raises(UnsupportedImage):  # it was tried, and it has no pixels
        Reader(PNG, tmp_path).decode(bomb, DecodeRequest(max_pixels=200_000_000))


def test_check_pixels() -> None:
    check_pixels((10, 10), 100)
    check_pixels((10, 5), 100, frames=2)
    for size, frames in (((10, 11), 1), ((10, 5), 3)):
        with pytest.raises(TooLarge):
            check_pixels(size, 100, frames)


@pytest.mark.parametrize("size", [(0, 0), (0, 9), (9, 0), (-1, 5)])
def test_pictures_without_pixels(size: tuple[int, int]) -> None:
    with pytest.raises(UnsupportedImage, match="nothing to show"):
        require_pixels(size)


@pytest.mark.parametrize("page", [0, -1, 2, MAX_PAGES + 1, 10**9])
def test_pages_that_do_not_exist(page: int) -> None:
    with pytest.raises(NotFound, match=f"page {page} does not exist"):
        seek_page(Image.new("RGB", (3, 3)), page)


def test_sniffer() -> None:
    sniff = sniffer(b"AB", b"CDE")
    assert [sniff(head) for head in (b"ABx", b"CDEx", b"CD", b"", b"xAB")] == [True, True, False, False, False]


def test_truncated_files_are_never_filled_up() -> None:
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)
@pytest.mark.parametrize("content", [b"", b"\0", b"this is no picture.."], ids=["empty", "one byte", "text"])
def test_case_136_corrupt_and_empty_files(codec: Codec, content: bytes, tmp_path: Path) -> None:
    reader = Reader(codec, tmp_path)
    for read in (reader.facts, reader.decode):
        with pytest.raises(UnsupportedImage) as caught:
            read(content)
        assert str(tmp_path) not in str(caught.value)
