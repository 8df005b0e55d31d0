"""PNG in and out; animated PNG in."""

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from qis_core.contracts.codec import Codec, Decoded, Decoder, DecodeRequest, Encoder, EncodeRequest, Metadata
from qis_core.domain.images import ImageFacts
from qis_core.imaging.exif import find_orientation
from qis_core.imaging.iptc import find_in_resources, photoshop_resource
from qis_plugins.pillow_codecs.animation import loops, read_animation
from qis_plugins.pillow_codecs.facts import read_facts
from qis_plugins.pillow_codecs.metadata import (
    MAX_BLOCK_BYTES,
    bounded,
    encoded,
    find_dpi,
    read_metadata,
    texts,
    tiff_structure,
)
from qis_plugins.pillow_codecs.modes import normalised
from qis_plugins.pillow_codecs.opening import MAX_PAGES, check_pixels, opened, readable, seek_page, sniffer

DEFAULT_QUALITY = 79

_KIND = "PNG"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MAX_CHUNKS = 100_000
_MAX_LEVEL = 9
_XMP_KEYWORD = "XML:com.adobe.xmp"
_RAW_EXIF, _RAW_IPTC = "Raw profile type exif", "Raw profile type iptc"
_RAW_LINE = 72
#: PNG keywords (PNG 3rd edition §11.3.3.2) and our names
_TEXTS = {
    "Title": "Title",
    "Author": "Artist",
    "Description": "Description",
    "Copyright": "Copyright",
    "Software": "Software",
    "Comment": "Comment",
}
#: grey of less than 8 bits is decoded to 8, its transparent value is not
_GREY_FACTORS = {"L;2": 85, "L;4": 17}


def probe_png(path: Path) -> ImageFacts:
    with opened(path, _KIND) as image:
        pages = min(int(getattr(image, "n_frames", 1)), MAX_PAGES)
        more = {} if "exif" in image.info else {"orientation": _late_orientation(path)}
        return read_facts(image, "png", pages=pages, is_animated=pages > 1, **more)


def decode_png(path: Path, request: DecodeRequest) -> Decoded:
    with opened(path, _KIND) as image:
        check_pixels(image.size, request.max_pixels)
        pages = min(int(getattr(image, "n_frames", 1)), MAX_PAGES)
        if request.all_frames and pages > 1:
            first = 2 if getattr(image, "default_image", False) else 1
            loop = loops(image.info.get("loop"))
            animation = read_animation(image, range(first, pages + 1), request.max_pixels)
            return Decoded(animation.frames, _metadata(image), animation.durations_ms, loop)
        seek_page(image, request.page)
        _scale_transparent_grey(image)
        image.load()
        return Decoded((normalised(image),), _metadata(image))


def canonical_png_quality(quality: int) -> int:
    """The tens digit is the zlib level; this is the highest quality with the same level (spec image-urls §5.3)."""
    return _level(quality) * 10 + 9


def encode_png(frames: Sequence[Image.Image], request: EncodeRequest) -> bytes:
    metadata = request.metadata
    return encoded(
        frames[0],
        _KIND,
        compress_level=_level(DEFAULT_QUALITY if request.quality is None else request.quality),
        icc_profile=metadata.icc_profile,
        exif=metadata.exif,
        dpi=find_dpi(metadata.dpi),
        pnginfo=_text_chunks(metadata),
    )


def _level(quality: int) -> int:
    return min(quality // 10, _MAX_LEVEL)


def _metadata(image: Image.Image) -> Metadata:
    """Read after the pixels: texts and EXIF may come behind them."""
    exif = tiff_structure(image.info.get("exif")) or tiff_structure(_raw_profile(image.info.get(_RAW_EXIF)))
    resources = _raw_profile(image.info.get(_RAW_IPTC))
    iptc = find_in_resources(resources) if resources else None
    return read_metadata(image, exif=exif, iptc=iptc, fields=texts(image.info, _TEXTS))


def _text_chunks(metadata: Metadata) -> PngInfo:
    chunks = PngInfo()
    if metadata.xmp:
        chunks.add_itxt(_XMP_KEYWORD, metadata.xmp.decode("utf-8", "replace"))
    if metadata.iptc:
        chunks.add_text(_RAW_IPTC, _as_raw_profile(photoshop_resource(metadata.iptc)), zip=True)
    for theirs, ours in _TEXTS.items():
        if ours in metadata.fields:
            chunks.add_itxt(theirs, metadata.fields[ours])
    return chunks


def _as_raw_profile(content: bytes) -> str:
    """A block as text, in the form that other tools write and read: name, length, lines of hexadecimal digits."""
    digits = content.hex()
    lines = [digits[at : at + _RAW_LINE] for at in range(0, len(digits), _RAW_LINE)]
    return "\n".join(["", "iptc", f"{len(content):8}", *lines, ""])


def _raw_profile(text: object) -> bytes | None:
    if not isinstance(text, str) or len(text) > 3 * MAX_BLOCK_BYTES:
        return None
    try:
        return bounded(bytes.fromhex("".join(text.split()[2:])))
    except ValueError:
        return None


def _scale_transparent_grey(image: Image.Image) -> None:
    tile = getattr(image, "tile", None)
    transparent = image.info.get("transparency")
    factor = _GREY_FACTORS.get(tile[0].args) if tile and isinstance(tile[0].args, str) else None
    if factor and isinstance(transparent, int):
        image.info["transparency"] = min(transparent * factor, 255)


def _late_orientation(path: Path) -> int:
    """The orientation of an EXIF chunk behind the pixels, where most writers do not put it."""
    with readable(path, _KIND) as file:
        return find_orientation(tiff_structure(_find_exif_chunk(file))) or 1


def _find_exif_chunk(file: BinaryIO) -> bytes | None:
    file.seek(len(_SIGNATURE))
    for _ in range(_MAX_CHUNKS):
        head = file.read(8)
        size, name = int.from_bytes(head[:4]), head[4:]
        if name == b"eXIf":
            return file.read(min(size, MAX_BLOCK_BYTES))
        if len(head) < 8 or name == b"IEND":
            return None
        file.seek(size + 4, 1)
    return None


PNG = Codec(
    name="png",
    media_type="image/png",
    extensions=("png", "apng"),
    sniff=sniffer(_SIGNATURE),
    decoder=Decoder(probe_png, decode_png),
    encoder=Encoder(
        encode_png,
        names={"png": ""},
        modes=("L", "LA", "RGB", "RGBA"),
        canonical_quality=canonical_png_quality,
        default_quality=DEFAULT_QUALITY,
    ),
)
