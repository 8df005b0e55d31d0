"""``fill``: where it shows, in every mode; sensing; what lies under transparent pictures (spec image-urls §4.8)."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from qis_core.contracts.codec import Metadata
from qis_core.domain.images import Size
from qis_core.errors import InvalidRequest
from qis_core.imaging.color import TRANSPARENT, WHITE
from qis_plugins.operations.fill import (
    FlattenStep,
    SenseStep,
    pixel_of,
    planned_fill,
    ready_for,
    rendered_fill,
    shows_alpha,
)
from tests.support.icc import adobe_rgb
from tests.support.operations import ANY, JPEG, PNG, World, canvas_of, context_of, plan, render, run, values
from tests.support.pictures import gradient, quad, with_left_half_transparent

SIZE = Size(400, 300)
TO_JPEG = World(output=JPEG)


@pytest.mark.parametrize(
    ("fill", "world", "expected"),
    [
        (None, World(), WHITE),
        ("ff0000", World(), (255, 0, 0, 255)),
        ("none", World(), TRANSPARENT),
        ("ff000000", World(), TRANSPARENT),
        ("none", TO_JPEG, WHITE),
        ("ff000080", World(), (255, 0, 0, 128)),
        ("ff000080", TO_JPEG, (255, 127, 127, 255)),
        ("auto", World(), "auto"),
        ("AUTO", TO_JPEG, "auto"),
        ("red", World(mode="L"), (76, 76, 76, 255)),
        ("00f", World(mode="LA"), (29, 29, 29, 255)),
    ],
)
def test_the_planned_colour_is_what_the_output_can_hold(fill: str | None, world: World, expected: object) -> None:
    query = {} if fill is None else {"fill": fill}
    assert planned_fill(canvas_of(SIZE, query, world)) == expected


@pytest.mark.parametrize("text", ["ab", "a" * 33])
def test_the_length_of_a_colour_is_limited(text: str) -> None:
    with pytest.raises(InvalidRequest, match=f"fill: {len(text)} is out of range"):
        values(SIZE, {"fill": text})


def test_unknown_colours_are_refused_even_where_they_would_not_show() -> None:
    with pytest.raises(InvalidRequest, match="fill: 'spam' is not a valid choice; expected a colour"):
        values(SIZE, {"fill": "spam"})


@pytest.mark.parametrize("world", [World(), TO_JPEG])
def test_a_fill_that_cannot_show_is_no_step(world: World) -> None:
    assert values(SIZE, {"fill": "red"}, world) == []


def test_a_transparent_picture_is_laid_on_white_or_the_fill() -> None:
    image = with_left_half_transparent(quad(SIZE))
    world = World(output=JPEG, mode="RGBA")
    assert values(SIZE, {}, world) == [FlattenStep(WHITE)]
    for query, expected in (({}, (255, 255, 255)), ({"fill": "red"}, (255, 0, 0)), ({"fill": "none"}, (255, 255, 255))):
        flat = render(image, query, TO_JPEG)
        assert flat.mode == "RGB"
        assert flat.getpixel((50, 50)) == expected
        assert flat.getpixel((300, 50)) == (0, 255, 0)


def test_half_transparent_pixels_are_mixed_with_the_fill() -> None:
    image = Image.new("RGBA", (4, 4), (0, 0, 255, 128))
    red, green, blue = np.asarray(render(image, {"fill": "f00"}, TO_JPEG))[0, 0]
    assert (red, green, blue) == (127, 0, 128)


def test_grey_pictures_stay_grey_when_they_are_flattened() -> None:
    flat = render(Image.new("LA", (4, 4), (100, 0)), {"fill": "808080"}, TO_JPEG)
    assert (flat.mode, flat.getpixel((0, 0))) == ("L", 128)


def test_padding_and_ground_have_the_same_colour() -> None:
    image = with_left_half_transparent(quad(SIZE))
    padded = render(image, {"width": "200", "height": "200", "fill": "red"}, TO_JPEG)
    assert (padded.getpixel((100, 5)), padded.getpixel((50, 100))) == ((255, 0, 0),) * 2
    assert padded.getpixel((150, 60)) == (0, 255, 0)


def test_transparent_padding_of_an_opaque_picture() -> None:
    padded = render(quad(SIZE), {"width": "200", "height": "200", "fill": "none"})
    assert padded.mode == "RGBA"
    assert padded.getpixel((100, 5)) == TRANSPARENT
    assert padded.getpixel((20, 60)) == (255, 0, 0, 255)


def test_nothing_is_flattened_where_the_output_is_transparent_too() -> None:
    assert values(SIZE, {}, World(mode="RGBA")) == []


def test_transparent_padding_of_inks_makes_them_rgb() -> None:
    context = context_of(metadata=Metadata(icc_profile=b"not a profile"))
    world = World(output=ANY, mode="CMYK")
    steps = plan(SIZE, {"width": "100", "height": "100", "fill": "none"}, world)
    padded = run(steps, Image.new("CMYK", SIZE, (0, 255, 255, 0)), context)
    assert padded.getpixel((50, 50)) == (255, 0, 0, 255)
    assert padded.getpixel((50, 2)) == TRANSPARENT
    assert context.metadata.icc_profile is None


# --- auto ---


def framed(colour: int | tuple[int, ...], mode: str = "RGB") -> Image.Image:
    """A picture with an outermost ring of one colour around a gradient."""
    image = Image.new(mode, (60, 40), colour)
    image.paste(gradient((58, 38)).convert(mode), (1, 1))
    return image


@pytest.mark.parametrize(
    ("mode", "colour"),
    [("L", 90), ("LA", (90, 255)), ("RGB", (12, 34, 56)), ("RGBA", (12, 34, 56, 255)), ("CMYK", (0, 0, 0, 90))],
)
def test_automatic_padding_has_the_colour_of_the_edge(mode: str, colour: int | tuple[int, ...]) -> None:
    padded = render(framed(colour, mode), {"width": "40", "height": "40", "fill": "auto"}, World(output=ANY))
    assert padded.mode == mode
    assert padded.getpixel((20, 2)) == colour


def test_the_edge_is_that_of_the_crop() -> None:
    image = Image.new("RGB", (100, 100), (200, 0, 0))
    image.paste((0, 0, 200), (50, 0, 100, 100))
    padded = render(image, {"left": "0.5", "width": "100", "height": "50", "fill": "auto"})
    assert padded.getpixel((2, 20)) == (0, 0, 200)


def test_the_colour_is_a_median_that_a_few_odd_pixels_do_not_move() -> None:
    image = framed((12, 34, 56))
    image.paste((255, 255, 255), (0, 0, 15, 1))
    padded = render(image, {"width": "40", "height": "40", "fill": "auto"})
    assert padded.getpixel((20, 2)) == (12, 34, 56)


def test_a_picture_with_a_transparent_edge_is_padded_transparently() -> None:
    image = framed((0, 0, 0, 0), "RGBA")
    query = {"width": "40", "height": "40", "fill": "auto"}
    assert render(image, query).getpixel((20, 2)) == TRANSPARENT
    assert render(image, query, TO_JPEG).getpixel((20, 2)) == (255, 255, 255)


def test_a_flattened_picture_lies_on_the_colour_of_its_edge() -> None:
    image = framed((12, 34, 56, 255), "RGBA")
    image.paste((0, 0, 0, 0), (20, 10, 40, 30))
    flat = render(image, {"fill": "auto"}, TO_JPEG)
    assert flat.getpixel((30, 20)) == (12, 34, 56)


def test_the_edge_is_sensed_before_overlays_could_change_it() -> None:
    world = World(output=JPEG, mode="RGBA")
    assert [step.operation.name for step in plan(SIZE, {"fill": "auto", "left": "0.5"}, world)] == [
        "crop",
        "sense",
        "fill",
    ]


@pytest.mark.parametrize("query", [{"fill": "auto", "angle": "20"}, {"fill": "red"}, {}])
def test_sensing_is_left_out_where_it_is_done_already_or_not_asked_for(query: dict[str, str]) -> None:
    assert SenseStep() not in values(SIZE, query, World(output=JPEG, mode="RGBA"))


def test_sensing_changes_no_pixel_and_costs_nothing() -> None:
    world = World(output=JPEG, mode="RGBA")
    sensing = next(step for step in plan(SIZE, {"fill": "auto"}, world) if step.operation.name == "sense")
    image = framed((1, 2, 3, 255), "RGBA")
    context = context_of(world)
    assert sensing.operation(image, sensing.value, context) is image
    assert context.fill == (1, 2, 3, 255)
    assert sensing.operation.cost(SIZE, sensing.value) == 0


def test_all_frames_of_an_animation_have_the_same_padding() -> None:
    steps, context = plan(SIZE, {"width": "100", "height": "100", "fill": "auto"}), context_of()
    colours = [run(steps, Image.new("RGB", SIZE, name), context).getpixel((50, 2)) for name in ("red", "blue")]
    assert colours == [(255, 0, 0), (255, 0, 0)]


def test_one_pixel_pictures_have_an_edge() -> None:
    padded = render(Image.new("RGB", (1, 1), (9, 8, 7)), {"width": "5", "height": "5", "left": "0", "fill": "auto"})
    assert padded.size == (1, 1)
    context = context_of()
    assert rendered_fill("auto", Image.new("RGB", (1, 1), (9, 8, 7)), context) == (9, 8, 7, 255)
    assert rendered_fill("auto", Image.new("RGB", (3, 1), (1, 1, 1)), context) == (9, 8, 7, 255)


# --- colours in the numbers of a profile ---


def test_a_colour_is_written_in_the_numbers_of_the_pictures_profile() -> None:
    """What sRGB calls green has less red and more or less green in Adobe RGB; the colour seen is the same."""
    profile = adobe_rgb()
    context = context_of(metadata=Metadata(icc_profile=profile))
    numbers = rendered_fill((0, 160, 0, 255), Image.new("RGB", (1, 1)), context)
    assert numbers[:3] != (0, 160, 0)
    assert _as_srgb(numbers[:3], profile) == pytest.approx((0, 160, 0), abs=3)


def test_white_and_black_are_the_same_numbers_in_every_profile() -> None:
    context = context_of(metadata=Metadata(icc_profile=adobe_rgb()))
    image = Image.new("RGB", (1, 1))
    assert rendered_fill(WHITE, image, context) == WHITE
    assert rendered_fill((0, 0, 0, 255), image, context) == (0, 0, 0, 255)
    assert pixel_of(WHITE, Image.new("CMYK", (1, 1)), context) == (0, 0, 0, 0)


def test_a_broken_profile_changes_no_colour() -> None:
    context = context_of(metadata=Metadata(icc_profile=b"broken"))
    assert rendered_fill((0, 160, 0, 255), Image.new("RGB", (1, 1)), context) == (0, 160, 0, 255)


@pytest.mark.parametrize(("mode", "expected"), [("L", "LA"), ("RGB", "RGBA"), ("LA", "LA"), ("RGBA", "RGBA")])
def test_pictures_get_an_alpha_channel_only_for_transparent_colours(mode: str, expected: str) -> None:
    image = Image.new(mode, (2, 2))
    assert ready_for(WHITE, image, context_of()) is image
    ready = ready_for(TRANSPARENT, image, context_of())
    assert ready.mode == expected
    assert image.mode == mode


def test_only_colours_that_are_transparent_add_transparency() -> None:
    assert shows_alpha(True, None)
    assert shows_alpha(False, (1, 2, 3, 4))
    assert not shows_alpha(False, WHITE)
    assert not shows_alpha(False, "auto")
    assert not shows_alpha(False, None)


def test_output_formats_decide_what_is_flattened() -> None:
    assert [values(SIZE, {}, World(output=output, mode="RGBA")) for output in (PNG, JPEG)] == [[], [FlattenStep(WHITE)]]


def _as_srgb(numbers: tuple[int, ...], profile: bytes) -> tuple[int, ...]:
    source, target = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
    shown = ImageCms.profileToProfile(Image.new("RGB", (1, 1), numbers), source, target)
    assert shown is not None
    return tuple(np.asarray(shown)[0, 0].tolist())
