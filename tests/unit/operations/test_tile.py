"""``tile``: cells, their sizes, and what is said about wrong ones (spec image-urls §4.9.2)."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from qis_core.domain.images import Box, Size
from qis_core.errors import InvalidRequest
from qis_plugins.operations.crop import crop
from qis_plugins.operations.resize import resize
from qis_plugins.operations.rotate import rotate
from qis_plugins.operations.tile import TileStep, tile
from tests.support.operations import ANY, World, context_of, plan, planned_size, render, run, values
from tests.support.pictures import MAGENTA, QUARTERS, gradient, quad

LANDSCAPE, ODD, SQUARE = Size(1000, 600), Size(101, 67), Size(100, 100)
RED, GREEN, BLUE, YELLOW = QUARTERS


@pytest.mark.parametrize(
    ("size", "text", "expected"),
    [
        (SQUARE, "1:9", (33, 33)),
        (SQUARE, "3:9", (34, 33)),
        (SQUARE, "7:9", (33, 34)),
        (SQUARE, "9:9", (34, 34)),
        (ODD, "1:16", (25, 16)),
        (ODD, "4:16", (26, 16)),
        (ODD, "13:16", (25, 19)),
        (ODD, "16:16", (26, 19)),
        (ODD, "1:256", (6, 4)),
    ],
)
def test_cells_have_the_sizes_of_the_specification(size: Size, text: str, expected: tuple[int, int]) -> None:
    assert planned_size(size, {"tile": text}) == expected
    assert render(gradient(size), {"tile": text}).size == expected


@pytest.mark.parametrize("text", ["", " ", "1:1", "01:01"])
def test_a_grid_of_one_is_no_tiling(text: str) -> None:
    assert values(SQUARE, {"tile": text}) == []


def test_spellings_of_a_tile_are_one_step() -> None:
    assert values(SQUARE, {"tile": " 2 : 4"}) == values(SQUARE, {"tile": "+2:04"}) == [TileStep(Box(50, 0, 100, 50))]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("5", "tile: '5' has an invalid format; expected n:grid"),
        ("1:2:3", "tile: '1:2:3' has an invalid format"),
        ("1:12", "tile: grid 12 is not square"),
        ("1:400", "tile: grid 400 is out of range; expected n:grid, a cell number and a square number up to 256"),
        ("0:9", "tile: tile 0 is out of range; expected 1 to 9"),
        ("10:9", "tile: tile 10 is out of range; expected 1 to 9"),
        ("-1:9", "tile: tile -1 is out of range"),
        ("1:0", "tile: grid 0 is out of range"),
        ("1:-4", "tile: grid -4 is out of range"),
        ("a:b", "tile: 'a' is not an integer"),
        ("1:b", "tile: 'b' is not an integer"),
        ("1.5:4", "tile: '1.5' is not an integer"),
    ],
)
def test_wrong_tiles_are_explained(text: str, message: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        values(SQUARE, {"tile": text})
    assert str(caught.value).startswith(message)


def test_the_largest_grid_is_a_setting() -> None:
    world = World().images(max_grid_tiles=16)
    assert planned_size(SQUARE, {"tile": "16:16"}, world) == (25, 25)
    with pytest.raises(InvalidRequest, match="tile: grid 25 is out of range"):
        values(SQUARE, {"tile": "1:25"}, world)


def test_a_grid_finer_than_the_picture_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="tile: tile grid too fine for image: 256 cells in 8×8 px"):
        values(SQUARE, {"tile": "1:256", "width": "8"})


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "CMYK"])
def test_the_tiles_make_the_picture(mode: str) -> None:
    image = gradient(ODD).convert(mode)
    tiles = [np.asarray(render(image, {"tile": f"{number}:9"})) for number in range(1, 10)]
    rows = [np.concatenate(tiles[start : start + 3], axis=1) for start in (0, 3, 6)]
    assert np.array_equal(np.concatenate(rows), np.asarray(image))


def test_tiles_are_of_the_resized_picture() -> None:
    whole = render(quad(LANDSCAPE), {"width": "101"})
    result = Image.new("RGB", whole.size)
    for number, at in enumerate(((0, 0), (50, 0), (0, 30), (50, 30)), 1):
        result.paste(render(quad(LANDSCAPE), {"width": "101", "tile": f"{number}:4"}), at)
    assert result.tobytes() == whole.tobytes()


@pytest.mark.parametrize(("text", "colour"), [("2:4", GREEN), ("3:4", BLUE)])
def test_tiles_are_numbered_in_reading_order(text: str, colour: tuple[int, int, int]) -> None:
    cell = render(quad(LANDSCAPE), {"width": "200", "tile": text})
    assert cell.size == (100, 60)
    assert cell.getpixel((50, 30)) == colour


def test_tiles_are_of_the_padded_picture() -> None:
    cell = render(quad(LANDSCAPE), {"width": "200", "height": "200", "tile": "1:4", "fill": "ff00ff"})
    assert cell.size == (100, 100)
    assert (cell.getpixel((50, 5)), cell.getpixel((50, 60))) == (MAGENTA, RED)


# --- only the pixels of the cell are made ---


def test_a_tile_of_a_resized_picture_is_one_step() -> None:
    steps = plan(LANDSCAPE, {"left": "0.5", "width": "100", "tile": "1:4"})
    assert [step.operation.name for step in steps] == ["tile"]
    assert steps[0].value.resized.box == (500, 0, 1000, 600)
    assert (steps[0].before, steps[0].after) == (LANDSCAPE, (50, 60))


@pytest.mark.parametrize(
    "query",
    [
        {"width": "100"},
        {"width": "97", "height": "61", "left": "0.13", "top": "0.07"},
        {"width": "90", "height": "90", "fill": "red"},
        {"width": "90", "height": "90", "fill": "none", "valign": "T0"},
        {"width": "90", "height": "90", "fill": "auto", "halign": "R1", "right": "0.3"},
        {"width": "60", "height": "60", "fit": "cover", "focus": "smart"},
        {"width": "200", "height": "120", "left": "0.7", "right": "0.9"},
        {"width": "240", "height": "200", "right": "0.2", "bottom": "0.3"},
        {"width": "90", "angle": "20", "fill": "none"},
    ],
)
@pytest.mark.parametrize("mode", ["L", "RGBA", "RGB", "CMYK"])
def test_tiles_are_cells_of_the_picture_that_is_made_without_them(query: dict[str, str], mode: str) -> None:
    image = gradient(Size(400, 240))
    if mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    image = image.convert(mode)
    world = World(output=ANY)
    whole = render(image, query, world)
    for number in (1, 2, 5, 9):
        cell = plan(Size(400, 240), {**query, "tile": f"{number}:9"}, replace(world, mode=mode))[-1]
        left, top, right, bottom = map(int, cell.value.box)
        made = render(image, {**query, "tile": f"{number}:9"}, world)
        assert (made.mode, made.size) == (whole.mode, cell.after)
        assert made.tobytes() == whole.crop((left, top, right, bottom)).tobytes()


def test_a_step_that_holds_others_is_renewed_with_them() -> None:
    """The revision is part of the cache key; a mended resize must not leave old tiles behind."""
    assert tile.revision > resize.revision > crop.revision
    assert tile.revision // 100 == resize.revision
    assert resize.revision // 100 == crop.revision + rotate.revision


def test_a_cell_that_is_only_padding() -> None:
    query = {"width": "100", "height": "100", "left": "0.9", "fill": "none"}
    cell = render(quad(LANDSCAPE), {**query, "tile": "1:16"})
    assert cell.getcolors() == [(25 * 25, (0, 0, 0, 0))]


@pytest.mark.parametrize("factor", [2, 3])
def test_a_tile_of_a_picture_decoded_smaller(factor: int) -> None:
    image = gradient(LANDSCAPE)
    steps = plan(LANDSCAPE, {"width": "60", "tile": "4:9"})
    full, reduced = (run(steps, source, context_of()) for source in (image, image.reduce(factor)))
    assert full.size == reduced.size == steps[-1].after
    assert np.abs(np.asarray(full, int) - np.asarray(reduced, int)).max() <= 6


def test_a_tile_is_decoded_as_large_as_the_whole_needs() -> None:
    world = World().images(linear_light=False)
    tiled, whole = (plan(LANDSCAPE, {"width": "60", **more}, world)[-1] for more in ({"tile": "4:9"}, {}))
    reductions = [step.operation.reduction(step.value, step.before) for step in (tiled, whole)]
    assert reductions[0] == reductions[1] > 1


def test_a_tile_of_the_source_needs_every_pixel() -> None:
    step = plan(LANDSCAPE, {"tile": "4:9"})[-1]
    assert step.operation.reduction(step.value, step.before) == 1
    assert step.operation.rescale(step.value, 0.5, 0.5) is None
    assert step.operation.cost(step.before, step.value) < 0.1


@pytest.mark.parametrize(("fill", "expected"), [("none", True), ("red", False)])
def test_a_tile_is_transparent_when_the_padding_is(fill: str, expected: bool) -> None:
    step = plan(LANDSCAPE, {"width": "100", "height": "100", "fill": fill, "tile": "1:4"})[-1]
    assert step.operation.output_alpha(False, step.value) == expected
