"""Colours of requests, pixel values of colours, flattening, edges."""

import numpy as np
import pytest
from PIL import Image

from qis_core.contracts.operation import WORKING_MODES
from qis_core.imaging.color import (
    TRANSPARENT,
    Colour,
    Rgba,
    edge_colour,
    edge_ring,
    flattened,
    format_colour,
    has_alpha,
    is_opaque,
    luma,
    native,
    over_white,
    parse_colour,
    premultiplied,
    to_mode,
)
from qis_core.settings import Settings
from tests.support.pictures import gradient

RED: Rgba = (255, 0, 0, 255)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ff0000", RED),
        ("FF0000", RED),
        ("f00", RED),
        ("#f00", RED),
        ("#ff0000", RED),
        ("ff0000ff", RED),
        ("#ff0000ff", RED),
        ("rgb(255,0,0)", RED),
        ("RGB(255, 0,0)", RED),
        ("rgb(100%,0%,0%)", RED),
        ("hsl(0,100%,50%)", RED),
        ("hsl( 0, 100%, 50% )", RED),
        ("red", RED),
        (" R e d ", RED),
        ("ff000080", (255, 0, 0, 128)),
        ("#00000001", (0, 0, 0, 1)),
        ("gray", (128, 128, 128, 255)),
        ("grey", (128, 128, 128, 255)),
        ("rebeccapurple", (102, 51, 153, 255)),
        ("none", TRANSPARENT),
        ("Transparent", TRANSPARENT),
    ],
)
def test_every_form_of_a_colour_is_read(text: str, expected: Rgba) -> None:
    assert parse_colour(text) == expected


@pytest.mark.parametrize(
    "text", ["spam", "12345", "ff00gg", "rgb(300,0,0)", "rgb(1,2)", "hsl(1,2,3)", "", "#", "#12", "auto", "url(x)"]
)
def test_other_text_is_no_colour(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_colour(text)


@pytest.mark.parametrize(
    ("colour", "text"),
    [(RED, "ff0000"), ((255, 0, 0, 128), "ff000080"), ((9, 8, 7, 0), "00000000"), (TRANSPARENT, "00000000")],
)
def test_a_colour_has_one_canonical_text(colour: Rgba, text: str) -> None:
    assert format_colour(colour) == text
    assert parse_colour(text)[3] == colour[3]


def test_the_parameter_canonicalises_and_knows_auto_only_when_told() -> None:
    assert Colour().check("#F00") == "ff0000"
    assert Colour(allow_auto=True).check(" Auto ") == "auto"
    with pytest.raises(ValueError, match="'auto' is not a valid choice"):
        Colour().check("auto")


@pytest.mark.parametrize(("value", "message"), [("ab", "2 is out"), ("a" * 33, "33 is out"), (5, "5 is not right")])
def test_the_parameter_refuses_what_cannot_be_a_colour(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Colour().check(value)


def test_the_parameter_describes_itself() -> None:
    kind = Colour(allow_auto=True)
    assert kind.parse("  ") is None
    assert kind.bind(Settings({})) == kind
    assert "auto" in kind.describe()
    assert "auto" not in Colour().describe()
    assert kind.schema() == {"type": "string", "minLength": 3, "maxLength": 32}


@pytest.mark.parametrize(
    ("colour", "expected"),
    [(RED, RED), (TRANSPARENT, (255, 255, 255, 255)), ((0, 0, 0, 128), (127, 127, 127, 255))],
)
def test_colours_lie_on_white_where_nothing_is_transparent(colour: Rgba, expected: Rgba) -> None:
    assert over_white(colour) == expected


@pytest.mark.parametrize(
    ("colour", "mode", "expected"),
    [
        (RED, "L", 76),
        (RED, "LA", (76, 255)),
        ((255, 0, 0, 7), "LA", (76, 7)),
        (RED, "RGB", (255, 0, 0)),
        ((1, 2, 3, 4), "RGBA", (1, 2, 3, 4)),
        (RED, "CMYK", (0, 255, 255, 0)),
        ((255, 255, 255, 255), "CMYK", (0, 0, 0, 0)),
        ((0, 0, 0, 255), "CMYK", (0, 0, 0, 255)),
        ((128, 128, 128, 255), "CMYK", (0, 0, 0, 127)),
    ],
)
def test_each_mode_has_its_own_pixel_values(colour: Rgba, mode: str, expected: object) -> None:
    assert native(colour, mode) == expected


@pytest.mark.parametrize("mode", WORKING_MODES)
@pytest.mark.parametrize("colour", [RED, (12, 200, 90, 255), (255, 255, 255, 255), (0, 0, 0, 255), (3, 3, 4, 255)])
def test_a_colour_looks_the_same_in_every_mode(mode: str, colour: Rgba) -> None:
    shown = Image.new(mode, (1, 1), native(colour, mode)).convert("RGB")
    expected = (luma(colour),) * 3 if mode in ("L", "LA") else colour[:3]
    assert np.abs(np.asarray(shown, int)[0, 0] - expected).max() <= 1


@pytest.mark.parametrize("colour", [RED, (0, 255, 0, 255), (1, 2, 3, 255), (200, 100, 50, 255)])
def test_grey_is_what_conversions_of_pictures_make_of_it(colour: Rgba) -> None:
    assert luma(colour) == Image.new("RGB", (1, 1), colour[:3]).convert("L").getpixel((0, 0))


def test_premultiplied_colours() -> None:
    assert premultiplied((200, 100, 50, 128)) == (100, 50, 25, 128)
    assert premultiplied((200, 100, 50, 0)) == TRANSPARENT
    assert premultiplied(RED) == RED


@pytest.mark.parametrize(
    ("mode", "expected"), [("LA", "L"), ("RGBA", "RGB"), ("L", "L"), ("RGB", "RGB"), ("CMYK", "CMYK")]
)
def test_flattening_takes_the_alpha_channel_away(mode: str, expected: str) -> None:
    image = gradient((5, 4)).convert(mode)
    before = image.tobytes()
    flat = flattened(image, RED)
    assert flat.mode == expected
    assert image.tobytes() == before
    assert flat.tobytes() == image.convert(expected).tobytes()


def test_flattening_mixes_by_alpha() -> None:
    image = Image.new("RGBA", (3, 1), (0, 0, 255, 255))
    image.putalpha(Image.frombytes("L", (3, 1), bytes((0, 51, 255))))
    assert np.asarray(flattened(image, RED))[0].tolist() == [[255, 0, 0], [204, 0, 51], [0, 0, 255]]


def test_opacity_is_of_every_pixel() -> None:
    image = Image.new("RGBA", (9, 9), RED)
    assert is_opaque(image)
    image.putpixel((4, 4), (255, 0, 0, 254))
    assert not is_opaque(image)
    assert is_opaque(Image.new("CMYK", (1, 1)))
    assert [has_alpha(Image.new(mode, (1, 1))) for mode in WORKING_MODES] == [False, True, False, True, False]


@pytest.mark.parametrize("size", [(1, 1), (1, 4), (4, 1), (2, 2), (3, 5), (6, 4)])
def test_the_ring_has_every_outer_pixel_once(size: tuple[int, int]) -> None:
    width, height = size
    numbers = np.arange(1, width * height + 1, dtype=np.uint8).reshape(height, width)
    inner = numbers[1:-1, 1:-1].ravel().tolist() if min(size) > 2 else []
    ring = np.asarray(edge_ring(Image.fromarray(numbers))).ravel().tolist()
    assert sorted(ring) == sorted(set(numbers.ravel().tolist()) - set(inner))


def test_the_colour_of_the_edge_is_the_median() -> None:
    image = Image.new("RGB", (11, 11), (200, 10, 10))
    image.paste((0, 0, 0), (0, 0, 11, 1))
    image.paste((0, 255, 0), (3, 3, 8, 8))
    assert edge_colour(image) == (200, 10, 10, 255)


def test_transparent_pixels_have_no_say_in_the_colour_of_the_edge() -> None:
    image = Image.new("RGBA", (11, 11), (200, 10, 10, 255))
    image.paste((0, 255, 0, 0), (0, 0, 11, 1))
    assert edge_colour(image) == (200, 10, 10, 255)
    image.paste((0, 255, 0, 0), (0, 0, 11, 8))
    assert edge_colour(image) == TRANSPARENT


def test_grey_edges_are_grey() -> None:
    assert edge_colour(Image.new("L", (5, 5), 77)) == (77, 77, 77, 255)
    assert edge_colour(Image.new("LA", (5, 5), (77, 0))) == TRANSPARENT


@pytest.mark.parametrize("mode", WORKING_MODES)
@pytest.mark.parametrize("target", WORKING_MODES)
def test_every_mode_becomes_every_other(mode: str, target: str) -> None:
    image = gradient((8, 6)).convert(mode)
    converted = to_mode(image, target)
    assert (converted.mode, converted.size) == (target, (8, 6))
    expected = image.convert("RGB").convert("L" if target in ("L", "LA") else "RGB").convert("RGB")
    assert np.abs(np.asarray(converted.convert("RGB"), int) - np.asarray(expected, int)).max() <= 2
