"""Tone curves: from the numbers of a picture to linear light and back (IEC 61966-2-1, ICC.1:2022 §10.6, §10.18)."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Entries of the way back; over the square root of light, which resolves shadows as finely as the eye does.
_BACK_SIZE = 65536
_TAGS = {1: (b"kTRC",), 3: (b"rTRC", b"gTRC", b"bTRC")}
_SPACES = {1: b"GRAY", 3: b"RGB "}
_MAX_TAGS = 100


@dataclass(frozen=True, eq=False)
class Curve:
    """The curve of one channel. ``forward`` has the light, 0 to 1, of each of the 256 values."""

    forward: tuple[float, ...]
    forward_array: NDArray[np.float32]
    back: NDArray[np.uint8]

    def encode(self, light: NDArray[np.float32]) -> NDArray[np.uint8]:
        """The value nearest to each light; below 0 is 0, above 1 is 255."""
        position = np.clip(light, 0.0, 1.0)
        np.sqrt(position, out=position)
        position *= _BACK_SIZE - 1
        position += 0.5
        return self.back[position.astype(np.uint16)]


def curve_of(function: Callable[[Floats], Floats]) -> Curve | None:
    """The curve of a function from value to light, both 0 to 1; None unless it rises from near black to near white."""
    light = np.clip(function(np.arange(256) / 255), 0.0, 1.0)
    between = np.clip(function((np.arange(255) + 0.5) / 255), 0.0, 1.0)
    usable = np.all(np.isfinite(light)) and np.all(np.diff(light) >= 0) and np.all(np.diff(between) >= 0)
    if not (usable and light[0] < 0.02 and light[-1] > 0.98):
        return None
    steps = (np.arange(_BACK_SIZE) / (_BACK_SIZE - 1)) ** 2
    back = np.searchsorted(between, steps, side="right").astype(np.uint8)
    back[0] = 0  # a curve may begin flat
    return Curve(tuple(light.tolist()), light.astype(np.float32), back)


def srgb_light(value: Floats) -> Floats:
    """IEC 61966-2-1 §5.2."""
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def _needed(curve: Curve | None) -> Curve:
    if curve is None:
        raise ValueError("the curve does not rise from black to white")
    return curve


SRGB = _needed(curve_of(srgb_light))


@lru_cache(maxsize=32)
def curves_of(profile: bytes | None, channels: int) -> tuple[Curve, ...]:
    """The curves of 1 (grey) or 3 (RGB) channels: the profile's own if it has usable ones, else sRGB's."""
    found = _profile_curves(profile, channels) if profile else None
    return found or (SRGB,) * channels


def _profile_curves(profile: bytes, channels: int) -> tuple[Curve, ...] | None:
    if profile[16:20] != _SPACES[channels]:
        return None
    tags = _tags(profile)
    if b"A2B0" in tags:  # the look-up table is the profile's meaning, not the curves
        return None
    curves = [_read_curve(tags.get(name, b"")) for name in _TAGS[channels]]
    usable = tuple(curve for curve in curves if curve is not None)
    return usable if len(usable) == channels else None


def _tags(profile: bytes) -> dict[bytes, bytes]:
    """ICC.1:2022 §7.3: after 128 bytes a count, then signature, offset and size of each tag."""
    if len(profile) < 132:
        return {}
    count = min(struct.unpack_from(">I", profile, 128)[0], _MAX_TAGS, (len(profile) - 132) // 12)
    entries = (struct.unpack_from(">4sII", profile, 132 + 12 * index) for index in range(count))
    return {name: profile[offset : offset + size] for name, offset, size in entries}


def _read_curve(tag: bytes) -> Curve | None:
    try:
        function = {b"curv": _sampled, b"para": _parametric}[tag[:4]](tag)
        with np.errstate(all="ignore"):
            return curve_of(function)
    except (KeyError, struct.error, ValueError):
        return None


def _sampled(tag: bytes) -> Callable[[Floats], Floats]:
    """§10.6: no entry is identity, one is a gamma (u8Fixed8), more are samples."""
    count = struct.unpack_from(">I", tag, 8)[0]
    if count == 0:
        return lambda value: value
    if count == 1:
        gamma = struct.unpack_from(">H", tag, 12)[0] / 256
        return lambda value: value**gamma
    samples = np.frombuffer(tag, ">u2", count, 12) / 65535
    return lambda value: np.interp(value, np.linspace(0, 1, count), samples)


def _parametric(tag: bytes) -> Callable[[Floats], Floats]:
    """§10.18: five functions that are one with different parameters left out: (aX+b)^g + e above d, cX + f below."""
    kind = struct.unpack_from(">H", tag, 8)[0]
    count = (1, 3, 4, 5, 7)[kind] if kind < 5 else 0
    if not count:
        raise ValueError("unknown parametric curve")
    g, *rest = (number / 65536 for number in struct.unpack_from(f">{count}i", tag, 12))
    a, b, c, d, e, f = _completed(kind, rest)
    return lambda value: np.where(value >= d, np.maximum(a * value + b, 0) ** g + e, c * value + f)


def _completed(kind: int, rest: list[float]) -> tuple[float, ...]:
    """The parameters a, b, c, d, e, f of the most general function that equals function type *kind*."""
    if kind == 0:
        return (1, 0, 0, 0, 0, 0)
    if kind <= 2:
        a, b, *offset = rest
        level = offset[0] if offset else 0.0
        return (a, b, 0, -b / a if a else 0.0, level, level)
    return (*rest, 0, 0) if kind == 3 else tuple(rest)
