"""Colours of requests, and pixel modes of pictures (spec image-urls §4.8, §5.4).

A colour is an RGBA tuple, 0 to 255. Pictures are in a working mode; `native` says what a colour is there.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image, ImageColor

if TYPE_CHECKING:
    from qis_core.settings import Settings

Rgba = tuple[int, int, int, int]
#: ``auto``: the colour is sensed from the picture while rendering.
Fill = Rgba | Literal["auto"]

WHITE: Rgba = (255, 255, 255, 255)
TRANSPARENT: Rgba = (0, 0, 0, 0)
AUTO: Literal["auto"] = "auto"
_HEX = re.compile(r"[0-9a-f]{3}|[0-9a-f]{6}|[0-9a-f]{8}", re.ASCII)
_MIN_LENGTH, _MAX_LENGTH = 3, 32


@dataclass(frozen=True, slots=True)
class Colour:
    """A parameter that is a colour, in any form of spec §4.8; its value is the canonical text: ``ff0000``.

    ``none`` and ``transparent`` are ``00000000``. Blank is *not given*. *allow_auto* adds the word ``auto``.
    """

    allow_auto: bool = False

    def parse(self, text: str) -> str | None:
        return text.strip() or None

    def check(self, value: object) -> object:
        if not isinstance(value, str):
            raise ValueError(f"{value!r} is not right; expected {self.describe()}")
        if not _MIN_LENGTH <= len(value) <= _MAX_LENGTH:
            raise ValueError(f"{len(value)} is out of range; expected {_MIN_LENGTH} to {_MAX_LENGTH} characters")
        if self.allow_auto and value.strip().lower() == AUTO:
            return AUTO
        try:
            return format_colour(parse_colour(value))
        except ValueError:
            raise ValueError(f"{value!r} is not a valid choice; expected {self.describe()}") from None

    def format(self, value: object) -> str:
        return str(value)

    def describe(self) -> str:
        words = "none or auto" if self.allow_auto else "or none"
        return f"a colour: 3, 6 or 8 hex digits, rgb(r,g,b), hsl(h,s%,l%), a CSS name, {words}"

    def schema(self) -> dict[str, object]:
        return {"type": "string", "minLength": _MIN_LENGTH, "maxLength": _MAX_LENGTH}

    def examples(self) -> tuple[str, ...]:
        """Texts that it takes, for the conformance kit."""
        words = ("Grey", "none", AUTO) if self.allow_auto else ("Grey", "none")
        return ("f00", "0000ff80", "#336699", "rgb(1, 2, 3)", "hsl(120,50%,50%)", *words)

    def bind(self, settings: "Settings") -> "Colour":
        return self


def parse_colour(text: str) -> Rgba:
    """Any form of spec §4.8 but ``auto``; case and spaces do not matter. `ValueError` when it is no colour."""
    word = "".join(text.split()).lower()
    if word in ("none", "transparent"):
        return TRANSPARENT
    red, green, blue, *alpha = ImageColor.getrgb("#" + word if _HEX.fullmatch(word) else word)
    colour = (red, green, blue, alpha[0] if alpha else 255)
    if not all(0 <= channel <= 255 for channel in colour):
        raise ValueError(f"{text!r} has a channel out of range")
    return colour


def format_colour(colour: Rgba) -> str:
    """The canonical text: 6 hex digits, 8 when it is not opaque; every invisible colour is ``00000000``."""
    if colour[3] == 0:
        return "00000000"
    return bytes(colour if colour[3] < 255 else colour[:3]).hex()


def over_white(colour: Rgba) -> Rgba:
    """The opaque colour that shows when *colour* lies on white."""
    red, green, blue, alpha = colour
    on_white = [round((channel * alpha + 255 * (255 - alpha)) / 255) for channel in (red, green, blue)]
    return (on_white[0], on_white[1], on_white[2], 255)


def native(colour: Rgba, mode: str) -> int | tuple[int, ...]:
    """The pixel value of a colour in a working mode; modes without alpha drop it."""
    red, green, blue, alpha = colour
    if mode in ("L", "LA"):
        grey = luma(colour)
        return (grey, alpha) if mode == "LA" else grey
    if mode == "CMYK":
        return _inks(red, green, blue)
    return colour if mode == "RGBA" else (red, green, blue)


def luma(colour: Rgba) -> int:
    """The grey of a colour, as conversions of pictures compute it (ITU-R BT.601)."""
    red, green, blue, _ = colour
    return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16


def _inks(red: int, green: int, blue: int) -> tuple[int, ...]:
    """Black ink for the grey part, so that black is black and not 300 % of ink."""
    light = max(red, green, blue)
    if light == 0:
        return (0, 0, 0, 255)
    return (*(round(255 * (light - channel) / light) for channel in (red, green, blue)), 255 - light)


def has_alpha(image: Image.Image) -> bool:
    return image.mode in ("LA", "RGBA")


def is_opaque(image: Image.Image) -> bool:
    """Whether no pixel is transparent, even a little."""
    return not has_alpha(image) or image.getchannel("A").getextrema() == (255, 255)


def to_mode(image: Image.Image, mode: str) -> Image.Image:
    """The picture in another working mode by the simple formulas, its profile not asked.

    Transparency is lost in modes without it: flatten first.
    """
    if image.mode == mode:
        return image
    return _without_alpha(image).convert(mode) if mode == "CMYK" else image.convert(mode)


def _without_alpha(image: Image.Image) -> Image.Image:
    return image.convert({"LA": "L", "RGBA": "RGB"}.get(image.mode, image.mode))


def flattened(image: Image.Image, colour: Rgba) -> Image.Image:
    """The picture without alpha, lying on an opaque colour."""
    if not has_alpha(image):
        return image
    ground = Image.new(image.mode, image.size, native(replace_alpha(colour), image.mode))
    return _without_alpha(Image.alpha_composite(ground, image))


def premultiplied(colour: Rgba) -> Rgba:
    """The colour as it is stored where colour is weighted by alpha."""
    red, green, blue = (round(channel * colour[3] / 255) for channel in colour[:3])
    return (red, green, blue, colour[3])


def replace_alpha(colour: Rgba, alpha: int = 255) -> Rgba:
    """The same colour, more or less opaque."""
    return (*colour[:3], alpha)


def edge_colour(image: Image.Image) -> Rgba:
    """The median of the outermost pixel ring; transparent when most of the ring is (spec §4.8, ``fill=auto``)."""
    ring = np.asarray(edge_ring(image).convert("RGBA"), np.uint8).reshape(-1, 4)
    if np.median(ring[:, 3]) == 0:
        return TRANSPARENT
    red, green, blue = (int(value + 0.5) for value in np.median(ring[ring[:, 3] > 0][:, :3], axis=0))
    return (red, green, blue, 255)


def edge_ring(image: Image.Image) -> Image.Image:
    """The outermost pixels of a picture in one row, each once."""
    width, height = image.size
    lines = [(0, 0, width, 1), (0, height - 1, width, height), (0, 1, 1, height - 1), (width - 1, 1, width, height - 1)]
    lines = [line for line in lines if line[0] < line[2] and line[1] < line[3]]
    parts = [image.crop(line) for line in dict.fromkeys(lines)]
    parts = [part if part.height == 1 else part.transpose(Image.Transpose.ROTATE_90) for part in parts]
    ring = Image.new(image.mode, (sum(part.width for part in parts), 1))
    left = 0
    for part in parts:
        ring.paste(part, (left, 0))
        left += part.width
    return ring
