"""Printed matter: a field guide of four pages, a poster in printing colours."""

import textwrap
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from qis_plugins.samples.charts import temperatures, topographic_map
from qis_plugins.samples.horizons import misty_ridges

_INK = "#1c2126"
_INTRODUCTION = (
    "This guide describes a district that exists only on this server. Its mountains are noise with a slope, its lake "
    "is the level below which nothing was drawn, and the weather was decided in a table of twelve numbers.",
    "The pages are of four kinds, as in many scanned documents: this one has two values only, black and white; the map "
    "is in colour; the table of heights is grey; the last page is a photograph with a caption.",
    "Ask for a page by its number: page=1 is this one, page=2 the map, page=3 the table and page=4 the photograph.",
)
_HEIGHTS = (
    ("North Tooth", 2914),
    ("Old Snow", 2871),
    ("Weather Stone", 2640),
    ("Low Saddle", 2115),
    ("Pine Terrace", 1390),
    ("Still Lake", 1022),
)


def field_guide(width: int, height: int) -> list[Image.Image]:
    """Four pages: text in black and white, a map in colour, a table in grey, a plate in colour."""
    return [
        _text_page(width, height),
        _plate(width, height, (topographic_map, "Sheet 1. Contours every 50 m, thick every 250 m.")),
        _table_page(width, height),
        _plate(width, height, (misty_ridges, "Plate 1. Mist over the lower ranges, soon after sunrise.")),
    ]


class _Page:
    """A sheet of paper with margins, and a pen that goes down."""

    def __init__(self, width: int, height: int, title: str) -> None:
        self.image = Image.new("RGB", (width, height), "white")
        self.draw, self.unit, self.y = ImageDraw.Draw(self.image), width / 100, 10.0
        self.text(title, 5.2)
        self.draw.line(
            [self.at(10), (90 * self.unit, self.y * self.unit)], fill=_INK, width=max(1, int(0.25 * self.unit))
        )
        self.y += 5

    def at(self, x: float) -> tuple[float, float]:
        return x * self.unit, self.y * self.unit

    def text(self, text: str, size: float, x: float = 10) -> None:
        self.draw.text(self.at(x), text, fill=_INK, font=ImageFont.load_default(size * self.unit))
        self.y += size * 1.45


def _text_page(width: int, height: int) -> Image.Image:
    page = _Page(width, height, "A field guide to Still Lake")
    for paragraph in _INTRODUCTION:
        for line in textwrap.wrap(paragraph, 66):
            page.text(line, 2.5)
        page.y += 2.5
    _draw_compass(page)
    return page.image.convert("L").point(lambda value: 255 if value > 150 else 0).convert("1", dither=Image.Dither.NONE)


def _draw_compass(page: _Page) -> None:
    centre, radius = (50 * page.unit, (page.y + 24) * page.unit), 19 * page.unit
    for number in range(32):
        turn = number * np.pi / 16
        inner = 0.93 if number % 2 else 0.86
        ends = [(centre[0] + radius * r * np.sin(turn), centre[1] - radius * r * np.cos(turn)) for r in (inner, 1.0)]
        page.draw.line(ends, fill=_INK, width=max(1, int(0.2 * page.unit)))
    for number in range(8):
        turn, long = number * np.pi / 4, 0.80 if number % 2 == 0 else 0.48
        tip = (centre[0] + radius * long * np.sin(turn), centre[1] - radius * long * np.cos(turn))
        for side, fill in ((-1, "white"), (1, _INK)):
            bend = turn + side * np.pi / 8
            waist = (centre[0] + radius * 0.14 * np.sin(bend), centre[1] - radius * 0.14 * np.cos(bend))
            page.draw.polygon([centre, tip, waist], fill=fill, outline=_INK)


def _table_page(width: int, height: int) -> Image.Image:
    page = _Page(width, height, "Heights and temperatures")
    for name, metres in _HEIGHTS:
        top = page.y
        page.text(name, 2.7)
        page.y = top
        page.text(f"{metres} m", 2.7, 42)
        page.draw.rectangle(
            (*(page.unit * v for v in (55, top + 0.5, 55 + 35 * metres / 3000, top + 2.9)),), fill="#8d949c"
        )
    page.y += 5
    chart = temperatures(int(80 * page.unit), int(52 * page.unit)).convert("RGB")
    page.image.paste(chart, (int(10 * page.unit), int(page.y * page.unit)))
    return page.image.convert("L")


def _plate(width: int, height: int, plate: tuple[Callable[[int, int], Image.Image], str]) -> Image.Image:
    draw, caption = plate
    image = Image.new("RGB", (width, height), "#fbfaf6")
    unit = width / 100
    size = int(84 * unit), int(101 * unit)
    image.paste(draw(*size), (int(8 * unit), int(10 * unit)))
    font = ImageFont.load_default(2.4 * unit)
    ImageDraw.Draw(image).text((8 * unit, 13 * unit + size[1]), caption, fill=_INK, font=font)
    return image


def poster(width: int, height: int) -> Image.Image:
    """A poster in cyan, magenta, yellow and black, as a printer wants it."""
    inks = [Image.new("L", (width, height), 0) for _ in range(4)]
    pens = [ImageDraw.Draw(ink) for ink in inks]
    pens[2].rectangle((0, 0, width, height), fill=22)
    for number, (x, y, radius) in enumerate(((0.36, 0.36, 0.27), (0.62, 0.44, 0.25), (0.44, 0.58, 0.22))):
        disc = Image.new("L", (width, height), 0)
        box = ((x - radius) * width, y * height - radius * width, (x + radius) * width, y * height + radius * width)
        ImageDraw.Draw(disc).ellipse(box, fill=235)
        inks[number] = Image.fromarray(np.maximum(np.asarray(inks[number]), np.asarray(disc)))
    pen = ImageDraw.Draw(inks[3])
    for size, y, text in (
        (0.115, 0.80, "NIGHT OF"),
        (0.115, 0.875, "COLOURS"),
        (0.035, 0.945, "cyan · magenta · yellow · black"),
    ):
        pen.text((0.08 * width, y * height), text, fill=255, font=ImageFont.load_default(size * width), anchor="lm")
    return Image.merge("CMYK", inks)
