"""Colour profiles made from published numbers: matrix/TRC profiles of ICC.1:2001-04 (version 2)."""

import struct

import numpy as np
from numpy.typing import NDArray

Chromaticity = tuple[float, float]

#: Adobe RGB (1998) Color Image Encoding, §4.3: primaries, white point D65, gamma 563/256
ADOBE_PRIMARIES: tuple[Chromaticity, Chromaticity, Chromaticity] = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
ADOBE_GAMMA_256THS = 563
D65: Chromaticity = (0.3127, 0.3290)
D50_XYZ = np.array([0.9642, 1.0, 0.8249])
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])

Matrix = NDArray[np.float64]


def adobe_rgb() -> bytes:
    """A profile with the colours of Adobe RGB (1998)."""
    colorants = adapted_to_d50(rgb_to_xyz(ADOBE_PRIMARIES, D65), D65)
    return profile(
        {
            b"desc": description("Compatible with Adobe RGB (1998)"),
            b"cprt": b"text\0\0\0\0Public domain\0",
            b"wtpt": xyz(D50_XYZ),
            b"rXYZ": xyz(colorants[:, 0]),
            b"gXYZ": xyz(colorants[:, 1]),
            b"bXYZ": xyz(colorants[:, 2]),
            b"rTRC": gamma(ADOBE_GAMMA_256THS),
            b"gTRC": gamma(ADOBE_GAMMA_256THS),
            b"bTRC": gamma(ADOBE_GAMMA_256THS),
        }
    )


def rgb_to_xyz(primaries: tuple[Chromaticity, Chromaticity, Chromaticity], white: Chromaticity) -> Matrix:
    """The matrix whose columns are the primaries, scaled so that equal parts give the white."""
    unscaled = np.stack([xyz_of(primary) for primary in primaries], axis=1)
    return unscaled * np.linalg.solve(unscaled, xyz_of(white))


def adapted_to_d50(matrix: Matrix, white: Chromaticity) -> Matrix:
    """Adapt from *white* to the D50 of the profile connection space (Bradford)."""
    scale = np.diag((BRADFORD @ D50_XYZ) / (BRADFORD @ xyz_of(white)))
    return np.asarray(np.linalg.inv(BRADFORD) @ scale @ BRADFORD @ matrix)


def xyz_of(chromaticity: Chromaticity) -> Matrix:
    x, y = chromaticity
    return np.array([x / y, 1.0, (1 - x - y) / y])


def xyz(values: Matrix) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(_s15_fixed_16(float(value)) for value in values)


def gamma(in_256ths: int) -> bytes:
    return struct.pack(">4sIIH", b"curv", 0, 1, in_256ths)


def description(text: str) -> bytes:
    ascii_text = text.encode("ascii") + b"\0"
    return struct.pack(">4sII", b"desc", 0, len(ascii_text)) + ascii_text + bytes(4 + 4 + 2 + 1 + 67)


def profile(tags: dict[bytes, bytes]) -> bytes:
    """Put *tags* behind a header: a display profile, RGB to XYZ, perceptual."""
    table, body = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for signature, data in tags.items():
        table += struct.pack(">4sII", signature, start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    size = start + len(body)
    return _header(size) + struct.pack(">I", len(tags)) + table + body


def _header(size: int) -> bytes:
    dated = struct.pack(">6H", 1998, 5, 1, 0, 0, 0)
    head = struct.pack(">I4sI4s4s4s", size, bytes(4), 0x02100000, b"mntr", b"RGB ", b"XYZ ") + dated + b"acsp"
    illuminant = b"".join(_s15_fixed_16(float(value)) for value in D50_XYZ)
    return (head + bytes(28) + illuminant).ljust(128, b"\0")


def _s15_fixed_16(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))
