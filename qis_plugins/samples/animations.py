"""Moving pictures that run in a loop."""

import numpy as np
from PIL import Image, ImageDraw

from qis_plugins.samples.horizons import milky_way
from qis_plugins.samples.light import colour, develop, gradient
from qis_plugins.samples.noise import Map, read, ridge_line, smooth, spectral

_BALLS = 15


def pendulum_waves(width: int, height: int) -> list[Image.Image]:
    """Fifteen pendulums of different lengths, in step once in 60 frames."""
    return [_pendulums(width, height, frame / 60) for frame in (*range(7, 60), *range(7))]


def _pendulums(width: int, height: int, time: float) -> Image.Image:
    image = Image.new("RGB", (width * 2, height * 2), "#10182b")
    draw = ImageDraw.Draw(image)
    beam, unit = 0.10 * height * 2, height * 2 / 400
    for number in range(_BALLS, 0, -1):
        share = (number - 1) / (_BALLS - 1)
        swing = 0.52 * np.cos(2 * np.pi * (number + 3) * time)
        length = (0.80 - 0.46 * share) * height * 2
        x, y = width + length * np.sin(swing), beam + length * np.cos(swing)
        red, green, blue = (
            int(255 * (0.5 + 0.45 * np.cos(6.283 * (share * 0.8 + shift)))) for shift in (0.0, 0.33, 0.67)
        )
        draw.line([(width, beam), (x, y)], fill="#5d6a86", width=max(1, int(unit)))
        radius = (13 - 5 * share) * unit
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(red, green, blue))
        shine = radius * 0.3
        draw.ellipse((x - 2 * shine, y - 2 * shine, x - shine * 0.6, y - shine * 0.6), fill="#ffffff")
    draw.rectangle((0.3 * width, beam - 5 * unit, 1.7 * width, beam), fill="#9aa6bd")
    return image.resize((width, height), Image.Resampling.BOX)


def northern_lights(width: int, height: int) -> list[Image.Image]:
    """Curtains of green and violet light over a lake, 24 frames."""
    ground = _night(width, height)
    return [_aurora(ground, frame / 24) for frame in range(24)]


def _night(width: int, height: int) -> Map:
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    light = gradient(y, ((0, "#050b1c"), (0.62, "#0d2036"), (1, "#0d2036"))) * 0.7
    light = np.ascontiguousarray(np.broadcast_to(light, (height, width, 3)))
    milky_way(light, is_band=False)
    return np.asarray(np.minimum(light, 1.2), dtype=np.float32)


def _aurora(night: Map, time: float) -> Image.Image:
    height, width = night.shape[:2]
    shore = int(height * 0.66)
    light = night.copy()
    x = np.arange(width, dtype=np.float32)[None, :] / width
    y = np.arange(shore, dtype=np.float32)[:, None] / height
    for number, (foot, tall, paint) in enumerate(
        ((0.40, 0.16, "#38ff9b"), (0.50, 0.24, "#2fe38a"), (0.34, 0.22, "#8a5bff"))
    ):
        light[:shore] += _curtain((x, y), (foot, tall, number), time)[..., None] * colour(paint)
    ridge = 0.62 - 0.05 * ridge_line(width, 141, roughness=0.45)
    full = np.arange(height, dtype=np.float32)[:, None] / height
    light[:shore] *= (1 - np.clip((full[:shore] - ridge[None, :]) * height, 0, 1))[..., None] * 0.998 + 0.002
    below = np.clip(2 * shore - np.arange(shore, height), 0, shore - 1)
    wave = 1 + 0.18 * np.sin(np.arange(shore, height) * 0.9 + 6.283 * time)[:, None, None]
    light[shore:] = light[below] * (0.55 * wave).astype(np.float32)
    return develop(light, exposure=1.6, grain=0)


def _curtain(place: tuple[Map, Map], shape: tuple[float, float, int], time: float) -> Map:
    """One hanging fold: sharp below, fading upwards in rays; moves round in a circle, so that the loop closes."""
    (x, y), (foot, tall, number) = place, shape
    field = spectral(256, 1.8, 142 + number, lowest=2)
    turn = 6.283 * time
    dx, dy = np.float32(5 * np.cos(turn)), np.float32(5 * np.sin(turn))
    hem = foot + 0.07 * read(field, x * 90 + dx, np.zeros_like(x) + 40 + dy)
    rays = 1 + 0.55 * read(field, x * 700 + 3 * dx, np.zeros_like(x) + 120 + 3 * dy)
    bright = np.clip(0.8 + 0.7 * read(field, x * 60 + 2 * dx, np.zeros_like(x) + 200 + dy), 0, None)
    up = (hem - y) / tall
    fold = np.exp(-np.clip(up, 0, None) * 2.2) * smooth(up, -0.06, 0.03)
    return np.asarray(0.62 * fold * np.clip(rays, 0.1, None) * bright, dtype=np.float32)
