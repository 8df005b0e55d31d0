"""Colours as light: drawing is done in linear values, and a picture is developed from them like a photograph."""

import numpy as np
from PIL import Image

from qis_plugins.samples.noise import Map

_LEVELS = 4096
_TILE = 512


def colour(text: str) -> Map:
    """``#rrggbb`` as linear light."""
    values = np.array([int(text[at : at + 2], 16) for at in (1, 3, 5)], dtype=np.float32) / 255
    return to_linear(values)


def to_linear(values: Map) -> Map:
    """sRGB values from 0 to 1 as linear light (IEC 61966-2-1)."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4).astype(np.float32)


def gradient(places: Map | float, stops: tuple[tuple[float, str], ...]) -> Map:
    """Colours between *stops*, each a place and a colour; one more axis than *places*. Made of 4096 steps."""
    at = [place for place, _ in stops]
    colours = np.array([colour(text) for _, text in stops])
    steps = np.linspace(at[0], at[-1], _LEVELS)
    table = np.stack([np.interp(steps, at, colours[:, channel]) for channel in range(3)], axis=-1).astype(np.float32)
    index = np.clip((np.asarray(places) - at[0]) * ((_LEVELS - 1) / (at[-1] - at[0])) + 0.5, 0, _LEVELS - 1)
    return np.asarray(table.take(index.astype(np.int32), axis=0), dtype=np.float32)


def develop(light: Map, *, exposure: float = 1.0, grain: float = 0.012, seed: int = 0) -> Image.Image:
    """A picture from linear light: filmic shoulder, then film grain of the given deviation (1 is black to white)."""
    index = np.sqrt(np.clip(light * np.float32(exposure / 16), 0, 1)) * np.float32(_LEVELS - 1)
    values = (_film_curve() * 255 + 0.5).astype(np.uint8)[index.astype(np.int32)]
    picture = Image.fromarray(values)
    return add_grain(picture, grain, seed=seed) if grain else picture


def add_grain(picture: Image.Image, strength: float, *, seed: int) -> Image.Image:
    """*picture* with film grain: one tile, repeated where the eye cannot find it."""
    noise = np.random.default_rng(seed).standard_normal((_TILE, _TILE), dtype=np.float32)
    soft = (2 * noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1)) * np.float32(strength * 255 / 6**0.5)
    tile = np.round(soft).astype(np.int16)[..., None]
    values = np.array(picture)
    for top in range(0, values.shape[0], _TILE):
        for left in range(0, values.shape[1], _TILE):
            part = values[top : top + _TILE, left : left + _TILE]
            part[:] = np.clip(part + tile[: part.shape[0], : part.shape[1]], 0, 255)
    return Image.fromarray(values)


def vignette(light: Map, strength: float) -> Map:
    """*light* darker towards the corners."""
    height, width = light.shape[:2]
    y, x = np.linspace(-1, 1, height, dtype=np.float32), np.linspace(-1, 1, width, dtype=np.float32)
    fall = 1 - strength * (y[:, None] ** 2 + x[None, :] ** 2) / 2
    return np.asarray(light * fall[..., None], dtype=np.float32)


def _film_curve() -> Map:
    """From the square root of light / 16 to display values: sRGB with a soft shoulder, after Narkowicz' fit of ACES."""
    light = (np.arange(_LEVELS, dtype=np.float32) / (_LEVELS - 1)) ** 2 * 16
    toned = np.clip(light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14), 0, 1)
    return np.where(toned <= 0.0031308, 12.92 * toned, 1.055 * toned ** (1 / 2.4) - 0.055).astype(np.float32)
