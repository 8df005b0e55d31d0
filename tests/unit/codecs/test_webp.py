"""WebP: facts from the container alone, animations, qualities."""

import struct
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from qis_core.contracts.codec import DecodeRequest, EncodeRequest, Metadata
from qis_core.errors import NotFound, TooLarge, UnsupportedImage
from qis_core.testing import codec_samples
from qis_plugins.pillow_codecs.opening import MAX_PAGES
from qis_plugins.pillow_codecs.webp import WEBP
from tests.support import pictures
from tests.support.codec_files import Reader, encode, near, pixel
from tests.support.metadata_bytes import MAKE, ORIENTATION, exif, short, text, xmp
from tests.support.small_files import saved

SIZE = (40, 30)
FRAMES = pictures.flat_frames(SIZE)


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(WEBP, tmp_path)


def clear_quad() -> Image.Image:
    return pictures.with_left_half_transparent(pictures.quad(SIZE))


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<L", len(content)) + content + bytes(len(content) % 2)


def riff(*chunks: bytes) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<L", len(body)) + body


def extended(width: int, height: int, flags: int) -> bytes:
    return chunk(
        b"VP8X", bytes([flags, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    )


@pytest.mark.parametrize("lossless", [False, True])
@pytest.mark.parametrize("has_alpha", [False, True])
def test_facts_agree_with_the_decoder(reader: Reader, lossless: bool, has_alpha: bool) -> None:
    content = saved(clear_quad() if has_alpha else pictures.quad(SIZE), "WEBP", lossless=lossless)
    facts, image = reader.facts(content), reader.image(content)
    assert (facts.size, facts.has_alpha, facts.mode) == (SIZE, has_alpha, image.mode)
    assert (facts.pages, facts.is_animated, facts.codec) == (1, False, "webp")


@pytest.mark.parametrize("size", [(1, 1), (127, 1), (128, 300), (1, 16383)])
@pytest.mark.parametrize("lossless", [False, True])
def test_sizes_from_both_bitstreams(reader: Reader, size: tuple[int, int], lossless: bool) -> None:
    assert reader.facts(saved(Image.new("RGB", size), "WEBP", lossless=lossless)).size == size


def test_facts_need_no_pixels(reader: Reader) -> None:
    """Canvas, alpha, profile and orientation are in the chunks; there is nothing else in this file."""
    srgb = codec_samples.metadata_for("RGB").icc_profile or b""
    block = exif(short(ORIENTATION, 8))
    content = riff(extended(12_000, 9_000, 0x3C), chunk(b"ICCP", srgb), chunk(b"EXIF", b"Exif\0\0" + block))
    facts = reader.facts(content)
    assert (facts.size, facts.has_alpha, facts.orientation) == ((12_000, 9_000), True, 8)
    assert (facts.has_profile, facts.is_srgb) == (True, True)
    with pytest.raises(TooLarge):
        reader.decode(content)
    with pytest.raises(UnsupportedImage):
        reader.decode(content, DecodeRequest(max_pixels=200_000_000))


def test_foreign_profile(reader: Reader) -> None:
    facts = reader.facts(saved(pictures.quad(SIZE), "WEBP", icc_profile=pictures.ADOBE_RGB))
    assert (facts.has_profile, facts.is_srgb) == (True, False)


def test_chunks_of_strangers_are_passed_over(reader: Reader) -> None:
    content = saved(pictures.quad(SIZE), "WEBP")
    stranger = content[:12] + chunk(b"ODD ", b"odd") + content[12:]
    stranger = stranger[:4] + struct.pack("<L", len(stranger) - 8) + stranger[8:]
    assert reader.facts(stranger).size == SIZE


@pytest.mark.parametrize(
    "content",
    [
        b"RIFF\0\0\0\0WEBP",
        riff(chunk(b"VP8 ", b"")),
        riff(chunk(b"VP8 ", bytes(20))),
        riff(chunk(b"VP8L", b"\x2e" + bytes(8))),
        riff(chunk(b"VP8X", b"\x02\0")),
        riff(b"VP8X\xff\xff\xff\xff"),
        b"RIFF\x10\0\0\0WAVE" + bytes(40),
    ],
)
def test_containers_without_a_picture(reader: Reader, content: bytes) -> None:
    with pytest.raises(UnsupportedImage):
        reader.facts(content)


def test_chunks_without_end_are_bounded(reader: Reader) -> None:
    content = riff(extended(10, 10, 0x02), chunk(b"ANMF", b"") * 30_000)
    assert MAX_PAGES <= reader.facts(content).pages < MAX_PAGES + 100


def test_animation_comes_back(reader: Reader) -> None:
    frames = [Image.new("RGBA", SIZE, (0, 0, 0, 0)) for _ in range(3)]
    for number, frame in enumerate(frames):
        frame.paste((*pictures.RED, 255), (number * 10, 5, number * 10 + 10, 20))
    request = EncodeRequest(durations_ms=(50, 100, 150), loop=2)
    content = encode(WEBP, frames, request)
    facts = reader.facts(content)
    assert (facts.pages, facts.is_animated, facts.has_alpha) == (3, True, True)
    decoded = reader.decode(content, DecodeRequest(all_frames=True))
    assert (decoded.durations_ms, decoded.loop) == ((50, 100, 150), 2)
    for before, after in zip(frames, decoded.frames, strict=True):
        difference = ImageChops.difference(before.getchannel("A"), after.getchannel("A"))
        assert ImageStat.Stat(difference).mean[0] < 1


@pytest.mark.parametrize(("asked", "found"), [(0, 0), (None, None), (1, None), (7, 7)])
def test_loops(reader: Reader, asked: int | None, found: int | None) -> None:
    content = encode(WEBP, FRAMES, EncodeRequest(durations_ms=(50,) * 3, loop=asked))
    assert reader.decode(content, DecodeRequest(all_frames=True)).loop == found


def test_pages_of_an_animation(reader: Reader) -> None:
    content = encode(WEBP, FRAMES, EncodeRequest(durations_ms=(50,) * 3, loop=0))
    assert near(pixel(reader.image(content, DecodeRequest(page=3)), 5, 5), pictures.BLUE)
    with pytest.raises(NotFound, match="page 4"):
        reader.image(content, DecodeRequest(page=4))


def test_page_two_of_a_still(reader: Reader) -> None:
    with pytest.raises(NotFound):
        reader.image(saved(pictures.quad(SIZE), "WEBP"), DecodeRequest(page=2))


def test_frames_are_counted_against_the_limit(reader: Reader) -> None:
    content = encode(WEBP, FRAMES, EncodeRequest(durations_ms=(50,) * 3, loop=0))
    with pytest.raises(TooLarge):
        reader.decode(content, DecodeRequest(all_frames=True, max_pixels=3 * SIZE[0] * SIZE[1] - 1))


def test_quality_decides_size() -> None:
    sizes = [
        len(encode(WEBP, pictures.gradient((300, 200)), EncodeRequest(quality=quality))) for quality in (1, 50, 95)
    ]
    assert sizes == sorted(set(sizes))


def test_metadata_comes_back(reader: Reader) -> None:
    metadata = Metadata(pictures.ADOBE_RGB, exif(text(MAKE, "Someone")), xmp("<dc:format>image/webp</dc:format>"))
    content = encode(WEBP, clear_quad(), EncodeRequest(metadata=metadata))
    assert reader.decode(content).metadata == metadata


def test_pictures_too_large_for_webp() -> None:
    with pytest.raises(UnsupportedImage, match="16384×1 px cannot be stored as WEBP"):
        encode(WEBP, Image.new("RGB", (16_384, 1)))


def test_large_pictures_are_encoded_quickly() -> None:
    """Less effort from two million pixels on; the numbers are in design §9."""
    assert len(encode(WEBP, Image.new("RGB", (2001, 1000), pictures.RED))) > 0


@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_truncated_files(reader: Reader, share: float) -> None:
    content = saved(pictures.gradient((200, 200)), "WEBP")
    with pytest.raises(UnsupportedImage):
        reader.decode(content[: int(len(content) * share)])
