"""ICO: Windows icons, read only. The largest picture of a file is the one that counts."""

import struct
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from qis_core.contracts.codec import Codec, Decoded, Decoder, DecodeRequest
from qis_core.domain.images import ImageFacts, Size
from qis_core.errors import UnsupportedImage
from qis_plugins.pillow_codecs.facts import read_facts
from qis_plugins.pillow_codecs.metadata import read_metadata
from qis_plugins.pillow_codecs.modes import normalised
from qis_plugins.pillow_codecs.opening import check_pixels, readable, require_pixels, sniffer
from qis_plugins.pillow_codecs.still import require_first_page

_KIND = "ICO"
_SIGNATURE = b"\0\0\1\0"
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_ENTRY = struct.Struct("<BBBBHHLL")
_MAX_ENTRIES = 256
_MAX_PICTURE_BYTES = 64_000_000
_OLD_HEADER_BYTES = 12


@dataclass(frozen=True, slots=True)
class _Entry:
    """A picture of the icon: the directory's line for it, and its bytes."""

    fields: tuple[int, ...]
    content: bytes

    @property
    def is_png(self) -> bool:
        return self.content.startswith(_PNG_SIGNATURE)


def probe_ico(path: Path) -> ImageFacts:
    with readable(path, _KIND) as file:
        entry = _largest(file)
        if entry.is_png:
            with _opened_png(entry) as image:
                return read_facts(image, "ico")
        return ImageFacts("ico", _bitmap_size(entry), mode="RGBA", has_alpha=True)


def decode_ico(path: Path, request: DecodeRequest) -> Decoded:
    require_first_page(request)
    with readable(path, _KIND) as file:
        entry = _largest(file)
        with _opened(entry, request) as image:
            require_pixels(image.size)
            check_pixels(image.size, request.max_pixels)
            return Decoded((normalised(image),), read_metadata(image))


def _largest(file: BinaryIO) -> _Entry:
    """The picture with most pixels, and most bits per pixel among equals."""
    _reserved, _kind, count = struct.unpack("<HHH", file.read(6))
    lines = [_ENTRY.unpack(file.read(_ENTRY.size)) for _ in range(min(count, _MAX_ENTRIES))]
    if not lines:
        raise UnsupportedImage("the icon holds no picture")
    best = max(lines, key=lambda line: ((line[0] or 256) * (line[1] or 256), line[5]))
    file.seek(best[7])
    return _Entry(best, file.read(min(best[6], _MAX_PICTURE_BYTES)))


def _opened(entry: _Entry, request: DecodeRequest) -> Image.Image:
    if entry.is_png:
        return _opened_png(entry)
    check_pixels(_bitmap_size(entry), request.max_pixels)
    return Image.open(_icon_of_one(entry), formats=[_KIND])


def _opened_png(entry: _Entry) -> Image.Image:
    image = Image.open(BytesIO(entry.content), formats=["PNG"])
    require_pixels(image.size)
    return image


def _bitmap_size(entry: _Entry) -> Size:
    """The size in the bitmap's own header, whose height counts the picture and its mask."""
    (header_bytes,) = struct.unpack_from("<L", entry.content)
    layout = "<HH" if header_bytes == _OLD_HEADER_BYTES else "<ll"
    width, height = struct.unpack_from(layout, entry.content, 4)
    size = Size(width, abs(height) // 2)
    require_pixels(size)
    return size


def _icon_of_one(entry: _Entry) -> BytesIO:
    start = 6 + _ENTRY.size
    line = _ENTRY.pack(*entry.fields[:6], len(entry.content), start)
    return BytesIO(_SIGNATURE + struct.pack("<H", 1) + line + entry.content)


ICO = Codec(
    name="ico",
    media_type="image/x-icon",
    extensions=("ico",),
    sniff=sniffer(_SIGNATURE),
    decoder=Decoder(probe_ico, decode_ico),
    is_web=False,
)
