"""Geometry operations for random requests: planned sizes come true, steps are canonical, sources stay as they are."""

import json
import re

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from qis_core.contracts.operation import WORKING_MODES
from qis_core.domain.images import Size
from qis_core.errors import InvalidRequest
from qis_core.imaging.geometry import rotated_size
from qis_core.imaging.plan import plain
from tests.support.operations import ANY, JPEG, PNG, World, context_of, plan, planned_size, render, run, values
from tests.support.pictures import gradient

Query = dict[str, str]
DEFAULT_WORLD = World()

sizes = st.builds(Size, st.integers(1, 90), st.integers(1, 90))
fractions = st.integers(0, 100_000).map(lambda units: f"{units / 100_000:g}")
positions = st.integers(0, 100_000).map(lambda units: f"{units / 100_000:.5f}")
dimensions = st.one_of(st.integers(0, 120), st.integers(0, 15_000)).map(str)
angles = st.one_of(
    st.sampled_from(["0", "90", "-90", "180", "270", "360"]),
    st.integers(-360_00000, 360_00000).map(lambda n: f"{n / 1e5:.5f}"),
)
fills = st.sampled_from(["red", "none", "auto", "ffffff", "00000080", "#123"])
tiles = st.sampled_from(["1:1", "1:4", "4:4", "5:9", "9:9", "13:16"])
focuses = st.one_of(st.just("smart"), st.tuples(fractions, fractions).map(",".join))
queries = st.fixed_dictionaries(
    {},
    optional={
        "flip": st.sampled_from("hv"),
        "angle": angles,
        **dict.fromkeys(("left", "top", "right", "bottom"), fractions),
        **dict.fromkeys(("width", "height"), dimensions),
        **dict.fromkeys(("autosizefit", "autocropfit"), st.sampled_from("01")),
        "fit": st.sampled_from(["contain", "cover", "fill", "inside"]),
        "focus": focuses,
        "dpr": st.integers(10, 800).map(lambda n: str(n / 100)),
        "halign": st.builds("{}{}".format, st.sampled_from("LCR"), positions),
        "valign": st.builds("{}{}".format, st.sampled_from("TCB"), positions),
        "fill": fills,
        "tile": tiles,
    },
)
worlds = st.builds(
    lambda output, quality, linear: World(output=output).images(resize_quality=quality, linear_light=linear),
    st.sampled_from([PNG, JPEG, ANY]),
    st.sampled_from([1, 2, 3]),
    st.booleans(),
)
#: Results of more pixels than this are planned, not rendered: the numbers are the same, the test is not slower.
RENDERED_PIXELS = 200_000


def picture(size: Size, mode: str) -> Image.Image:
    image = gradient(size)
    if mode in ("LA", "RGBA"):
        image.putalpha(Image.linear_gradient("L").resize(size))
    return image.convert(mode)


def is_possible(size: Size, query: Query, world: World = DEFAULT_WORLD) -> bool:
    """Only results beyond all bounds and cells smaller than pixels are refused when every value by itself is right."""
    try:
        plan(size, query, world)
    except InvalidRequest as error:
        if not re.search("^(width|height): a result of|^tile: tile grid too fine", str(error)):
            raise
        return False
    return True


def is_small(size: Size, query: Query, world: World) -> bool:
    return all(step.after.width * step.after.height <= RENDERED_PIXELS for step in plan(size, query, world))


@given(sizes, queries, worlds, st.sampled_from(WORKING_MODES))
@settings(max_examples=300)
def test_the_planned_size_and_mode_come_true(size: Size, query: Query, world: World, mode: str) -> None:
    world = World(world.output, world.settings, mode)
    image = picture(size, mode)
    before = image.tobytes()
    if not is_possible(size, query, world) or not is_small(size, query, world):
        return
    result = render(image, query, world)
    steps = plan(size, query, world)
    assert result.size == planned_size(size, query, world)
    assert image.tobytes() == before
    alpha = mode in ("LA", "RGBA")
    for step in steps:
        alpha = step.operation.output_alpha(alpha, step.value)
    assert (result.mode in ("LA", "RGBA")) == alpha
    assert not alpha or world.output.can_alpha


@given(sizes, queries, st.sampled_from([2, 3, 5]))
@settings(max_examples=150)
def test_a_picture_decoded_smaller_gets_the_same_size_from_the_resize(size: Size, query: Query, factor: int) -> None:
    """Whatever a decoder's reduction rounds to, the steps up to the resize or its tile end in the planned size."""
    world = World()
    if not is_possible(size, query, world):
        return
    steps = plan(size, query, world)
    if steps and steps[-1].operation.name == "tile" and steps[-1].value.resized is None:
        return
    if not steps or steps[-1].operation.name not in ("resize", "tile") or not is_small(size, query, world):
        return
    reduced = gradient(size).reduce(factor)
    assert run(steps, reduced, context_of()).size == steps[-1].after


@given(sizes, queries)
@settings(max_examples=200)
def test_steps_are_values_that_a_key_can_be_made_of(size: Size, query: Query) -> None:
    if not is_possible(size, query):
        return
    found = values(size, query)
    assert values(size, dict(reversed(query.items()))) == found
    text = json.dumps([plain(value) for value in found], sort_keys=True)
    assert "NaN" not in text
    assert hash(tuple(found)) == hash(tuple(values(size, query)))


@given(sizes, queries)
@settings(max_examples=200)
def test_naming_the_defaults_changes_nothing(size: Size, query: Query) -> None:
    defaults = {
        **{"angle": "0", "left": "0", "top": "0", "right": "1", "bottom": "1", "width": "0", "height": "0"},
        **{"autosizefit": "0", "autocropfit": "0", "halign": "C0.5", "valign": "c0.50", "dpr": "1"},
        **{"fill": "#ffffff", "tile": "1:1", "flip": "", "focus": "", "fit": ""},
    }
    if not is_possible(size, query):
        return
    found = values(size, query)
    assert values(size, {**defaults, **query}) == found


@given(sizes, queries)
@settings(max_examples=200)
def test_without_a_crop_nothing_is_larger_than_the_rotated_source(size: Size, query: Query) -> None:
    query = {name: text for name, text in query.items() if name not in ("left", "top", "right", "bottom", "tile")}
    limit = rotated_size(size, float(query.get("angle", "0")))
    result = planned_size(size, query)
    assert result.width <= limit.width
    assert result.height <= limit.height


@given(sizes, queries)
@settings(max_examples=200)
def test_larger_requests_than_the_source_are_the_same_request(size: Size, query: Query) -> None:
    query = {name: text for name, text in query.items() if name not in ("tile", "dpr")}
    largest = max(rotated_size(size, float(query.get("angle", "0"))))
    try:
        found = [values(size, {**query, "width": str(width)}) for width in (largest, largest + 1, 15_000)]
    except InvalidRequest:
        return
    assert found[0] == found[1] == found[2]


@given(sizes, queries, worlds)
@settings(max_examples=150)
def test_a_reduction_leaves_enough_pixels(size: Size, query: Query, world: World) -> None:
    if not is_possible(size, query, world):
        return
    steps = plan(size, query, world)
    for step in steps:
        reduction = step.operation.reduction(step.value, step.before)
        assert reduction >= 1
        if reduction > 1:
            resized = step.value.resized if step.operation.name == "tile" else step.value
            source = resized.framing.size
            assert source.width / reduction >= 1.5 * resized.inner.width - 1e-9
            assert source.height / reduction >= 1.5 * resized.inner.height - 1e-9


@given(sizes, st.integers(1, 9))
@settings(max_examples=60)
def test_tiles_of_any_picture_make_the_picture(size: Size, side: int) -> None:
    image = gradient(size)
    if side > min(size):
        return
    rows = []
    for row in range(side):
        cells = [render(image, {"tile": f"{row * side + column + 1}:{side * side}"}) for column in range(side)]
        rows.append(np.concatenate([np.asarray(cell) for cell in cells], axis=1))
    assert np.array_equal(np.concatenate(rows), np.asarray(image))


@given(sizes, fractions, fractions, st.sampled_from("hv"))
@settings(max_examples=100)
def test_a_crop_is_the_part_of_the_flipped_picture(size: Size, left: str, bottom: str, flip: str) -> None:
    query = {"left": left, "bottom": bottom}
    flipped = render(gradient(size), {"flip": flip})
    both = render(gradient(size), {**query, "flip": flip})
    assert both.tobytes() == render(flipped, query).tobytes()
