"""Every pixel mode becomes a working mode, with the right numbers (spec image-urls §5.4)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from qis_core.contracts.operation import WORKING_MODES
from qis_plugins.pillow_codecs.modes import WORKING, has_alpha, normalised
from tests.support.codec_files import near, pixel
from tests.support.pictures import palette_quad, quad

SIZE = (8, 6)


def array_image(values: list[float], kind: type) -> Image.Image:
    return Image.fromarray(np.array([values], dtype=kind))


def test_working_modes_are_the_contracts() -> None:
    assert WORKING == WORKING_MODES


@pytest.mark.parametrize("mode", WORKING_MODES)
def test_working_modes_stay_but_are_copies(mode: str) -> None:
    image = Image.new(mode, SIZE, 77)
    result = normalised(image)
    assert (result.mode, result.tobytes()) == (mode, image.tobytes())
    assert result is not image


@pytest.mark.parametrize(
    ("mode", "wanted"),
    [
        ("1", "L"),
        ("P", "RGB"),
        ("PA", "RGBA"),
        ("La", "LA"),
        ("RGBa", "RGBA"),
        ("RGBX", "RGB"),
        ("YCbCr", "RGB"),
        ("HSV", "RGB"),
        ("LAB", "RGB"),
        ("I", "L"),
        ("F", "L"),
        ("I;16", "L"),
        ("I;16B", "L"),
        ("I;16L", "L"),
    ],
)
def test_other_modes_become_working_ones(mode: str, wanted: str) -> None:
    image = Image.new(mode, SIZE)
    assert normalised(image).mode == wanted
    assert has_alpha(image) == wanted.endswith("A")


def test_info_is_left_behind() -> None:
    image = Image.new("RGB", SIZE)
    image.info["comment"] = "something"
    assert normalised(image).info == {}
    assert image.info == {"comment": "something"}


@pytest.mark.parametrize(
    ("value", "grey"),
    [
        (0, 0),
        (128, 0),
        (129, 1),
        (257, 1),
        (32767, 127),
        (32768, 128),
        (65535 - 129, 254),
        (65535 - 128, 255),
        (65535, 255),
    ],
)
@pytest.mark.parametrize("kind", [np.uint16, np.int32])
def test_sixteen_bits_are_divided_by_257_and_rounded(value: int, grey: int, kind: type) -> None:
    assert pixel(normalised(array_image([value], kind)), 0, 0) == (grey,)


@given(st.lists(st.integers(0, 65535), min_size=1, max_size=40))
def test_sixteen_bits_are_never_more_than_half_a_step_off(values: list[int]) -> None:
    result = np.asarray(normalised(array_image(list(map(float, values)), np.uint16)), dtype=np.float64)
    assert np.abs(result[0] - np.array(values) / 257).max() <= 0.5


@pytest.mark.parametrize("kind", [np.uint16, np.int32, np.float32])
@pytest.mark.parametrize("rows", [255, 256, 257, 600])
def test_tall_pictures_are_the_same_all_the_way_down(rows: int, kind: type) -> None:
    """The conversion works in strips; the brightest float of all of them is white."""
    values: NDArray[np.generic] = np.linspace(0, 65535, rows).astype(kind).reshape(rows, 1)
    result = np.asarray(normalised(Image.fromarray(values)), dtype=np.float64)
    assert np.abs(result - values.astype(np.float64) / 257).max() <= 0.51


def test_integers_out_of_range_are_clipped() -> None:
    result = normalised(array_image([-5, 70_000, 2_000_000_000], np.int32))
    assert [pixel(result, x, 0) for x in range(3)] == [(0,), (255,), (255,)]


@pytest.mark.parametrize(
    ("values", "greys"),
    [
        ([0.0, 0.25, 0.5, 1.0], [0, 64, 128, 255]),
        ([0.0, 100.0, 200.4, 255.0], [0, 100, 200, 255]),
        ([0.0, 257.0, 32768.0, 65535.0], [0, 1, 128, 255]),
        ([-1.0, 0.5, 1.0], [0, 128, 255]),
        ([float("nan"), float("inf"), float("-inf"), 0.5], [0, 0, 0, 128]),
    ],
    ids=["fractions", "bytes", "16 bits", "negative", "no numbers"],
)
def test_floats(values: list[float], greys: list[int]) -> None:
    result = normalised(array_image(values, np.float32))
    assert [pixel(result, x, 0)[0] for x in range(len(values))] == greys


def test_transparent_value_of_deep_grey() -> None:
    image = array_image([0, 1000, 1001], np.uint16)
    image.info["transparency"] = 1000
    assert has_alpha(image)
    result = normalised(image)
    assert result.mode == "LA"
    assert [pixel(result, x, 0)[1] for x in range(3)] == [255, 0, 255]


def test_transparent_colour() -> None:
    image = quad(SIZE)
    image.info["transparency"] = (255, 0, 0)
    result = normalised(image)
    assert result.mode == "RGBA"
    assert pixel(result, 0, 0)[3] == 0
    assert pixel(result, 7, 0) == (0, 255, 0, 255)


@pytest.mark.parametrize("mode", ["1", "L"])
def test_transparent_grey(mode: str) -> None:
    image = Image.new(mode, (2, 1), 0)
    image.putpixel((1, 0), 255)
    image.info["transparency"] = 255
    result = normalised(image)
    assert result.mode == "LA"
    assert [pixel(result, x, 0) for x in range(2)] == [(0, 255), (255, 0)]


def test_transparent_palette_entry() -> None:
    image = palette_quad(SIZE)
    image.info["transparency"] = 3
    result = normalised(image)
    assert pixel(result, 0, 0) == (255, 0, 0, 255)
    assert pixel(result, 7, 5)[3] == 0


def test_palette_with_many_alphas() -> None:
    image = palette_quad(SIZE)
    image.info["transparency"] = bytes([0, 64, 128])
    result = normalised(image)
    assert [pixel(result, x, y)[3] for x, y in ((0, 0), (7, 0), (0, 5), (7, 5))] == [0, 64, 128, 255]


def test_premultiplied_colour_is_divided_again() -> None:
    image = Image.new("RGBa", (1, 1), (100, 50, 0, 128))
    assert near(pixel(normalised(image), 0, 0), (199, 100, 0, 128), within=1)


def test_lab_is_converted_by_its_meaning() -> None:
    white = Image.merge("LAB", [Image.new("L", (1, 1), level) for level in (255, 128, 128)])
    assert near(pixel(normalised(white), 0, 0), (255, 255, 255), within=2)


def test_inks_stay_inks() -> None:
    image = Image.new("CMYK", (1, 1), (10, 20, 30, 40))
    assert pixel(normalised(image), 0, 0) == (10, 20, 30, 40)
