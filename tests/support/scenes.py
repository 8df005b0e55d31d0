"""Drawn pictures whose subject is known, for everything that looks for it."""

import colorsys
import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from qis_core.domain.images import Box, Size

#: Where a subject can be, in fractions of what is left beside it.
POSITIONS = {
    "nw": (0.0, 0.0), "n": (0.5, 0.0), "ne": (1.0, 0.0),
    "w": (0.0, 0.5), "c": (0.5, 0.5), "e": (1.0, 0.5),
    "sw": (0.0, 1.0), "s": (0.5, 1.0), "se": (1.0, 1.0),
}  # fmt: skip
BACKGROUNDS = ("flat", "landscape", "gradient", "noise", "stripes", "bricks", "bokeh")
DISTRACTORS = ("none", "horizon", "caption", "specks", "wires", "shadow")
_MARGIN = 0.06
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Scene:
    """A picture and the box around its subject."""

    image: Image.Image
    subject: Box


def draw_scene(size: Size, position: str, background: str, distractor: str, seed: int = 0) -> Scene:
    """A scene; *seed* varies colours, size and detail, always in the same way."""
    random = np.random.default_rng([seed, *map(ord, position + background + distractor)])
    image = _background(size, background, random)
    _distract(image, distractor, random)
    subject = _subject_box(size, position, random)
    _draw_subject(image, subject, random)
    return Scene(image.filter(ImageFilter.GaussianBlur(0.6)), subject)


def visible_share(subject: Box, window: Box) -> float:
    """Which part of a subject a window shows."""
    width = min(subject.right, window.right) - max(subject.left, window.left)
    height = min(subject.bottom, window.bottom) - max(subject.top, window.top)
    return max(0.0, width) * max(0.0, height) / (subject.width * subject.height)


def _subject_box(size: Size, position: str, random: np.random.Generator) -> Box:
    side = min(size) * random.uniform(0.2, 0.34)
    width, height = side * random.uniform(0.8, 1.1), side * random.uniform(0.9, 1.2)
    margin = min(size) * _MARGIN
    x, y = POSITIONS[position]
    left = margin + x * (size.width - width - 2 * margin)
    top = margin + y * (size.height - height - 2 * margin)
    return Box(round(left), round(top), round(left + width), round(top + height))


def _draw_subject(image: Image.Image, box: Box, random: np.random.Generator) -> None:
    """Something like a bird or a head: a body of a strong colour with a lighter part and dark details."""
    hue = random.uniform(0, 360)
    draw = ImageDraw.Draw(image)
    draw.ellipse(tuple(box), fill=_hsv(hue, 0.75, 0.8))
    belly = _part(box, 0.25, 0.45, 0.75, 0.95)
    draw.ellipse(belly, fill=_hsv(hue + 30, 0.35, 0.95))
    for left in (0.28, 0.6):
        draw.ellipse(_part(box, left, 0.22, left + 0.12, 0.36), fill=(20, 18, 22))


def _background(size: Size, kind: str, random: np.random.Generator) -> Image.Image:
    hue = random.uniform(0, 360)
    y, x = np.mgrid[0 : size.height, 0 : size.width]
    light = {
        "flat": lambda: np.full((size.height, size.width), 0.6),
        "landscape": lambda: np.where(y > size.height * 0.62, 0.42, 0.78) + random.normal(0, 0.02, y.shape),
        "gradient": lambda: 0.35 + 0.5 * (x / size.width + y / size.height) / 2,
        "noise": lambda: 0.5 + random.normal(0, 0.12, y.shape),
        "stripes": lambda: 0.5 + 0.12 * np.sign(np.sin(x * 2 * math.pi / (size.width / 14))),
        "bricks": lambda: np.where((y % 24 < 3) | ((x + 24 * (y // 24 % 2)) % 48 < 3), 0.75, 0.5),
        "bokeh": lambda: np.full((size.height, size.width), 0.45),
    }[kind]()
    image = Image.fromarray((np.clip(_tinted(light, hue), 0, 1) * 255).astype(np.uint8), "RGB")
    return _with_bokeh(image, hue, random) if kind == "bokeh" else image


def _tinted(light: np.ndarray, hue: float) -> np.ndarray:
    tint = np.array(_hsv(hue, 0.18, 1.0)) / 255
    return light[..., None] * tint


def _with_bokeh(image: Image.Image, hue: float, random: np.random.Generator) -> Image.Image:
    """Large soft discs a little lighter than the ground, all over."""
    draw = ImageDraw.Draw(image)
    for _ in range(40):
        x, y = random.uniform(0, image.width), random.uniform(0, image.height)
        radius = random.uniform(0.02, 0.07) * image.width
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_hsv(hue, 0.25, random.uniform(0.5, 0.62)))
    return image.filter(ImageFilter.GaussianBlur(image.width / 100))


def _distract(image: Image.Image, kind: str, random: np.random.Generator) -> None:
    draw = ImageDraw.Draw(image)
    width, height = image.size
    if kind == "horizon":
        draw.rectangle((0, height * 0.55, width, height * 0.57), fill=(30, 30, 35))
    elif kind == "caption":
        _caption(draw, image.size)
    elif kind == "specks":
        for _ in range(60):
            x, y = random.integers(0, width), random.integers(0, height)
            draw.ellipse((x, y, x + width // 200 + 1, y + width // 200 + 1), fill=(250, 250, 240))
    elif kind == "wires":
        for start in np.linspace(0, height, 5):
            draw.line((0, start, width, height - start), fill=(60, 60, 60), width=max(1, width // 400))
    elif kind == "shadow":
        shade = Image.linear_gradient("L").rotate(90).resize(image.size).point(lambda value: 150 + value * 105 // 255)
        image.paste(Image.composite(image, Image.new("RGB", image.size), shade))


def _caption(draw: ImageDraw.ImageDraw, size: tuple[int, int]) -> None:
    """A line of small white text marks in a corner, as cameras print the date."""
    unit = size[0] / 150
    for index in range(12):
        left = size[0] * 0.72 + index * 2.4 * unit
        draw.rectangle((left, size[1] - 5 * unit, left + 1.4 * unit, size[1] - 2.5 * unit), fill=(255, 250, 235))


def _part(box: Box, left: float, top: float, right: float, bottom: float) -> tuple[float, float, float, float]:
    return (
        *(box.left + left * box.width, box.top + top * box.height),
        *(box.left + right * box.width, box.top + bottom * box.height),
    )


def _hsv(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue % 360 / 360, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)
