"""What a codec promises: it brings pixels in and out, with any library it likes (design §2.4).

Codecs run in worker processes with limits on memory and time; they get paths of local files and never names from a URL.
An undecodable file raises `UnsupportedImage`; any other exception is treated as the same, and logged.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from PIL import Image

from qis_core.domain.images import ImageFacts


@dataclass(frozen=True, slots=True)
class Metadata:
    """What travels beside the pixels. ``exif`` is a TIFF structure without the ``Exif\\0\\0`` prefix; ``xmp`` a packet;
    ``iptc`` raw IIM records (IPTC-IIM 4.2); ``dpi`` dots per inch; ``fields`` TIFF tags or PNG texts worth keeping.
    """

    icc_profile: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    dpi: tuple[float, float] | None = None
    fields: Mapping[str, str] = field(default_factory=dict)

    def stripped(self) -> "Metadata":
        """Only what ``strip=1`` leaves: the resolution (spec image-urls §5.5)."""
        return Metadata(dpi=self.dpi)

    def with_profile(self, icc_profile: bytes | None) -> "Metadata":
        return replace(self, icc_profile=icc_profile)


@dataclass(frozen=True, slots=True)
class DecodeRequest:
    """What to decode. ``page`` counts from 1; ``all_frames`` asks for the whole animation instead.

    ``reduction`` ≥ 1 is how many times smaller per axis the pixels may come (shrink on load); a decoder may do less,
    never more. ``max_pixels`` bounds the sum over all frames.
    """

    page: int = 1
    all_frames: bool = False
    reduction: float = 1.0
    max_pixels: int = 100_000_000


@dataclass(frozen=True, slots=True)
class Decoded:
    """Frames in one of the `WORKING_MODES`, not yet oriented, all of one size.

    ``durations_ms`` has one entry per frame of an animation; ``loop`` 0 means forever, None once.
    """

    frames: tuple[Image.Image, ...]
    metadata: Metadata = Metadata()
    durations_ms: tuple[int, ...] = ()
    loop: int | None = None


@dataclass(frozen=True, slots=True)
class EncodeRequest:
    """How to encode. ``quality`` None is the encoder's default; ``variant`` is one of the encoder's own words."""

    variant: str = ""
    quality: int | None = None
    metadata: Metadata = Metadata()
    durations_ms: tuple[int, ...] = ()
    loop: int | None = None
    compression: str = ""


@dataclass(frozen=True, slots=True)
class Decoder:
    """Reads files. ``probe`` looks at headers only and must be cheap."""

    probe: Callable[[Path], ImageFacts]
    decode: Callable[[Path, DecodeRequest], Decoded]


@dataclass(frozen=True, slots=True)
class Encoder:
    """Writes bytes.

    ``names`` maps each ``format=`` word to a variant: ``{"jpg": "", "pjpg": "progressive"}``; the first is canonical.
    ``modes`` are the working modes it can store; the executor converts before calling. ``canonical_quality`` maps 1-100
    to the number that tells two outputs apart (None: quality has no effect), so that equal bytes have equal keys.
    """

    encode: Callable[[Sequence[Image.Image], EncodeRequest], bytes]
    names: Mapping[str, str]
    modes: tuple[str, ...]
    can_animate: bool = False
    canonical_quality: Callable[[int], int] | None = None
    default_quality: int | None = None


@dataclass(frozen=True, slots=True)
class Codec:
    """One file format.

    ``extensions`` are lower case without dot, the first is canonical. ``sniff`` decides from the first 64 bytes of a
    file whether it is this format. ``is_web`` tells whether browsers show it, so that an unchanged file may be served
    as it is; others are converted to PNG unless a format is asked for.
    """

    name: str
    media_type: str
    extensions: tuple[str, ...]
    sniff: Callable[[bytes], bool]
    decoder: Decoder | None = None
    encoder: Encoder | None = None
    is_web: bool = True
