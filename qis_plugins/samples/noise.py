"""Periodic fractal noise, and reading maps at any place."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Numbers by row and column, mostly of 32 bits.
Map = NDArray[np.floating[Any]]


def spectral(side: int, slope: float, seed: int, *, lowest: float = 1.0) -> Map:
    """Noise that tiles: *side* pixels wide and high, mean 0, deviation 1, amplitude falling as frequency ** -slope.

    ``lowest`` is the longest wave, in waves per side.
    """
    random = np.random.default_rng(seed)
    white = np.fft.rfft2(random.standard_normal((side, side), dtype=np.float32))
    fx, fy = np.fft.rfftfreq(side) * side, np.fft.fftfreq(side) * side
    frequency = np.hypot(fy[:, None], fx[None, :])
    weight = np.where(frequency >= lowest, np.maximum(frequency, 1.0) ** -slope, 0.0).astype(np.float32)
    noise = np.fft.irfft2(white * weight, s=(side, side)).astype(np.float32)
    return np.asarray((noise - noise.mean()) / noise.std(), dtype=np.float32)


def read(source: Map, x: Map, y: Map) -> Map:
    """*source* (one or more channels) at pixel places *x*, *y*, between pixels bilinear, beyond the edge periodic.

    The sides of *source* are powers of two.
    """
    height, width = source.shape[:2]
    left, top = np.floor(x), np.floor(y)
    fx, fy = x - left, y - top
    if source.ndim == 3:
        fx, fy = fx[..., None], fy[..., None]
    first, upper = left.astype(np.int32) & (width - 1), (top.astype(np.int32) & (height - 1)) * width
    second, lower = (first + 1) & (width - 1), (upper + width) % (width * height)
    flat = source.reshape((height * width, *source.shape[2:]))
    above = _mix(flat.take(upper + first, 0), flat.take(upper + second, 0), fx)
    below = _mix(flat.take(lower + first, 0), flat.take(lower + second, 0), fx)
    return _mix(above, below, fy)


def _mix(one: Map, other: Map, share: Map) -> Map:
    """*one* becomes the mixture: it is the caller's to spoil."""
    other -= one
    other *= share
    one += other
    return one


def smooth(value: Map, low: float, high: float) -> Map:
    """0 below *low*, 1 above *high*, an S between."""
    share = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), dtype=np.float32)


def map_side(pixels: int) -> int:
    """The side of a map with detail for a picture of that many pixels: a power of two from 256 to 2048."""
    return min(2048, max(256, 1 << (pixels - 1).bit_length()))


def blur_periodic(source: Map, radius: float) -> Map:
    """A Gaussian blur of a map that tiles."""
    height, width = source.shape
    fx, fy = np.fft.rfftfreq(width), np.fft.fftfreq(height)
    weight = np.exp(-2 * (np.pi * radius) ** 2 * (fx[None, :] ** 2 + fy[:, None] ** 2))
    return np.fft.irfft2(np.fft.rfft2(source) * weight, s=source.shape).astype(np.float32)


def ridge_line(width: int, seed: int, *, octaves: int = 9, roughness: float = 0.5) -> Map:
    """A mountain sky line of *width* points between about -1 and 1."""
    random = np.random.default_rng(seed)
    places, total = np.linspace(0, 1, width), np.zeros(width)
    for octave in range(octaves):
        knots = 2 ** (octave + 1) + 1
        total += np.interp(places, np.linspace(0, 1, knots), random.uniform(-1, 1, knots)) * roughness**octave
    return np.asarray(total, dtype=np.float32)
