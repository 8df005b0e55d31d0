"""BMP in and out; ICO, PPM, TGA and PSD in."""

import struct
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from qis_core.contracts.codec import DecodeRequest, EncodeRequest, Metadata
from qis_core.errors import NotFound, TooLarge, UnsupportedImage
from qis_core.imaging.metadata import describe
from qis_plugins.pillow_codecs.bmp import BMP
from qis_plugins.pillow_codecs.ico import ICO
from qis_plugins.pillow_codecs.ppm import PPM
from qis_plugins.pillow_codecs.psd import PSD
from qis_plugins.pillow_codecs.tga import TGA, sniff_tga
from tests.support import pictures
from tests.support.codec_files import Reader, encode, near, pixel
from tests.support.metadata_bytes import ORIENTATION, exif, iptc, short, xmp
from tests.support.small_files import of_codec, photoshop, saved

SIZE = (40, 30)


def icon(*images: tuple[bytes, int, int, int]) -> bytes:
    """An icon of (content, width, height, bits per pixel); 256 is written as 0."""
    at = 6 + 16 * len(images)
    lines, contents = b"", b""
    for content, width, height, bits in images:
        lines += struct.pack("<BBBBHHLL", width % 256, height % 256, 0, 0, 1, bits, len(content), at + len(contents))
        contents += content
    return struct.pack("<HHH", 0, 1, len(images)) + lines + contents


def bitmap(width: int, height: int) -> bytes:
    """A header of a bitmap with 24 bits, and no pixels."""
    return struct.pack("<LllHHLLllLL", 40, width, 2 * height, 1, 24, 0, 0, 0, 0, 0, 0)


class TestBmp:
    @pytest.fixture
    def reader(self, tmp_path: Path) -> Reader:
        return Reader(BMP, tmp_path)

    @pytest.mark.parametrize("mode", ["L", "RGB"])
    def test_comes_back_exactly(self, reader: Reader, mode: str) -> None:
        image = pictures.gradient(SIZE).convert(mode)
        back = reader.image(encode(BMP, image))
        assert ImageChops.difference(image, back.convert(mode)).getbbox() is None

    def test_resolution(self, reader: Reader) -> None:
        content = encode(BMP, pictures.quad(SIZE), EncodeRequest(metadata=Metadata(dpi=(300.0, 300.0))))
        assert reader.facts(content).dpi == pytest.approx(300, abs=0.05)
        assert reader.facts(encode(BMP, pictures.quad(SIZE))).dpi is None

    @pytest.mark.parametrize("header_bytes", [12, 40, 108, 124])
    def test_sniffs_all_headers(self, header_bytes: int) -> None:
        assert BMP.sniff(b"BM" + bytes(12) + header_bytes.to_bytes(4, "little"))

    def test_words_that_begin_with_bm_are_no_bitmaps(self) -> None:
        assert not BMP.sniff(b"BMW and other cars, in a text file of some length")

    def test_negative_height_and_size_zero(self, reader: Reader) -> None:
        content = bytearray(encode(BMP, pictures.quad(SIZE)))
        struct.pack_into("<l", content, 18, 0)
        with pytest.raises(UnsupportedImage):
            reader.facts(bytes(content))


class TestIco:
    @pytest.fixture
    def reader(self, tmp_path: Path) -> Reader:
        return Reader(ICO, tmp_path)

    def test_largest_picture_counts(self, reader: Reader) -> None:
        small = saved(Image.new("RGBA", (16, 16), (*pictures.RED, 255)), "PNG")
        large = saved(Image.new("RGBA", (48, 48), (*pictures.GREEN, 255)), "PNG")
        content = icon((small, 16, 16, 32), (large, 48, 48, 32), (small, 16, 16, 8))
        assert reader.facts(content).size == (48, 48)
        assert pixel(reader.image(content), 5, 5) == (*pictures.GREEN, 255)

    def test_more_bits_among_equal_sizes(self, reader: Reader) -> None:
        poor = saved(Image.new("RGB", (16, 16), pictures.RED), "PNG")
        rich = saved(Image.new("RGB", (16, 16), pictures.GREEN), "PNG")
        assert pixel(reader.image(icon((poor, 16, 16, 4), (rich, 16, 16, 32))), 5, 5) == pictures.GREEN
        assert pixel(reader.image(icon((rich, 16, 16, 32), (poor, 16, 16, 4))), 5, 5) == pictures.GREEN

    def test_size_256(self, reader: Reader) -> None:
        large = saved(Image.new("RGB", (256, 256), pictures.BLUE), "PNG")
        small = saved(Image.new("RGB", (255, 255), pictures.RED), "PNG")
        assert reader.image(icon((small, 255, 255, 24), (large, 256, 256, 24))).size == (256, 256)

    @pytest.mark.parametrize("name", ["ico bitmap", "ico palette", "ico png"])
    def test_transparency(self, reader: Reader, name: str) -> None:
        content = of_codec("ico")[name]
        facts, image = reader.facts(content), reader.image(content)
        assert (facts.size, facts.has_alpha, image.mode) == ((32, 32), True, "RGBA")
        if name != "ico palette":
            assert (pixel(image, 5, 5)[3], pixel(image, 25, 5)[3]) == (0, 255)

    def test_a_directory_that_lies_about_sizes(self, reader: Reader) -> None:
        """What counts is the embedded picture's own header."""
        large = saved(Image.new("1", (3000, 3000)), "PNG")
        content = icon((large, 16, 16, 32))
        assert reader.facts(content).size == (3000, 3000)
        with pytest.raises(TooLarge):
            reader.decode(content, DecodeRequest(max_pixels=1_000_000))

    def test_a_bitmap_that_is_a_bomb(self, reader: Reader) -> None:
        content = icon((bitmap(30_000, 30_000), 16, 16, 24))
        assert reader.facts(content).size == (30_000, 30_000)
        with pytest.raises(TooLarge):
            reader.decode(content)

    @pytest.mark.parametrize(
        "content",
        [
            icon(),
            icon((b"", 16, 16, 32)),
            icon((b"\x28\0", 16, 16, 32)),
            icon((bitmap(0, 5), 16, 16, 32)),
            icon((bitmap(16, 16), 16, 16, 24)),
            struct.pack("<HHH", 0, 1, 65535),
        ],
    )
    def test_broken_icons(self, reader: Reader, content: bytes) -> None:
        with pytest.raises(UnsupportedImage):
            reader.decode(content)

    def test_there_is_one_page(self, reader: Reader) -> None:
        with pytest.raises(NotFound):
            reader.decode(of_codec("ico")["ico png"], DecodeRequest(page=2))


class TestPpm:
    @pytest.fixture
    def reader(self, tmp_path: Path) -> Reader:
        return Reader(PPM, tmp_path)

    def test_plain_text(self, reader: Reader) -> None:
        image = reader.image(of_codec("ppm")["ppm plain"])
        dots = [pixel(image, x, y) for y in range(2) for x in range(2)]
        assert dots == [pictures.RED, pictures.GREEN, pictures.BLUE, pictures.YELLOW]

    def test_sixteen_bits(self, reader: Reader) -> None:
        image = reader.image(of_codec("ppm")["ppm deep"])
        assert (image.mode, pixel(image, 0, 0), pixel(image, 39, 0)) == ("L", (0,), (255,))

    def test_floats_are_shown_from_black_to_white(self, reader: Reader) -> None:
        image = reader.image(of_codec("ppm")["ppm floats"])
        assert sorted(pixel(image, x, y)[0] for x in range(2) for y in range(2)) == [0, 64, 128, 255]

    @pytest.mark.parametrize("head", [b"P1\n", b"P6 ", b"P5#c", b"Pf\n"])
    def test_sniffs(self, head: bytes) -> None:
        assert PPM.sniff(head)

    @pytest.mark.parametrize("head", [b"P7\n", b"P0 ", b"P6", b"PS\n", b"P3x"])
    def test_leaves_others_to_others(self, head: bytes) -> None:
        assert not PPM.sniff(head)

    @pytest.mark.parametrize(
        "content",
        [b"P6\n", b"P6\n9 9\n255\n", b"P6\n-1 5\n255\n", b"P6\n99999999999 9\n255\n", b"P3\n1 1\n255\n300 0 0\n"],
    )
    def test_broken_files(self, reader: Reader, content: bytes) -> None:
        with pytest.raises(UnsupportedImage):
            reader.decode(content)

    def test_is_not_for_browsers(self) -> None:
        assert not PPM.is_web
        assert PPM.encoder is None


class TestTga:
    @pytest.fixture
    def reader(self, tmp_path: Path) -> Reader:
        return Reader(TGA, tmp_path)

    @pytest.mark.parametrize("name", sorted(of_codec("tga")))
    def test_pixels(self, reader: Reader, name: str) -> None:
        image = reader.image(of_codec("tga")[name]).convert("RGB")
        wanted = pictures.quad(SIZE).convert("L").convert("RGB") if "grey" in name else pictures.quad(SIZE)
        assert ImageChops.difference(image, wanted).getbbox() is None

    @pytest.mark.parametrize("at", [1, 2, 16, 17])
    def test_every_field_of_the_header_counts(self, at: int) -> None:
        head = bytearray(of_codec("tga")["tga rgb"][:64])
        assert sniff_tga(bytes(head))
        head[at] = 0xFF
        assert not sniff_tga(bytes(head))

    def test_a_picture_without_size_is_none(self) -> None:
        head = bytearray(of_codec("tga")["tga rgb"][:64])
        head[12:14] = b"\0\0"
        assert not sniff_tga(bytes(head))


class TestPsd:
    @pytest.fixture
    def reader(self, tmp_path: Path) -> Reader:
        return Reader(PSD, tmp_path)

    def test_composite_in_every_colour_mode(self, reader: Reader) -> None:
        quad = pictures.quad(SIZE)
        assert ImageChops.difference(reader.image(of_codec("psd")["psd rgb"]), quad).getbbox() is None
        assert reader.image(of_codec("psd")["psd grey"]).mode == "L"
        inks = reader.image(of_codec("psd")["psd cmyk"])
        assert ImageChops.difference(inks, quad.convert("CMYK")).getbbox() is None

    def test_facts_and_metadata(self, reader: Reader) -> None:
        content = of_codec("psd")["psd rgb"]
        facts = reader.facts(content)
        assert (facts.size, facts.mode, facts.pages, facts.dpi) == (SIZE, "RGB", 1, 300.0)
        metadata = reader.decode(content).metadata
        assert metadata.dpi == (300.0, 300.0)
        assert describe(metadata)["iptc"] == {"City": "Bruxelles", "Keywords": ["first", "second"]}
        assert describe(metadata)["xmp"] == {"dc:format": "image/contract"}

    def test_exif_and_orientation(self, reader: Reader) -> None:
        content = photoshop(pictures.quad(SIZE), 3, {0x0422: exif(short(ORIENTATION, 6))})
        assert reader.facts(content).orientation == 6

    def test_profile(self, reader: Reader) -> None:
        content = photoshop(pictures.quad(SIZE), 3, {0x040F: pictures.ADOBE_RGB})
        assert reader.facts(content).has_profile
        assert reader.decode(content).metadata.icc_profile == pictures.ADOBE_RGB

    def test_transparency_in_a_fourth_channel(self, reader: Reader) -> None:
        clear = pictures.with_left_half_transparent(pictures.quad(SIZE))
        image = reader.image(photoshop(clear, 3, {}))
        assert (image.mode, pixel(image, 5, 5)[3], pixel(image, 35, 5)[3]) == ("RGBA", 0, 255)

    def test_short_resources_do_no_harm(self, reader: Reader) -> None:
        content = photoshop(pictures.quad(SIZE), 3, {0x03ED: b"\0", 0x0404: iptc((90, "X"))[:-1], 0x0424: xmp("")})
        assert near(pixel(reader.image(content), 5, 5), pictures.RED, within=0)
        assert reader.facts(content).dpi is None

    @pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
    def test_truncated_files(self, reader: Reader, share: float) -> None:
        content = of_codec("psd")["psd rgb"]
        with pytest.raises(UnsupportedImage):
            reader.decode(content[: int(len(content) * share)])
