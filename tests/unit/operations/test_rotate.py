"""``angle``: sizes, corners, filters, and pictures that were decoded smaller."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageChops

from qis_core.domain.images import Size
from qis_core.errors import InvalidRequest
from qis_plugins.operations.rotate import RotateStep
from tests.support.operations import JPEG, PNG, Planned, World, context_of, plan, planned_size, render, run, values
from tests.support.pictures import QUARTERS, gradient, quad

LANDSCAPE = Size(1000, 600)
RED, GREEN, BLUE, YELLOW = QUARTERS


@pytest.mark.parametrize(
    ("angle", "expected"),
    [
        ("90", (600, 1000)),
        ("-90", (600, 1000)),
        ("270", (600, 1000)),
        ("180", (1000, 600)),
        ("45", (1132, 1132)),
        ("30", (1168, 1020)),
        ("-30", (1168, 1020)),
        ("10", (1090, 766)),
        ("5", (1050, 686)),
        ("1", (1012, 618)),
        ("0.1", (1002, 602)),
    ],
)
def test_the_canvas_grows_as_specified(angle: str, expected: tuple[int, int]) -> None:
    assert planned_size(LANDSCAPE, {"angle": angle}) == expected


@pytest.mark.parametrize("angle", ["0", "360", "-360", "", "0.000001"])
def test_whole_turns_are_no_step(angle: str) -> None:
    assert values(LANDSCAPE, {"angle": angle}) == []


def test_negative_angles_are_the_same_as_positive_ones() -> None:
    assert values(LANDSCAPE, {"angle": "-90"}) == values(LANDSCAPE, {"angle": "270"})
    assert values(LANDSCAPE, {"angle": "-30"}) == values(LANDSCAPE, {"angle": "330"})


@pytest.mark.parametrize("angle", ["361", "-360.5", "inf"])
def test_more_than_a_turn_is_out_of_range(angle: str) -> None:
    with pytest.raises(InvalidRequest, match=r"angle: .* is out of range"):
        values(LANDSCAPE, {"angle": angle})


@pytest.mark.parametrize("angle", ["nan", "abc", "1_0"])
def test_other_text_is_no_number(angle: str) -> None:
    with pytest.raises(InvalidRequest, match=f"angle: '{angle}' is not a number"):
        values(LANDSCAPE, {"angle": angle})


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "CMYK"])
@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_right_angles_move_pixels_exactly_clockwise(mode: str, quarter: int) -> None:
    image = gradient((9, 4)).convert(mode)
    turned = render(image, {"angle": str(90 * quarter)})
    assert turned.mode == mode
    assert np.array_equal(np.asarray(turned), np.rot90(np.asarray(image), -quarter))


def test_right_angles_show_no_fill() -> None:
    assert values(LANDSCAPE, {"angle": "90", "fill": "red"}) == values(LANDSCAPE, {"angle": "90"})
    assert values(LANDSCAPE, {"angle": "20", "fill": "red"}) != values(LANDSCAPE, {"angle": "20"})


def test_a_rotation_is_clockwise_about_the_centre() -> None:
    turned = render(quad((200, 200)), {"angle": "45"})
    middle, reach = turned.width // 2, 70
    assert turned.getpixel((middle, middle - reach)) == RED
    assert turned.getpixel((middle + reach, middle)) == GREEN
    assert turned.getpixel((middle - reach, middle)) == BLUE
    assert turned.getpixel((middle, middle + reach)) == YELLOW


def test_a_small_rotation_keeps_the_middle_where_it_was() -> None:
    image = gradient((401, 301))
    turned = render(image, {"angle": "0.5"})
    left, top = (turned.width - 101) // 2, (turned.height - 101) // 2
    inner = turned.crop((left, top, left + 101, top + 101))
    expected = image.crop((150, 100, 251, 201))
    assert np.abs(np.asarray(inner, int) - np.asarray(expected, int)).max() <= 3


@pytest.mark.parametrize(
    ("mode", "fill", "expected"),
    [
        ("RGB", "00ffff", (0, 255, 255)),
        ("RGB", None, (255, 255, 255)),
        ("L", None, 255),
        ("L", "808080", 128),
        ("LA", "000", (0, 255)),
        ("RGBA", "00f", (0, 0, 255, 255)),
        ("RGBA", "0000ff80", (0, 0, 255, 128)),
        ("CMYK", None, (0, 0, 0, 0)),
        ("CMYK", "000", (0, 0, 0, 255)),
    ],
)
def test_corners_take_the_fill_in_every_mode(mode: str, fill: str | None, expected: object) -> None:
    image = gradient((60, 40)).convert(mode)
    turned = render(image, {"angle": "45", **({"fill": fill} if fill else {})})
    assert turned.mode == mode
    right, bottom = turned.width - 1, turned.height - 1
    assert {turned.getpixel(corner) for corner in ((0, 0), (right, 0), (0, bottom), (right, bottom))} == {expected}


@pytest.mark.parametrize(("mode", "expected"), [("RGB", "RGBA"), ("L", "LA"), ("RGBA", "RGBA"), ("CMYK", "RGBA")])
def test_transparent_corners_where_the_output_can(mode: str, expected: str) -> None:
    image = gradient((60, 40)).convert(mode)
    turned = render(image, {"angle": "45", "fill": "transparent"})
    assert turned.mode == expected
    assert set(turned.getpixel((0, 0))) == {0}
    assert turned.getchannel("A").getpixel((turned.width // 2, turned.height // 2)) == 255


def test_transparent_corners_are_white_where_the_output_cannot() -> None:
    turned = render(gradient((60, 40)), {"angle": "45", "fill": "none"}, World(output=JPEG))
    assert turned.mode == "RGB"
    assert turned.getpixel((0, 0)) == (255, 255, 255)


def test_the_edge_blends_with_the_fill_without_fringes() -> None:
    """A white picture on white stays white: nothing of another colour is mixed in at the edge."""
    turned = render(Image.new("RGB", (80, 60), "white"), {"angle": "17"})
    assert turned.getextrema() == ((255, 255),) * 3


def test_transparency_does_not_darken_the_edge() -> None:
    turned = np.asarray(render(Image.new("RGB", (80, 60), (200, 100, 50)), {"angle": "17", "fill": "none"}), int)
    visible = turned[turned[..., 3] > 40]
    assert np.abs(visible[:, :3] - (200, 100, 50)).max() <= 4


def test_a_contrasting_fill_makes_no_halo_in_the_picture() -> None:
    """Only pixels on the edge are mixtures; no filter rings brighter or darker than both sides."""
    turned = np.asarray(render(Image.new("L", (80, 60), 100), {"angle": "17", "fill": "fff"}), int)
    assert turned.min() == 100
    assert turned.max() == 255


def test_the_edge_is_smooth() -> None:
    turned = render(Image.new("L", (80, 60), 0), {"angle": "10"})
    assert len(turned.getcolors(256) or []) > 20


def test_the_filter_follows_the_quality_setting() -> None:
    filters = [
        values(LANDSCAPE, {"angle": "10"}, World().images(resize_quality=quality))[0].filter for quality in (1, 2, 3)
    ]
    assert filters == ["nearest", "bilinear", "bicubic"]


def test_each_filter_renders_its_own_picture() -> None:
    image = gradient((120, 90))
    pictures = {
        render(image, {"angle": "10"}, World().images(resize_quality=quality)).tobytes() for quality in (1, 2, 3)
    }
    assert len(pictures) == 3


def test_automatic_fill_is_the_colour_of_the_picture_before_it_is_rotated() -> None:
    image = Image.new("RGB", (100, 60), (10, 120, 60))
    image.paste((250, 0, 0), (20, 20, 80, 40))
    turned = render(image, {"angle": "30", "fill": "auto"})
    assert turned.getpixel((0, 0)) == (10, 120, 60)


def test_the_sensed_colour_serves_the_padding_afterwards() -> None:
    image = Image.new("RGB", (100, 60), (10, 120, 60))
    image.paste((250, 0, 0), (40, 0, 60, 60))
    padded = render(image, {"angle": "30", "fill": "auto", "width": "60", "height": "100"})
    assert padded.getpixel((0, 0)) == (10, 120, 60)
    assert padded.size == (60, 83) or padded.getpixel((30, padded.height - 1)) == (10, 120, 60)


@pytest.mark.parametrize("factor", [2, 3])
def test_a_picture_decoded_smaller_looks_the_same(factor: int) -> None:
    image = gradient((600, 400))
    query = {"angle": "20", "width": "100"}
    steps = plan(Size(600, 400), query)
    full = run(steps, image, context_of())
    reduced = run(steps, image.reduce(factor), context_of())
    assert reduced.size == full.size == steps[-1].after
    inner = (20, 20, full.width - 20, full.height - 20)
    difference = np.asarray(ImageChops.difference(full.crop(inner), reduced.crop(inner)), float)
    assert difference.mean() < 2


def test_right_angles_work_on_any_scale() -> None:
    step = plan(Size(8, 4), {"angle": "90"})[0]
    assert step.operation.rescale(step.value, 0.5, 0.5) == step.value


def test_a_free_rotation_says_whether_it_adds_transparency() -> None:
    step: Planned = plan(LANDSCAPE, {"angle": "20", "fill": "none"}, World(output=PNG))[0]
    assert step.operation.output_alpha(False, step.value)
    opaque = replace(step.value, fill=(1, 2, 3, 255))
    assert not step.operation.output_alpha(False, opaque)
    assert step.operation.output_alpha(True, opaque)


def test_free_rotations_cost_more_than_right_angles() -> None:
    free, right = (plan(LANDSCAPE, {"angle": angle})[0] for angle in ("20", "90"))
    assert free.operation.cost(free.before, free.value) > right.operation.cost(right.before, right.value)


def test_the_step_is_made_of_concrete_numbers() -> None:
    assert values(Size(110, 58), {"angle": "10", "fill": "#f00"}) == [
        RotateStep(10.0, Size(120, 78), (255, 0, 0, 255), "bicubic")
    ]
