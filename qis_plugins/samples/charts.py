"""Drawings with hard edges and few colours: a chart, a map, a test target, a logo."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from qis_plugins.samples.light import colour, develop, gradient
from qis_plugins.samples.noise import Map, smooth, spectral

_SMOOTHING = 2
_INK, _PAPER, _GRID = "#22303c", "#fbfaf7", "#d9dde0"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TOWNS = (
    ("Harbour", "#1f77b4", (4, 4, 6, 9, 13, 16, 18, 18, 15, 11, 7, 5)),
    ("Valley", "#d1495b", (-1, 1, 6, 11, 16, 20, 23, 22, 17, 11, 5, 0)),
    ("Summit", "#5b8e7d", (-11, -11, -9, -5, -1, 3, 6, 6, 3, -1, -6, -10)),
)


def temperatures(width: int, height: int) -> Image.Image:
    """A line chart in 64 colours: mean temperatures of three places."""
    chart = _Chart(width * _SMOOTHING, height * _SMOOTHING)
    chart.text((0.5, 0.07), "Mean temperature, °C", 0.050)
    for degrees in range(-15, 30, 5):
        y = chart.y(degrees)
        chart.draw.line([(chart.x(0), y), (chart.x(11), y)], fill=_INK if degrees == 0 else _GRID, width=chart.line)
        chart.text((0.055, y / chart.height), f"{degrees}", 0.026)
    for month, name in enumerate(_MONTHS):
        chart.text((chart.x(month) / chart.width, 0.955), name, 0.026)
    for town in _TOWNS:
        chart.curve(*town)
    return chart.image.resize((width, height), Image.Resampling.BOX).quantize(64, dither=Image.Dither.NONE)


class _Chart:
    """Axes and a pen; drawn large, made smooth by reducing."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.image = Image.new("RGB", (width, height), _PAPER)
        self.draw = ImageDraw.Draw(self.image)
        self.line = max(1, width // 1000)

    def x(self, month: float) -> float:
        return (0.09 + 0.74 * month / 11) * self.width

    def y(self, degrees: float) -> float:
        return (0.52 - 0.0185 * (degrees - 5)) * self.height

    def text(self, place: tuple[float, float], text: str, size: float, paint: str = _INK) -> None:
        font = ImageFont.load_default(size * self.height)
        self.draw.text((place[0] * self.width, place[1] * self.height), text, fill=paint, font=font, anchor="mm")

    def curve(self, name: str, paint: str, degrees: tuple[int, ...]) -> None:
        months = np.linspace(0, 11, 400)
        values = _through(degrees, months)
        points = [(self.x(float(month)), self.y(float(value))) for month, value in zip(months, values, strict=True)]
        self.draw.line(points, fill=paint, width=self.line * 5, joint="curve")
        for month, value in enumerate(degrees):
            x, y, radius = self.x(month), self.y(value), self.line * 7
            self.draw.ellipse(
                (x - radius, y - radius, x + radius, y + radius), fill=_PAPER, outline=paint, width=self.line * 4
            )
        self.text((0.91, self.y(degrees[-1]) / self.height), name, 0.032, paint)


def _through(values: tuple[int, ...], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """A smooth curve through *values* at 0, 1, 2 … (Catmull-Rom)."""
    padded = np.array([2 * values[0] - values[1], *values, 2 * values[-1] - values[-2]], dtype=np.float64)
    index = np.minimum(places.astype(int), len(values) - 2)
    t = places - index
    before, one, two, after = (padded[index + offset] for offset in range(4))
    bend = (2 * before - 5 * one + 4 * two - after) * t + (3 * one - before - 3 * two + after) * t * t
    return np.asarray(one + 0.5 * t * (two - before + bend))


def topographic_map(width: int, height: int) -> Image.Image:
    """Contour lines over shaded relief, with a lake."""
    elevation = _island(max(width, height))[:height, :width]
    dy, dx = np.gradient(elevation / 6)
    shade = np.clip(0.82 + 0.5 * (dx + dy) / np.sqrt(2 + dx * dx + dy * dy), 0.3, 1.2)
    stops = ((0, "#cfe3c0"), (0.35, "#e9ebc8"), (0.6, "#ead9b0"), (0.8, "#d9b995"), (1, "#f6f2ee"))
    light = gradient(np.clip(elevation / 900, 0, 1), stops) * shade[..., None].astype(np.float32)
    water = smooth(-elevation, -2.0, 2.0)
    light += (colour("#a9cfe6") - light) * water[..., None]
    light += (colour("#7d4a26") - light) * (_contours(elevation, 50) * 0.45 * (1 - water))[..., None]
    light += (colour("#6b3a1a") - light) * (_contours(elevation, 250) * 0.8 * (1 - water))[..., None]
    light += (colour("#2f6f9f") - light) * np.exp(-((elevation / 5) ** 2))[..., None]
    return _with_border(develop(light.astype(np.float32), exposure=1.35, grain=0))


def _island(side: int) -> Map:
    """Heights in metres around a lake; below 0 is water."""
    power = 1 << (side - 1).bit_length()
    land = spectral(power, 2.9, 131, lowest=2) + 0.22 * (1 - np.abs(spectral(power, 2.4, 132, lowest=4)))
    return (land * 330 + 230).astype(np.float32)


def _contours(elevation: Map, step: float) -> Map:
    """1 on lines of equal height, about one and a half pixels wide whatever the slope."""
    dy, dx = np.gradient(elevation / step)
    places = elevation / step
    away = np.abs(places - np.round(places)) / np.maximum(np.hypot(dx, dy), 1e-4)
    return np.asarray(np.clip(1.35 - away, 0, 1), dtype=np.float32)


def _with_border(image: Image.Image) -> Image.Image:
    draw = ImageDraw.Draw(image)
    width, height = image.size
    unit = width / 100
    draw.rectangle((0, 0, width - 1, height - 1), outline=_INK, width=max(2, int(unit / 4)))
    box = (3 * unit, height - 9 * unit, 30 * unit, height - 3 * unit)
    draw.rectangle(box, fill=_PAPER, outline=_INK, width=max(1, int(unit / 10)))
    for number in range(4):
        left = box[0] + (2 + 5 * number) * unit
        fill = _INK if number % 2 == 0 else _PAPER
        draw.rectangle((left, box[1] + 3.8 * unit, left + 5 * unit, box[1] + 4.6 * unit), fill=fill, outline=_INK)
    font = ImageFont.load_default(1.8 * unit)
    draw.text((box[0] + 2 * unit, box[1] + 1 * unit), "Lake district   0 … 4 km", fill=_INK, font=font)
    return image


def elevation_16_bit(width: int, height: int) -> Image.Image:
    """The same heights as 16-bit grey: 0 is the lowest, 65535 the highest point."""
    elevation = _island(max(width, height))[:height, :width]
    share = (elevation - elevation.min()) / (elevation.max() - elevation.min())
    return Image.fromarray((share * 65535 + 0.5).astype(np.uint16))


def target(width: int, height: int) -> Image.Image:
    """A test target: zone plate, star, gratings, grey steps; what resizing does wrong shows here."""
    values = np.full((height, width), 255, dtype=np.float32)
    unit = min(width, height // 2)
    _zone_plate(values[:unit, : width // 2])
    _star(values[:unit, width // 2 :])
    for number, pitch in enumerate((2, 3, 4, 6, 8, 12, 16, 24)):
        column = slice(number * width // 8, (number + 1) * width // 8)
        x = np.arange(width)[column] % pitch < pitch / 2
        values[unit : unit + (height - unit) // 2, column] = np.where(x, 255, 0)[None, :]
    steps = np.floor(np.linspace(0, 15.999, width)) * 17
    values[unit + (height - unit) // 2 :, :] = steps[None, :]
    return Image.fromarray(values.astype(np.uint8))


def _zone_plate(part: Map) -> None:
    height, width = part.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    squared = (x - width / 2) ** 2 + (y - height / 2) ** 2
    part[:] = 127.5 + 127.5 * np.cos(squared * np.float32(np.pi / max(width, height)))


def _star(part: Map) -> None:
    height, width = part.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    turn, away = np.arctan2(y - height / 2, x - width / 2), np.hypot(y - height / 2, x - width / 2)
    wave = np.clip(np.sin(turn * 36) * away * 36 / 36 * 0.9 + 0.5, 0, 1)
    part[:] = np.where(away < min(width, height) * 0.47, wave * 255, 255)


_BLADES = ((0, "#0ea5e9"), (0.2, "#6366f1"), (0.4, "#d946ef"), (0.6, "#f43f5e"), (0.8, "#f59e0b"), (1, "#22c55e"))


def logo(width: int, height: int) -> Image.Image:
    """The mark of this server on a transparent ground: six blades round a light, with a soft shadow."""
    side = max(width, height)
    y, x = (np.mgrid[0:side, 0:side].astype(np.float32) + 0.5) / side * 2 - 1
    cover, paint = _blades((x, y), 3 / side)
    low = np.hypot(x, y - 0.05)
    shadow = 0.35 * smooth(-low, -0.95, -0.78) * smooth(low, 0.26, 0.36)
    alpha = cover + shadow * (1 - cover)
    light = paint * (cover / np.maximum(alpha, 1e-4))[..., None]
    mark = develop(light.astype(np.float32), exposure=1.3, grain=0)
    mark.putalpha(Image.fromarray((alpha * 255 + 0.5).astype(np.uint8)))
    return mark.resize((width, height), Image.Resampling.LANCZOS)


def _blades(place: tuple[Map, Map], edge: float) -> tuple[Map, Map]:
    """Where the blades are, soft over *edge*, and their colours."""
    x, y = place
    away = np.hypot(x, y)
    turned = (np.arctan2(y, x) / (2 * np.pi) * 6 + 1.35 * away + 12) % 6
    seam = np.abs(turned % 1 - 0.5)
    paint = gradient(np.floor(turned) / 5, _BLADES)
    paint = paint * (0.72 + 0.4 * smooth(-seam, -0.5, -0.1) - 0.12 * y)[..., None]
    disc = smooth(-away, -0.86 - edge, -0.86 + edge) * smooth(away, 0.33 - edge, 0.33 + edge)
    return np.asarray(disc * smooth(0.5 - seam, 0.018, 0.018 + 4 * edge), dtype=np.float32), paint
