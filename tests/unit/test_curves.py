"""Tone curves: sRGB, the simple curves of ICC profiles, and what is done with others."""

import struct

import numpy as np
import pytest

from qis_core.imaging.curves import SRGB, Curve, curve_of, curves_of, srgb_light
from tests.support.icc import adobe_rgb

VALUES = np.arange(256, dtype=np.uint8)


def profile_of(tags: dict[bytes, bytes], space: bytes = b"RGB ") -> bytes:
    """A profile that has just a header and these tags."""
    offset, table, data = 128 + 4 + 12 * len(tags), b"", b""
    for name, content in tags.items():
        table += struct.pack(">4sII", name, offset + len(data), len(content))
        data += content
    header = bytearray(128)
    header[16:20], header[36:40] = space, b"acsp"
    return bytes(header) + struct.pack(">I", len(tags)) + table + data


def gamma(value: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(value * 256))


def samples(values: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> bytes:
    numbers = np.rint(values * 65535).astype(">u2")
    return b"curv\0\0\0\0" + struct.pack(">I", len(numbers)) + numbers.tobytes()


def parametric(kind: int, *parameters: float) -> bytes:
    numbers = [round(value * 65536) for value in parameters]
    return b"para\0\0\0\0" + struct.pack(f">HH{len(numbers)}i", kind, 0, *numbers)


def rgb(tag: bytes) -> bytes:
    return profile_of({b"rTRC": tag, b"gTRC": tag, b"bTRC": tag})


def only(profile: bytes | None) -> Curve:
    first, second, third = curves_of(profile, 3)
    assert np.array_equal(first.forward_array, second.forward_array)
    assert np.array_equal(first.forward_array, third.forward_array)
    return first


SRGB_PARAMETRIC = parametric(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


@pytest.mark.parametrize(
    ("value", "light"),
    [
        (0, 0.0),
        (1, 1 / 255 / 12.92),
        (10, 10 / 255 / 12.92),
        (11, 0.0033465),
        (128, 0.2158605),
        (188, 0.5028865),
        (255, 1.0),
    ],
)
def test_srgb_by_its_definition(value: int, light: float) -> None:
    assert SRGB.forward[value] == pytest.approx(light, abs=1e-6)


@pytest.mark.parametrize(
    "profile",
    [
        None,
        adobe_rgb(),
        rgb(gamma(1.0)),
        rgb(gamma(1.8)),
        rgb(gamma(2.6)),
        rgb(SRGB_PARAMETRIC),
        rgb(samples(np.linspace(0, 1, 1024) ** 2.2)),
        rgb(b"curv\0\0\0\0\0\0\0\0"),
    ],
)
def test_every_value_survives_the_way_to_light_and_back(profile: bytes | None) -> None:
    for curve in curves_of(profile, 3):
        assert np.array_equal(curve.encode(curve.forward_array), VALUES)


def test_light_between_two_values_becomes_the_nearer_one() -> None:
    between = srgb_light((np.arange(255) + 0.5) / 255).astype(np.float32)
    assert np.array_equal(SRGB.encode(between * np.float32(1 + 1e-3)), VALUES[1:])
    assert np.array_equal(SRGB.encode(between * np.float32(1 - 1e-3)), VALUES[:-1])


def test_light_beyond_the_ends_is_black_or_white() -> None:
    assert SRGB.encode(np.array([-5.0, -1e-9, 1.0001, 7.0], np.float32)).tolist() == [0, 0, 255, 255]


@pytest.mark.parametrize("value", [1.0, 1.80078125, 2.19921875])
def test_a_gamma(value: float) -> None:
    assert np.allclose(only(rgb(gamma(value))).forward, (np.arange(256) / 255) ** value, atol=1e-6)


def test_adobe_rgb_has_its_own_curve() -> None:
    assert only(adobe_rgb()).forward[128] == pytest.approx((128 / 255) ** 2.19921875, abs=1e-4)


def test_samples_are_interpolated() -> None:
    assert only(rgb(samples(np.array([0.0, 0.1, 1.0])))).forward[64] == pytest.approx(64 / 255 * 0.2, abs=1e-4)


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        (parametric(0, 2.2), lambda x: x**2.2),
        (parametric(1, 2.0, 1.25, -0.25), lambda x: max(0.0, 1.25 * x - 0.25) ** 2 if x >= 0.2 else 0.0),
        (parametric(2, 2.0, 1.2, -0.21, 0.01), lambda x: (1.2 * x - 0.21) ** 2 + 0.01 if x >= 0.175 else 0.01),
        (SRGB_PARAMETRIC, lambda x: float(srgb_light(np.float64(x)))),
        (
            parametric(4, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045, 0.001, 0.0005),
            lambda x: ((x + 0.055) / 1.055) ** 2.4 + 0.001 if x >= 0.04045 else x / 12.92 + 0.0005,
        ),
    ],
)
def test_the_five_parametric_curves(tag: bytes, expected: "object") -> None:
    light = only(rgb(tag)).forward
    assert callable(expected)
    wanted = [min(1.0, expected(value / 255)) for value in range(256)]
    assert np.allclose(light, wanted, atol=2e-4)


def test_channels_may_differ() -> None:
    curves = curves_of(profile_of({b"rTRC": gamma(1.0), b"gTRC": gamma(1.8), b"bTRC": gamma(2.2)}), 3)
    assert [round(curve.forward[128], 3) for curve in curves] == [0.502, 0.289, 0.22]


def test_grey_profiles_have_one_curve() -> None:
    curves = curves_of(profile_of({b"kTRC": gamma(1.8)}, b"GRAY"), 1)
    assert len(curves) == 1
    assert curves[0].forward[128] == pytest.approx((128 / 255) ** 1.8, abs=1e-3)


BROKEN = {
    "none": None,
    "empty": b"",
    "text": b"not a profile",
    "header only": profile_of({}),
    "cut off": adobe_rgb()[:150],
    "a channel is missing": profile_of({b"rTRC": gamma(1.8), b"gTRC": gamma(1.8)}),
    "ink": profile_of({b"rTRC": gamma(1.8), b"gTRC": gamma(1.8), b"bTRC": gamma(1.8)}, b"CMYK"),
    "look-up table": profile_of({name: gamma(1.8) for name in (b"rTRC", b"gTRC", b"bTRC")} | {b"A2B0": b"mft2"}),
    "unknown type": rgb(b"xxxx" + bytes(20)),
    "unknown function": rgb(parametric(9, 1.0)),
    "falls": rgb(samples(np.linspace(1, 0, 16))),
    "goes up and down": rgb(samples(np.array([0.0, 1.0, 0.5, 1.0]))),
    "stays dark": rgb(samples(np.linspace(0, 0.5, 16))),
    "starts bright": rgb(samples(np.linspace(0.5, 1, 16))),
    "samples are missing": rgb(b"curv\0\0\0\0" + struct.pack(">I", 5000) + bytes(10)),
    "parameters are missing": rgb(b"para\0\0\0\0" + struct.pack(">HHi", 4, 0, 65536)),
    "no number": rgb(parametric(1, 2.0, 0.0, -1.0)),
    "gamma of zero": rgb(gamma(0.0)),
    "absurd gamma": rgb(gamma(250.0)),
    "offsets outside": profile_of({})[:128] + struct.pack(">I4sII", 1, b"rTRC", 2**31, 2**31),
    "many tags": profile_of({})[:128] + struct.pack(">I", 2**32 - 1),
}


@pytest.mark.parametrize("name", BROKEN)
def test_profiles_without_usable_curves_count_as_srgb(name: str) -> None:
    curves = curves_of(BROKEN[name], 3)
    if name == "absurd gamma":
        assert all(curve.forward[255] == 1 for curve in curves)
    else:
        assert curves == (SRGB, SRGB, SRGB)


def test_a_picture_profile_of_the_other_kind_counts_as_srgb() -> None:
    assert curves_of(adobe_rgb(), 1) == (SRGB,)


def test_a_curve_that_is_not_finite_is_none() -> None:
    assert curve_of(lambda value: value * np.nan) is None


def test_a_profile_that_ends_after_its_header_has_no_curves() -> None:
    header = bytearray(130)
    header[16:20] = b"RGB "
    assert curves_of(bytes(header), 3) == (SRGB, SRGB, SRGB)
