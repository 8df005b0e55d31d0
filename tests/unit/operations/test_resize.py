"""Width, height, fit, dpr, padding and placement: sizes, pixels and step values."""

import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageChops

from qis_core.domain.images import Box, Size
from qis_core.errors import InvalidRequest
from qis_plugins.operations.placement import Alignment
from qis_plugins.operations.resize import PLAIN_MARGIN, ResizeStep
from tests.support.operations import JPEG, Planned, World, context_of, plan, planned_size, render, run, values
from tests.support.pictures import MAGENTA, QUARTERS, checkerboard, gradient, quad

LANDSCAPE, PORTRAIT = Size(1000, 600), Size(600, 1000)
RED, GREEN, BLUE, YELLOW = QUARTERS
Query = dict[str, str]


def query_of(width: int = 0, height: int = 0, **others: str) -> Query:
    return {"width": str(width), "height": str(height), **others}


# --- sizes (§4.2, §4.6) ---


@pytest.mark.parametrize(
    ("size", "query", "expected"),
    [
        (LANDSCAPE, query_of(200), (200, 120)),
        (LANDSCAPE, query_of(0, 200), (334, 200)),
        (LANDSCAPE, query_of(333), (333, 200)),
        (PORTRAIT, query_of(333), (333, 555)),
        (LANDSCAPE, query_of(1), (1, 1)),
        (LANDSCAPE, query_of(0, 1), (2, 1)),
        (LANDSCAPE, query_of(200, 700), (200, 600)),
        (LANDSCAPE, query_of(2000, 300), (1000, 300)),
        (LANDSCAPE, query_of(200, 200), (200, 200)),
        (LANDSCAPE, query_of(200, 121), (200, 121)),
        (LANDSCAPE, query_of(200, 200, autosizefit="1"), (200, 120)),
        (LANDSCAPE, query_of(300, 100, autosizefit="YES"), (167, 100)),
        (LANDSCAPE, query_of(60, angle="90"), (60, 100)),
        (LANDSCAPE, query_of(2000, angle="90"), (600, 1000)),
        (LANDSCAPE, query_of(2000, angle="180"), (1000, 600)),
        (LANDSCAPE, query_of(200, angle="45"), (200, 200)),
        (LANDSCAPE, query_of(5000, angle="45"), (1132, 1132)),
        (Size(110, 58), query_of(0, 110, angle="10"), (120, 78)),
        (LANDSCAPE, query_of(60, angle="90", left="0.5"), (60, 200)),
        (LANDSCAPE, query_of(1000, left="0.5"), (1000, 1200)),
        (LANDSCAPE, query_of(100, left="0.5", right="0.2"), (100, 60)),
        (LANDSCAPE, query_of(100, 100, fit="contain"), (100, 100)),
        (LANDSCAPE, query_of(100, 100, fit="inside"), (100, 60)),
        (LANDSCAPE, query_of(100, 100, fit="cover"), (100, 100)),
        (LANDSCAPE, query_of(100, 100, fit="fill"), (100, 100)),
        (LANDSCAPE, query_of(5000, 5000, fit="cover"), (1000, 600)),
        (LANDSCAPE, query_of(5000, 5000, fit="fill"), (1000, 600)),
        (LANDSCAPE, query_of(100, fit="cover"), (100, 60)),
        (LANDSCAPE, query_of(0, 60, fit="fill"), (100, 60)),
        (LANDSCAPE, query_of(100, 100, fit="contain", autosizefit="1"), (100, 100)),
        (LANDSCAPE, query_of(100, dpr="2"), (200, 120)),
        (LANDSCAPE, query_of(100, 100, dpr="1.5"), (150, 150)),
        (LANDSCAPE, query_of(100, dpr="0.5"), (50, 30)),
        (LANDSCAPE, query_of(400, dpr="8"), (1000, 600)),
        (LANDSCAPE, query_of(200, 100, dpr="2", autosizefit="1"), (334, 200)),
    ],
)
def test_the_size_is_known_before_any_pixel_and_comes_true(size: Size, query: Query, expected: tuple[int, int]) -> None:
    assert planned_size(size, query) == expected
    assert render(gradient(size), query).size == expected


@pytest.mark.parametrize(
    "query",
    [
        *(query_of(), query_of(1000), query_of(2000, 2000), query_of(500, dpr="2")),
        *({"width": "", "height": ""}, {"dpr": "2"}, {"autosizefit": "1"}, {"fit": "cover"}, {"halign": "L0"}),
    ],
)
def test_no_step_when_nothing_changes(query: Query) -> None:
    assert values(LANDSCAPE, query) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (query_of(2000, 300), query_of(3000, 300)),
        (query_of(200, dpr="2"), query_of(400)),
        (query_of(200, 120), query_of(200)),
        (query_of(200, 121, fit="inside"), query_of(200)),
        (query_of(200, 200, fit="inside"), query_of(200, 200, autosizefit="1")),
        (query_of(200, 200, halign="C0.50"), query_of(200, 200)),
        (query_of(200, 200, valign="t0"), query_of(200, 200, valign="T0.0")),
        (query_of(200, 200, halign="L1"), query_of(200, 200)),
        (query_of(200, halign="R1"), query_of(200)),
        (query_of(200, 200, autosizefit="1", valign="B1"), query_of(200, 200, autosizefit="1")),
        (query_of(200, fill="red"), query_of(200)),
        (query_of(200, 200, fill="ffffff"), query_of(200, 200)),
        (query_of(200, 200, fill="RGB(255, 0,0)"), query_of(200, 200, fill="#f00")),
        (query_of(200, 200, fill="red", fit="cover"), query_of(200, 200, fit="cover")),
        (query_of(200, 120, fit="fill"), query_of(200)),
        (query_of(100, left="0", right="1"), query_of(100)),
        (query_of(100, angle="360"), query_of(100)),
        (query_of(100, 100, fit="cover", focus="0.5,0.5"), query_of(100, 100, fit="cover")),
        (query_of(100, 100, fit="cover", focus="0.50,.5"), query_of(100, 100, fit="cover", focus="0.5,0.5")),
    ],
)
def test_equal_pictures_have_equal_steps(one: Query, other: Query) -> None:
    assert values(LANDSCAPE, one) == values(LANDSCAPE, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (query_of(200, 200), query_of(200, 200, fill="red")),
        (query_of(200, 200), query_of(200, 200, valign="T0")),
        (query_of(200, 200), query_of(200, 200, fit="fill")),
        (query_of(200, 200, fit="cover"), query_of(200, 200, fit="cover", focus="smart")),
        (query_of(200, 200, fit="cover"), query_of(200, 200, fit="cover", focus="0,0")),
        (query_of(200), query_of(201)),
    ],
)
def test_different_pictures_have_different_steps(one: Query, other: Query) -> None:
    assert values(LANDSCAPE, one) != values(LANDSCAPE, other)


# --- bad values ---


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"width": "15001"}, "width: 15001 is out of range"),
        ({"height": "-10"}, "height: -10 is out of range"),
        ({"width": "abc"}, "width: 'abc' is not an integer"),
        ({"width": "1e2"}, "width: '1e2' is not an integer"),
        ({"width": "200.0"}, "width: '200.0' is not an integer"),
        ({"fit": "squeeze"}, "fit: 'squeeze' is not a valid choice; expected one of contain, cover, fill, inside"),
        ({"dpr": "0"}, "dpr: 0 is out of range"),
        ({"dpr": "8.1"}, "dpr: 8.1 is out of range"),
        ({"dpr": "x"}, "dpr: 'x' is not a number"),
        ({"focus": "left"}, "focus: 'left' is not a valid choice"),
        ({"focus": "0.5"}, "focus: '0.5' is not a valid choice"),
        ({"focus": "0.5,1.5"}, "focus: 1.5 is out of range"),
        ({"focus": "0.5,"}, "focus: '0.5,' is not a valid choice"),
        ({"focus": "a,b"}, "focus: 'a' is not a number"),
    ],
)
def test_wrong_values_are_named(query: Query, message: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        values(LANDSCAPE, query)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("name", ["halign", "valign"])
@pytest.mark.parametrize("text", ["L1.1", "0", "T0.1.2", "L", "C", "L-1", "Lx", "LL0", "X0", "L1.0.1"])
def test_alignments_have_a_pattern(name: str, text: str) -> None:
    with pytest.raises(InvalidRequest, match=f"{name}: .* is not an alignment; expected an edge"):
        values(LANDSCAPE, {name: text})


@pytest.mark.parametrize(("name", "text"), [("halign", "T0"), ("halign", "B1"), ("valign", "L0"), ("valign", "R0.5")])
def test_each_axis_has_its_own_edges(name: str, text: str) -> None:
    with pytest.raises(InvalidRequest, match=f"{name}: "):
        values(LANDSCAPE, {name: text})


def test_alignments_are_cut_to_eight_characters() -> None:
    long, short = (values(LANDSCAPE, query_of(500, 600, valign=text)) for text in ("T0.3333339999", "T0.333333"))
    assert long == short


@pytest.mark.parametrize(
    ("text", "expected"),
    [("l0", "L0"), ("C.5", "C0.5"), ("R1.000", "R1"), ("L0.00001", "L0.00001"), (" C0.50 ", "C0.5"), ("R1.", "R1")],
)
def test_alignments_have_one_spelling(text: str, expected: str) -> None:
    kind = Alignment("LCR")
    assert kind.check(kind.parse(text)) == expected
    assert kind.check(kind.parse(kind.format(expected))) == expected
    assert kind.bind(World().settings) == kind
    assert kind.parse("  ") is None
    assert re.search(str(kind.schema()["pattern"]), expected)


def test_a_crop_does_not_grow_beyond_all_bounds() -> None:
    """A column of pixels asked for in full width would be hundreds of thousands of pixels high."""
    with pytest.raises(InvalidRequest, match="height: a result of 600000 px is out of range; expected at most 15000"):
        values(LANDSCAPE, query_of(1000, left="0.999"))


def test_sides_of_large_sources_are_within_bounds() -> None:
    world = World().images(max_dimension=500)
    assert planned_size(Size(400, 4000), query_of(200), world) == (200, 2000)
    with pytest.raises(InvalidRequest, match="width: 501 is out of range"):
        values(LANDSCAPE, query_of(501), world)


# --- pixels ---


def test_quarters_stay_in_their_places() -> None:
    small = render(quad(LANDSCAPE), query_of(200))
    assert [small.getpixel(at) for at in ((20, 20), (180, 20), (20, 100), (180, 100))] == [RED, GREEN, BLUE, YELLOW]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (query_of(200, 200, fill="808080"), {(100, 5): (128,) * 3, (20, 38): (128,) * 3, (20, 161): (128,) * 3}),
        (query_of(200, 200, fill="808080"), {(20, 60): RED, (180, 140): YELLOW}),
        (query_of(200, 122, fill="ff00ff"), {(20, 0): MAGENTA, (20, 121): MAGENTA, (20, 10): RED}),
        (query_of(200, 121, fill="ff00ff"), {(20, 0): RED, (20, 120): BLUE}),
        (query_of(600, 200, fill="ff00ff"), {(131, 100): MAGENTA, (140, 20): RED, (470, 20): MAGENTA}),
        (query_of(200, 200), {(100, 5): (255, 255, 255)}),
        (query_of(200, 200, fill="ff00ff", valign="T0"), {(20, 5): RED, (20, 115): BLUE, (20, 125): MAGENTA}),
        (query_of(200, 200, fill="ff00ff", valign="b1"), {(20, 75): MAGENTA, (20, 85): RED, (20, 195): BLUE}),
    ],
)
def test_padding_lies_where_the_specification_says(
    query: Query, expected: dict[tuple[int, int], tuple[int, ...]]
) -> None:
    padded = render(quad(LANDSCAPE), query)
    assert {at: padded.getpixel(at) for at in expected} == expected


@pytest.mark.parametrize(("halign", "left"), [("L0.1", 60), ("R1", 400), ("L1", 400), ("L0", 0), ("C0.5", 200)])
def test_horizontal_alignment_of_a_crop(halign: str, left: int) -> None:
    query = query_of(600, 400, left="0.4", right="0.7", halign=halign, fill="ff00ff")
    row = np.asarray(render(quad(LANDSCAPE), query))[200]
    inside = np.flatnonzero(np.any(row != MAGENTA, axis=1))
    assert (inside[0], inside[-1]) == (left, left + 199)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, {(20, 98): MAGENTA, (20, 110): RED, (20, 390): BLUE, (20, 401): MAGENTA}),
        ({"autocropfit": "1"}, {(20, 60): MAGENTA, (20, 75): RED, (20, 425): BLUE, (20, 438): MAGENTA}),
    ],
)
def test_padded_crops(query: Query, expected: dict[tuple[int, int], tuple[int, ...]]) -> None:
    crop = {"left": "0.1", "right": "0.9", "top": "0.1", "bottom": "0.9", "fill": "ff00ff"}
    padded = render(quad(LANDSCAPE), query_of(500, 500, **crop, **query))
    assert {at: padded.getpixel(at) for at in expected} == expected


def test_a_fitted_crop_needs_no_padding() -> None:
    crop = {"left": "0.4", "right": "0.6", "top": "0.1", "bottom": "0.9", "autocropfit": "1", "fill": "ff00ff"}
    fitted = render(quad(LANDSCAPE), query_of(500, 500, **crop))
    assert MAGENTA not in {colour for _, colour in fitted.getcolors(250_000) or []}
    assert (fitted.getpixel((3, 100)), fitted.getpixel((496, 100))) == (RED, GREEN)


def test_a_crop_lets_nothing_in_from_outside() -> None:
    """The filter reaches over several pixels; beyond the crop's edge there is nothing for it to see."""
    right = render(quad(LANDSCAPE), query_of(50, left="0.5", bottom="0.5"))
    assert right.getcolors() == [(50 * 30, GREEN)]


def test_stretching_fills_the_whole_target() -> None:
    stretched = render(quad(LANDSCAPE), query_of(100, 100, fit="fill", fill="ff00ff"))
    corners = [(2, 2), (97, 2), (2, 97), (97, 97)]
    assert [stretched.getpixel(at) for at in corners] == [RED, GREEN, BLUE, YELLOW]


def test_cover_shows_the_middle_or_the_focus() -> None:
    image = gradient(LANDSCAPE)
    middle = render(image, query_of(100, 100, fit="cover"))
    left = render(image, query_of(100, 100, fit="cover", focus="0,0"))
    assert _distance(middle, image.crop((200, 0, 800, 600))) < 2
    assert _distance(left, image.crop((0, 0, 600, 600))) < 2


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "CMYK"])
@pytest.mark.parametrize("output", [World(), World(output=JPEG)])
def test_every_mode_is_resized_and_padded(mode: str, output: World) -> None:
    padded = render(gradient((90, 60)).convert(mode), query_of(30, 40), output)
    assert (padded.mode.removesuffix("A"), padded.size) == (mode.removesuffix("A"), (30, 40))
    white = Image.new("RGB", (1, 1), "white").convert(mode).getpixel((0, 0))
    if mode in ("L", "RGB", "CMYK") or output.output.can_alpha:
        assert padded.getpixel((15, 2)) == white


def test_bars_beside_a_transparent_picture_are_opaque_and_it_stays_transparent() -> None:
    padded = render(Image.new("RGBA", (60, 40), (10, 20, 30, 0)), query_of(30, 30))
    assert padded.getpixel((15, 1)) == (255, 255, 255, 255)
    assert padded.getchannel("A").getpixel((15, 15)) == 0


def test_padding_only_keeps_every_pixel() -> None:
    image = gradient(LANDSCAPE)
    step = values(LANDSCAPE, query_of(1000, 600, left="0.5"))[0]
    padded = render(image, query_of(1000, 600, left="0.5"))
    assert (step.filter, step.linear) == ("", False)
    assert padded.crop((250, 0, 750, 600)).tobytes() == image.crop((500, 0, 1000, 600)).tobytes()


# --- step values ---


def test_a_crop_and_a_resize_become_one_step() -> None:
    assert values(LANDSCAPE, query_of(100, left="0.5")) == [
        ResizeStep(Box(500, 0, 1000, 600), Size(100, 120), Size(100, 120), filter="lanczos", linear=True)
    ]


def test_a_smart_cover_becomes_one_step_too() -> None:
    assert values(LANDSCAPE, query_of(100, 100, fit="cover", focus="smart")) == [
        ResizeStep(
            Box(0, 0, 1000, 600),
            Size(100, 100),
            Size(100, 100),
            filter="lanczos",
            linear=True,
            window=Size(600, 600),
        )
    ]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        (query_of(100, angle="90"), ["rotate", "resize"]),
        (query_of(100, angle="30"), ["resize"]),
        (query_of(100, angle="30", left="0.5"), ["resize"]),
        (query_of(100, angle="30", flip="h"), ["flip", "resize"]),
        (query_of(600, angle="30"), ["rotate", "resize"]),
        (query_of(2000, 3000, angle="30", left="0.5"), ["rotate", "resize"]),
    ],
)
def test_a_resize_absorbs_crops_and_free_rotations_of_many_pixels(query: Query, names: list[str]) -> None:
    assert [step.operation.name for step in plan(LANDSCAPE, query)] == names


# --- rotated in fewer pixels ---


def test_a_rotation_in_fewer_pixels_keeps_the_planned_size_and_its_own_place() -> None:
    steps = plan(LANDSCAPE, query_of(100, angle="30", left="0.5"))
    assert steps[0].before == LANDSCAPE
    assert steps[0].value.turn.size == (1168, 1020)
    assert steps[0].value.box == (584, 0, 1168, 1020)
    assert steps[0].after == (100, 175)


@pytest.mark.parametrize(
    "query",
    [
        query_of(90, angle="30"),
        query_of(90, 90, angle="45", fill="red"),
        query_of(80, angle="-10", left="0.2", right="0.9", top="0.1"),
        query_of(70, 70, angle="12", fit="cover", focus="0.2,0.4"),
        query_of(90, angle="30", tile="5:9"),
    ],
)
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_rotation_in_fewer_pixels_looks_the_same(query: Query, mode: str) -> None:
    """As if every pixel had been rotated and the result resized."""
    image = gradient(LANDSCAPE).convert(mode)
    together = render(image, query)
    turn = {name: query[name] for name in ("angle", "fill") if name in query}
    rest = {name: text for name, text in query.items() if name != "angle"}
    apart = render(render(image, turn), rest)
    assert together.size == apart.size
    assert float(np.asarray(ImageChops.difference(together, apart), float).mean()) < 1.5


def test_a_rotation_in_fewer_pixels_makes_transparent_corners() -> None:
    step = plan(LANDSCAPE, query_of(90, angle="30", fill="none"))[0]
    assert step.operation.output_alpha(False, step.value)
    turned = render(gradient(LANDSCAPE), query_of(90, angle="30", fill="none"))
    assert turned.mode == "RGBA"
    assert turned.getpixel((0, 0)) == (0, 0, 0, 0)


def test_a_rotation_in_fewer_pixels_keeps_light() -> None:
    """The pixels that are averaged before are averaged in linear light."""
    turned = np.asarray(render(checkerboard((600, 600), "L"), query_of(60, angle="7")), int)
    assert np.abs(turned[25:35, 25:35] - 188).max() <= 3


@pytest.mark.parametrize("factor", [2, 3])
def test_a_rotation_of_a_picture_decoded_smaller(factor: int) -> None:
    image = gradient(LANDSCAPE)
    steps = plan(LANDSCAPE, query_of(60, 60, angle="30", left="0.1"), World().images(linear_light=False))
    full, reduced = (run(steps, source, context_of()) for source in (image, image.reduce(factor)))
    assert full.size == reduced.size
    assert _distance(full, reduced) < 2


@pytest.mark.parametrize(("quality", "name"), [(1, "bilinear"), (2, "bicubic"), (3, "lanczos")])
@pytest.mark.parametrize("linear", [True, False])
def test_filter_and_light_come_from_the_settings(quality: int, name: str, linear: bool) -> None:
    world = World().images(resize_quality=quality, linear_light=linear)
    step = values(LANDSCAPE, query_of(100), world)[0]
    assert (step.filter, step.linear) == (name, linear)


def test_inks_are_resized_as_they_are() -> None:
    assert not values(LANDSCAPE, query_of(100), World(mode="CMYK"))[0].linear


def test_grey_pictures_have_grey_padding_of_one_name() -> None:
    world = World(mode="L")
    one, other = (values(LANDSCAPE, query_of(100, 100, fill=fill), world) for fill in ("f00", "4c4c4c"))
    assert one == other


# --- shrink on load ---


@pytest.mark.parametrize(
    ("query", "linear", "expected"),
    [
        (query_of(100), False, 10 / PLAIN_MARGIN),
        (query_of(10), True, 1.0),
        (query_of(10, angle="90"), True, 1.0),
        (query_of(10, angle="30"), True, 1.0),
        (query_of(10, angle="30"), False, 1020 / 9 / PLAIN_MARGIN),
        (query_of(900), False, 1.0),
        (query_of(100, left="0.5"), False, 5 / PLAIN_MARGIN),
        (query_of(100, 10, fit="fill"), False, 10 / PLAIN_MARGIN),
        (query_of(60, 60, fit="cover", focus="smart"), False, 10 / PLAIN_MARGIN),
    ],
)
def test_how_much_smaller_a_source_may_be_decoded(query: Query, linear: bool, expected: float) -> None:
    step = plan(LANDSCAPE, query, World().images(linear_light=linear))[-1]
    assert step.operation.name == "resize"
    assert step.operation.reduction(step.value, step.before) == pytest.approx(expected)


def test_padding_alone_needs_every_pixel() -> None:
    step = plan(LANDSCAPE, query_of(1000, 600, left="0.5"))[-1]
    assert step.operation.reduction(step.value, step.before) == 1.0


@pytest.mark.parametrize("factor", [2, 3])
@pytest.mark.parametrize(
    "query",
    [
        query_of(90),
        query_of(90, 90),
        query_of(80, left="0.3", top="0.2"),
        query_of(70, 70, fit="cover", focus="0.2,0.2"),
        query_of(90, angle="90"),
        query_of(60, 80, fit="fill"),
    ],
)
def test_a_picture_decoded_smaller_looks_the_same(query: Query, factor: int) -> None:
    image = gradient(Size(900, 600))
    steps = plan(Size(900, 600), query)
    full, reduced = (run(steps, source, context_of()) for source in (image, image.reduce(factor)))
    assert full.size == reduced.size
    assert _distance(full, reduced) < 1.5


@pytest.mark.parametrize("width", [899, 898, 897])
def test_decoders_that_round_their_size_are_understood(width: int) -> None:
    """A decoder may give a picture a pixel larger or smaller than the exact fraction."""
    image = gradient(Size(900, 600))
    steps = plan(Size(900, 600), query_of(90, left="0.5"))
    reduced = run(steps, image.resize((width // 2, 301)), context_of())
    assert reduced.size == steps[-1].after
    assert _distance(reduced, run(steps, image, context_of())) < 2


def test_a_smart_window_follows_the_subject_on_any_scale() -> None:
    image = Image.new("RGB", LANDSCAPE, (120, 140, 160))
    image.paste((240, 60, 20), (860, 250, 940, 330))
    steps = plan(LANDSCAPE, query_of(100, 100, fit="cover", focus="smart"))
    full, reduced = (run(steps, source, context_of()) for source in (image, image.reduce(2)))
    assert _distance(full, reduced) < 1.5
    assert _distance(full, image.crop((400, 0, 1000, 600))) < 1.5


def test_more_pixels_cost_more() -> None:
    small, large = (_cost(plan(size, query_of(100))[0]) for size in (LANDSCAPE, Size(4000, 3000)))
    plain = _cost(plan(LANDSCAPE, query_of(100), World().images(linear_light=False))[0])
    assert plain < small < large


def test_the_step_says_whether_it_adds_transparency() -> None:
    step = plan(LANDSCAPE, query_of(100, 100, fill="none"))[0]
    assert step.operation.output_alpha(False, step.value)
    assert not step.operation.output_alpha(False, replace(step.value, fill=None))
    assert not step.operation.output_alpha(False, replace(step.value, fill="auto"))


def _cost(step: Planned) -> float:
    return step.operation.cost(step.before, step.value)


def _distance(one: Image.Image, other: Image.Image) -> float:
    """Mean difference per channel, after bringing the second to the size of the first."""
    resized = other.resize(one.size, Image.Resampling.BOX)
    return float(np.asarray(ImageChops.difference(one, resized), float).mean())
