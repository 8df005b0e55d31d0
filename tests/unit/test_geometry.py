"""Sizes and boxes, by the tables of the specification."""

import math

import pytest

from qis_core.domain.images import Box, Size
from qis_core.imaging import geometry
from qis_core.imaging.geometry import Edges, Framing, Layout

LANDSCAPE, ODD = Size(1000, 600), Size(101, 67)


# --- §4.4 rotation ---


@pytest.mark.parametrize(
    ("size", "degrees", "expected"),
    [
        (LANDSCAPE, 0, (1000, 600)),
        (LANDSCAPE, 90, (600, 1000)),
        (LANDSCAPE, 180, (1000, 600)),
        (LANDSCAPE, 270, (600, 1000)),
        (LANDSCAPE, -90, (600, 1000)),
        (LANDSCAPE, 360, (1000, 600)),
        (LANDSCAPE, 45, (1132, 1132)),
        (LANDSCAPE, 30, (1168, 1020)),
        (LANDSCAPE, -30, (1168, 1020)),
        (LANDSCAPE, 10, (1090, 766)),
        (LANDSCAPE, 5, (1050, 686)),
        (LANDSCAPE, 1, (1012, 618)),
        (LANDSCAPE, 0.1, (1002, 602)),
        (Size(110, 58), 10, (120, 78)),
        (Size(1, 1), 45, (3, 3)),
    ],
)
def test_rotated_size_is_the_table_of_the_specification(size: Size, degrees: float, expected: tuple[int, int]) -> None:
    assert geometry.rotated_size(size, degrees) == expected


@pytest.mark.parametrize(
    ("degrees", "expected"),
    [(0, 0), (360, 0), (-360, 0), (-90, 270), (270, 270), (359.99999, 359.99999), (-0.00001, 359.99999), (450, 90)],
)
def test_angles_have_one_name(degrees: float, expected: float) -> None:
    assert geometry.normal_angle(degrees) == expected


def test_an_angle_is_never_negative_zero() -> None:
    assert math.copysign(1, geometry.normal_angle(-0.0)) == 1
    assert math.copysign(1, geometry.normal_angle(-360.0)) == 1


@pytest.mark.parametrize(
    ("flip", "degrees", "expected"),
    [
        (None, 0, (None, 0)),
        (None, -90, (None, 270)),
        ("h", 0, ("h", 0)),
        ("v", 0, ("v", 0)),
        ("h", 180, ("v", 0)),
        ("v", 180, ("h", 0)),
        ("h", -180, ("v", 0)),
        ("v", 90, ("h", 270)),
        ("v", 270, ("h", 90)),
        ("v", -90, ("h", 90)),
        ("h", 90, ("h", 90)),
        ("v", 33.5, ("v", 33.5)),
        ("h", 360, ("h", 0)),
    ],
)
def test_flips_with_right_angles_have_one_name(
    flip: str | None, degrees: float, expected: tuple[str | None, float]
) -> None:
    assert geometry.canonical_turn(flip, degrees) == expected


# --- §4.2 clamp ---


def test_the_clamp_is_per_axis_and_keeps_automatic_axes() -> None:
    assert geometry.clamped(Size(2000, 2000), LANDSCAPE) == (1000, 600)
    assert geometry.clamped(Size(200, 700), LANDSCAPE) == (200, 600)
    assert geometry.clamped(Size(2000, 0), LANDSCAPE) == (1000, 0)
    assert geometry.clamped(Size(0, 0), LANDSCAPE) == (0, 0)


@pytest.mark.parametrize(
    ("target", "factor", "expected"),
    [
        ((100, 0), 2.0, (200, 0)),
        ((101, 33), 1.5, (151, 49)),
        ((1, 1), 0.1, (1, 1)),
        ((0, 0), 8.0, (0, 0)),
        ((300, 200), 1.0, (300, 200)),
        ((333, 333), 0.33333, (111, 111)),
    ],
)
def test_device_pixels_multiply_what_was_asked_for(
    target: tuple[int, int], factor: float, expected: tuple[int, int]
) -> None:
    assert geometry.scaled_target(Size(*target), factor) == expected


# --- §4.5 crop ---


@pytest.mark.parametrize(
    ("size", "edges", "expected"),
    [
        (ODD, Edges(right=0.5, bottom=0.5), (0, 0, 51, 34)),
        (ODD, Edges(left=0.5, top=0.5), (51, 34, 101, 67)),
        (LANDSCAPE, Edges(left=0.3333, right=0.6667), (334, 0, 667, 600)),
        (LANDSCAPE, Edges(left=0.00001), (1, 0, 1000, 600)),
        (LANDSCAPE, Edges(right=0.99999), (0, 0, 1000, 600)),
        (LANDSCAPE, Edges(left=1.0, right=0.0, top=1.0, bottom=0.0), (0, 0, 1000, 600)),
        (LANDSCAPE, Edges(left=0.5, right=0.2), (0, 0, 1000, 600)),
        (LANDSCAPE, Edges(left=0.5, right=0.5), (0, 0, 1000, 600)),
        (LANDSCAPE, Edges(left=0.5, top=0.9, bottom=0.1), (0, 0, 1000, 600)),
        (Size(10, 10), Edges(left=0.91, right=0.95), (0, 0, 10, 10)),
        (Size(1, 1), Edges(right=0.5), (0, 0, 1, 1)),
    ],
)
def test_crop_edges_round_up_and_impossible_crops_are_ignored(
    size: Size, edges: Edges, expected: tuple[int, int, int, int]
) -> None:
    assert geometry.crop_box(size, edges) == expected


@pytest.mark.parametrize(
    ("box", "target", "expected"),
    [
        ((400, 60, 600, 540), (500, 500), (260, 60, 740, 540)),
        ((0, 60, 200, 540), (480, 480), (0, 60, 480, 540)),
        ((100, 60, 900, 540), (500, 500), (100, 0, 900, 600)),
        ((800, 60, 1000, 540), (480, 480), (520, 60, 1000, 540)),
        ((400, 200, 600, 301), (200, 100), (399, 200, 601, 301)),
        ((400, 200, 600, 301), (100, 51), (400, 200, 600, 301)),
        ((400, 200, 600, 300), (200, 105), (400, 198, 600, 302)),
        ((0, 0, 1000, 10), (10, 600), (0, 0, 1000, 600)),
        ((10, 0, 20, 600), (1000, 600), (0, 0, 1000, 600)),
        ((50, 0, 250, 600), (600, 600), (0, 0, 600, 600)),
        ((850, 0, 950, 600), (600, 600), (400, 0, 1000, 600)),
    ],
)
def test_crops_grow_to_reduce_padding(
    box: tuple[int, int, int, int], target: tuple[int, int], expected: tuple[int, int, int, int]
) -> None:
    assert geometry.widened(Box(*box), LANDSCAPE, Size(*target)) == expected


def test_an_odd_growth_loses_one_pixel() -> None:
    grown = geometry.widened(Box(400, 200, 600, 300), LANDSCAPE, Size(203, 100))
    assert geometry.box_size(grown) == (202, 100)


def test_the_reach_of_a_growing_crop_holds_every_place_it_can_have() -> None:
    framing = geometry.widened_reach(Box(400, 60, 600, 540), LANDSCAPE, Size(500, 500))
    assert framing == Framing(Box(120, 60, 880, 540), Size(480, 480))


def test_the_reach_ends_at_the_picture() -> None:
    framing = geometry.widened_reach(Box(0, 60, 200, 540), LANDSCAPE, Size(480, 480))
    assert framing == Framing(Box(0, 60, 480, 540), Size(480, 480))


@pytest.mark.parametrize(
    ("target", "expected"),
    [((200, 200), (600, 600)), ((600, 200), (1000, 333)), ((1000, 600), (1000, 600)), ((1, 600), (1, 600))],
)
def test_cover_takes_the_largest_part_of_the_targets_shape(target: tuple[int, int], expected: tuple[int, int]) -> None:
    assert geometry.cover_window(geometry.whole(LANDSCAPE), Size(*target)) == expected


def test_a_cover_window_is_never_empty() -> None:
    assert geometry.cover_window(Box(0, 0, 3, 1), Size(1, 1000)) == (1, 1)
    assert geometry.cover_window(Box(0, 0, 1, 3), Size(1000, 1)) == (1, 1)


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (0.5, 0.5, (200, 0, 800, 600)),
        (0.0, 0.0, (0, 0, 600, 600)),
        (1.0, 1.0, (400, 0, 1000, 600)),
        (0.4, 0.9, (100, 0, 700, 600)),
    ],
)
def test_a_window_lies_around_the_point_of_focus(x: float, y: float, expected: tuple[int, int, int, int]) -> None:
    framing = Framing(geometry.whole(LANDSCAPE), Size(600, 600))
    assert geometry.window_at(framing, geometry.point_of(LANDSCAPE, x, y)) == expected


def test_the_middle_and_the_focus_at_one_half_are_the_same() -> None:
    framing = Framing(Box(0, 0, 101, 67), Size(50, 67))
    middle = geometry.window_at(framing, geometry.middle_of(framing.box))
    assert middle == geometry.window_at(framing, geometry.point_of(Size(101, 67), 0.5, 0.5))
    assert middle == (25, 0, 75, 67)


# --- §4.6 resize ---


@pytest.mark.parametrize(
    ("size", "target", "fit", "inner", "canvas"),
    [
        (LANDSCAPE, (0, 0), "contain", (1000, 600), (1000, 600)),
        (LANDSCAPE, (333, 0), "contain", (333, 200), (333, 200)),
        (Size(600, 1000), (333, 0), "contain", (333, 555), (333, 555)),
        (LANDSCAPE, (0, 200), "contain", (334, 200), (334, 200)),
        (LANDSCAPE, (0, 1), "contain", (2, 1), (2, 1)),
        (LANDSCAPE, (1, 0), "contain", (1, 1), (1, 1)),
        (LANDSCAPE, (200, 200), "contain", (200, 120), (200, 200)),
        (LANDSCAPE, (600, 200), "contain", (334, 200), (600, 200)),
        (LANDSCAPE, (200, 121), "contain", (200, 121), (200, 121)),
        (LANDSCAPE, (200, 122), "contain", (200, 120), (200, 122)),
        (LANDSCAPE, (335, 200), "contain", (335, 200), (335, 200)),
        (LANDSCAPE, (336, 200), "contain", (334, 200), (336, 200)),
        (LANDSCAPE, (200, 200), "inside", (200, 120), (200, 120)),
        (LANDSCAPE, (300, 100), "inside", (167, 100), (167, 100)),
        (LANDSCAPE, (200, 121), "inside", (200, 120), (200, 120)),
        (LANDSCAPE, (200, 200), "fill", (200, 200), (200, 200)),
        (LANDSCAPE, (200, 0), "fill", (200, 120), (200, 120)),
        (LANDSCAPE, (0, 200), "inside", (334, 200), (334, 200)),
        (Size(500, 600), (1000, 0), "contain", (1000, 1200), (1000, 1200)),
        (Size(1, 600), (5, 5), "contain", (1, 5), (5, 5)),
    ],
)
def test_layouts_are_the_table_of_the_specification(
    size: Size, target: tuple[int, int], fit: str, inner: tuple[int, int], canvas: tuple[int, int]
) -> None:
    assert geometry.layout(size, Size(*target), fit) == Layout(Size(*inner), Size(*canvas))


# --- §4.7 placement ---


@pytest.mark.parametrize(
    ("canvas", "inner", "edge", "position", "expected"),
    [
        (600, 320, "L", 0.1, 60),
        (600, 320, "R", 1.0, 280),
        (600, 320, "L", 1.0, 280),
        (600, 200, "L", 0.1, 60),
        (600, 334, "C", 0.5, 133),
        (200, 120, "C", 0.5, 40),
        (122, 120, "C", 0.5, 1),
        (500, 375, "C", 0.5, 62),
        (600, 320, "R", 0.0, 0),
        (600, 320, "C", 0.0, 0),
        (600, 320, "C", 1.0, 280),
        (600, 320, "B", 0.75, 130),
        (600, 320, "T", 0.25, 150),
        (100, 100, "L", 0.7, 0),
    ],
)
def test_the_picture_is_placed_inside_the_canvas(
    canvas: int, inner: int, edge: str, position: float, expected: int
) -> None:
    assert geometry.placed(canvas, inner, edge, position) == expected


# --- §4.9.2 tiles ---


@pytest.mark.parametrize(
    ("size", "number", "grid", "expected"),
    [
        (Size(100, 100), 1, 9, (33, 33)),
        (Size(100, 100), 3, 9, (34, 33)),
        (Size(100, 100), 7, 9, (33, 34)),
        (Size(100, 100), 9, 9, (34, 34)),
        (ODD, 1, 16, (25, 16)),
        (ODD, 4, 16, (26, 16)),
        (ODD, 13, 16, (25, 19)),
        (ODD, 16, 16, (26, 19)),
    ],
)
def test_the_last_row_and_column_take_the_rest(size: Size, number: int, grid: int, expected: tuple[int, int]) -> None:
    box = geometry.tile_box(size, number, grid)
    assert box is not None
    assert geometry.box_size(box) == expected


def test_tiles_are_numbered_in_reading_order() -> None:
    assert geometry.tile_box(Size(90, 60), 2, 9) == (30, 0, 60, 20)
    assert geometry.tile_box(Size(90, 60), 4, 9) == (0, 20, 30, 40)


@pytest.mark.parametrize("size", [Size(8, 100), Size(100, 8), Size(15, 15)])
def test_a_grid_finer_than_pixels_has_no_cells(size: Size) -> None:
    assert geometry.tile_box(size, 1, 256) is None


def test_boxes_and_sizes_shrink_with_the_picture() -> None:
    assert geometry.scaled_box(Box(100, 60, 300, 200), 0.5, 0.25) == (50, 15, 150, 50)
    assert geometry.scaled_size(Size(100, 3), 0.25, 0.1) == (25, 1)
