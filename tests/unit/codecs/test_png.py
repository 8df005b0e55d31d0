"""PNG: every kind of pixel in, levels and texts out, animations in."""

import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageChops
from PIL.PngImagePlugin import PngInfo

from qis_core.contracts.codec import DecodeRequest, EncodeRequest, Metadata
from qis_core.errors import NotFound, TooLarge, UnsupportedImage
from qis_plugins.pillow_codecs.png import PNG, canonical_png_quality
from tests.support import pictures
from tests.support.codec_files import Reader, encode, near, opened, pixel
from tests.support.metadata_bytes import MAKE, ORIENTATION, exif, iptc, short, text, xmp
from tests.support.small_files import png_chunk, saved

SIZE = (40, 30)
SIGNATURE = b"\x89PNG\r\n\x1a\n"
FRAMES = pictures.flat_frames(SIZE)


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(PNG, tmp_path)


def with_chunk(content: bytes, name: bytes, block: bytes, *, before: bytes) -> bytes:
    """The file with one more chunk in front of the first one named *before*."""
    at = content.index(before) - 4
    return content[:at] + png_chunk(name, block) + content[at:]


def grey_png(bits: int, row: bytes, width: int, transparent: int | None) -> bytes:
    header = struct.pack(">LLBBBBB", width, 1, bits, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" + row)), (b"IEND", b"")]
    if transparent is not None:
        chunks.insert(1, (b"tRNS", struct.pack(">H", transparent)))
    return SIGNATURE + b"".join(png_chunk(name, content) for name, content in chunks)


def animated(**options: object) -> bytes:
    return saved(FRAMES[0], "PNG", save_all=True, append_images=FRAMES[1:], duration=[100, 200, 300], **options)


def test_case_80_sixteen_bits_are_scaled_not_clipped(reader: Reader) -> None:
    content = saved(pictures.deep_grey_ramp((400, 300)), "PNG")
    assert reader.facts(content).mode.startswith("I")
    image = reader.image(content)
    assert near(pixel(image, 20, 10), (13,), within=1)
    assert [pixel(image, x, 0) for x in (0, 399)] == [(0,), (255,)]


def test_case_77_palettes_expand(reader: Reader) -> None:
    picture = pictures.palette_quad(SIZE)
    opaque = reader.image(saved(picture, "PNG"))
    assert (opaque.mode, pixel(opaque, 35, 25)) == ("RGB", pictures.YELLOW)
    clear = reader.image(saved(picture, "PNG", transparency=3))
    assert (clear.mode, pixel(clear, 35, 25)[3], pixel(clear, 0, 0)) == ("RGBA", 0, (*pictures.RED, 255))


@pytest.mark.parametrize(
    ("bits", "row", "greys"),
    [(1, b"\x40", (0, 255)), (2, b"\x60", (85, 170)), (4, b"\x5a", (85, 170)), (8, b"\x55\xaa", (85, 170))],
)
def test_grey_of_few_bits(reader: Reader, bits: int, row: bytes, greys: tuple[int, int]) -> None:
    image = reader.image(grey_png(bits, row, 2, None))
    assert image.mode == "L"
    assert tuple(pixel(image, x, 0)[0] for x in range(2)) == greys


@pytest.mark.parametrize(
    ("bits", "row", "transparent"), [(1, b"\x40", 1), (2, b"\x60", 2), (4, b"\x5a", 10), (8, b"\x55\xaa", 170)]
)
def test_transparent_value_counts_in_the_files_own_bits(
    reader: Reader, bits: int, row: bytes, transparent: int
) -> None:
    content = grey_png(bits, row, 2, transparent)
    assert reader.facts(content).has_alpha
    image = reader.image(content)
    assert image.mode == "LA"
    assert [pixel(image, x, 0)[1] for x in range(2)] == [255, 0]


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_cases_71_78_modes_come_back_exactly(reader: Reader, mode: str) -> None:
    image = pictures.with_left_half_transparent(pictures.gradient(SIZE)).convert(mode)
    back = reader.image(encode(PNG, image))
    assert back.mode == mode
    assert ImageChops.difference(image, back).getbbox() is None


def test_case_93_level_is_the_tens_digit() -> None:
    image = pictures.gradient((250, 150))
    contents = [encode(PNG, image, EncodeRequest(quality=quality)) for quality in (5, 19, 99)]
    sizes = [len(content) for content in contents]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 250 * 150 * 3, "below 10 nothing is compressed"
    assert len({opened(content).tobytes() for content in contents}) == 1


@pytest.mark.parametrize(("quality", "canonical"), [(1, 9), (9, 9), (10, 19), (75, 79), (79, 79), (90, 99), (100, 99)])
def test_canonical_quality(quality: int, canonical: int) -> None:
    assert canonical_png_quality(quality) == canonical
    assert canonical_png_quality(canonical) == canonical


def test_default_quality_is_79() -> None:
    image = pictures.gradient(SIZE)
    assert encode(PNG, image) == encode(PNG, image, EncodeRequest(quality=79))


def test_texts_worth_keeping_come_back(reader: Reader) -> None:
    fields = {
        "Title": "A picture",
        "Artist": "Müller ☕",
        "Description": "two\nlines",
        "Copyright": "©",
        "Software": "s",
    }
    found = reader.decode(encode(PNG, Image.new("L", (2, 2)), EncodeRequest(metadata=Metadata(fields=fields))))
    assert dict(found.metadata.fields) == fields


def test_texts_of_others_are_read_by_keyword(reader: Reader) -> None:
    info = PngInfo()
    info.add_text("Author", "Someone")
    info.add_text("Comment", "long " * 1000, zip=True)
    info.add_text("date:create", "2026")
    content = saved(Image.new("L", (2, 2)), "PNG", pnginfo=info)
    fields = reader.decode(content).metadata.fields
    assert set(fields) == {"Artist", "Comment"}
    assert len(fields["Comment"]) == 2000


def test_a_text_behind_the_pixels_is_read(reader: Reader) -> None:
    content = with_chunk(saved(Image.new("L", (2, 2)), "PNG"), b"tEXt", b"Title\0late", before=b"IEND")
    assert reader.decode(content).metadata.fields == {"Title": "late"}


@pytest.mark.parametrize("before", [b"IDAT", b"IEND"])
def test_orientation_before_and_behind_the_pixels(reader: Reader, before: bytes) -> None:
    block = exif(text(MAKE, "Someone"), short(ORIENTATION, 6))
    content = with_chunk(saved(pictures.quad(SIZE), "PNG"), b"eXIf", block, before=before)
    assert reader.facts(content).orientation == 6
    assert reader.decode(content).metadata.exif == block


def test_profiles_as_text_are_read(reader: Reader) -> None:
    """ImageMagick and others store EXIF and IPTC as lines of hexadecimal digits."""
    block = exif(short(ORIENTATION, 8))
    raw = (b"Exif\0\0" + block).hex()
    info = PngInfo()
    info.add_text("Raw profile type exif", f"\nexif\n{len(raw) // 2:8}\n{raw[:72]}\n{raw[72:]}\n", zip=True)
    assert reader.decode(saved(pictures.quad(SIZE), "PNG", pnginfo=info)).metadata.exif == block


@pytest.mark.parametrize("raw", ["", "\nexif\n 3\nzz", "\nexif\n", "\nexif\n 4\n49492a00", "no"])
def test_broken_profiles_as_text_are_passed_over(reader: Reader, raw: str) -> None:
    info = PngInfo()
    info.add_text("Raw profile type exif", raw)
    info.add_text("Raw profile type iptc", raw)
    found = reader.decode(saved(pictures.quad(SIZE), "PNG", pnginfo=info)).metadata
    assert (found.exif, found.iptc) == (None, None)


def test_xmp_and_iptc_come_back(reader: Reader) -> None:
    metadata = Metadata(xmp=xmp("<dc:format>image/png</dc:format>"), iptc=iptc((90, "Zürich"), utf8=True))
    found = reader.decode(encode(PNG, Image.new("L", (2, 2)), EncodeRequest(metadata=metadata))).metadata
    assert (found.xmp, found.iptc) == (metadata.xmp, metadata.iptc)


def test_resolution(reader: Reader) -> None:
    content = encode(PNG, Image.new("L", (2, 2)), EncodeRequest(metadata=Metadata(dpi=(300.0, 150.0))))
    assert reader.decode(content).metadata.dpi == pytest.approx((300, 150), abs=0.05)
    assert reader.facts(content).dpi == pytest.approx(300, abs=0.05)


def test_animation_is_read_whole(reader: Reader) -> None:
    facts = reader.facts(animated(loop=0))
    assert (facts.pages, facts.is_animated) == (3, True)
    decoded = reader.decode(animated(loop=0), DecodeRequest(all_frames=True))
    assert [pixel(frame, 5, 5) for frame in decoded.frames] == [pictures.RED, pictures.GREEN, pictures.BLUE]
    assert (decoded.durations_ms, decoded.loop) == ((100, 200, 300), 0)


@pytest.mark.parametrize(("written", "loop"), [(0, 0), (1, None), (5, 5)])
def test_animation_loops(reader: Reader, written: int, loop: int | None) -> None:
    assert reader.decode(animated(loop=written), DecodeRequest(all_frames=True)).loop == loop


def test_a_picture_for_old_readers_is_no_frame(reader: Reader) -> None:
    stand_in = Image.new("RGB", SIZE, pictures.YELLOW)
    content = saved(stand_in, "PNG", save_all=True, append_images=FRAMES, default_image=True, duration=100)
    decoded = reader.decode(content, DecodeRequest(all_frames=True))
    assert [pixel(frame, 5, 5) for frame in decoded.frames] == [pictures.RED, pictures.GREEN, pictures.BLUE]
    assert pixel(reader.image(content), 5, 5) == pictures.YELLOW


def test_pages_of_an_animation(reader: Reader) -> None:
    assert pixel(reader.image(animated(), DecodeRequest(page=2)), 5, 5) == pictures.GREEN
    with pytest.raises(NotFound, match="page 4"):
        reader.image(animated(), DecodeRequest(page=4))


def test_an_animation_that_promises_too_much(reader: Reader) -> None:
    content = animated()
    at = content.index(b"acTL")
    control = png_chunk(b"acTL", struct.pack(">LL", 9, 0))
    lying = content[: at - 4] + control + content[at + 16 :]
    assert reader.facts(lying).pages == 9
    assert pixel(reader.image(lying), 5, 5) == pictures.RED
    with pytest.raises(UnsupportedImage):
        reader.decode(lying, DecodeRequest(all_frames=True))


def test_frames_are_counted_against_the_limit(reader: Reader) -> None:
    pixels = SIZE[0] * SIZE[1]
    assert reader.decode(animated(), DecodeRequest(all_frames=True, max_pixels=3 * pixels)).frames
    with pytest.raises(TooLarge):
        reader.decode(animated(), DecodeRequest(all_frames=True, max_pixels=3 * pixels - 1))


def test_a_wrong_checksum_is_damage(reader: Reader) -> None:
    content = bytearray(saved(pictures.quad(SIZE), "PNG"))
    content[30] ^= 1
    with pytest.raises(UnsupportedImage):
        reader.decode(bytes(content))


def test_interlaced_files(reader: Reader) -> None:
    """Seven passes of one pixel: Adam7 (PNG 3rd edition §8.1) of a single grey point."""
    header = struct.pack(">LLBBBBB", 1, 1, 8, 0, 0, 0, 1)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0\x55")), (b"IEND", b""))
    image = reader.image(SIGNATURE + b"".join(png_chunk(name, content) for name, content in chunks))
    assert pixel(image, 0, 0) == (85,)
