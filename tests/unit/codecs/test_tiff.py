"""TIFF: pages, compressions, tags."""

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageChops, TiffImagePlugin

from qis_core.contracts.codec import DecodeRequest, EncodeRequest, Metadata
from qis_core.errors import NotFound, TooLarge, UnsupportedImage
from qis_core.imaging.metadata import describe
from qis_plugins.pillow_codecs.opening import MAX_PAGES
from qis_plugins.pillow_codecs.tiff import COMPRESSION_FIELD, TIFF
from tests.support import pictures
from tests.support.codec_files import Reader, encode, near, opened, pixel
from tests.support.metadata_bytes import MAKE, ORIENTATION, exif, exif_with_parts, iptc, rational, short, text, xmp
from tests.support.small_files import saved

SIZE = (40, 30)
COLOURS = (pictures.RED, pictures.GREEN, pictures.BLUE)
IPTC_TAG, RESOURCES_TAG, COMPRESSION_TAG, PREDICTOR_TAG = 33723, 34377, 259, 317
DEFLATE, LZW, PACKBITS, JPEG_IN_TIFF, ZSTD, NONE = 8, 5, 32773, 7, 50000, 1


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(TIFF, tmp_path)


def pages(*images: Image.Image) -> bytes:
    return saved(images[0], "TIFF", save_all=True, append_images=list(images[1:]))


def with_tags(**tags: tuple[int, int, object]) -> bytes:
    """A file with tags given as (number, type, value)."""
    directory = TiffImagePlugin.ImageFileDirectory_v2()
    for number, kind, value in tags.values():
        directory.tagtype[number] = kind
        directory[number] = value
    return saved(pictures.quad(SIZE), "TIFF", tiffinfo=directory)


def stored_compression(content: bytes) -> int:
    image = opened(content)
    assert isinstance(image, TiffImagePlugin.TiffImageFile)
    return int(image.tag_v2[COMPRESSION_TAG])


def test_case_96_pages(reader: Reader) -> None:
    content = pages(*pictures.flat_frames(SIZE))
    facts = reader.facts(content)
    assert (facts.pages, facts.is_animated, facts.page_sizes) == (3, False, ())
    for page, colour in enumerate(COLOURS, start=1):
        assert pixel(reader.image(content, DecodeRequest(page=page)), 5, 5) == colour
    with pytest.raises(NotFound, match="page 4"):
        reader.decode(content, DecodeRequest(page=4))


def test_pages_of_different_sizes(reader: Reader) -> None:
    content = pages(pictures.quad((40, 30)), pictures.quad((20, 10)))
    facts = reader.facts(content)
    assert facts.page_sizes == ((40, 30), (20, 10))
    assert [facts.size_of_page(page) for page in (1, 2)] == [(40, 30), (20, 10)]
    assert reader.image(content, DecodeRequest(page=2)).size == (20, 10)


def test_limit_counts_for_the_page_that_is_asked_for(reader: Reader) -> None:
    content = pages(pictures.quad((20, 10)), pictures.quad((40, 30)))
    assert reader.image(content, DecodeRequest(max_pixels=200)).size == (20, 10)
    with pytest.raises(TooLarge):
        reader.image(content, DecodeRequest(page=2, max_pixels=200))


def test_a_broken_page_ends_the_pages(reader: Reader) -> None:
    content = bytearray(pages(*pictures.flat_frames(SIZE)))
    second = second_directory(content)
    content[second + 2 : second + 2 + 12] = struct.pack("<HHLL", 256, 2, 900_000_000, 7)
    facts = reader.facts(bytes(content))
    assert facts.pages == 1
    assert pixel(reader.image(bytes(content)), 5, 5) == pictures.RED


def test_directories_in_a_ring_end(reader: Reader) -> None:
    content = bytearray(pages(*pictures.flat_frames(SIZE)))
    second = second_directory(content)
    count = struct.unpack_from("<H", content, second)[0]
    struct.pack_into("<L", content, second + 2 + 12 * count, 8)
    assert reader.facts(bytes(content)).pages == 2


def second_directory(content: bytearray) -> int:
    first = struct.unpack_from("<L", content, 4)[0]
    count = struct.unpack_from("<H", content, first)[0]
    return int(struct.unpack_from("<L", content, first + 2 + 12 * count)[0])


def test_pages_are_bounded(reader: Reader) -> None:
    """Each page of this file is one grey dot, the same one."""
    tags = {256: 1, 257: 1, 258: 8, 259: 1, 262: 1, 273: 8, 278: 1, 279: 1}
    length = 2 + 12 * len(tags) + 4
    content = b"II*\0" + struct.pack("<L4x", 12)
    for number in range(MAX_PAGES + 50):
        entries = b"".join(struct.pack("<HHLL", tag, 4, 1, value) for tag, value in tags.items())
        content += struct.pack("<H", len(tags)) + entries + struct.pack("<L", 12 + (number + 1) * length)
    assert reader.facts(content).pages == MAX_PAGES
    assert reader.image(content, DecodeRequest(page=MAX_PAGES)).size == (1, 1)
    with pytest.raises(NotFound):
        reader.image(content, DecodeRequest(page=MAX_PAGES + 1))


@pytest.mark.parametrize(("mode", "big"), [("I;16", False), ("I;16", True), ("I;16B", False)])
def test_sixteen_bits_in_both_byte_orders_and_file_sizes(reader: Reader, mode: str, big: bool) -> None:
    values = np.linspace(0, 65535, 200).astype(">u2" if mode == "I;16B" else "<u2").reshape(10, 20)
    content = saved(Image.frombytes(mode, (20, 10), values.tobytes()), "TIFF", big_tiff=big)
    image = reader.image(content)
    assert image.mode == "L"
    assert np.array_equal(np.asarray(image), (values.astype(int) + 128) // 257)


def test_floats(reader: Reader) -> None:
    values = np.array([[0.0, 0.5, 1.0]], dtype=np.float32)
    image = reader.image(saved(Image.fromarray(values), "TIFF"))
    assert [pixel(image, x, 0)[0] for x in range(3)] == [0, 128, 255]


def test_inks_and_lab(reader: Reader) -> None:
    inks = reader.image(saved(Image.new("CMYK", SIZE, (10, 20, 30, 40)), "TIFF"))
    assert (inks.mode, pixel(inks, 1, 1)) == ("CMYK", (10, 20, 30, 40))
    lab = reader.image(saved(Image.new("LAB", SIZE, (255, 128, 128)), "TIFF"))
    assert lab.mode == "RGB"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_by_the_decoder(reader: Reader, orientation: int) -> None:
    """Pillow turns TIFF by itself; the facts say so, so that nobody turns it again."""
    tags = Image.Exif()
    tags[ORIENTATION] = orientation
    content = saved(pictures.quad(SIZE), "TIFF", exif=tags)
    facts = reader.facts(content)
    sideways = orientation >= 5
    assert facts.orientation == 1
    assert facts.size == (SIZE[::-1] if sideways else SIZE)
    decoded = reader.decode(content)
    assert decoded.frames[0].size == facts.size
    assert describe(decoded.metadata)["exif"] == {}
    corners = {1: "red", 2: "green", 3: "yellow", 4: "blue", 5: "red", 6: "blue", 7: "yellow", 8: "green"}
    paints = dict(zip(("red", "green", "blue", "yellow"), pictures.QUARTERS, strict=True))
    assert pixel(decoded.frames[0], 2, 2) == paints[corners[orientation]]


@pytest.mark.parametrize(
    ("source", "tag"),
    [
        ("raw", NONE),
        ("packbits", PACKBITS),
        ("tiff_lzw", LZW),
        ("tiff_adobe_deflate", DEFLATE),
        ("tiff_deflate", DEFLATE),
        ("jpeg", JPEG_IN_TIFF),
        ("zstd", ZSTD),
        ("group4", DEFLATE),
        ("lzma", DEFLATE),
        ("", DEFLATE),
        ("none such", DEFLATE),
    ],
)
def test_compression_of_the_source_is_kept_where_it_can(source: str, tag: int) -> None:
    content = encode(TIFF, pictures.quad(SIZE), EncodeRequest(compression=source))
    assert stored_compression(content) == tag


def test_compression_travels_in_the_fields(reader: Reader) -> None:
    decoded = reader.decode(saved(pictures.quad(SIZE), "TIFF", compression="tiff_lzw"))
    assert decoded.metadata.fields[COMPRESSION_FIELD] == "tiff_lzw"
    content = encode(TIFF, decoded.frames[0], EncodeRequest(metadata=decoded.metadata))
    assert stored_compression(content) == LZW


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_transparency_is_never_lost_to_jpeg(reader: Reader, mode: str) -> None:
    content = encode(TIFF, Image.new(mode, SIZE), EncodeRequest(compression="jpeg"))
    assert stored_compression(content) == DEFLATE
    assert reader.image(content).mode == mode


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "CMYK"])
@pytest.mark.parametrize("compression", ["", "raw", "packbits", "tiff_lzw", "zstd"])
def test_lossless_is_lossless(reader: Reader, mode: str, compression: str) -> None:
    image = pictures.with_left_half_transparent(pictures.gradient(SIZE)).convert("RGB").convert(mode)
    back = reader.image(encode(TIFF, image, EncodeRequest(compression=compression)))
    assert back.mode == mode
    assert ImageChops.difference(image, back).getbbox() is None


def test_differences_of_neighbours_make_files_small() -> None:
    image = pictures.gradient((400, 300))
    plain = saved(image, "TIFF", compression="tiff_adobe_deflate")
    assert len(encode(TIFF, image)) < len(plain) * 0.8


def test_quality_has_no_effect() -> None:
    assert TIFF.encoder is not None
    assert TIFF.encoder.canonical_quality is None
    image = pictures.gradient(SIZE)
    contents = {encode(TIFF, image, EncodeRequest(quality=quality, compression="jpeg")) for quality in (None, 1, 100)}
    assert len(contents) == 1


def test_software_artist_and_copyright_between_tiffs(reader: Reader) -> None:
    source = saved(pictures.quad(SIZE), "TIFF", software="a tool", artist="Someone", copyright="(c)", description="d")
    metadata = reader.decode(source).metadata
    wanted = {"Software": "a tool", "Artist": "Someone", "Copyright": "(c)", "Description": "d"}
    assert {name: metadata.fields[name] for name in wanted} == wanted
    again = reader.decode(encode(TIFF, pictures.quad(SIZE), EncodeRequest(metadata=metadata))).metadata
    assert {name: again.fields[name] for name in wanted} == wanted


@pytest.mark.parametrize("compression", ["", "raw", "tiff_lzw", "jpeg"])
def test_exif_of_a_jpeg_survives_with_camera_and_place(reader: Reader, compression: str) -> None:
    camera = [rational(0x829A, (1, 250))]
    place = [text(1, "N"), rational(2, (50, 1), (51, 1), (30, 1))]
    block = exif_with_parts([text(MAKE, "Someone"), short(ORIENTATION, 1)], camera, place)
    request = EncodeRequest(metadata=Metadata(exif=block, dpi=(300.0, 300.0)), compression=compression)
    content = encode(TIFF, pictures.quad(SIZE), request)
    assert near(pixel(reader.image(content), 5, 5), pictures.RED)
    assert reader.facts(content).dpi == 300
    described = describe(reader.decode(content).metadata)["exif"]
    assert described == {
        "Make": "Someone",
        "ExposureTime": 0.004,
        "GPSLatitudeRef": "N",
        "GPSLatitude": [50.0, 51.0, 30.0],
    }


def test_tags_about_storage_are_not_taken_from_exif(reader: Reader) -> None:
    """A JPEG's EXIF may say how its thumbnail is stored; a TIFF that believed it would be unreadable."""
    lying = exif(text(MAKE, "Someone"), short(0x0103, 6), short(0x0106, 0), short(0x0100, 7), short(0x0115, 9))
    content = encode(TIFF, pictures.quad(SIZE), EncodeRequest(metadata=Metadata(exif=lying)))
    image = reader.image(content)
    assert (image.size, pixel(image, 2, 2)) == (SIZE, pictures.RED)
    assert describe(reader.decode(content).metadata)["exif"] == {"Make": "Someone"}


def test_iptc_in_its_own_tag_as_bytes_and_as_numbers(reader: Reader) -> None:
    records = iptc((90, "Brussels"), (25, "abc"))
    records += bytes(-len(records) % 4)
    content = with_tags(iptc=(IPTC_TAG, 7, records))
    as_bytes, as_numbers = (
        struct.pack("<HHL", IPTC_TAG, kind, len(records) // size) for kind, size in ((7, 1), (4, 4))
    )
    assert as_bytes in content
    for found in (content, content.replace(as_bytes, as_numbers)):
        assert reader.decode(found).metadata.iptc == records


def test_iptc_as_numbers_in_a_big_endian_file(reader: Reader) -> None:
    records = iptc((90, "Brussels"), (25, "abc")).ljust(24, b"\0")
    swapped = b"".join(records[at : at + 4][::-1] for at in range(0, len(records), 4))
    assert reader.decode(with_tags(iptc=(IPTC_TAG, 7, swapped))).metadata.iptc == records


def test_iptc_in_photoshops_resources(reader: Reader) -> None:
    records = iptc((90, "Brussels"))
    resources = b"8BIM\x04\x04\0\0" + len(records).to_bytes(4) + records
    assert reader.decode(with_tags(resources=(RESOURCES_TAG, 7, resources))).metadata.iptc == records


def test_xmp_comes_back(reader: Reader) -> None:
    packet = xmp("<dc:format>image/tiff</dc:format>")
    content = encode(TIFF, pictures.quad(SIZE), EncodeRequest(metadata=Metadata(xmp=packet)))
    assert reader.decode(content).metadata.xmp == packet


@pytest.mark.parametrize(("options", "dpi"), [({"dpi": (300, 300)}, 300.0), ({}, None)])
def test_resolution_is_told_when_there_is_one(reader: Reader, options: dict[str, object], dpi: float | None) -> None:
    content = saved(pictures.quad(SIZE), "TIFF", **options)
    assert reader.facts(content).dpi == dpi
    assert reader.decode(content).metadata.dpi == ((dpi, dpi) if dpi else None)


def test_resolution_per_centimetre(reader: Reader) -> None:
    content = saved(pictures.quad(SIZE), "TIFF", resolution_unit=3, x_resolution=100, y_resolution=100)
    assert reader.facts(content).dpi == pytest.approx(254)


def test_lossy_tiff_is_decoded(reader: Reader) -> None:
    image = reader.image(saved(pictures.quad(SIZE), "TIFF", compression="jpeg"))
    assert near(pixel(image, 5, 5), pictures.RED, within=10)


@pytest.mark.parametrize("share", [0.2, 0.7])
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate"])
def test_truncated_files(reader: Reader, share: float, compression: str) -> None:
    content = saved(pictures.gradient((200, 200)), "TIFF", compression=compression)
    with pytest.raises(UnsupportedImage):
        reader.decode(content[: int(len(content) * share)])
