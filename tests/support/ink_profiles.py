"""Profiles for inks and for grey, made from formulas (ICC.1:2001-04, version 2)."""

import struct

import numpy as np
from numpy.typing import NDArray

from tests.support.icc import (
    ADOBE_PRIMARIES,
    D50_XYZ,
    D65,
    adapted_to_d50,
    description,
    gamma,
    profile,
    rgb_to_xyz,
    xyz,
)

Floats = NDArray[np.float64]
SRGB_PRIMARIES = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
INK_STEPS, LAB_STEPS = 5, 9
_COPYRIGHT = b"text\0\0\0\0Public domain\0"


def cmyk(ink_strength: float = 1.0) -> bytes:
    """A press whose inks take away *ink_strength* of their own light; grey is printed with black alone."""
    return _with_header(
        profile(
            {
                b"desc": description("Ideal inks"),
                b"cprt": _COPYRIGHT,
                b"wtpt": xyz(D50_XYZ),
                b"A2B0": _table(_inks_to_lab(ink_strength), INK_STEPS, 4),
                b"B2A0": _table(_lab_to_inks(ink_strength), LAB_STEPS, 3),
            }
        ),
        b"prtrCMYKLab ",
    )


def grey(gamma_256ths: int = 256) -> bytes:
    """Grey with a power curve; the default is linear, which looks far lighter than sRGB."""
    return _with_header(
        profile(
            {
                b"desc": description("Linear grey"),
                b"cprt": _COPYRIGHT,
                b"wtpt": xyz(D50_XYZ),
                b"kTRC": gamma(gamma_256ths),
            }
        ),
        b"mntrGRAYXYZ ",
    )


def wide_linear_rgb() -> bytes:
    """Adobe RGB primaries with a linear curve: nothing like sRGB."""
    colorants = adapted_to_d50(rgb_to_xyz(ADOBE_PRIMARIES, D65), D65)
    curve = gamma(256)
    return profile(
        {
            b"desc": description("Wide linear"),
            b"cprt": _COPYRIGHT,
            b"wtpt": xyz(D50_XYZ),
            **{name: xyz(colorants[:, place]) for place, name in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))},
            **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
        }
    )


def _with_header(content: bytes, kind: bytes) -> bytes:
    """The profile with its class, colour space and connection space (bytes 12 to 23 of the header) changed."""
    return content[:12] + kind + content[24:]


def _table(nodes: NDArray[np.uint8], steps: int, channels_in: int) -> bytes:
    """A ``lut8Type`` with straight curves around a grid."""
    channels_out = nodes.shape[-1]
    head = struct.pack(">4sIBBBx", b"mft1", 0, channels_in, channels_out, steps)
    matrix = struct.pack(">9i", *(65536 if place % 4 == 0 else 0 for place in range(9)))
    straight = bytes(range(256))
    return head + matrix + straight * channels_in + nodes.astype(np.uint8).tobytes() + straight * channels_out


def _grid(steps: int, channels: int) -> Floats:
    axis = np.linspace(0.0, 1.0, steps)
    return np.stack(np.meshgrid(*[axis] * channels, indexing="ij"), axis=-1).reshape(-1, channels)


def _inks_to_lab(strength: float) -> NDArray[np.uint8]:
    inks = _grid(INK_STEPS, 4) * strength
    light = (1 - inks[:, :3]) * (1 - inks[:, 3:])
    return _encode_lab(_lab(_linear(light) @ _matrix().T))


def _lab_to_inks(strength: float) -> NDArray[np.uint8]:
    encoded = _grid(LAB_STEPS, 3) * 255
    light = _encoded(np.clip(_xyz(encoded) @ np.linalg.inv(_matrix()).T, 0, 1))
    brightest = light.max(axis=1, keepdims=True)
    colored = np.where(brightest > 0, (brightest - light) / np.maximum(brightest, 1e-9), 0)
    inks = np.concatenate((colored, 1 - brightest), axis=1) / strength
    return np.round(np.clip(inks, 0, 1) * 255).astype(np.uint8)


def _matrix() -> Floats:
    return adapted_to_d50(rgb_to_xyz(SRGB_PRIMARIES, D65), D65)


def _linear(values: Floats) -> Floats:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _encoded(light: Floats) -> Floats:
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055)


def _lab(values: Floats) -> Floats:
    scaled = values / D50_XYZ
    root = np.where(scaled > 216 / 24389, np.cbrt(scaled), (24389 / 27 * scaled + 16) / 116)
    return np.stack((116 * root[:, 1] - 16, 500 * (root[:, 0] - root[:, 1]), 200 * (root[:, 1] - root[:, 2])), axis=-1)


def _xyz(encoded: Floats) -> Floats:
    lightness, a, b = encoded[:, 0] * 100 / 255, encoded[:, 1] - 128, encoded[:, 2] - 128
    y = (lightness + 16) / 116
    root = np.stack((y + a / 500, y, y - b / 200), axis=-1)
    return np.where(root > 6 / 29, root**3, (116 * root - 16) * 27 / 24389) * D50_XYZ


def _encode_lab(lab: Floats) -> NDArray[np.uint8]:
    encoded = np.stack((lab[:, 0] * 255 / 100, lab[:, 1] + 128, lab[:, 2] + 128), axis=-1)
    return np.round(np.clip(encoded, 0, 255)).astype(np.uint8)
