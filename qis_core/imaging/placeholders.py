"""What stands for a picture while it loads: BlurHash, ThumbHash, or one colour. All take and give sRGB."""

import base64
from typing import TypedDict

import blurhash
import numpy as np
import thash
from PIL import Image

from qis_core.domain.images import Size
from qis_core.imaging.color import WHITE, flattened
from qis_core.imaging.profiles import to_srgb
from qis_core.settings import Settings

#: Longest side of what is looked at: these are averages, more pixels tell nothing more. BlurHash has fewer waves.
SAMPLE_PX = 64
BLURHASH_SAMPLE_PX = 24
#: Longest side of what a hash is drawn at before it is enlarged; its finest wave is far longer than two pixels of it.
DRAWN_PX = 32
#: Waves along the longer and the shorter side.
LONG_WAVES, SHORT_WAVES = 4, 3
PALETTE_COLORS = 8
VISIBLE_ALPHA = 128


class Placeholders(TypedDict):
    """``thumbhash`` is base64; ``color`` is ``#rrggbb``."""

    blurhash: str
    thumbhash: str
    color: str


def placeholders(image: Image.Image, profile: bytes | None, settings: Settings) -> Placeholders:
    """All placeholders of a picture in a working mode, whose embedded profile is *profile*."""
    sample = sampled(image, profile, settings)
    return Placeholders(
        blurhash=blurhash_of(sample),
        thumbhash=base64.b64encode(thumbhash_of(sample)).decode("ascii"),
        color=dominant_color(sample),
    )


def sampled(image: Image.Image, profile: bytes | None, settings: Settings) -> Image.Image:
    """A small ``RGB`` or ``RGBA`` sRGB copy, which the other functions take."""
    scale = min(1.0, SAMPLE_PX / max(image.size))
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return to_srgb(image.resize(size, Image.Resampling.BOX, reducing_gap=4), profile, settings)


def blurhash_of(sample: Image.Image) -> str:
    """The BlurHash of a sample; transparent parts count as white."""
    opaque = flattened(sample, WHITE)
    opaque = opaque.resize(_fit(Size(*opaque.size), BLURHASH_SAMPLE_PX), Image.Resampling.BOX)
    wide = opaque.width >= opaque.height
    waves = (LONG_WAVES, SHORT_WAVES) if wide else (SHORT_WAVES, LONG_WAVES)
    return str(blurhash.encode(np.asarray(opaque).tolist(), *waves))


def thumbhash_of(sample: Image.Image) -> bytes:
    """The ThumbHash of a sample, its transparency included."""
    return bytes(thash.encode(sample.convert("RGBA")))


def dominant_color(sample: Image.Image) -> str:
    """The most frequent of a few colours that the visible pixels come down to; white when none is visible."""
    red, green, blue = _dominant(sample)
    return f"#{red:02x}{green:02x}{blue:02x}"


def drawn_blurhash(text: str, size: Size) -> Image.Image:
    """The ``RGB`` picture that a BlurHash means."""
    small = _fit(size, DRAWN_PX)
    pixels = np.array(blurhash.decode(text, *small), dtype=np.uint8)
    return Image.fromarray(pixels, "RGB").resize(size, Image.Resampling.BICUBIC)


def drawn_thumbhash(content: bytes, size: Size) -> Image.Image:
    """The ``RGBA`` picture that a ThumbHash means, stretched to *size*."""
    width, height, rgba = thash.thumb_hash_to_rgba(list(content), base_size=DRAWN_PX)
    return Image.frombytes("RGBA", (width, height), bytes(rgba)).resize(size, Image.Resampling.BICUBIC)


def _fit(size: Size, longest: int) -> Size:
    scale = min(1.0, longest / max(size))
    return Size(max(1, round(size.width * scale)), max(1, round(size.height * scale)))


def _dominant(sample: Image.Image) -> tuple[int, int, int]:
    pixels = np.asarray(sample.convert("RGBA")).reshape(-1, 4)
    visible = pixels[pixels[:, 3] >= VISIBLE_ALPHA][:, :3]
    if not len(visible):
        return 255, 255, 255
    quantized = Image.fromarray(visible[None], "RGB").quantize(PALETTE_COLORS, Image.Quantize.MEDIANCUT)
    counts = np.bincount(np.asarray(quantized).ravel())
    members = visible[np.asarray(quantized).ravel() == counts.argmax()]
    red, green, blue = (round(float(channel)) for channel in members.mean(axis=0))
    return red, green, blue
