"""PSD: the composite picture of Photoshop documents, read only."""

import struct
from pathlib import Path

from PIL import Image

from qis_core.contracts.codec import Codec, Decoded, Decoder, DecodeRequest, Metadata
from qis_core.domain.images import ImageFacts
from qis_core.imaging.exif import find_orientation
from qis_core.imaging.iptc import IPTC_RESOURCE
from qis_plugins.pillow_codecs.facts import read_facts
from qis_plugins.pillow_codecs.metadata import bounded, find_dpi, read_metadata, tiff_structure
from qis_plugins.pillow_codecs.modes import normalised
from qis_plugins.pillow_codecs.opening import check_pixels, opened, sniffer
from qis_plugins.pillow_codecs.still import require_first_page

_KIND = "PSD"
#: image resources (Adobe Photoshop File Formats Specification)
_RESOLUTION, _EXIF, _XMP = 0x03ED, 0x0422, 0x0424


def probe_psd(path: Path) -> ImageFacts:
    with opened(path, _KIND) as image:
        metadata = _metadata(image)
        dpi = metadata.dpi[0] if metadata.dpi else None
        return read_facts(image, "psd", dpi=dpi, orientation=find_orientation(metadata.exif) or 1)


def decode_psd(path: Path, request: DecodeRequest) -> Decoded:
    require_first_page(request)
    with opened(path, _KIND) as image:
        check_pixels(image.size, request.max_pixels)
        metadata = _metadata(image)
        return Decoded((normalised(image),), metadata)


def _metadata(image: Image.Image) -> Metadata:
    resources = {number: content for number, _name, content in getattr(image, "resources", ())}
    return read_metadata(
        image,
        exif=tiff_structure(resources.get(_EXIF)),
        xmp=bounded(resources.get(_XMP)),
        iptc=bounded(resources.get(IPTC_RESOURCE)),
        dpi=_dpi(resources.get(_RESOLUTION, b"")),
    )


def _dpi(resource: bytes) -> tuple[float, float] | None:
    """Dots per inch as fixed-point numbers of 16.16 bits, each followed by two units for display."""
    if len(resource) < 12:
        return None
    x, y = struct.unpack(">L4xL", resource[:12])
    return find_dpi((x / 65536, y / 65536))


PSD = Codec(
    name="psd",
    media_type="image/psd",
    extensions=("psd",),
    sniff=sniffer(b"8BPS\0\1"),
    decoder=Decoder(probe_psd, decode_psd),
    is_web=False,
)
