"""AVIF, still and sequences, in and out."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from qis_core.contracts.codec import Codec, Decoded, Decoder, DecodeRequest, Encoder, EncodeRequest
from qis_core.domain.images import ImageFacts
from qis_plugins.pillow_codecs.animation import read_animation
from qis_plugins.pillow_codecs.facts import read_facts
from qis_plugins.pillow_codecs.metadata import (
    descriptive_tags,
    encoded,
    parsed_exif,
    read_metadata,
    tiff_structure,
)
from qis_plugins.pillow_codecs.modes import normalised
from qis_plugins.pillow_codecs.opening import MAX_PAGES, check_pixels, opened, seek_page

DEFAULT_QUALITY = 65

_KIND = "AVIF"
#: libaom's speed: 8 while that takes a blink, 9 for larger pictures and for every animation
_SPEED, _QUICK_SPEED, _LARGE_PIXELS = 8, 9, 500_000
_BRANDS = (b"avif", b"avis")


def sniff_avif(head: bytes) -> bool:
    """A ``ftyp`` box that names an AVIF brand, as its own or as a compatible one (AVIF 1.1 §6)."""
    size = min(max(int.from_bytes(head[:4]), 16), len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, size, 4))]
    return head[4:8] == b"ftyp" and any(brand in _BRANDS for brand in brands)


def probe_avif(path: Path) -> ImageFacts:
    with opened(path, _KIND) as image:
        pages = _pages(image)
        return read_facts(image, "avif", pages=pages, is_animated=pages > 1)


def decode_avif(path: Path, request: DecodeRequest) -> Decoded:
    with opened(path, _KIND) as image:
        check_pixels(image.size, request.max_pixels)
        metadata = read_metadata(image)
        pages = _pages(image)
        if request.all_frames and pages > 1:
            animation = read_animation(image, range(1, pages + 1), request.max_pixels)
            return Decoded(animation.frames, metadata, animation.durations_ms, loop=0)
        seek_page(image, request.page)
        return Decoded((normalised(image),), metadata)


def encode_avif(frames: Sequence[Image.Image], request: EncodeRequest) -> bytes:
    pixels = frames[0].width * frames[0].height
    animation = _animation_options(frames, request)
    return encoded(
        frames[0],
        _KIND,
        quality=request.quality or DEFAULT_QUALITY,
        speed=_QUICK_SPEED if animation or pixels > _LARGE_PIXELS else _SPEED,
        max_threads=1,
        icc_profile=request.metadata.icc_profile,
        exif=_exif(request.metadata.exif),
        xmp=request.metadata.xmp,
        **animation,
    )


def _animation_options(frames: Sequence[Image.Image], request: EncodeRequest) -> dict[str, object]:
    if len(frames) == 1:
        return {}
    return {"save_all": True, "append_images": list(frames[1:]), "duration": list(request.durations_ms)}


def _exif(exif: bytes | None) -> bytes | None:
    """The tags that can be written again: the encoder rebuilds the block when it has an orientation."""
    tags = descriptive_tags(parsed_exif(exif)) if exif else None
    return tiff_structure(tags.tobytes()) if tags else None


def _pages(image: Image.Image) -> int:
    return min(int(getattr(image, "n_frames", 1)), MAX_PAGES)


AVIF = Codec(
    name="avif",
    media_type="image/avif",
    extensions=("avif", "avifs"),
    sniff=sniff_avif,
    decoder=Decoder(probe_avif, decode_avif),
    encoder=Encoder(
        encode_avif,
        names={"avif": ""},
        modes=("RGB", "RGBA"),
        can_animate=True,
        canonical_quality=lambda quality: quality,
        default_quality=DEFAULT_QUALITY,
    ),
)
