"""Pictures with one subject: an owl, a dahlia, the moon, harbour lights."""

import numpy as np
from PIL import Image

from qis_plugins.samples.light import colour, develop, gradient, vignette
from qis_plugins.samples.noise import Map, map_side, read, smooth, spectral
from qis_plugins.samples.petals import Petal, paint_petal


def dahlia(width: int, height: int) -> Image.Image:
    """A dahlia in full bloom before a blurred garden."""
    light = bokeh(width, height, (("#0d2416", "#1d4a26", "#4d7d34"), 81, 130))
    random = np.random.default_rng(82)
    size, centre = 0.43 * min(width, height), (0.5 * width, 0.47 * height)
    for number in range(260, 0, -1):
        paint_petal(light, _ray(centre, size, (number, random)))
    outer, inner = colour("#c81e58") * np.float32(0.4), colour("#5c0a34")
    for number in range(34, 0, -1):
        angle, root = number * _GOLDEN, size * 0.008 * number**0.5
        at = (centre[0] + root * np.cos(angle), centre[1] + root * np.sin(angle))
        paint_petal(light, Petal(*at, angle, size * 0.055, size * 0.034, outer, inner, blunt=0.6))
    dot = size * 0.012
    paint_petal(light, Petal(centre[0] - dot, centre[1], 0, 2 * dot, 2 * dot, inner, inner * np.float32(0.7), 1.0))
    return develop(vignette(light, 0.35), exposure=1.2, grain=0.012, seed=6)


#: The angle between one petal and the next, as in most flowers.
_GOLDEN = 2.39996


def _ray(centre: tuple[float, float], size: float, which: tuple[int, np.random.Generator]) -> Petal:
    """One of 260 petals: the higher its number, the farther out, longer and paler."""
    number, random = which
    angle, share = number * _GOLDEN, (number / 260) ** 0.5
    root = size * share * 0.42
    x, y = centre[0] + root * np.cos(angle), centre[1] + root * np.sin(angle) * 0.96
    length = size * (0.10 + 0.52 * share) * random.uniform(0.94, 1.05)
    outer, inner, tip = colour("#c81e58"), colour("#5c0a34"), colour("#ffb3bd")
    middle = inner + (outer - inner) * np.float32(share)
    pale = middle + (tip - middle) * np.float32(0.06 + 0.5 * share**2)
    turned = angle + random.uniform(-0.06, 0.06)
    return Petal(x, y, turned, length, size * (0.075 + 0.17 * share), middle * np.float32(0.55), pale, 0.62, 0, 0.5)


def owl(width: int, height: int) -> Image.Image:
    """A portrait of an eagle owl at the edge of a wood."""
    light = bokeh(width, height, (("#10130f", "#3b3a22", "#b98a3c"), 111, 60))
    unit, random = width / 1000, np.random.default_rng(112)
    _body(light, unit, random)
    _head(light, unit, random)
    for side in (-1, 1):
        _tuft(light, (side, unit), random)
        _face(light, (side, unit), random)
    for side in (-1, 1):
        _eye(light, (width / 2 + side * 128 * unit, 470 * unit, 78 * unit))
    _beak(light, unit)
    return develop(vignette(light, 0.4), exposure=1.35, grain=0.012, seed=9)


_BROWNS = ("#3a2413", "#6b4422", "#9a6a36", "#c79a5e", "#e3c795")


def _feather(random: np.random.Generator, dark: float) -> tuple[Map, Map]:
    """Root and tip colour of a feather; *dark* from 0 to 1."""
    tone = float(np.clip(1 - dark + random.uniform(-0.18, 0.18), 0, 0.999)) * (len(_BROWNS) - 1)
    root, tip = colour(_BROWNS[int(tone)]), colour(_BROWNS[min(int(tone) + 1, len(_BROWNS) - 1)])
    return root * np.float32(0.5), tip


def _body(light: Map, unit: float, random: np.random.Generator) -> None:
    bottom = light.shape[0] / unit + 60
    for row in np.arange(bottom, 640, -34):
        half = 330 + 95 * np.sin(min((row - 640) / 500, 1.3) * 1.5)
        for place in np.arange(-half, half + 1, 58) + 29 * (int(row / 34) % 2):
            wing = abs(place) / half
            root, tip = _feather(random, 0.28 + 0.5 * wing**3 + 0.15 * (row < 760))
            x, y = 500 + place + random.uniform(-6, 6), row + 60 * wing**2 + random.uniform(-8, 8)
            lean = np.pi / 2 - 0.25 * place / half
            size = random.uniform(0.9, 1.1)
            petal = Petal(x * unit, y * unit, lean, 128 * size * unit, 74 * unit, root, tip, 0.6, 2.2, 0.45)
            paint_petal(light, petal)


def _head(light: Map, unit: float, random: np.random.Generator) -> None:
    """Rings of feathers from the outline of the head to its middle, all pointing outwards and down."""
    for ring in np.linspace(1, 0.1, 11):
        count = int(12 + 42 * ring)
        for turn in np.linspace(0, 2 * np.pi, count, endpoint=False) + random.uniform(0, 1):
            x, y = 500 + 275 * ring * np.cos(turn), 480 + 235 * ring * np.sin(turn)
            root, tip = _feather(random, 0.55 + 0.25 * ring * (np.sin(turn) < 0))
            petal = Petal(x * unit, y * unit, turn, 92 * unit, 46 * unit, root, tip, 0.7, 1.4, 0.4)
            paint_petal(light, petal)


def _tuft(light: Map, place: tuple[int, float], random: np.random.Generator) -> None:
    side, unit = place
    for number in range(9):
        root, tip = _feather(random, 0.75)
        x, y = 500 + side * (150 + number * 13), 318 - 6 * number
        angle = -np.pi / 2 + side * (0.28 + 0.055 * number)
        length = (215 - 15 * abs(number - 4)) * random.uniform(0.9, 1.05)
        petal = Petal(x * unit, y * unit, angle, length * unit, 44 * unit, root, tip * np.float32(0.6), 0.9, 1.5, 0.5)
        paint_petal(light, petal)


def _face(light: Map, place: tuple[int, float], random: np.random.Generator) -> None:
    """The disc of fine feathers round an eye, dark at its rim."""
    side, unit = place
    for ring, size, dark in ((150, 46, 0.85), (128, 74, 0.30), (104, 74, 0.16), (82, 70, 0.10)):
        for turn in np.linspace(0, 2 * np.pi, 46, endpoint=False):
            x, y = 500 + side * 128 + (ring - 30) * np.cos(turn), 470 + (ring - 30) * np.sin(turn)
            root, tip = _feather(random, dark)
            petal = Petal(x * unit, y * unit, turn, size * unit, 24 * unit, root * 1.6, tip, 0.8, 0, 0.22)
            paint_petal(light, petal)


def _eye(light: Map, eye: tuple[float, float, float]) -> None:
    x, y, radius = eye
    reach = int(radius * 1.3)
    rows, columns = slice(int(y) - reach, int(y) + reach), slice(int(x) - reach, int(x) + reach)
    v = (np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] - y) / radius
    u = (np.arange(columns.start, columns.stop, dtype=np.float32)[None, :] - x) / radius
    away, turn = np.hypot(u, v), np.arctan2(v, u)
    fibres = 1 + 0.16 * np.sin(turn * 57 + 3 * np.sin(turn * 13)) + 0.10 * np.sin(turn * 31)
    iris = gradient(away, ((0.4, "#ffb000"), (0.7, "#ff7a00"), (0.92, "#8a2c00"), (1, "#1a0700")))
    paint = iris * (fibres * (1.15 - 0.75 * smooth(-v, 0.0, 1.0)))[..., None] * 1.25
    paint *= smooth(away, 0.44, 0.49)[..., None]
    paint += (smooth(-np.hypot(u + 0.30, v + 0.34), -0.19, -0.13) * 2.2)[..., None]
    paint += (smooth(-np.hypot(u - 0.34, v - 0.36), -0.12, -0.02) * 0.12)[..., None]
    part = light[rows, columns]
    part *= (1 - 0.9 * smooth(-away, -1.28, -1.0))[..., None]
    part += (paint.astype(np.float32) - part) * smooth(-away, -1.0, -0.96)[..., None]


def _beak(light: Map, unit: float) -> None:
    root, tip = colour("#4b4a48"), colour("#15130f")
    paint_petal(light, Petal(500 * unit, 500 * unit, np.pi / 2, 150 * unit, 74 * unit, root, tip, 0.55, 0, 0.5))
    paint_petal(light, Petal(497 * unit, 496 * unit, np.pi / 2, 118 * unit, 46 * unit, root * 2.4, root, 0.5, 0, 0.2))


def bokeh(width: int, height: int, look: tuple[tuple[str, str, str], int, int]) -> Map:
    """A background far out of focus: discs of light over soft shapes. *look*: dark to bright colours, seed, discs."""
    colours, seed, count = look
    small = (max(2, height // 4), max(2, width // 4))
    random = np.random.default_rng(seed)
    field = spectral(256, 2.2, seed, lowest=1)
    y, x = np.mgrid[0 : small[0], 0 : small[1]].astype(np.float32)
    places = read(field, x * 256 / max(small), y * 256 / max(small))
    light = gradient(0.5 + 0.25 * places, ((0, colours[0]), (0.6, colours[1]), (1, colours[2])))
    for _ in range(count):
        radius = max(small) * random.uniform(0.012, 0.05)
        away = np.hypot(x - random.uniform(0, small[1]), y - random.uniform(0, small[0])) / radius
        disc = smooth(-away, -1.04, -0.94) * (0.55 + 0.45 * smooth(away, 0.6, 1.0))
        light += disc[..., None] * colour(colours[int(random.integers(1, 3))]) * np.float32(random.uniform(0.05, 0.7))
    return enlarge(light.astype(np.float32), width, height)


def enlarge(light: Map, width: int, height: int) -> Map:
    """A small drawing of light as a large smooth one."""
    channels = (Image.fromarray(np.ascontiguousarray(light[..., channel])) for channel in range(light.shape[2]))
    large = [np.asarray(one.resize((width, height), Image.Resampling.BICUBIC)) for one in channels]
    return np.asarray(np.clip(np.stack(large, axis=-1), 0, None), dtype=np.float32)


def moon(width: int, height: int) -> Image.Image:
    """The half moon with seas, craters and rays."""
    side = map_side(min(width, height))
    relief = _craters(side, 91) + 0.35 * spectral(side, 1.5, 92, lowest=8)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    radius = 0.43 * min(width, height)
    x, y = (x - width / 2) / radius, (y - height / 2) / radius
    away = np.hypot(x, y)
    up = np.sqrt(np.clip(1 - away * away, 0, 1))
    spread = np.arcsin(np.clip(away, 0, 1)) / np.maximum(away, 1e-3) * side / 3.6
    at = (x * spread + side / 2, y * spread + side / 2)
    dy, dx = np.gradient(relief)
    slope = read(np.stack([dx, dy], axis=-1).astype(np.float32), *at)
    lit = np.clip(-0.86 * (x + 0.9 * slope[..., 0]) + 0.10 * (y + 0.9 * slope[..., 1]) + 0.34 * up, 0, None)
    seas = smooth(read(spectral(side, 2.3, 93, lowest=2), *at), 0.2, 1.3)
    surface = 0.62 - 0.34 * seas + 0.05 * read(spectral(side, 1.1, 94, lowest=6), *at)
    disc = smooth(-away, -1.0012, -0.9988)
    shine = (lit ** np.float32(0.8) * surface * 1.6 + 0.004) * disc
    sky = np.float32(0.0012) + 0.010 * np.exp(-np.clip(away - 1, 0, None) / 0.12) * (x < 0)
    light = shine[..., None] * colour("#fff3e0") + sky[..., None] * colour("#8fa6d8") * (1 - disc[..., None])
    return develop(light.astype(np.float32), exposure=1.25, grain=0.014, seed=7)


def _craters(side: int, seed: int) -> Map:
    """A plain with craters of all sizes, small ones on top of large ones."""
    random = np.random.default_rng(seed)
    relief = np.zeros((side, side), dtype=np.float32)
    for share in np.sort((1 - random.random(1900)) ** (-1 / 1.9))[::-1]:
        size = min(3.5 * float(share), 120.0) * side / 2048
        reach = int(size * 2.2) + 1
        x, y = (int(place) for place in random.integers(reach, side - reach, 2))
        grid = np.arange(-reach, reach + 1, dtype=np.float32)
        away = np.hypot(grid[:, None], grid[None, :]) / size
        bowl = np.where(away < 1, 0.9 * (away * away - 1) + 0.35, 0.35 * np.exp(-((away - 1) * 3.2)))
        part = relief[y - reach : y + reach + 1, x - reach : x + reach + 1]
        part *= 1 - 0.8 * smooth(-away, -1.1, -0.8)
        part += (bowl * size * 0.28).astype(np.float32)
    return relief


def harbour_lights(width: int, height: int) -> Image.Image:
    """The lights of a harbour at night, out of focus on the water."""
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    sky = gradient(y, ((0, "#060a18"), (0.5, "#14203a"), (0.56, "#0a101d"), (1, "#05070c")))
    light = np.ascontiguousarray(np.broadcast_to(sky, (height, width, 3))) * np.float32(0.6)
    random = np.random.default_rng(101)
    paints = ("#ff8a2a", "#ffb347", "#ffd27a", "#ff3b30", "#ffcf9a", "#4fb3ff", "#ffa03c", "#7de0d0")
    for _ in range(120):
        depth = random.random() ** 1.6
        place = (random.uniform(0, width), (0.51 - 0.40 * random.random() ** 1.6 * (0.15 + depth)) * height)
        paint = colour(paints[int(random.integers(len(paints)))]) * np.float32(random.uniform(0.06, 0.8) ** 1.3)
        _add_light(light, place, (width * (0.008 + 0.030 * depth), paint))
    return develop(vignette(light, 0.4), exposure=1.3, grain=0.016, seed=8)


def _add_light(light: Map, place: tuple[float, float], lamp: tuple[float, Map]) -> None:
    """A disc with seven blades' edges, and its long reflection on the water."""
    (x, y), (radius, paint) = place, lamp
    _add_disc(light, (x, y), (radius, radius, paint))
    shore = 0.53 * light.shape[0]
    _add_streak(light, (x, shore + (shore - y) * 0.9), (radius * 0.9, radius * 5 + (shore - y) * 0.5, paint))


def _add_streak(light: Map, place: tuple[float, float], shape: tuple[float, float, Map]) -> None:
    (x, y), (wide, tall, paint) = place, shape
    rows = slice(max(int(0.53 * light.shape[0]), int(y - tall * 2)), max(0, min(light.shape[0], int(y + tall * 2))))
    columns = slice(max(0, int(x - wide * 3)), max(0, min(light.shape[1], int(x + wide * 3))))
    v = (np.arange(rows.start, max(rows.start, rows.stop), dtype=np.float32)[:, None] - y) / tall
    u = (np.arange(columns.start, columns.stop, dtype=np.float32)[None, :] - x) / wide
    broken = 0.62 + 0.38 * np.sin(v * tall / light.shape[0] * 420 + 2 * np.sin(v * 9 + u))
    soft = np.exp(-(u * u) * 0.9 - v * v) * broken * 0.32
    light[rows, columns] += soft[..., None].astype(np.float32) * paint


def _add_disc(light: Map, place: tuple[float, float], shape: tuple[float, float, Map]) -> None:
    (x, y), (wide, tall, paint) = place, shape
    rows = slice(max(0, int(y - tall * 1.1)), max(0, min(light.shape[0], int(y + tall * 1.1))))
    columns = slice(max(0, int(x - wide * 1.1)), max(0, min(light.shape[1], int(x + wide * 1.1))))
    v = (np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] - y) / tall
    u = (np.arange(columns.start, columns.stop, dtype=np.float32)[None, :] - x) / wide
    turn = np.arctan2(v, u) * 7
    away = np.hypot(u, v) * (1 - 0.018 * np.cos(turn))
    disc = smooth(-away, -1.0, -0.93) * (0.6 + 0.4 * smooth(away, 0.55, 0.97))
    light[rows, columns] += disc[..., None].astype(np.float32) * paint
