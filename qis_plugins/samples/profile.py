"""A colour profile made from its numbers: Display P3 (ICC.1:2022, SMPTE RP 431-2 primaries, white of D65)."""

import struct

#: Red, green, blue as XYZ seen under D50, after chromatic adaptation by Bradford.
_PRIMARIES = {
    b"rXYZ": (0.515121, 0.241196, -0.001053),
    b"gXYZ": (0.291977, 0.692245, 0.041885),
    b"bXYZ": (0.157104, 0.066574, 0.784073),
}
_D50 = (0.9642, 1.0, 0.8249)
#: The curve of IEC 61966-2-1 as parameters g, a, b, c, d of a type 3 curve.
_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_DATE = (2026, 1, 1, 0, 0, 0)


def display_p3() -> bytes:
    """The profile, ready to be embedded."""
    curve = b"para" + struct.pack(">IHH", 0, 3, 0) + b"".join(map(_fixed, _CURVE))
    tags = {b"desc": _text("Display P3"), b"cprt": _text("No copyright"), b"wtpt": _xyz(_D50)}
    tags |= {name: _xyz(values) for name, values in _PRIMARIES.items()}
    tags |= {b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    return _assembled(tags)


def _assembled(tags: dict[bytes, bytes]) -> bytes:
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += name + struct.pack(">II", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    return _header(start + len(body)) + table + body


def _header(size: int) -> bytes:
    start = struct.pack(">I4sI4s4s4s", size, bytes(4), 0x04400000, b"mntr", b"RGB ", b"XYZ ")
    start += struct.pack(">6H", *_DATE) + b"acsp"
    return (start.ljust(68, b"\0") + b"".join(map(_fixed, _D50))).ljust(128, b"\0")


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def _xyz(values: tuple[float, ...]) -> bytes:
    return b"XYZ " + bytes(4) + b"".join(map(_fixed, values))


def _text(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return b"mluc" + bytes(4) + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(encoded), 28) + encoded
