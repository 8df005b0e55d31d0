"""WebP, still and animated, in and out. Facts come from the container's own headers, without the decoder."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from qis_core.contracts.codec import Codec, Decoded, Decoder, DecodeRequest, Encoder, EncodeRequest
from qis_core.domain.images import ImageFacts, Size
from qis_core.errors import UnsupportedImage
from qis_core.imaging.exif import find_orientation
from qis_core.imaging.profiles import fitting_profile, is_srgb
from qis_plugins.pillow_codecs.animation import loops, read_animation
from qis_plugins.pillow_codecs.metadata import encoded, read_metadata, tiff_structure
from qis_plugins.pillow_codecs.modes import normalised
from qis_plugins.pillow_codecs.opening import MAX_PAGES, check_pixels, opened, readable, require_pixels, seek_page

DEFAULT_QUALITY = 80

_KIND = "WEBP"
#: libwebp's effort: 4 while it takes no noticeable time, 2 for large pictures
_EFFORT, _QUICK_EFFORT, _LARGE_PIXELS = 4, 2, 2_000_000
_MAX_CHUNKS = MAX_PAGES + 100
_MAX_METADATA_BYTES = 16_000_000
_ANIMATED, _ALPHA = 0x02, 0x10


@dataclass(slots=True)
class _Container:
    """What the chunks of a file say (WebP Container Specification)."""

    size: tuple[int, int] = (0, 0)
    flags: int = 0
    has_alpha: bool = False
    frames: int = 0
    blocks: dict[bytes, bytes] = field(default_factory=dict)


def sniff_webp(head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"WEBP"


def probe_webp(path: Path) -> ImageFacts:
    with readable(path, _KIND) as file:
        container = _read_container(file)
    require_pixels(container.size)
    profile = fitting_profile(container.blocks.get(b"ICCP"), "RGB")
    is_animated = bool(container.flags & _ANIMATED) and container.frames > 1
    return ImageFacts(
        codec="webp",
        size=Size(*container.size),
        mode="RGBA" if container.has_alpha else "RGB",
        has_alpha=container.has_alpha,
        pages=max(1, container.frames) if container.flags & _ANIMATED else 1,
        is_animated=is_animated,
        orientation=find_orientation(tiff_structure(container.blocks.get(b"EXIF"))) or 1,
        has_profile=profile is not None,
        is_srgb=is_srgb(profile),
    )


def decode_webp(path: Path, request: DecodeRequest) -> Decoded:
    facts = probe_webp(path)
    check_pixels(facts.size, request.max_pixels)
    with opened(path, _KIND) as image:
        metadata = read_metadata(image)
        if request.all_frames and facts.is_animated:
            animation = read_animation(image, range(1, facts.pages + 1), request.max_pixels)
            return Decoded(animation.frames, metadata, animation.durations_ms, loops(image.info.get("loop")))
        seek_page(image, request.page)
        return Decoded((normalised(image),), metadata)


def encode_webp(frames: Sequence[Image.Image], request: EncodeRequest) -> bytes:
    metadata = request.metadata
    return encoded(
        frames[0],
        _KIND,
        quality=request.quality or DEFAULT_QUALITY,
        method=_QUICK_EFFORT if frames[0].width * frames[0].height > _LARGE_PIXELS else _EFFORT,
        icc_profile=metadata.icc_profile,
        exif=metadata.exif,
        xmp=metadata.xmp,
        **_animation_options(frames, request),
    )


def _animation_options(frames: Sequence[Image.Image], request: EncodeRequest) -> dict[str, object]:
    if len(frames) == 1:
        return {}
    return {
        "save_all": True,
        "append_images": list(frames[1:]),
        "duration": list(request.durations_ms),
        "loop": 1 if request.loop is None else request.loop,
        "background": (0, 0, 0, 0),
    }


def _read_container(file: BinaryIO) -> _Container:
    if not sniff_webp(file.read(12)):
        raise UnsupportedImage("the file is no WebP")
    container = _Container()
    for name, size in _chunks(file):
        _note(container, name, file.read(min(size, _MAX_METADATA_BYTES) if name in _BLOCKS else 16))
    return container


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Name and size of each chunk in turn, with the file at its content."""
    at = file.tell()
    for _ in range(_MAX_CHUNKS):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return
        size = int.from_bytes(head[4:], "little")
        yield head[:4], size
        at += 8 + size + size % 2


def _note(container: _Container, name: bytes, content: bytes) -> None:
    if name == b"VP8X" and len(content) >= 10:
        container.flags = content[0]
        container.has_alpha = bool(content[0] & _ALPHA)
        container.size = _number(content[4:7]) + 1, _number(content[7:10]) + 1
    elif name == b"ANMF":
        container.frames += 1
    elif name in _BLOCKS:
        container.blocks.setdefault(name, content)
    elif container.size == (0, 0):
        _note_bitstream(container, name, content)


def _note_bitstream(container: _Container, name: bytes, content: bytes) -> None:
    """Size and alpha from the pixels' own header, in files that have nothing else (RFC 6386 §9.1, RFC 9649 §3.4)."""
    if name == b"VP8 " and content[3:6] == b"\x9d\x01\x2a":
        container.size = _number(content[6:8]) & 0x3FFF, _number(content[8:10]) & 0x3FFF
    elif name == b"VP8L" and content[:1] == b"\x2f":
        bits = _number(content[1:5])
        container.size = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        container.has_alpha = bool(bits >> 28 & 1)


def _number(content: bytes) -> int:
    return int.from_bytes(content, "little")


_BLOCKS = (b"ICCP", b"EXIF", b"XMP ")

WEBP = Codec(
    name="webp",
    media_type="image/webp",
    extensions=("webp",),
    sniff=sniff_webp,
    decoder=Decoder(probe_webp, decode_webp),
    encoder=Encoder(
        encode_webp,
        names={"webp": ""},
        modes=("RGB", "RGBA"),
        can_animate=True,
        canonical_quality=lambda quality: quality,
        default_quality=DEFAULT_QUALITY,
    ),
)
