"""JPEG, baseline and progressive, in and out; decoded at 1/2, 1/4 or 1/8 when that is enough."""

import struct
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from qis_core.contracts.codec import Codec, Decoded, Decoder, DecodeRequest, Encoder, EncodeRequest, Metadata
from qis_core.domain.images import ImageFacts
from qis_core.imaging.iptc import IPTC_RESOURCE, photoshop_resource
from qis_plugins.pillow_codecs.facts import read_facts
from qis_plugins.pillow_codecs.metadata import (
    EXIF_PREFIX,
    MAX_SEGMENT_BYTES,
    bounded,
    encoded,
    find_dpi,
    read_metadata,
    texts,
)
from qis_plugins.pillow_codecs.modes import normalised
from qis_plugins.pillow_codecs.opening import check_pixels, opened, sniffer
from qis_plugins.pillow_codecs.still import require_first_page

DEFAULT_QUALITY = 80
PROGRESSIVE = "progressive"

_KIND = "JPEG"
_SCALES = (8, 4, 2)
#: from here on colour is as fine as brightness: who asks for this much wants no smeared edges
_FULL_COLOUR_QUALITY = 90
_XMP_OVERHEAD_BYTES = 29
_MAX_PROFILE_BYTES = 255 * (MAX_SEGMENT_BYTES - 14)
_APP13 = b"\xff\xed"
_PHOTOSHOP = b"Photoshop 3.0\0"


def probe_jpeg(path: Path) -> ImageFacts:
    with opened(path, _KIND) as image:
        return read_facts(image, "jpeg", is_progressive=bool(image.info.get("progressive")))


def decode_jpeg(path: Path, request: DecodeRequest) -> Decoded:
    require_first_page(request)
    with opened(path, _KIND) as image:
        metadata = _metadata(image)
        _shrink(image, request.reduction)
        check_pixels(image.size, request.max_pixels)
        return Decoded((normalised(image),), metadata)


def encode_jpeg(frames: Sequence[Image.Image], request: EncodeRequest) -> bytes:
    quality = request.quality or DEFAULT_QUALITY
    metadata = request.metadata
    exif = EXIF_PREFIX + metadata.exif if metadata.exif else None
    return encoded(
        frames[0],
        _KIND,
        quality=quality,
        subsampling="4:4:4" if quality >= _FULL_COLOUR_QUALITY else "4:2:0",
        optimize=True,
        progressive=request.variant == PROGRESSIVE,
        dpi=_whole_dpi(metadata),
        icc_profile=_fitting(metadata.icc_profile, _MAX_PROFILE_BYTES),
        exif=_fitting(exif, MAX_SEGMENT_BYTES),
        xmp=_fitting(metadata.xmp, MAX_SEGMENT_BYTES - _XMP_OVERHEAD_BYTES),
        extra=_iptc_segment(metadata.iptc),
        comment=_fitting(metadata.fields.get("Comment", "").encode(), MAX_SEGMENT_BYTES),
    )


def _metadata(image: Image.Image) -> Metadata:
    resources = image.info.get("photoshop")
    iptc = resources.get(IPTC_RESOURCE) if isinstance(resources, dict) else None
    return read_metadata(image, iptc=bounded(iptc), fields=texts(image.info, {"comment": "Comment"}))


def _shrink(image: Image.Image, reduction: float) -> None:
    """Ask the decoder for the largest DCT scaling that is not more than *reduction*."""
    scale = next((scale for scale in _SCALES if scale <= min(reduction, *image.size)), 1)
    if scale > 1:
        image.draft(None, (image.width // scale, image.height // scale))


def _whole_dpi(metadata: Metadata) -> tuple[int, int] | None:
    dpi = find_dpi(metadata.dpi)
    return (round(dpi[0]), round(dpi[1])) if dpi else None


def _iptc_segment(iptc: bytes | None) -> bytes | None:
    content = _fitting(_PHOTOSHOP + photoshop_resource(iptc), MAX_SEGMENT_BYTES) if iptc else None
    return _APP13 + struct.pack(">H", len(content) + 2) + content if content else None


def _fitting(block: bytes | None, max_bytes: int) -> bytes | None:
    """A block that JPEG has room for; larger ones are left out."""
    return block if block and len(block) <= max_bytes else None


JPEG = Codec(
    name="jpeg",
    media_type="image/jpeg",
    extensions=("jpg", "jpeg", "jpe", "jfif", "jif"),
    sniff=sniffer(b"\xff\xd8\xff"),
    decoder=Decoder(probe_jpeg, decode_jpeg),
    encoder=Encoder(
        encode_jpeg,
        names={
            "jpg": "",
            "jpeg": "",
            "jpe": "",
            "jfif": "",
            "jif": "",
            "pjpg": PROGRESSIVE,
            "pjpeg": PROGRESSIVE,
        },
        modes=("L", "RGB", "CMYK"),
        canonical_quality=lambda quality: quality,
        default_quality=DEFAULT_QUALITY,
    ),
)
