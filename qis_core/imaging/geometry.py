"""Sizes and boxes: exact integer arithmetic, no pixels (spec image-urls §4).

Fractions of a picture have at most `DECIMALS` decimals, so that every rounding is of an exact rational number. A `Size`
used as a *target* has 0 where the axis is automatic.
"""

import math
from typing import NamedTuple

from qis_core.domain.images import Box, Size

DECIMALS = 5
_UNIT = 100_000


class Edges(NamedTuple):
    """Crop edges as fractions; an edge of 0 or 1 does not crop its side, whichever side that is."""

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0


class Layout(NamedTuple):
    """A resized picture, ``inner``, on a ``canvas`` that is as large or larger."""

    inner: Size
    canvas: Size


class Framing(NamedTuple):
    """A crop. With a ``window`` the pixels decide which part of that size inside ``box`` stays."""

    box: Box
    window: Size | None = None

    @property
    def size(self) -> Size:
        return self.window or box_size(self.box)


def box_size(box: Box) -> Size:
    """The size of a box of whole pixels."""
    return Size(int(box.width), int(box.height))


def whole(size: Size) -> Box:
    """The box that holds everything."""
    return Box(0, 0, size.width, size.height)


def units(fraction: float) -> int:
    """A fraction in units of 10⁻⁵."""
    return round(fraction * _UNIT)


def ceil_div(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)


def nearest(dividend: int, divisor: int) -> int:
    """``dividend / divisor`` rounded; of two equally near integers the smaller one."""
    return ceil_div(2 * dividend - divisor, 2 * divisor)


# --- flip and rotation (§4.3, §4.4) ---


def normal_angle(degrees: float) -> float:
    """The same rotation from 0 up to 360 degrees."""
    return round(degrees % 360, DECIMALS) % 360


def is_right(degrees: float) -> bool:
    """Whether a rotation only swaps pixels: a multiple of 90 degrees."""
    return degrees % 90 == 0


def canonical_turn(flip: str | None, degrees: float) -> tuple[str | None, float]:
    """A flip and the rotation after it, so that equal pictures have equal values.

    For right angles ``v`` is ``h`` and half a turn more; the two that need no rotation then stay a bare flip.
    """
    degrees = normal_angle(degrees)
    if flip is None or not is_right(degrees):
        return flip, degrees
    if flip == "v":
        degrees = (degrees + 180) % 360
    return ("v", 0.0) if degrees == 180 else ("h", degrees)


def rotated_size(size: Size, degrees: float) -> Size:
    """The canvas that holds the rotated picture; exact for multiples of 90 degrees."""
    quarter = degrees % 180
    if quarter == 0:
        return size
    if quarter == 90:
        return Size(size.height, size.width)
    sine, cosine = abs(math.sin(math.radians(degrees))), abs(math.cos(math.radians(degrees)))
    return Size(
        _spread(size.width, size.width * cosine + size.height * sine),
        _spread(size.height, size.width * sine + size.height * cosine),
    )


def _spread(before: int, after: float) -> int:
    return math.ceil(before / 2 + after / 2) - math.floor(before / 2 - after / 2)


# --- target size (§4.2) ---


def scaled_target(target: Size, factor: float) -> Size:
    """A target for a display with *factor* device pixels per pixel; an axis that was asked for keeps at least 1 px."""
    return Size(*(max(1, nearest(axis * units(factor), _UNIT)) if axis else 0 for axis in target))


def clamped(target: Size, limit: Size) -> Size:
    """No enlargement: each axis at most that of *limit*; 0 stays 0."""
    return Size(min(target.width, limit.width), min(target.height, limit.height))


# --- crop (§4.5) ---


def crop_box(size: Size, edges: Edges) -> Box:
    """The pixels that crop edges leave, rounded up; everything when the edges meet or overlap."""
    left, right = _interval(size.width, edges.left, edges.right)
    top, bottom = _interval(size.height, edges.top, edges.bottom)
    return Box(left, top, right, bottom) if left < right and top < bottom else whole(size)


def _interval(extent: int, start: float, end: float) -> tuple[int, int]:
    first, last = units(start) % _UNIT, units(end) % _UNIT or _UNIT
    return ceil_div(extent * first, _UNIT), ceil_div(extent * last, _UNIT)


def widened(box: Box, size: Size, target: Size) -> Box:
    """A crop that grows towards the target's shape where the picture has room: ``autocropfit``."""
    wider, taller = _missing(box, target)
    left, right = _grown(int(box.left), int(box.right), size.width, wider)
    top, bottom = _grown(int(box.top), int(box.bottom), size.height, taller)
    return Box(left, top, right, bottom)


def _missing(box: Box, target: Size) -> tuple[int, int]:
    """How much wider and taller a crop has to be to get the target's shape; one of the two is 0."""
    width, height = box_size(box)
    if target.width * height < width * target.height:
        return 0, ceil_div(width * target.height, target.width) - height
    return ceil_div(height * target.width, target.height) - width, 0


def _grown(start: int, end: int, extent: int, by: int) -> tuple[int, int]:
    before, after = start, extent - end
    if by <= 0:
        return start, end
    if before + after <= by:
        return 0, extent
    if 2 * min(before, after) >= by:
        return start - by // 2, end + by // 2
    if before < after:
        return 0, end + by - before
    return start - (by - after), extent


def widened_reach(box: Box, size: Size, target: Size) -> Framing:
    """All boxes of the grown size around *box*: `widened` for a focus that decides where to grow."""
    wider, taller = _missing(box, target)
    left, right, width = _reach(int(box.left), int(box.right), size.width, wider)
    top, bottom, height = _reach(int(box.top), int(box.bottom), size.height, taller)
    return Framing(Box(left, top, right, bottom), Size(width, height))


def _reach(start: int, end: int, extent: int, by: int) -> tuple[int, int, int]:
    length = min(extent, end - start + max(0, by))
    return max(0, end - length), min(start, extent - length) + length, length


def cover_window(box: Box, target: Size) -> Size:
    """The largest size of the target's shape inside *box*."""
    width, height = box_size(box)
    if target.width * height < width * target.height:
        return Size(max(1, nearest(height * target.width, target.height)), height)
    return Size(width, max(1, nearest(width * target.height, target.width)))


def window_at(framing: Framing, point: tuple[int, int, int]) -> Box:
    """The window as near as its box allows to a point: ``(x, y, denominator)`` in pixels of the picture."""
    x, y, denominator = point
    size, box = framing.size, framing.box
    left = _near(2 * x - size.width * denominator, 2 * denominator, int(box.left), int(box.right) - size.width)
    top = _near(2 * y - size.height * denominator, 2 * denominator, int(box.top), int(box.bottom) - size.height)
    return Box(left, top, left + size.width, top + size.height)


def _near(dividend: int, divisor: int, lowest: int, highest: int) -> int:
    return min(max(nearest(dividend, divisor), lowest), highest)


def middle_of(box: Box) -> tuple[int, int, int]:
    """The centre of a box as a point for `window_at`."""
    return int(box.left + box.right), int(box.top + box.bottom), 2


def point_of(size: Size, x: float, y: float) -> tuple[int, int, int]:
    """A point given in fractions of a picture, for `window_at`."""
    return size.width * units(x), size.height * units(y), _UNIT


# --- resize and placement (§4.6, §4.7) ---


def layout(size: Size, target: Size, fit: str) -> Layout:
    """What a target makes of a picture: ``contain``, ``inside``, or ``fill`` (the target's exact size)."""
    if not (target.width and target.height):
        inner = _by_one_axis(size, target)
        return Layout(inner, inner)
    if fit == "fill":
        return Layout(target, target)
    inner = _inside(size, target)
    return Layout(inner, inner) if fit == "inside" else Layout(_snapped(inner, target), target)


def _by_one_axis(size: Size, target: Size) -> Size:
    if target.width:
        return Size(target.width, ceil_div(target.width * size.height, size.width))
    if target.height:
        return Size(ceil_div(target.height * size.width, size.height), target.height)
    return size


def _inside(size: Size, target: Size) -> Size:
    by_width = _by_one_axis(size, Size(target.width, 0))
    return by_width if by_width.height <= target.height else _by_one_axis(size, Size(0, target.height))


def _snapped(inner: Size, canvas: Size) -> Size:
    """One pixel of padding on one side only would look like a fault."""
    return Size(*(full if full - part == 1 else part for part, full in zip(inner, canvas, strict=True)))


def placed(canvas: int, inner: int, edge: str, position: float) -> int:
    """Where the inner picture begins on one axis: its start, ``C`` centre or ``R``/``B`` end is at *position*."""
    doubled_part = {"C": inner, "R": 2 * inner, "B": 2 * inner}.get(edge, 0)
    offset = nearest(2 * canvas * units(position) - doubled_part * _UNIT, 2 * _UNIT)
    return min(max(offset, 0), canvas - inner)


# --- tiles (§4.9.2) ---


def tile_box(size: Size, number: int, grid: int) -> Box | None:
    """Cell *number*, from 1 in reading order, of a square grid; None when cells would be empty."""
    side = math.isqrt(grid)
    width, height = size.width // side, size.height // side
    if not (width and height):
        return None
    row, column = divmod(number - 1, side)
    right = size.width if column == side - 1 else (column + 1) * width
    bottom = size.height if row == side - 1 else (row + 1) * height
    return Box(column * width, row * height, right, bottom)


def scaled_box(box: Box, x_factor: float, y_factor: float) -> Box:
    """The same part of a picture that was decoded smaller."""
    return Box(box.left * x_factor, box.top * y_factor, box.right * x_factor, box.bottom * y_factor)


def scaled_size(size: Size, x_factor: float, y_factor: float) -> Size:
    """A size in a picture that was decoded smaller, at least one pixel."""
    return Size(max(1, round(size.width * x_factor)), max(1, round(size.height * y_factor)))
