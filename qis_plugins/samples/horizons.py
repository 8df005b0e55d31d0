"""Wide views: ridges in mist, dunes, the sea at dusk, the Milky Way."""

import numpy as np
from PIL import Image

from qis_plugins.samples.light import colour, develop, gradient, vignette
from qis_plugins.samples.noise import Map, read, ridge_line, smooth, spectral
from qis_plugins.samples.terrain import Camera, Ground, views


def misty_ridges(width: int, height: int) -> Image.Image:
    """Range behind range in the morning mist, the sun just above them."""
    y, x = _grid(width, height)
    sun_x, sun_y = 0.66, 0.30
    near_sun = np.hypot((x - sun_x) * width / height, y - sun_y)
    stops = ((0, "#5c7fb0"), (0.25, "#c2b9c0"), (0.42, "#f7c99a"), (1, "#f9d7ae"))
    light = gradient(y, stops) * 0.9
    light = light + np.exp(-near_sun / 0.16)[..., None] * colour("#ffb35c") * 1.5
    light += (smooth(-near_sun, -0.052, -0.047) * 9)[..., None] * colour("#ffe2a8")
    glow = np.exp(-near_sun / 0.35)[..., None] * colour("#ffc183") * np.float32(0.55)
    for number in range(8):
        _add_ridge(light, (y, glow), number / 7)
    return develop(vignette(light.astype(np.float32), 0.2), exposure=0.85, grain=0.014, seed=2)


def _add_ridge(light: Map, place: tuple[Map, Map], near: float) -> None:
    """One range; the first is far and pale, the last near and dark with trees along its crest."""
    y, glow = place
    height, width = light.shape[:2]
    line = 0.36 + 0.60 * near**1.25 - 0.075 * (0.7 + near) * ridge_line(width, int(60 + near * 70), roughness=0.46)
    trees = _trees(width, near, int(90 + near * 70))
    part = slice(max(0, int((line - trees).min() * height) - 1), height)
    below = (y[part] - line[None, :]) * height
    cover = np.clip(below + trees[None, :] * height + 0.5, 0, 1)
    paint = gradient(near, ((0, "#d8b7a4"), (0.3, "#9a8fa6"), (0.65, "#4a5876"), (1, "#141b28")))
    mist = smooth(below / height, 0.0, 0.16) * (0.8 * (1 - 0.55 * near))
    shade = paint * 0.75 + glow[part] * (1 - near) ** 1.2
    shade += (colour("#f1cfb0") * 0.85 - shade) * mist[..., None]
    light[part] += (shade - light[part]) * cover[..., None]


def _trees(width: int, near: float, seed: int) -> Map:
    """How far the tips of spruces rise above a ridge, in picture heights: many cones of random size, side by side."""
    random = np.random.default_rng(seed)
    tips = np.zeros(width, dtype=np.float32)
    count = int(width / max(1.5, 0.004 * width * near))
    tall = 0.034 * near**1.6 * random.uniform(0.25, 1.0, count) ** 1.5
    np.maximum.at(tips, random.integers(0, width, count), tall.astype(np.float32))
    outline, fall = tips.copy(), np.float32(3.2 / width)
    for step in range(1, max(2, int(0.011 * width * near**1.6))):
        ragged = fall * step * np.float32(0.8 + 0.4 * (step % 3 == 0))
        outline = np.maximum(outline, np.maximum(np.roll(tips, step), np.roll(tips, -step)) - ragged)
    return outline


def dunes(width: int, height: int) -> Image.Image:
    """Sand dunes with sharp crests and wind ripples in low sun."""
    ground = _sand()
    camera = Camera(x=120, y=40, eye=62, focal=1.0, horizon=0.40, nearest=14, farthest=1400, steps=900)
    y, _ = _grid(width, height)
    light = gradient(y / 0.40, ((0, "#2f6fb3"), (0.7, "#9cc0dc"), (1, "#e9d8bf"), (3, "#e9d8bf"))).copy()
    light = np.ascontiguousarray(np.broadcast_to(light, (height, width, 3)))
    for view in views(ground, camera, (width, height)):
        part, is_sand = light[:, view.columns], np.isfinite(view.distance)
        at_x, at_y, far = view.x[is_sand], view.y[is_sand], view.distance[is_sand]
        bend = read(ground.detail, at_x * 0.9, at_y * 0.9)
        ripples = np.sin((at_y * 1.0 + at_x * 0.35) * 2.6 + 9 * bend) * np.clip(110 / far - 0.12, 0, 1)
        seen = ground.colour_at(at_x, at_y) * (1 + 0.16 * ripples)[..., None]
        haze = (1 - np.exp(-far / 2400))[..., None]
        part[is_sand] = seen + (colour("#e6d3bd") - seen) * haze
    return develop(vignette(light, 0.25), exposure=1.0, grain=0.012, seed=3)


def _sand() -> Ground:
    side = 1024
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    bend, size = spectral(side, 2.6, 51, lowest=1), spectral(side, 2.4, 52, lowest=2)
    wave = 2 * np.pi * (4 * x + 2 * y) / side + 1.5 * bend
    crest = 1 - np.abs(np.sin(wave / 2 + 0.28 * np.cos(wave)))
    height = ((22 + 9 * size) * crest**1.25 + 7 * size).astype(np.float32)
    dy, dx = np.gradient(height)
    level = 1 / np.sqrt(1 + dx * dx + dy * dy)
    sun = np.clip((0.80 * dx - 0.25 * dy + 0.34) * level, 0, None)
    sand = gradient(0.5 + 0.15 * size, ((0, "#c98a4b"), (0.5, "#d9a05f"), (1, "#e8bd83")))
    light = sand * (sun[..., None] * colour("#ffd2a0") * 2.5 + colour("#6d84b8") * 0.30)
    return Ground(height, light.astype(np.float32), spectral(512, 1.7, 53, lowest=3))


def sea_at_dusk(width: int, height: int) -> Image.Image:
    """The sun going down over a moving sea."""
    y, x = _grid(width, height)
    horizon, aspect = 0.46, width / height
    stops = ((0, "#27406f"), (0.2, "#6d6a97"), (0.36, "#d98a76"), (0.46, "#ffc06a"), (1, "#ffc06a"))
    light = np.ascontiguousarray(np.broadcast_to(gradient(y, stops), (height, width, 3)))
    near_sun = np.hypot((x - 0.42) * aspect, y - horizon + 0.035)
    light += np.exp(-near_sun / 0.10)[..., None] * colour("#ff8a3c") * 2.2
    light += (smooth(-near_sun, -0.037, -0.034) * 10)[..., None] * colour("#ffd98a")
    _add_streaks(light, horizon)
    _add_sea(light, (horizon, 0.42))
    return develop(vignette(light, 0.3), exposure=0.95, grain=0.013, seed=4)


def _add_streaks(light: Map, horizon: float) -> None:
    """Long thin clouds, lit from below near the sun."""
    height, width = light.shape[:2]
    y, x = _grid(width, height)
    field = spectral(512, 1.7, 61, lowest=2)
    at_x, at_y = np.broadcast_to(x * 150, (height, width)), np.broadcast_to(y * 1150, (height, width))
    cover = smooth(read(field, at_x, at_y), 0.4, 2.0) * np.clip(1 - np.abs(y - 0.26) / 0.24, 0, 1)
    paint = gradient(y / horizon, ((0, "#3f4670"), (0.6, "#b4626a"), (1, "#ff9a5a"))) * 1.1
    light += (paint - light) * (0.8 * cover)[..., None]


def _add_sea(light: Map, sun: tuple[float, float]) -> None:
    """Each place of the water mirrors the sky as its slope there tells; slopes towards the sun glitter."""
    horizon, sun_x = sun
    height, width = light.shape[:2]
    top = int(horizon * height)
    rows = np.arange(top, height, dtype=np.float32)
    down = np.maximum((rows / height - horizon), 0.4 / height)[:, None]
    x = (np.arange(width, dtype=np.float32)[None, :] / width - 0.5) * width / height
    far = 1 / down
    field = spectral(1024, 1.35, 62, lowest=6)
    at_x, at_y = x * far * 75, np.broadcast_to(far * 190, (len(rows), width))
    slope = 0.55 * read(field, at_x, at_y) + 0.55 * read(field, at_x * 3.3 + 9, at_y * 3.3)
    tilt = slope * np.clip(0.05 + 0.25 * down**0.5, 0.05, 0.2)
    mirrored = np.clip((horizon - down * 0.55 - np.abs(tilt)) * height, 0, top - 1).astype(np.int32)
    column = np.broadcast_to(np.arange(width, dtype=np.int32)[None, :], mirrored.shape)
    sky = light[mirrored, column]
    path = np.exp(-(((x - (sun_x - 0.5) * width / height) / (0.03 + 0.22 * down + 0.04 * np.abs(slope))) ** 2))
    glitter = smooth(slope, 0.55, 1.5) * path * (1 - 0.5 * down)
    shine = np.clip(0.85 - 1.1 * down, 0.16, 1)[..., None]
    water = colour("#0c2238") * 0.5 * (1 - shine) + sky * shine * (0.72 + 0.16 * slope[..., None])
    light[top:] = water + glitter[..., None] * colour("#ffb066") * 5


def night_sky(width: int, height: int) -> Image.Image:
    """The Milky Way over a dark ridge with one lit tent."""
    y, _ = _grid(width, height)
    light = gradient(y, ((0, "#0b1026"), (0.6, "#16234a"), (0.82, "#3b4a6b"), (0.9, "#6b6a6c"), (1, "#6b6a6c"))) * 0.55
    light = np.ascontiguousarray(np.broadcast_to(light, (height, width, 3)))
    milky_way(light)
    _add_camp(light)
    return develop(light, exposure=1.0, grain=0.018, seed=5)


def milky_way(light: Map, *, is_band: bool = True) -> None:
    """Add stars to a sky, and the band they make."""
    if is_band:
        _add_band(light)
    _add_stars(light)


def _add_band(light: Map) -> None:
    height, width = light.shape[:2]
    y, x = _grid(width, height)
    along, across = x * 0.55 + (1 - y) * 0.83, (x - 0.60) * 0.83 - (0.52 - y) * 0.55
    cloud, dust = spectral(512, 1.45, 71, lowest=2), spectral(512, 1.25, 72, lowest=3)
    at = np.broadcast_to(along * 420, (height, width)), np.broadcast_to(across * 420, (height, width))
    band = np.exp(-((across / 0.13) ** 2)) * (1 + 0.45 * read(cloud, *at))
    lane = smooth(read(dust, at[0] * 0.8, at[1] * 0.8) - 9 * np.abs(across + 0.01), -0.9, 1.1)
    core = np.exp(-((across / 0.10) ** 2) - ((along - 0.45) / 0.30) ** 2)
    light += np.clip(band, 0, None)[..., None] * (1 - 0.75 * lane)[..., None] * colour("#8f9cc9") * 0.24
    light += (core * (1 - 0.85 * lane))[..., None] * colour("#e8b98a") * 0.42


def _add_stars(light: Map) -> None:
    """Many faint stars and a few bright ones, warm to blue."""
    height, width = light.shape[:2]
    random = np.random.default_rng(73)
    count = width * height // 420
    bright = (random.pareto(1.5, count) * 0.34).clip(0, 14).astype(np.float32)
    tint = gradient(random.random(count).astype(np.float32), ((0, "#ffd2a1"), (0.4, "#ffffff"), (1, "#a9c4ff")))
    x, y = random.integers(1, width - 1, count), (random.random(count) * height * 0.93).astype(np.int64) + 1
    for dy, dx, share in ((0, 0, 1.0), (0, 1, 0.3), (1, 0, 0.3), (0, -1, 0.3), (-1, 0, 0.3)):
        np.add.at(light, (y + dy, x + dx), tint * (bright * share)[:, None])


def _add_camp(light: Map) -> None:
    height, width = light.shape[:2]
    y, x = _grid(width, height)
    line = 0.88 - 0.05 * ridge_line(width, 74, roughness=0.42)
    fade = np.clip((y - line[None, :]) * height + 0.5, 0, 1)[..., None]
    light += (colour("#05070c") - light) * fade
    foot = 0.915
    inside = smooth((y - foot + 0.028) * 1.0 - np.abs(x - 0.3) * 1.1 * width / height, -0.0006, 0.0006)
    inside = inside * (y < foot)
    glow = np.exp(-np.hypot((x - 0.3) * width / height, y - foot + 0.008) / 0.035)
    light += inside[..., None] * colour("#ffb24a") * (1.4 + 50 * (foot - y))[..., None]
    light += (glow * (y > line[None, :]))[..., None] * colour("#ff9a3c") * 0.28


def _grid(width: int, height: int) -> tuple[Map, Map]:
    """Rows and columns as shares of the picture, ready to be combined."""
    y = (np.arange(height, dtype=np.float32)[:, None] + 0.5) / height
    return y.astype(np.float32), ((np.arange(width, dtype=np.float32)[None, :] + 0.5) / width).astype(np.float32)
