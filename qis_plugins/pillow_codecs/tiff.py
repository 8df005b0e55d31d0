"""TIFF, with all its pages and compressions in, and one page out."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image

from qis_core.contracts.codec import Codec, Decoded, Decoder, DecodeRequest, Encoder, EncodeRequest, Metadata
from qis_core.domain.images import ImageFacts, Size
from qis_core.imaging.iptc import IPTC_MARKER, find_in_resources
from qis_plugins.pillow_codecs.facts import read_facts
from qis_plugins.pillow_codecs.metadata import (
    TIFF_FIELDS,
    bounded,
    descriptive_tags,
    encoded,
    find_dpi,
    read_metadata,
    texts,
    tiff_directory,
    tiff_structure,
)
from qis_plugins.pillow_codecs.modes import normalised
from qis_plugins.pillow_codecs.opening import MAX_PAGES, check_pixels, opened, seek_page, sniffer
from qis_plugins.pillow_codecs.tiff_directories import take_directories, with_directories

#: in `Metadata.fields`: how the source was compressed, by Pillow's name
COMPRESSION_FIELD = "compression"

_KIND = "TIFF"
_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_LOSSLESS = "tiff_adobe_deflate"
#: what we can write, by the source's name for it
_KEPT_COMPRESSIONS = {
    "raw": "raw",
    "packbits": "packbits",
    "tiff_lzw": "tiff_lzw",
    "tiff_deflate": _LOSSLESS,
    "tiff_adobe_deflate": _LOSSLESS,
    "zstd": "zstd",
    "jpeg": "jpeg",
    "tiff_jpeg": "jpeg",
}
_JPEG_MODES = ("L", "RGB", "CMYK")
_JPEG_QUALITY = 90
_PREDICTOR, _HORIZONTAL = 317, 2
_WITH_PREDICTOR = ("tiff_lzw", _LOSSLESS, "zstd")
_XMP, _IPTC, _RESOURCES = 700, 33723, 34377
_X_RESOLUTION = 282


def probe_tiff(path: Path) -> ImageFacts:
    """Pillow brings TIFF pictures upright by itself, so that sizes here are of the upright picture, orientation 1."""
    with opened(path, _KIND) as image:
        dpi = _dpi(image)
        facts = read_facts(image, "tiff", orientation=1, dpi=dpi[0] if dpi else None)
        sizes = tuple(_page_sizes(image))
    different = sizes if len(set(sizes)) > 1 else ()
    return replace(facts, pages=len(sizes), page_sizes=different)


def decode_tiff(path: Path, request: DecodeRequest) -> Decoded:
    with opened(path, _KIND) as image:
        seek_page(image, request.page)
        check_pixels(image.size, request.max_pixels)
        metadata = _metadata(image)
        return Decoded((normalised(image),), metadata)


def encode_tiff(frames: Sequence[Image.Image], request: EncodeRequest) -> bytes:
    image = frames[0]
    compression = _compression(request, image.mode)
    tags = _tags(request.metadata, compression)
    directories = take_directories(tags)
    content = encoded(
        image,
        _KIND,
        compression=compression,
        quality=_JPEG_QUALITY if compression == "jpeg" else None,
        exif=tags,
        icc_profile=request.metadata.icc_profile,
        dpi=find_dpi(request.metadata.dpi),
    )
    return with_directories(content, directories)


def _page_sizes(image: Image.Image) -> Iterator[Size]:
    """Sizes of the pages that can be read, from the first on; a broken directory ends them."""
    yield Size(*image.size)
    for page in range(1, MAX_PAGES):
        try:
            image.seek(page)
        except Exception:
            return
        yield Size(*image.size)


def _compression(request: EncodeRequest, mode: str) -> str:
    """The source's, where it holds such pictures; else Deflate, which loses nothing."""
    source = request.compression or request.metadata.fields.get(COMPRESSION_FIELD, "")
    kept = _KEPT_COMPRESSIONS.get(source, _LOSSLESS)
    return _LOSSLESS if kept == "jpeg" and mode not in _JPEG_MODES else kept


def _tags(metadata: Metadata, compression: str) -> Image.Exif:
    tags = tiff_directory(metadata)
    if compression in _WITH_PREDICTOR:
        tags[_PREDICTOR] = _HORIZONTAL
    for tag, block in ((_XMP, metadata.xmp), (_IPTC, metadata.iptc)):
        if block:
            tags[tag] = block
    return tags


def _metadata(image: Image.Image) -> Metadata:
    tags: Any = getattr(image, "tag_v2", {})
    fields = texts({name: tags.get(tag) for name, tag in TIFF_FIELDS.items()}, {name: name for name in TIFF_FIELDS})
    compression = image.info.get("compression")
    if isinstance(compression, str):
        fields[COMPRESSION_FIELD] = compression
    return read_metadata(image, exif=_exif(image), iptc=_iptc(tags), dpi=_dpi(image), fields=fields)


def _dpi(image: Image.Image) -> tuple[float, float] | None:
    """The resolution, unless Pillow made it up because there is none."""
    return find_dpi(image.info.get("dpi")) if _X_RESOLUTION in getattr(image, "tag_v2", {}) else None


def _exif(image: Image.Image) -> bytes | None:
    """The descriptive tags as a block of their own, without the orientation that Pillow applies."""
    kept = descriptive_tags(image.getexif())
    if ExifTags.Base.Orientation in kept:
        del kept[ExifTags.Base.Orientation]
    return tiff_structure(kept.tobytes()) if kept else None


def _iptc(tags: Any) -> bytes | None:
    """From its own tag or from Photoshop's resources.

    Pillow takes the tag for one number when it is declared as numbers of 32 bits, as some writers do; its bytes are
    right then, but for their order in big-endian files.
    """
    stored = bounded(getattr(tags, "_tagdata", {}).get(_IPTC))
    if stored and stored[0] != IPTC_MARKER and stored[3:4] == bytes([IPTC_MARKER]):
        stored = b"".join(stored[at : at + 4][::-1] for at in range(0, len(stored), 4))
    resources = bounded(tags.get(_RESOURCES))
    return stored or (find_in_resources(resources) if resources else None)


TIFF = Codec(
    name="tiff",
    media_type="image/tiff",
    extensions=("tif", "tiff"),
    sniff=sniffer(*_SIGNATURES),
    decoder=Decoder(probe_tiff, decode_tiff),
    encoder=Encoder(encode_tiff, names={"tif": "", "tiff": ""}, modes=("L", "LA", "RGB", "RGBA", "CMYK")),
)
