"""Crop edges, automatic fitting, cover: boxes by the examples of the specification."""

import numpy as np
import pytest
from PIL import Image

from qis_core.domain.images import Box, Size
from qis_core.errors import InvalidRequest
from qis_plugins.operations.crop import CropStep
from tests.support.operations import context_of, plan, planned_size, render, run, values
from tests.support.pictures import QUARTERS, gradient, quad

LANDSCAPE, ODD = Size(1000, 600), Size(101, 67)
RED, GREEN, BLUE, YELLOW = QUARTERS


@pytest.mark.parametrize(
    ("size", "query", "expected"),
    [
        (LANDSCAPE, {"left": "0.5"}, (500, 0, 1000, 600)),
        (ODD, {"left": "0.5", "top": "0.5"}, (51, 34, 101, 67)),
        (ODD, {"right": "0.5", "bottom": "0.5"}, (0, 0, 51, 34)),
        (LANDSCAPE, {"left": "0.3333", "right": "0.6667"}, (334, 0, 667, 600)),
        (LANDSCAPE, {"left": "0.00001"}, (1, 0, 1000, 600)),
        (LANDSCAPE, {"left": "1e-5"}, (1, 0, 1000, 600)),
    ],
)
def test_edges_become_pixels(size: Size, query: dict[str, str], expected: tuple[int, int, int, int]) -> None:
    assert values(size, query) == [CropStep(Box(*expected))]


@pytest.mark.parametrize(
    "query",
    [
        {"left": "0.000001"},
        {"left": "0", "right": "1", "top": "0", "bottom": "1"},
        {"left": "1", "top": "1"},
        {"right": "0", "bottom": ""},
        {"left": "0.5", "right": "0.2"},
        {"left": "0.5", "right": "0.5"},
        {"autocropfit": "1"},
        {"autocropfit": "1", "width": "1000", "height": "600"},
        {"focus": "smart"},
        {"focus": "0.1,0.2"},
    ],
)
def test_no_step_when_nothing_is_cut(query: dict[str, str]) -> None:
    assert values(LANDSCAPE, query) == []


@pytest.mark.parametrize("name", ["left", "top", "right", "bottom"])
def test_edges_are_from_0_to_1(name: str) -> None:
    for text in ("1.1", "-0.5"):
        with pytest.raises(InvalidRequest, match=f"{name}: {text} is out of range"):
            values(LANDSCAPE, {name: text})


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "CMYK"])
def test_a_crop_keeps_pixels_exactly(mode: str) -> None:
    image = gradient(ODD).convert(mode)
    cropped = render(image, {"left": "0.5", "top": "0.5"})
    assert cropped.mode == mode
    assert np.array_equal(np.asarray(cropped), np.asarray(image)[34:, 51:])


def test_the_crop_is_of_the_flipped_rotated_picture() -> None:
    cropped = render(quad(LANDSCAPE), {"angle": "90", "left": "0.5"})
    assert cropped.size == (300, 1000)
    assert (cropped.getpixel((5, 5)), cropped.getpixel((5, 990))) == (RED, GREEN)


@pytest.mark.parametrize(
    ("edges", "target", "expected"),
    [
        ((0.4, 0.1, 0.6, 0.9), (500, 500), (260, 60, 740, 540)),
        ((0.0, 0.1, 0.2, 0.9), (480, 480), (0, 60, 480, 540)),
        ((0.1, 0.1, 0.9, 0.9), (500, 500), (100, 0, 900, 600)),
    ],
)
def test_automatic_fitting_widens_the_crop(
    edges: tuple[float, ...], target: tuple[int, int], expected: tuple[int, int, int, int]
) -> None:
    assert values(LANDSCAPE, _crop_query(edges, target))[0].box == expected


def test_automatic_fitting_uses_the_clamped_target() -> None:
    edges = (0.4, 0.1, 0.6, 0.9)
    assert values(LANDSCAPE, _crop_query(edges, (5000, 500))) == values(LANDSCAPE, _crop_query(edges, (1000, 500)))


def test_automatic_fitting_needs_both_dimensions() -> None:
    plain = {"left": "0.4", "right": "0.6", "width": "100"}
    assert values(LANDSCAPE, {**plain, "autocropfit": "1"}) == values(LANDSCAPE, plain)


@pytest.mark.parametrize(
    ("focus", "expected"),
    [("0,0.5", (120, 60, 600, 540)), ("1,0.5", (400, 60, 880, 540)), ("0.5,0.5", (260, 60, 740, 540))],
)
def test_a_focus_says_where_the_crop_grows(focus: str, expected: tuple[int, int, int, int]) -> None:
    query = {**_crop_query((0.4, 0.1, 0.6, 0.9), (500, 500)), "focus": focus}
    assert values(LANDSCAPE, query)[0].box == expected


# --- fit=cover ---


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"width": "600", "height": "600"}, (200, 0, 800, 600)),
        ({"width": "600", "height": "600", "focus": "0,0"}, (0, 0, 600, 600)),
        ({"width": "600", "height": "600", "focus": "1,1"}, (400, 0, 1000, 600)),
        ({"width": "600", "height": "600", "focus": "0.4,0.7"}, (100, 0, 700, 600)),
        ({"width": "1000", "height": "300"}, (0, 150, 1000, 450)),
        ({"width": "1000", "height": "300", "focus": "0.5,0"}, (0, 0, 1000, 300)),
    ],
)
def test_cover_cuts_the_targets_shape_around_the_focus(
    query: dict[str, str], expected: tuple[int, int, int, int]
) -> None:
    assert values(LANDSCAPE, {"fit": "cover", **query}) == [CropStep(Box(*expected))]


def test_cover_is_the_same_step_as_the_crop_it_makes() -> None:
    cover = {"fit": "cover", "width": "200", "height": "200"}
    crop = {"left": "0.2", "right": "0.8", "width": "200", "height": "200"}
    assert values(LANDSCAPE, cover) == values(LANDSCAPE, crop)


def test_cover_stays_inside_a_crop_and_the_focus_is_of_the_whole_picture() -> None:
    query = {"fit": "cover", "width": "100", "height": "100", "left": "0.5", "focus": "0,0"}
    assert values(LANDSCAPE, query)[0].box == (500, 0, 1000, 500)


def test_cover_needs_both_dimensions() -> None:
    assert values(LANDSCAPE, {"fit": "cover", "width": "200"}) == values(LANDSCAPE, {"width": "200"})


def test_cover_of_the_same_shape_cuts_nothing() -> None:
    assert values(LANDSCAPE, {"fit": "cover", "width": "500", "height": "300", "focus": "smart"}) == values(
        LANDSCAPE, {"width": "500"}
    )


def test_a_smart_crop_leaves_the_place_to_the_pixels() -> None:
    query = {"fit": "cover", "width": "600", "height": "600", "focus": "SMART"}
    assert values(LANDSCAPE, query) == [CropStep(Box(0, 0, 1000, 600), Size(600, 600))]
    assert planned_size(LANDSCAPE, query) == (600, 600)


def test_a_smart_crop_follows_the_subject() -> None:
    query = {"fit": "cover", "width": "600", "height": "600", "focus": "smart"}
    for left, expected in ((60, 0), (860, 400)):
        image = Image.new("RGB", LANDSCAPE, (120, 140, 160))
        image.paste((240, 60, 20), (left, 250, left + 80, 330))
        cropped = render(image, query)
        assert cropped.size == (600, 600)
        assert cropped.tobytes() == image.crop((expected, 0, expected + 600, 600)).tobytes()


def test_a_smart_crop_that_grows_keeps_the_crop_inside() -> None:
    query = {**_crop_query((0.4, 0.1, 0.6, 0.9), (480, 480)), "focus": "smart"}
    image = Image.new("RGB", LANDSCAPE, (120, 140, 160))
    image.paste((240, 60, 20), (130, 250, 210, 330))
    cropped = render(image, query)
    assert cropped.size == (480, 480)
    assert cropped.tobytes() == image.crop((120, 60, 600, 540)).tobytes()


@pytest.mark.parametrize("factor", [2, 4])
def test_a_crop_of_a_picture_decoded_smaller(factor: int) -> None:
    image = quad(LANDSCAPE)
    steps = plan(LANDSCAPE, {"left": "0.25", "bottom": "0.75"})
    reduced = run(steps, image.reduce(factor), context_of())
    assert reduced.size == (round(750 / factor), round(450 / factor))
    assert reduced.getpixel((2, 2)) == RED
    assert reduced.getpixel((reduced.width - 2, reduced.height - 2)) == YELLOW


def test_a_smart_crop_of_a_picture_decoded_smaller() -> None:
    image = Image.new("RGB", LANDSCAPE, (120, 140, 160))
    image.paste((240, 60, 20), (860, 250, 940, 330))
    steps = plan(LANDSCAPE, {"fit": "cover", "width": "600", "height": "600", "focus": "smart"})
    reduced = run(steps, image.reduce(2), context_of())
    assert reduced.size == (300, 300)
    assert reduced.tobytes() == image.reduce(2).crop((200, 0, 500, 300)).tobytes()


def _crop_query(edges: tuple[float, ...], target: tuple[int, int]) -> dict[str, str]:
    names = dict(zip(("left", "top", "right", "bottom"), map(str, edges), strict=True))
    return {**names, "width": str(target[0]), "height": str(target[1]), "autocropfit": "1"}
