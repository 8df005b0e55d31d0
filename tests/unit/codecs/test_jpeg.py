"""JPEG: scaled decoding, inks, metadata, quality."""

import math
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from qis_core.contracts.codec import DecodeRequest, EncodeRequest, Metadata
from qis_core.errors import NotFound, TooLarge, UnsupportedImage
from qis_core.imaging.exif import find_orientation
from qis_core.testing import codec_samples
from qis_plugins.pillow_codecs.jpeg import JPEG
from tests.support import pictures
from tests.support.codec_files import Reader, encode, near, opened, pixel
from tests.support.metadata_bytes import ORIENTATION, exif, iptc, short
from tests.support.small_files import saved

SIZE = (160, 120)


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(JPEG, tmp_path)


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def with_segment(content: bytes, marker: int, block: bytes) -> bytes:
    """The file with one more segment right after its start."""
    return content[:2] + segment(marker, block) + content[2:]


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize(
    ("reduction", "scale"), [(1.0, 1), (1.99, 1), (2.0, 2), (3.99, 2), (4.0, 4), (7.9, 4), (8.0, 8), (1000.0, 8)]
)
def test_shrinks_by_the_largest_scaling_allowed(reader: Reader, mode: str, reduction: float, scale: int) -> None:
    content = saved(pictures.quad(SIZE).convert(mode), "JPEG")
    image = reader.image(content, DecodeRequest(reduction=reduction))
    assert image.mode == mode
    assert image.size == (SIZE[0] // scale, SIZE[1] // scale)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 40), st.integers(1, 40), st.floats(1, 100))
def test_never_shrinks_more_than_asked(reader: Reader, width: int, height: int, reduction: float) -> None:
    image = reader.image(saved(pictures.quad((width, height)), "JPEG"), DecodeRequest(reduction=reduction))
    assert math.ceil(width / reduction) <= image.width <= width
    assert math.ceil(height / reduction) <= image.height <= height


def test_limit_counts_what_is_decoded(reader: Reader) -> None:
    content = saved(pictures.quad(SIZE), "JPEG")
    assert reader.image(content, DecodeRequest(reduction=8.0, max_pixels=300)).size == (20, 15)
    with pytest.raises(TooLarge):
        reader.image(content, DecodeRequest(reduction=4.0, max_pixels=300))


def test_inks_of_adobe_are_not_inverted(reader: Reader) -> None:
    """Adobe writes CMYK JPEG with inverted numbers; white paper has no ink."""
    image = reader.image(saved(Image.new("CMYK", SIZE, (0, 0, 0, 0)), "JPEG"))
    assert pixel(image, 9, 9) == (0, 0, 0, 0)
    red = reader.image(saved(Image.new("CMYK", SIZE, (0, 255, 255, 0)), "JPEG"))
    assert near(pixel(red, 9, 9), (0, 255, 255, 0), within=3)


def test_facts(reader: Reader) -> None:
    facts = reader.facts(saved(pictures.quad(SIZE), "JPEG", dpi=(300, 300)))
    assert (facts.codec, facts.size, facts.mode, facts.has_alpha, facts.pages) == ("jpeg", SIZE, "RGB", False, 1)
    assert (facts.orientation, facts.is_progressive, facts.is_animated, facts.dpi) == (1, False, False, 300.0)
    assert (facts.has_profile, facts.is_srgb) == (False, True)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_told_and_not_applied(reader: Reader, orientation: int) -> None:
    block = exif(short(ORIENTATION, orientation))
    content = saved(pictures.quad(SIZE), "JPEG", exif=b"Exif\0\0" + block)
    assert reader.facts(content).orientation == orientation
    assert reader.facts(content).size == SIZE
    decoded = reader.decode(content)
    assert decoded.frames[0].size == SIZE
    assert find_orientation(decoded.metadata.exif) == orientation


def test_profiles_that_fit_are_told(reader: Reader) -> None:
    adobe = reader.facts(saved(pictures.quad(SIZE), "JPEG", icc_profile=pictures.ADOBE_RGB))
    assert (adobe.has_profile, adobe.is_srgb) == (True, False)
    srgb = codec_samples.metadata_for("RGB").icc_profile
    assert reader.facts(saved(pictures.quad(SIZE), "JPEG", icc_profile=srgb)).is_srgb
    misfit = saved(pictures.grey_ramp(SIZE), "JPEG", icc_profile=pictures.ADOBE_RGB)
    assert not reader.facts(misfit).has_profile
    assert reader.decode(misfit).metadata.icc_profile is None


def test_inks_are_not_srgb(reader: Reader) -> None:
    assert not reader.facts(saved(Image.new("CMYK", SIZE), "JPEG")).is_srgb


def test_multi_picture_files_show_their_first(reader: Reader) -> None:
    content = saved(pictures.quad(SIZE), "MPO", save_all=True, append_images=[pictures.gradient(SIZE)])
    assert JPEG.sniff(content[:64])
    facts = reader.facts(content)
    assert (facts.size, facts.pages, facts.is_animated) == (SIZE, 1, False)
    assert near(pixel(reader.image(content), 5, 5), pictures.RED)


def test_malformed_multi_picture_tags_do_no_harm(reader: Reader) -> None:
    content = with_segment(saved(pictures.quad(SIZE), "JPEG"), 0xE2, b"MPF\0" + bytes(30))
    assert reader.image(content).size == SIZE


def test_there_is_one_page(reader: Reader) -> None:
    with pytest.raises(NotFound, match="page 2"):
        reader.decode(saved(pictures.quad(SIZE), "JPEG"), DecodeRequest(page=2))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("progressive", [False, True])
def test_case_136_truncated_files(reader: Reader, share: float, progressive: bool) -> None:
    content = saved(pictures.gradient((300, 200)), "JPEG", progressive=progressive)
    with pytest.raises(UnsupportedImage):
        reader.decode(content[: int(len(content) * share)])


def test_case_94_quality_decides_size() -> None:
    sizes = [len(encode(JPEG, pictures.gradient(SIZE), EncodeRequest(quality=quality))) for quality in (1, 50, 95)]
    assert sizes == sorted(set(sizes))


def test_default_quality_is_80() -> None:
    image = pictures.gradient(SIZE)
    assert encode(JPEG, image) == encode(JPEG, image, EncodeRequest(quality=80))
    assert encode(JPEG, image) != encode(JPEG, image, EncodeRequest(quality=79))


def test_high_quality_keeps_colour_edges() -> None:
    stripes = Image.new("RGB", (64, 64), pictures.BLUE)
    for x in range(0, 64, 2):
        stripes.paste(pictures.RED, (x, 0, x + 1, 64))
    fine = opened(encode(JPEG, stripes, EncodeRequest(quality=95)))
    coarse = opened(encode(JPEG, stripes, EncodeRequest(quality=80)))
    assert near(pixel(fine, 20, 20), pictures.RED, within=25)
    assert not near(pixel(coarse, 20, 20), pictures.RED, within=25)


@pytest.mark.parametrize(("variant", "progressive"), [("", False), ("progressive", True)])
def test_cases_69_76_92_progressive_by_variant(reader: Reader, variant: str, progressive: bool) -> None:
    content = encode(JPEG, pictures.gradient(SIZE), EncodeRequest(variant=variant))
    assert reader.facts(content).is_progressive == progressive


@pytest.mark.parametrize("word", ["jpg", "jpeg", "jpe", "jfif", "jif"])
def test_words_for_baseline(word: str) -> None:
    assert JPEG.encoder is not None
    assert JPEG.encoder.names[word] == ""


@pytest.mark.parametrize("word", ["pjpg", "pjpeg"])
def test_words_for_progressive(word: str) -> None:
    assert JPEG.encoder is not None
    assert JPEG.encoder.names[word] == "progressive"


def test_case_91_resolution_is_kept_and_rounded(reader: Reader) -> None:
    for dpi, wanted in ((300.0, (300.0, 300.0)), (72.4, (72.0, 72.0)), (0.0, None), (1e9, None)):
        content = encode(JPEG, pictures.quad(SIZE), EncodeRequest(metadata=Metadata(dpi=(dpi, dpi))))
        assert reader.decode(content).metadata.dpi == wanted


def test_iptc_and_comment_come_back(reader: Reader) -> None:
    metadata = Metadata(iptc=iptc((90, "Brussels")), fields={"Comment": "naïve ☕"})
    found = reader.decode(encode(JPEG, pictures.quad(SIZE), EncodeRequest(metadata=metadata))).metadata
    assert (found.iptc, found.fields) == (metadata.iptc, metadata.fields)


def test_iptc_of_others_is_found_among_resources(reader: Reader) -> None:
    records = iptc((90, "Brussels"), (25, "word"))
    resources = b"8BIM\x04\x0a\0\0\0\0\0\x03abc\0" + b"8BIM\x04\x04\0\0" + len(records).to_bytes(4) + records
    content = with_segment(saved(pictures.quad(SIZE), "JPEG"), 0xED, b"Photoshop 3.0\0" + resources)
    assert reader.decode(content).metadata.iptc == records


def test_blocks_too_long_for_a_segment_are_left_out(reader: Reader) -> None:
    long_block = exif(short(ORIENTATION, 1)) + bytes(70_000)
    metadata = Metadata(exif=long_block, xmp=long_block, iptc=long_block)
    assert reader.decode(encode(JPEG, pictures.quad(SIZE), EncodeRequest(metadata=metadata))).metadata == Metadata()


def test_exif_of_exactly_one_segment(reader: Reader) -> None:
    whole = exif(short(ORIENTATION, 1)).ljust(65_533 - 6, b"\0")
    content = encode(JPEG, pictures.quad(SIZE), EncodeRequest(metadata=Metadata(exif=whole)))
    assert reader.decode(content).metadata.exif == whole


def test_large_profiles_span_segments(reader: Reader) -> None:
    profile = pictures.ADOBE_RGB.ljust(200_000, b"\0")
    content = encode(JPEG, pictures.quad(SIZE), EncodeRequest(metadata=Metadata(icc_profile=profile)))
    assert opened(content).info["icc_profile"] == profile


@pytest.mark.parametrize("size", [(70_000, 1), (1, 70_000)])
def test_pictures_too_large_for_jpeg(size: tuple[int, int]) -> None:
    with pytest.raises(UnsupportedImage, match="cannot be stored as JPEG"):
        encode(JPEG, Image.new("L", size))


def test_transparent_pictures_are_refused() -> None:
    with pytest.raises(UnsupportedImage, match="a RGBA picture of 2×2 px cannot be stored as JPEG"):
        encode(JPEG, Image.new("RGBA", (2, 2)))
