"""Landscapes: mountains, a lake, ridges in mist, dunes, the sea, a night sky."""

from dataclasses import replace

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from qis_plugins.samples.light import add_grain, colour, develop, gradient, vignette
from qis_plugins.samples.noise import Map, blur_periodic, map_side, read, smooth, spectral
from qis_plugins.samples.terrain import Camera, Ground, View, views

#: The map repeats after so many units of length.
_WORLD = 1024


def still_lake(width: int, height: int) -> Image.Image:
    """Snowy mountains in the evening sun over a still lake, seen between pines.

    The scene is drawn at half the size: the air between is softer than the lens. Pines and grain have the full size.
    """
    picture = develop(vignette(_scene(width // 2, height // 2), 0.25), exposure=1.1, grain=0)
    picture = picture.resize((width, height), Image.Resampling.BICUBIC)
    picture.paste("#161f19", mask=_pines(width, height))
    return add_grain(picture, 0.016, seed=1)


def _scene(width: int, height: int) -> Map:
    ground = _alps(map_side(width))
    camera = Camera(x=318, y=40, eye=_LAKE + 7, focal=0.80, horizon=0.58, nearest=5, farthest=1500)
    light = _see_alps(ground, camera, (width, height))
    dry = np.where(ground.height > _LAKE, ground.height, -1e4).astype(np.float32)
    below = replace(camera, eye=2 * _LAKE - camera.eye, steps=700)
    mirror = _see_alps(replace(ground, height=dry), below, (width // 2, height // 2))
    _pour_lake(light, mirror, (ground, camera))
    return light


def _see_alps(ground: Ground, camera: Camera, size: tuple[int, int]) -> Map:
    light = _evening_sky(*size, camera.horizon)
    for view in views(ground, camera, size):
        _paint_alps(light[:, view.columns], ground, view)
    return light


_LAKE = 22.0
_SUN = np.array([-0.80, -0.30, 0.52])


def _alps(side: int) -> Ground:
    scale = side / _WORLD
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / scale
    base, rough = spectral(side, 2.1, 7, lowest=2), spectral(side, 1.85, 8, lowest=4)
    base += 1.9 * np.exp(-((x - 215) ** 2 + (y - 700) ** 2) / (2 * 105**2))
    ridged = 1 - np.abs(rough) / 1.6
    height = 58 + 40 * base + (34 + 24 * np.clip(base, 0, 2.5)) * ridged
    basin = np.hypot((x - 300) / 330, (y - 230) / 300) + 0.10 * base
    height = _LAKE - 6 + (np.maximum(height, _LAKE + 4) - _LAKE + 6) * smooth(basin, 0.75, 1.6)
    height = np.maximum(_LAKE + 0.50 * (height - _LAKE), _LAKE).astype(np.float32)
    return Ground(height, _alpine_colours(height), _detail(10), scale)


def _detail(seed: int) -> Map:
    fine = spectral(512, 1.1, seed, lowest=4)
    return np.asarray(np.clip(1 + 0.22 * fine, 0.35, 1.9), dtype=np.float32)


def _lit(height: Map, sun: Map) -> tuple[Map, Map]:
    """How much sun each place gets, shadows included, and how steep it is (1: level)."""
    dy, dx = np.gradient(height, _WORLD / len(height))
    level = 1 / np.sqrt(1 + dx * dx + dy * dy)
    facing = np.clip((-dx * sun[0] - dy * sun[1] + sun[2]) * level, 0, None)
    return (facing * _sunlit(height, sun)).astype(np.float32), level.astype(np.float32)


def _sunlit(height: Map, sun: Map) -> Map:
    """1 where the sun (from the left) is not hidden behind higher ground; soft at the edge of shadows."""
    rise = float(sun[2] / np.hypot(sun[0], sun[1])) * _WORLD / len(height)
    falling = np.concatenate([height, height], axis=1) + rise * np.arange(2 * height.shape[1], dtype=np.float32)
    hidden = np.maximum.accumulate(falling, axis=1) - falling
    return smooth(-hidden[:, height.shape[1] :], -5.0, -0.2)


def _alpine_colours(height: Map) -> Map:
    sun, _ = _lit(height, _SUN)
    _, level = _lit(blur_periodic(height, 1.5 * len(height) / _WORLD), _SUN)
    patches = spectral(len(height), 1.3, 11, lowest=12)
    rock = gradient(0.5 + 0.22 * patches, ((0, "#3d3a3a"), (0.5, "#6b635c"), (1, "#8d8072")))
    snow_line = 56 + 7 * patches
    snow = smooth(height - snow_line, -8, 14) * smooth(level, 0.40, 0.62)
    wood = smooth(46 + 6 * patches - height, 0, 10) * smooth(level, 0.45, 0.62)
    grass = smooth(58 + 6 * patches - height, 0, 16) * smooth(level, 0.52, 0.74)
    surface = _over(rock, colour("#5a6130"), 0.75 * grass)
    surface = _over(surface, colour("#1d2b1c"), 0.92 * wood)
    surface = _over(surface, colour("#f4f6fb"), snow)
    hollow = np.clip(1 + (height - blur_periodic(height, 10 * len(height) / _WORLD)) / 40, 0.45, 1.3)
    shade = hollow[..., None] * colour("#7f9cd0") * 0.36
    return (surface * (sun[..., None] * colour("#ffc58a") * 3.3 + shade)).astype(np.float32)


def _over(below: Map, paint: Map, share: Map) -> Map:
    return np.asarray(below + (paint - below) * share[..., None], dtype=np.float32)


def _evening_sky(width: int, height: int, horizon: float) -> Map:
    y = np.linspace(0, 1, height, dtype=np.float32) / horizon
    stops = ((0, "#3f6ea8"), (0.45, "#86a9cd"), (0.8, "#e8cdb0"), (1, "#f6c793"), (2, "#f6c793"))
    sky = np.broadcast_to(gradient(y, stops)[:, None, :], (height, width, 3)).copy()
    _add_clouds(sky, horizon, 21)
    return sky


def _add_clouds(sky: Map, horizon: float, seed: int) -> None:
    """Clouds on a plane high above, lit from the left; drawn small, for they are soft."""
    height, width = sky.shape[:2]
    rows, columns = max(2, height // 4), max(2, width // 4)
    up = (horizon - (np.arange(rows, dtype=np.float32) + 0.5) / rows)[:, None]
    across = ((np.arange(columns, dtype=np.float32) + 0.5) / columns - 0.5)[None, :] * (width / height)
    depth = 1 / np.maximum(up, 0.02)
    x, y = (across * depth * 60 + 300), np.broadcast_to(depth * 95, (rows, columns))
    field = spectral(512, 1.55, seed, lowest=2)
    thick, sunward = read(field, x, y), read(field, x - 6, y + 3)
    cover = smooth(thick, 0.25, 1.6) * smooth(up, 0.03, 0.2)
    bright = np.clip(0.75 + 0.55 * (thick - sunward), 0.25, 1.6)
    tint = np.stack([bright * part for part in (1.25, 0.98, 0.82)], axis=-1)
    for channel in range(3):
        small = (
            Image.fromarray((cover * 0.85).astype(np.float32)),
            Image.fromarray(tint[..., channel].astype(np.float32)),
        )
        share, paint = (np.asarray(one.resize((width, height), Image.Resampling.BICUBIC)) for one in small)
        sky[..., channel] += (paint - sky[..., channel]) * np.clip(share, 0, 1)


def _paint_alps(part: Map, ground: Ground, view: View) -> None:
    is_ground = np.isfinite(view.distance)
    x, y, up, far = (values[is_ground] for values in (view.x, view.y, view.up, view.distance))
    seen = ground.colour_at(x, y)
    fine = read(ground.detail, (x + 0.6 * y) * 9, (up * 1.6 + y * 0.4) * 9)
    coarse = read(ground.detail, (x - 0.3 * y) * 2.6 + 70, (up * 1.2 + y) * 2.6)
    seen *= (1 + (fine * coarse - 1) * np.clip(700 / far, 0, 1))[..., None]
    haze = 1 - np.exp(-far / 2600)
    part[is_ground] = seen + (colour("#bcc3d2") - seen) * haze[..., None]


def _pour_lake(light: Map, mirror: Map, scene: tuple[Ground, Camera]) -> None:
    """Water wherever the ground is at its level: the mirrored world, broken by ripples, over deep green."""
    ground, camera = scene
    height, width = light.shape[:2]
    ripples = spectral(512, 1.2, 31, lowest=3)
    for view in views(ground, camera, (width, height)):
        is_water = np.isfinite(view.distance) & (ground.height_at(view.x, view.y) <= _LAKE + 0.01)
        rows, columns = np.nonzero(is_water)
        x, far = view.x[is_water], view.distance[is_water]
        wave = read(ripples, x * 14, view.y[is_water] * 14) + read(ripples, x * 3.1, view.y[is_water] * 3.1)
        down = rows - camera.horizon * height
        row = camera.horizon * height - down + wave * (2 + 0.05 * down) * height / 1400
        at = np.clip(row / 2, 0, mirror.shape[0] - 1).astype(np.int32)
        seen = mirror[at, np.minimum((columns + view.columns.start) // 2, mirror.shape[1] - 1)]
        shine = np.clip(1 - down / (camera.focal * width), 0, 1) ** 2.2 * (0.94 + 0.05 * wave)
        haze = 0.5 * (1 - np.exp(-far / 2600))
        water = colour("#0f3a3c") * 0.55 + (seen * np.float32(0.95) - colour("#0f3a3c") * 0.55) * shine[..., None]
        light[:, view.columns][is_water] = water + (colour("#bcc3d2") - water) * haze[..., None]


def _pines(width: int, height: int) -> Image.Image:
    """Dark pines that frame the view, as a mask."""
    mask = Image.new("L", (width, height))
    draw, random = ImageDraw.Draw(mask), np.random.default_rng(41)
    for place, tall in ((-0.01, 0.52), (0.055, 0.40), (0.115, 0.20), (0.885, 0.26), (0.94, 0.66), (1.01, 0.5)):
        _pine(draw, (place * width, 1.02 * height), (tall * height, random))
    return mask.filter(ImageFilter.BoxBlur(1))


def _pine(draw: ImageDraw.ImageDraw, foot: tuple[float, float], shape: tuple[float, np.random.Generator]) -> None:
    tall, random = shape
    x, bottom = foot
    draw.polygon([(x, bottom - tall), (x - tall / 90, bottom), (x + tall / 90, bottom)], fill=255)
    for share in np.linspace(0.01, 0.97, 120):
        y = bottom - tall * (1 - share) + random.uniform(-0.005, 0.005) * tall
        side = random.choice((-1, 1))
        reach = 0.20 * tall * share**0.8 * random.uniform(0.35, 1.05)
        _branch(draw, (x, y), (side * reach, random))


def _branch(draw: ImageDraw.ImageDraw, start: tuple[float, float], shape: tuple[float, np.random.Generator]) -> None:
    """A drooping branch whose tip rises a little, with twigs hanging from it."""
    reach, random = shape
    size, droop = abs(reach), random.uniform(0.25, 0.6)
    places = [(t, start[0] + reach * t, start[1] + size * (droop * t - 0.3 * t**3)) for t in np.linspace(0, 1, 16)]
    draw.line([(x, y) for _, x, y in places], fill=255, width=max(1, int(size / 40)))
    for t, x, y in places[1:]:
        for _ in range(4):
            hang, lean = size * (0.24 - 0.16 * t) * random.uniform(0.3, 1.3), random.uniform(-0.6, 1.1)
            tip = (x + np.sign(reach) * hang * lean, y + hang)
            draw.line([(x, y), tip], fill=255, width=max(1, int(size / 60)))
