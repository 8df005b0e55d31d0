"""Every built-in codec keeps the contract, in what it writes and in files that others wrote."""

from pathlib import Path
from typing import ClassVar

import pytest

from qis_core.contracts.codec import Codec
from qis_core.errors import UnsupportedImage
from qis_core.settings import Settings
from qis_core.testing.codec_contract import CodecContract, DecoderContract, EncoderContract, Samples
from qis_plugins.pillow_codecs import CODECS, qis_codecs
from qis_plugins.pillow_codecs.avif import AVIF
from qis_plugins.pillow_codecs.bmp import BMP
from qis_plugins.pillow_codecs.gif import GIF
from qis_plugins.pillow_codecs.jpeg import JPEG
from qis_plugins.pillow_codecs.png import PNG
from qis_plugins.pillow_codecs.tiff import TIFF
from qis_plugins.pillow_codecs.webp import WEBP
from tests.support.small_files import of_codec

WRITTEN = [codec for codec in CODECS if codec.encoder is not None]


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)
class TestDeclaration(CodecContract):
    pass


@pytest.mark.parametrize("codec", WRITTEN, ids=lambda codec: codec.name)
class TestReadingOwnFiles(DecoderContract):
    pass


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)
class TestReadingFilesOfOthers(DecoderContract):
    @pytest.fixture
    def samples(self, codec: Codec) -> Samples:
        return of_codec(codec.name)


class OneCodec(EncoderContract):
    one: ClassVar[Codec]

    @pytest.fixture
    def codec(self) -> Codec:
        return self.one


class TestJpegEncoder(OneCodec):
    one = JPEG
    keeps = frozenset({"icc_profile", "exif", "xmp", "iptc", "dpi"})


class TestPngEncoder(OneCodec):
    one = PNG
    keeps = frozenset({"icc_profile", "exif", "xmp", "iptc", "dpi"})
    tolerance = 0.0


class TestTiffEncoder(OneCodec):
    one = TIFF
    keeps = frozenset({"icc_profile", "exif", "xmp", "iptc", "dpi"})
    tolerance = 0.0


class TestWebpEncoder(OneCodec):
    one = WEBP
    keeps = frozenset({"icc_profile", "exif", "xmp"})


class TestAvifEncoder(OneCodec):
    one = AVIF
    keeps = frozenset({"icc_profile", "exif", "xmp"})


class TestGifEncoder(OneCodec):
    one = GIF
    tolerance = 1.0


class TestBmpEncoder(OneCodec):
    one = BMP
    keeps = frozenset({"dpi"})
    tolerance = 0.0


def test_hook_gives_all_formats() -> None:
    names = [codec.name for codec in qis_codecs(Settings.of())]
    assert names == ["jpeg", "png", "webp", "avif", "gif", "tiff", "bmp", "psd", "ppm", "ico", "tga"]


def test_no_file_is_claimed_by_two_codecs() -> None:
    for owner in CODECS:
        for name, content in of_codec(owner.name).items():
            claimed = [codec.name for codec in CODECS if codec.sniff(content[:64])]
            assert claimed == [owner.name], name


def test_no_word_or_extension_is_claimed_twice() -> None:
    extensions = [extension for codec in CODECS for extension in codec.extensions]
    words = [word for codec in WRITTEN if codec.encoder for word in codec.encoder.names]
    assert len(extensions) == len(set(extensions))
    assert len(words) == len(set(words))


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)
def test_never_opens_another_format(codec: Codec, tmp_path: Path) -> None:
    """A decoder that is handed another format's file refuses it: the allow-list of each open has one entry."""
    assert codec.decoder is not None
    for owner in CODECS:
        if owner.name == codec.name:
            continue
        for content in of_codec(owner.name).values():
            path = tmp_path / "file"
            path.write_bytes(content)
            with pytest.raises(UnsupportedImage, match=r"damaged|is no WebP|nothing to show|holds no picture"):
                codec.decoder.probe(path)
