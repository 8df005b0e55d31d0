"""AVIF: stills, sequences, turned pictures."""

from pathlib import Path

import pytest
from PIL import Image

from qis_core.contracts.codec import DecodeRequest, EncodeRequest, Metadata
from qis_core.errors import NotFound, TooLarge, UnsupportedImage
from qis_core.imaging.metadata import describe, reset_orientation
from qis_plugins.pillow_codecs.avif import AVIF, sniff_avif
from tests.support import pictures
from tests.support.codec_files import Reader, encode, near, pixel
from tests.support.metadata_bytes import MAKE, ORIENTATION, exif, exif_with_parts, rational, short, text, xmp
from tests.support.small_files import saved

SIZE = (64, 48)
FRAMES = pictures.flat_frames(SIZE)


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(AVIF, tmp_path)


def ftyp(*brands: bytes) -> bytes:
    major, *compatible = brands
    content = b"ftyp" + major + b"\0\0\0\0" + b"".join(compatible)
    return ((len(content) + 4).to_bytes(4) + content).ljust(64, b"\0")


@pytest.mark.parametrize("brands", [(b"avif",), (b"avis", b"msf1"), (b"mif1", b"miaf", b"avif"), (b"avif", b"mif1")])
def test_sniffs_avif_brands(brands: tuple[bytes, ...]) -> None:
    assert sniff_avif(ftyp(*brands))


@pytest.mark.parametrize("brands", [(b"heic", b"mif1"), (b"mif1",), (b"mp42", b"isom"), (b"jxl ",)])
def test_leaves_others_to_others(brands: tuple[bytes, ...]) -> None:
    assert not sniff_avif(ftyp(*brands))


def test_brands_behind_the_box_do_not_count() -> None:
    assert not sniff_avif((ftyp(b"heic", b"mif1")[:20] + b"avif").ljust(64, b"\0"))


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_facts_and_pixels(reader: Reader, mode: str) -> None:
    image = pictures.with_left_half_transparent(pictures.quad(SIZE)).convert(mode)
    content = encode(AVIF, image)
    facts, back = reader.facts(content), reader.image(content)
    assert (facts.codec, facts.size, facts.has_alpha, facts.pages) == ("avif", SIZE, mode == "RGBA", 1)
    assert back.mode == mode
    assert near(pixel(back, 50, 40)[:3], pictures.YELLOW, within=12)
    if mode == "RGBA":
        assert (pixel(back, 10, 10)[3], pixel(back, 50, 10)[3]) == (0, 255)


def test_sequences(reader: Reader) -> None:
    content = encode(AVIF, FRAMES, EncodeRequest(durations_ms=(100, 200, 300), loop=0))
    facts = reader.facts(content)
    assert (facts.pages, facts.is_animated) == (3, True)
    decoded = reader.decode(content, DecodeRequest(all_frames=True))
    assert (decoded.durations_ms, decoded.loop) == ((100, 200, 300), 0)
    for frame, colour in zip(decoded.frames, (pictures.RED, pictures.GREEN, pictures.BLUE), strict=True):
        assert near(pixel(frame, 20, 20), colour, within=8)
    assert near(pixel(reader.image(content, DecodeRequest(page=2)), 20, 20), pictures.GREEN, within=8)
    with pytest.raises(NotFound, match="page 4"):
        reader.image(content, DecodeRequest(page=4))
    with pytest.raises(TooLarge):
        reader.decode(content, DecodeRequest(all_frames=True, max_pixels=3 * SIZE[0] * SIZE[1] - 1))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_pictures_are_told_as_exif_orientation(reader: Reader, orientation: int) -> None:
    """AVIF turns by properties of its own (irot, imir); readers without EXIF see them as an orientation."""
    content = saved(pictures.quad(SIZE), "AVIF", exif=exif(short(ORIENTATION, orientation)), speed=9)
    facts = reader.facts(content)
    assert (facts.orientation, facts.size) == (orientation, SIZE)
    assert reader.image(content).size == SIZE


def test_orientation_once_reset_stays_reset(reader: Reader) -> None:
    metadata = reset_orientation(Metadata(exif=exif(text(MAKE, "Someone"), short(ORIENTATION, 6))))
    content = encode(AVIF, pictures.quad(SIZE), EncodeRequest(metadata=metadata))
    assert reader.facts(content).orientation == 1
    assert describe(reader.decode(content).metadata)["exif"] == {"Make": "Someone"}


def test_metadata_comes_back(reader: Reader) -> None:
    block = exif_with_parts([text(MAKE, "Someone")], [rational(0x829A, (1, 250))], [text(1, "N")])
    metadata = Metadata(pictures.ADOBE_RGB, block, xmp("<dc:format>image/avif</dc:format>"))
    found = reader.decode(encode(AVIF, pictures.quad(SIZE), EncodeRequest(metadata=metadata))).metadata
    assert (found.icc_profile, found.xmp) == (metadata.icc_profile, metadata.xmp)
    assert describe(found)["exif"] == {"Make": "Someone", "ExposureTime": 0.004, "GPSLatitudeRef": "N"}


def test_facts_of_colour(reader: Reader) -> None:
    facts = reader.facts(saved(pictures.quad(SIZE), "AVIF", icc_profile=pictures.ADOBE_RGB, speed=9))
    assert (facts.has_profile, facts.is_srgb) == (True, False)


def test_quality_decides_size() -> None:
    image = pictures.gradient((300, 200))
    sizes = [len(encode(AVIF, image, EncodeRequest(quality=quality))) for quality in (1, 50, 95)]
    assert sizes == sorted(set(sizes))


def test_large_pictures_take_the_quick_way() -> None:
    assert len(encode(AVIF, Image.new("RGB", (1000, 501), pictures.RED))) > 0


def test_high_quality_range_is_checked() -> None:
    with pytest.raises(UnsupportedImage):
        encode(AVIF, pictures.quad(SIZE), EncodeRequest(quality=101))


@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_truncated_files(reader: Reader, share: float) -> None:
    content = saved(pictures.gradient((200, 200)), "AVIF", speed=9)
    with pytest.raises(UnsupportedImage):
        reader.decode(content[: int(len(content) * share)])
