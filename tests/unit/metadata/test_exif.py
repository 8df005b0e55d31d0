"""EXIF is read and patched byte by byte, and never trusted."""

import io
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from qis_core.imaging.exif import MAX_ENTRIES, MAX_TEXT, MAX_VALUES, describe_exif, find_orientation, upright
from tests.support.metadata_bytes import (
    MAKE,
    ORIENTATION,
    Tag,
    directory,
    exif,
    exif_with_parts,
    exif_with_thumbnail,
    head,
    long,
    rational,
    short,
    text,
    undefined,
)

THUMBNAIL = b"\xff\xd8the small picture as it was\xff\xd9"


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_finds_the_orientation(orientation: int, order: str) -> None:
    block = exif(text(MAKE, "Someone"), short(ORIENTATION, orientation, order=order), order=order)
    assert find_orientation(block) == orientation


def test_finds_an_orientation_of_32_bits() -> None:
    assert find_orientation(exif(long(ORIENTATION, 8))) == 8


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_orientation_out_of_range_is_none(value: int) -> None:
    assert find_orientation(exif(short(ORIENTATION, value))) is None


@pytest.mark.parametrize(
    "block",
    [
        None,
        b"",
        b"II*\0",
        b"II*\0\x08\0\0",
        b"not exif at all",
        b"Exif\0\0" + exif(short(ORIENTATION, 6)),
        exif(text(MAKE, "Someone")),
        exif(text(ORIENTATION, "six")),
        exif(short(ORIENTATION, 6))[:15],
        head("<")[:4] + b"\xff\xff\xff\x7f",
    ],
)
def test_no_orientation(block: bytes | None) -> None:
    assert find_orientation(block) is None


@pytest.mark.parametrize("order", ["<", ">"])
def test_upright_changes_the_orientation_and_nothing_else(order: str) -> None:
    maker_note = undefined(0x927C, b"\x01\x02secret offsets\x03" * 9)
    tags = [text(MAKE, "Someone"), maker_note]
    before = exif(*tags, short(ORIENTATION, 6, order=order), order=order)
    after = upright(before)
    assert after == exif(*tags, short(ORIENTATION, 1, order=order), order=order)
    assert find_orientation(after) == 1


def test_upright_sets_an_orientation_of_32_bits() -> None:
    assert upright(exif(long(ORIENTATION, 3))) == exif(long(ORIENTATION, 1))


@pytest.mark.parametrize("block", [None, b"", b"garbage", exif(text(MAKE, "Someone")), exif(text(ORIENTATION, "six"))])
def test_upright_leaves_what_has_no_orientation(block: bytes | None) -> None:
    assert upright(block) == block


def test_upright_drops_the_thumbnail() -> None:
    """It shows the picture before it was cropped or turned."""
    before = exif_with_thumbnail(THUMBNAIL, text(MAKE, "Someone"), short(ORIENTATION, 6))
    after = upright(before)
    assert after is not None
    assert THUMBNAIL in before
    assert b"small picture" not in after
    assert len(after) == len(before)
    assert describe_exif(after) == {"Make": "Someone", "Orientation": 1}


def test_a_thumbnail_that_points_at_the_tags_spoils_nothing() -> None:
    tags = [text(MAKE, "Someone"), short(ORIENTATION, 6)]
    second_start = 8 + len(directory(tags, 8))
    pointers = directory([long(0x0201, 8), long(0x0202, 5000)], second_start)
    block = head("<") + directory(tags, 8, next_start=second_start) + pointers
    assert describe_exif(upright(block)) == {"Make": "Someone", "Orientation": 1}


def test_a_thumbnail_past_the_end_spoils_nothing() -> None:
    tags = [text(MAKE, "Someone")]
    second_start = 8 + len(directory(tags, 8))
    pointers = directory([long(0x0201, 4_000_000), long(0x0202, 4_000_000_000)], second_start)
    block = head("<") + directory(tags, 8, next_start=second_start) + pointers
    assert describe_exif(upright(block)) == {"Make": "Someone"}


def test_describes_every_type() -> None:
    block = exif(
        text(0x010E, "A picture"),
        short(0x0106, 2),
        short(0x0102, 8, 8, 8),
        long(0x0100, 4000),
        rational(0x011A, (300, 1)),
        Tag(0x828E, 1, 4, b"\0\x01\x01\x02"),
        Tag(0x9204, 10, 1, struct.pack("<ll", -1, 3)),
        Tag(0x8298, 11, 1, struct.pack("<f", 0.5)),
    )
    assert describe_exif(block) == {
        "ImageDescription": "A picture",
        "PhotometricInterpretation": 2,
        "BitsPerSample": [8, 8, 8],
        "ImageWidth": 4000,
        "XResolution": 300.0,
        "CFAPattern": [0, 1, 1, 2],
        "ExposureBiasValue": -0.333333,
        "Copyright": 0.5,
    }


def test_describes_the_camera_and_the_place() -> None:
    camera = [
        rational(0x829A, (1, 250)),
        rational(0x829D, (28, 10)),
        undefined(0x9000, b"0232"),
        undefined(0x9286, b"ASCII\0\0\0a comment"),
        undefined(0x927C, bytes(range(200))),
    ]
    place = [text(1, "N"), rational(2, (50, 1), (51, 1), (30, 1)), text(3, "E"), rational(6, (1, 0))]
    described = describe_exif(exif_with_parts([text(MAKE, "Someone")], camera, place))
    assert described == {
        "Make": "Someone",
        "ExposureTime": 0.004,
        "FNumber": 2.8,
        "ExifVersion": "0232",
        "UserComment": "a comment",
        "GPSLatitudeRef": "N",
        "GPSLatitude": [50.0, 51.0, 30.0],
        "GPSLongitudeRef": "E",
    }


def test_reads_what_pillow_writes() -> None:
    source = Image.Exif()
    source[MAKE] = "Someone"
    source[ORIENTATION] = 6
    source.get_ifd(0x8769)[0x9003] = "2026:11:22 12:00:00"
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG", exif=source)
    block = Image.open(file).info["exif"].removeprefix(b"Exif\0\0")
    assert find_orientation(block) == 6
    assert describe_exif(block) == {"Make": "Someone", "Orientation": 6, "DateTimeOriginal": "2026:11:22 12:00:00"}


def test_windows_texts_are_utf_16() -> None:
    title = "Été 🖼".encode("utf-16-le") + b"\0\0"
    assert describe_exif(exif(Tag(0x9C9B, 1, len(title), title))) == {"XPTitle": "Été 🖼"}


def test_texts_are_cleaned() -> None:
    dirty = Tag(MAKE, 2, 12, b"A\x07B\x1b[0m \0xyz")
    assert describe_exif(exif(dirty)) == {"Make": "AB[0m"}
    latin = "Müller".encode("latin-1")
    assert describe_exif(exif(Tag(MAKE, 2, len(latin), latin))) == {"Make": "Müller"}


def test_sizes_are_bounded() -> None:
    many = [text(0x010E, "x" * 100_000), short(0x0102, *range(30_000)), *[short(0x0106, 1)] * 600]
    described = describe_exif(exif(*many))
    assert len(str(described["ImageDescription"])) == MAX_TEXT
    assert isinstance(described["BitsPerSample"], list)
    assert len(described["BitsPerSample"]) == MAX_VALUES
    assert len(json.dumps(described)) < 5000


def test_only_so_many_entries_are_read() -> None:
    crowded = exif(*[short(0x0106, 1)] * MAX_ENTRIES, text(MAKE, "too late"))
    assert "Make" not in describe_exif(crowded)


def test_directories_that_point_at_themselves_end() -> None:
    block = exif(text(MAKE, "Someone"), long(0x8769, 8), long(0x8825, 8))
    assert describe_exif(block)["Make"] == "Someone"


@given(st.binary(max_size=400))
def test_any_bytes_are_survived(data: bytes) -> None:
    for block in (data, head("<") + data, head(">") + data):
        json.dumps(describe_exif(block), allow_nan=False)
        find_orientation(block)
        patched = upright(block)
        assert patched is not None
        assert len(patched) == len(block)


@given(st.data())
def test_damaged_blocks_are_survived(data: st.DataObject) -> None:
    block = bytearray(exif_with_thumbnail(THUMBNAIL, text(MAKE, "Someone"), short(ORIENTATION, 6)))
    for _ in range(data.draw(st.integers(1, 4))):
        block[data.draw(st.integers(0, len(block) - 1))] = data.draw(st.integers(0, 255))
    json.dumps(describe_exif(bytes(block)), allow_nan=False)
    once = upright(bytes(block))
    assert once is not None
    assert find_orientation(once) in (None, 1)


@given(st.integers(2, 8), st.sampled_from(["<", ">"]))
def test_upright_twice_is_upright(orientation: int, order: str) -> None:
    block = exif(short(ORIENTATION, orientation, order=order), order=order)
    assert upright(upright(block)) == upright(block)
