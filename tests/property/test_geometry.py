"""Geometry for every size and number: partitions, bounds, and formulas against exact arithmetic."""

import math
from decimal import Decimal, localcontext
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from qis_core.domain.images import Box, Size
from qis_core.imaging import geometry
from qis_core.imaging.geometry import Edges

lengths = st.integers(1, 20_000)
sizes = st.builds(Size, lengths, lengths)
small_sizes = st.builds(Size, st.integers(1, 400), st.integers(1, 400))
fractions = st.integers(0, 100_000).map(lambda units: units / 100_000)
angles = st.floats(-360, 360).map(lambda degrees: round(degrees, 5))
targets = st.builds(Size, st.integers(1, 20_000), st.integers(1, 20_000))


def exact(fraction: float) -> Fraction:
    return Fraction(round(fraction * 100_000), 100_000)


@st.composite
def boxes(draw: st.DrawFn, size: Size) -> Box:
    left, top = draw(st.integers(0, size.width - 1)), draw(st.integers(0, size.height - 1))
    return Box(left, top, draw(st.integers(left + 1, size.width)), draw(st.integers(top + 1, size.height)))


@given(sizes, fractions, fractions)
def test_crop_edges_are_the_ceiling_of_exact_fractions(size: Size, left: float, right: float) -> None:
    assume(0 < left < 1 and 0 < right < 1)
    first, last = math.ceil(size.width * exact(left)), math.ceil(size.width * exact(right))
    expected = (first, last) if first < last else (0, size.width)
    box = geometry.crop_box(size, Edges(left=left, right=right))
    assert (box.left, box.right) == expected


@given(small_sizes, fractions, fractions)
def test_the_four_parts_of_a_cut_picture_make_the_whole(size: Size, x: float, y: float) -> None:
    assume(0 < x < 1 and 0 < y < 1)
    across, down = math.ceil(size.width * exact(x)), math.ceil(size.height * exact(y))
    assume(across < size.width and down < size.height)
    parts = [
        geometry.crop_box(size, Edges(right=x, bottom=y)),
        geometry.crop_box(size, Edges(left=x, bottom=y)),
        geometry.crop_box(size, Edges(right=x, top=y)),
        geometry.crop_box(size, Edges(left=x, top=y)),
    ]
    assert sum(part.width * part.height for part in parts) == size.width * size.height
    assert parts[0] == (0, 0, across, down)
    assert parts[3] == (across, down, *size)


@given(st.data(), sizes, targets)
def test_a_widened_crop_holds_the_crop_and_stays_in_the_picture(data: st.DataObject, size: Size, target: Size) -> None:
    box = data.draw(boxes(size))
    grown = geometry.widened(box, size, target)
    assert 0 <= grown.left <= box.left
    assert box.right <= grown.right <= size.width
    assert 0 <= grown.top <= box.top
    assert box.bottom <= grown.bottom <= size.height
    assert grown.width == box.width or grown.height == box.height


@given(st.data(), sizes, targets)
def test_every_window_in_reach_holds_the_crop(data: st.DataObject, size: Size, target: Size) -> None:
    box = data.draw(boxes(size))
    framing = geometry.widened_reach(box, size, target)
    point = geometry.point_of(size, data.draw(fractions), data.draw(fractions))
    window = geometry.window_at(framing, point)
    assert framing.box.left <= window.left <= box.left
    assert box.right <= window.right <= framing.box.right
    assert framing.box.top <= window.top <= box.top
    assert box.bottom <= window.bottom <= framing.box.bottom
    assert geometry.box_size(window) == framing.size


@given(st.data(), sizes, targets)
def test_widening_with_or_without_a_focus_gives_the_same_size(data: st.DataObject, size: Size, target: Size) -> None:
    box = data.draw(boxes(size))
    plain = geometry.box_size(geometry.widened(box, size, target))
    reached = geometry.widened_reach(box, size, target).size
    assert abs(plain.width - reached.width) <= 1
    assert abs(plain.height - reached.height) <= 1


@given(st.data(), sizes, targets)
def test_a_cover_window_fits_and_has_the_targets_shape(data: st.DataObject, size: Size, target: Size) -> None:
    box = data.draw(boxes(size))
    window = geometry.cover_window(box, target)
    assert 1 <= window.width <= box.width
    assert 1 <= window.height <= box.height
    assert window.width == box.width or window.height == box.height
    wanted = Fraction(target.width, target.height)
    assert abs(window.width - window.height * wanted) <= max(1, wanted)


@given(st.data(), sizes, targets, fractions, fractions)
def test_a_window_stays_in_its_box(data: st.DataObject, size: Size, target: Size, x: float, y: float) -> None:
    box = data.draw(boxes(size))
    framing = geometry.Framing(box, geometry.cover_window(box, target))
    window = geometry.window_at(framing, geometry.point_of(size, x, y))
    assert box.left <= window.left
    assert window.right <= box.right
    assert box.top <= window.top
    assert window.bottom <= box.bottom


@given(sizes, st.integers(1, 20_000))
def test_the_automatic_axis_is_the_ceiling_of_the_exact_ratio(size: Size, length: int) -> None:
    by_width = geometry.layout(size, Size(length, 0), "contain").inner
    by_height = geometry.layout(size, Size(0, length), "contain").inner
    assert by_width == (length, math.ceil(Fraction(length * size.height, size.width)))
    assert by_height == (math.ceil(Fraction(length * size.width, size.height)), length)


@given(sizes, targets, st.sampled_from(["contain", "inside", "fill"]))
def test_the_inner_picture_is_never_larger_than_the_canvas_nor_the_canvas_than_the_target(
    size: Size, target: Size, fit: str
) -> None:
    inner, canvas = geometry.layout(size, target, fit)
    assert 1 <= inner.width <= canvas.width <= target.width
    assert 1 <= inner.height <= canvas.height <= target.height


@given(sizes, targets)
def test_contain_by_its_definition(size: Size, target: Size) -> None:
    ratio = Fraction(size.width, size.height)
    if Fraction(target.width, target.height) < ratio:
        expected = Size(target.width, math.ceil(target.width / ratio))
    else:
        expected = Size(math.ceil(target.height * ratio), target.height)
    snapped = Size(*(full if full - part == 1 else part for part, full in zip(expected, target, strict=True)))
    assert geometry.layout(size, target, "contain").inner == snapped


@given(st.integers(1, 20_000), st.data(), st.sampled_from("LCRTB"), fractions)
def test_placement_is_inside_the_canvas_and_near_the_formula(
    canvas: int, data: st.DataObject, edge: str, position: float
) -> None:
    inner = data.draw(st.integers(1, canvas))
    offset = geometry.placed(canvas, inner, edge, position)
    part = {"L": 0, "T": 0, "C": Fraction(1, 2)}.get(edge, 1)
    wanted = exact(position) * canvas - part * inner
    assert 0 <= offset <= canvas - inner
    assert abs(offset - min(max(wanted, 0), canvas - inner)) <= Fraction(1, 2)


@given(st.integers(1, 20_000), st.data())
def test_the_centre_is_the_floor_of_half_the_rest(canvas: int, data: st.DataObject) -> None:
    inner = data.draw(st.integers(1, canvas))
    assert geometry.placed(canvas, inner, "C", 0.5) == (canvas - inner) // 2


@given(small_sizes, st.integers(1, 16))
def test_tiles_cover_every_pixel_once(size: Size, side: int) -> None:
    assume(side <= min(size))
    boxes_found = [geometry.tile_box(size, number, side * side) for number in range(1, side * side + 1)]
    covered = set[tuple[float, float]]()
    area = 0.0
    for box in boxes_found:
        assert box is not None
        area += box.width * box.height
        covered.add((box.left, box.top))
        assert (box.width, box.height) >= (size.width // side, size.height // side)
    assert area == size.width * size.height
    assert len(covered) == side * side


@given(sizes, angles)
def test_rotated_size_is_the_formula_in_exact_arithmetic(size: Size, degrees: float) -> None:
    assume(degrees % 90 != 0)
    with localcontext(prec=40):
        sine, cosine = (abs(value) for value in _sine_cosine(Decimal(str(degrees))))
        width = size.width * cosine + size.height * sine
        height = size.width * sine + size.height * cosine
        spans = ((size.width, width), (size.height, height))
        half = Decimal(2)
        expected = tuple(math.ceil((a + b) / half) - math.floor((a - b) / half) for a, b in spans)
    assert geometry.rotated_size(size, degrees) == expected


@given(sizes, angles)
def test_turning_back_and_forth_or_by_whole_turns_changes_no_size(size: Size, degrees: float) -> None:
    rotated = geometry.rotated_size(size, degrees)
    assert rotated == geometry.rotated_size(size, -degrees)
    assert rotated == geometry.rotated_size(size, geometry.normal_angle(degrees))
    assert min(rotated) >= min(size)


@given(st.sampled_from([None, "h", "v"]), angles)
def test_canonical_turns_are_their_own_canonical_form(flip: str | None, degrees: float) -> None:
    once = geometry.canonical_turn(flip, degrees)
    assert geometry.canonical_turn(*once) == once
    assert 0 <= once[1] < 360


@given(targets, sizes)
def test_the_clamp_never_exceeds_the_source(target: Size, size: Size) -> None:
    clamped = geometry.clamped(target, size)
    assert clamped.width <= size.width
    assert clamped.height <= size.height
    assert geometry.clamped(clamped, size) == clamped


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6))
def test_rounding_takes_the_nearest_and_of_two_the_smaller(dividend: int, divisor: int) -> None:
    rounded = geometry.nearest(dividend, divisor)
    distance = Fraction(dividend, divisor) - rounded
    assert Fraction(-1, 2) < distance <= Fraction(1, 2)


def _sine_cosine(degrees: Decimal) -> tuple[Decimal, Decimal]:
    """Taylor series, far more exact than doubles."""
    pi = Decimal("3.14159265358979323846264338327950288419716939937510")
    x = degrees * pi / 180
    sine, cosine, term = Decimal(0), Decimal(0), Decimal(1)
    for power in range(120):
        if power % 2:
            sine += term if power % 4 == 1 else -term
        else:
            cosine += term if power % 4 == 0 else -term
        term = term * x / (power + 1)
    return sine, cosine
