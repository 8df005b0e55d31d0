"""Metadata of one file in the file of another format (spec image-urls §5.5)."""

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from qis_core.contracts.codec import Codec, EncodeRequest, Metadata
from qis_core.imaging.exif import find_orientation
from qis_core.imaging.metadata import describe, reset_orientation
from qis_core.testing import codec_samples
from qis_plugins.pillow_codecs import CODECS
from qis_plugins.pillow_codecs.avif import AVIF
from qis_plugins.pillow_codecs.gif import GIF
from qis_plugins.pillow_codecs.jpeg import JPEG
from qis_plugins.pillow_codecs.metadata import (
    MAX_BLOCK_BYTES,
    bare,
    bounded,
    descriptive_tags,
    find_dpi,
    parsed_exif,
    texts,
    tiff_structure,
)
from qis_plugins.pillow_codecs.png import PNG
from qis_plugins.pillow_codecs.tiff import TIFF
from qis_plugins.pillow_codecs.tiff_directories import with_directories
from qis_plugins.pillow_codecs.webp import WEBP
from tests.support import pictures
from tests.support.codec_files import Reader, encode
from tests.support.metadata_bytes import (
    MAKE,
    ORIENTATION,
    exif,
    exif_with_parts,
    exif_with_thumbnail,
    iptc,
    rational,
    short,
    text,
    undefined,
    xmp,
)

SIZE = (32, 24)
CAMERA = [rational(0x829A, (1, 250)), undefined(0x9000, b"0232")]
PLACE = [text(1, "N"), rational(2, (50, 1), (51, 1), (30, 1))]
SOURCE = Metadata(
    icc_profile=pictures.ADOBE_RGB,
    exif=exif_with_parts([text(MAKE, "Someone"), short(ORIENTATION, 6)], CAMERA, PLACE),
    xmp=xmp("<dc:format>image/jpeg</dc:format>", 'tiff:Orientation="6"'),
    iptc=iptc((90, "Brussels"), (25, "word")),
    dpi=(300.0, 300.0),
)
KEEPING_EXIF = [JPEG, PNG, WEBP, AVIF, TIFF]
WRITING = [codec for codec in CODECS if codec.encoder is not None]


def by_name(codec: Codec) -> str:
    return codec.name


def passed_on(codec: Codec, metadata: Metadata, folder: Path) -> Metadata:
    """What arrives when a picture is written with *metadata* and read again."""
    return Reader(codec, folder).decode(encode(codec, pictures.quad(SIZE), EncodeRequest(metadata=metadata))).metadata


@pytest.fixture
def photograph(tmp_path: Path) -> Metadata:
    """A JPEG's metadata, as its decoder gives them."""
    return passed_on(JPEG, SOURCE, tmp_path)


@pytest.mark.parametrize("codec", KEEPING_EXIF, ids=by_name)
def test_exif_of_a_photograph_is_kept(codec: Codec, photograph: Metadata, tmp_path: Path) -> None:
    found = describe(passed_on(codec, reset_orientation(photograph), tmp_path))["exif"]
    assert isinstance(found, dict)
    assert found.pop("Orientation", 1) == 1
    assert found == {
        "Make": "Someone",
        "ExposureTime": 0.004,
        "ExifVersion": "0232",
        "GPSLatitudeRef": "N",
        "GPSLatitude": [50.0, 51.0, 30.0],
    }


@pytest.mark.parametrize("codec", KEEPING_EXIF, ids=by_name)
def test_xmp_of_a_photograph_is_kept_upright(codec: Codec, photograph: Metadata, tmp_path: Path) -> None:
    found = describe(passed_on(codec, reset_orientation(photograph), tmp_path))["xmp"]
    assert found == {"dc:format": "image/jpeg", "tiff:Orientation": "1"}


@pytest.mark.parametrize("codec", [JPEG, PNG, TIFF], ids=by_name)
def test_iptc_of_a_photograph_is_kept(codec: Codec, photograph: Metadata, tmp_path: Path) -> None:
    assert describe(passed_on(codec, photograph, tmp_path))["iptc"] == {"City": "Brussels", "Keywords": ["word"]}


@pytest.mark.parametrize("codec", KEEPING_EXIF, ids=by_name)
def test_profile_of_a_photograph_is_kept(codec: Codec, photograph: Metadata, tmp_path: Path) -> None:
    assert passed_on(codec, photograph, tmp_path).icc_profile == pictures.ADOBE_RGB


@pytest.mark.parametrize("codec", [JPEG, PNG, TIFF], ids=by_name)
def test_resolution_of_a_photograph_is_kept(codec: Codec, photograph: Metadata, tmp_path: Path) -> None:
    assert passed_on(codec, photograph, tmp_path).dpi == pytest.approx((300, 300), abs=0.05)


@pytest.mark.parametrize("codec", WRITING, ids=by_name)
def test_stripped_metadata_leave_nothing_but_the_resolution(codec: Codec, photograph: Metadata, tmp_path: Path) -> None:
    found = passed_on(codec, photograph.stripped(), tmp_path)
    assert (found.icc_profile, found.exif, found.xmp, found.iptc) == (None,) * 4
    content = encode(codec, pictures.quad(SIZE), EncodeRequest(metadata=photograph.stripped()))
    for trace in (b"Someone", b"Brussels", b"Adobe RGB", b"xmpmeta"):
        assert trace not in content


@pytest.mark.parametrize("codec", KEEPING_EXIF, ids=by_name)
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_orientation_survives_where_it_was_not_applied(codec: Codec, orientation: int, tmp_path: Path) -> None:
    """With ``auto_orient`` off the pixels are as stored, and the mark must stay with them."""
    metadata = Metadata(exif=exif(text(MAKE, "Someone"), short(ORIENTATION, orientation)))
    reader = Reader(codec, tmp_path)
    content = encode(codec, pictures.quad(SIZE), EncodeRequest(metadata=metadata))
    if codec is TIFF:
        turned = orientation in (6, 8)
        assert reader.facts(content).size == (SIZE[::-1] if turned else SIZE)
    else:
        assert reader.facts(content).orientation == orientation


@pytest.mark.parametrize("codec", KEEPING_EXIF, ids=by_name)
def test_thumbnails_do_not_leak_what_was_cut_off(codec: Codec, tmp_path: Path) -> None:
    thumbnail = b"\xff\xd8the part that was cut off\xff\xd9"
    metadata = reset_orientation(Metadata(exif=exif_with_thumbnail(thumbnail, text(MAKE, "Someone"))))
    content = encode(codec, pictures.quad(SIZE), EncodeRequest(metadata=metadata))
    assert b"cut off" not in content
    assert b"Someone" in content


@pytest.mark.parametrize("codec", WRITING, ids=by_name)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(noise=st.binary(min_size=1, max_size=200), head=st.sampled_from([b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]))
def test_noise_never_spoils_a_picture(codec: Codec, noise: bytes, head: bytes, tmp_path: Path) -> None:
    metadata = Metadata(icc_profile=noise, exif=head + noise, xmp=noise, iptc=noise, fields={"Title": noise.hex()})
    reader = Reader(codec, tmp_path)
    content = encode(codec, pictures.quad(SIZE), EncodeRequest(metadata=metadata))
    assert reader.image(content).size == reader.facts(content).size
    describe(reader.decode(content).metadata)


@pytest.mark.parametrize("codec", WRITING, ids=by_name)
def test_info_of_a_picture_does_not_get_into_the_file(codec: Codec, tmp_path: Path) -> None:
    """Pillow's encoders look into ``info`` for what they were not told."""
    image = pictures.quad(SIZE)
    image.info.update(icc_profile=pictures.ADOBE_RGB, comment=b"secret", dpi=(99, 99), exif=SOURCE.exif, xmp=SOURCE.xmp)
    content = encode(codec, image)
    assert b"secret" not in content
    assert Reader(codec, tmp_path).decode(content).metadata.stripped() == Metadata()
    assert image.info["comment"] == b"secret"


def test_gif_keeps_its_comment_only(tmp_path: Path) -> None:
    found = passed_on(GIF, Metadata(exif=SOURCE.exif, fields={"Comment": "mine", "Software": "other"}), tmp_path)
    assert found == Metadata(fields={"Comment": "mine"})


def test_bare_copies_only_when_there_is_something_to_leave() -> None:
    image = pictures.quad(SIZE)
    assert bare(image) is image
    image.info["x"] = 1
    assert (bare(image).info, image.info) == ({}, {"x": 1})


@pytest.mark.parametrize(
    ("value", "dpi"),
    [
        ((300, 300), (300.0, 300.0)),
        ((Fraction(72), 71.99999), (72.0, 72.0)),
        ((IFDRational(300, 1), IFDRational(300, 1)), (300.0, 300.0)),
        ((IFDRational(1, 0), IFDRational(1, 0)), None),
        ((0, 0), None),
        ((-5, 5), None),
        ((float("nan"), 5), None),
        ((float("inf"), 5), None),
        ((10**400, 5), None),
        ((300,), None),
        ((300, 300, 300), None),
        (300, None),
        (None, None),
        ("ab", None),
    ],
)
def test_resolutions_that_make_sense(value: object, dpi: tuple[float, float] | None) -> None:
    assert find_dpi(value) == dpi


def test_bounded_blocks() -> None:
    assert bounded(b"x") == b"x"
    assert bounded((b"x",)) == b"x"
    assert bounded("é") == "é".encode()
    for refused in (None, b"", "", 5, (1, 2), (b"a", b"b"), bytes(MAX_BLOCK_BYTES + 1)):
        assert bounded(refused) is None


def test_tiff_structure_sheds_its_prefix() -> None:
    block = exif(text(MAKE, "x"))
    assert tiff_structure(b"Exif\0\0" + block) == block
    assert tiff_structure(block) == block
    for refused in (None, b"", b"Exif\0\0", b"Exif\0\0garbage", 5):
        assert tiff_structure(refused) is None


def test_texts_are_cleaned_and_bounded() -> None:
    found = {
        "Author": "  A\0",
        "Blank": " \0",
        "Bytes": b"caf\xc3\xa9",
        "Bad": b"\xff",
        "Number": 5,
        "Long": "x" * 9000,
    }
    names = {name: name.lower() for name in found}
    assert texts(found, names) == {"author": "A", "bytes": "café", "bad": "�", "long": "x" * 2000}


@given(st.binary(max_size=300))
def test_any_exif_can_be_tried(data: bytes) -> None:
    for head in (b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"):
        kept = descriptive_tags(parsed_exif(head + data))
        find_orientation(tiff_structure(kept.tobytes()) if kept else None)


def test_tags_that_cannot_be_written_are_left_out() -> None:
    """A tag with a value of the wrong kind makes the whole block useless; that is no reason to fail."""
    tags = Image.Exif()
    tags[MAKE] = object()
    assert len(descriptive_tags(tags)) == 0


def test_directories_are_appended_to_classic_files_only() -> None:
    content = encode(TIFF, Image.new("L", (2, 2)))
    assert with_directories(content, {}) == content
    assert with_directories(b"MM\0*" + content[4:], {0x8769: {0x9000: b"0232"}}) == b"MM\0*" + content[4:]
    longer = with_directories(content, {0x8769: {0x9000: b"0232"}})
    assert len(longer) > len(content)


def test_contract_samples_fit_their_mode() -> None:
    assert codec_samples.metadata_for("CMYK").icc_profile is None
    assert codec_samples.metadata_for("RGBA").icc_profile is not None
