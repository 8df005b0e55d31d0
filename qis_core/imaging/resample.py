"""Resizing in linear light or in the picture's own numbers (spec image-urls §5.6, design §9).

Linear light is exact: 256-entry tables to float, all arithmetic in float, one table back. The picture goes through in
strips: averaging of whole blocks first as long as `GAP` times the wanted resolution remains, then the filter. Beside
source and result that takes at most ``4 · channels · CHUNK_COLUMNS · 2 · GAP · CHUNK_ROWS`` bytes and a few strips,
however large they are. Colour is weighted by alpha. CMYK, and pictures asked for without linear light, are resized as
they are.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from qis_core.domain.images import Box, Size
from qis_core.imaging.color import is_opaque
from qis_core.imaging.curves import Curve, curves_of
from qis_core.imaging.geometry import whole

GAP = 3
STRIP_ROWS = 128
CHUNK_ROWS = 256
CHUNK_COLUMNS = 512
FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
#: By `ImagesSettings.resize_quality`: for resizing and, one word for less, for rotating.
RESIZE_FILTERS = {1: "bilinear", 2: "bicubic", 3: "lanczos"}
ROTATE_FILTERS = {1: "nearest", 2: "bilinear", 3: "bicubic"}
_SUPPORT = {"bilinear": 1.0, "bicubic": 2.0, "lanczos": 3.0}
#: The mode in which colour is weighted by alpha.
PREMULTIPLIED = {"LA": "La", "RGBA": "RGBa"}
_LIGHT_ALPHA = tuple(value / 255 for value in range(256))

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Method:
    """How to resample. ``profile`` is the picture's ICC profile: linear light uses its curves."""

    filter: str = "lanczos"
    linear: bool = True
    profile: bytes | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """The size of the result; with a ``part`` only those of its pixels are made, the same as in the whole."""

    size: Size
    part: Box | None = None


def resize(image: Image.Image, size: Size, box: Box, method: Method) -> Image.Image:
    """The part *box* of a picture, in *size*; mode and source stay. Pixels outside the box have no influence."""
    return resize_part(image, Wanted(size), box, method)


def resize_part(image: Image.Image, wanted: Wanted, box: Box, method: Method) -> Image.Image:
    """The same as `resize`, but only a part of the result."""
    rect, inside = _enclosed(image, box)
    left, top, right, bottom = map(round, wanted.part or whole(wanted.size))
    part = _Rect(left, top, right, bottom)
    if rect.size == wanted.size and inside == (0, 0, *wanted.size):
        return image.crop((rect.left + left, rect.top + top, rect.left + right, rect.top + bottom))
    if method.linear and image.mode != "CMYK" and method.filter != "nearest":
        return _resized_light(_Job(image, rect, inside, wanted.size, part, method))
    source = image if rect.size == image.size else image.crop(rect)
    result = _resized_plain(source, wanted.size, inside, method)
    return result if part.size == result.size else result.crop(part)


class _Rect(NamedTuple):
    """Whole pixels."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> Size:
        return Size(self.right - self.left, self.bottom - self.top)


_Inside = tuple[float, float, float, float]


def _enclosed(image: Image.Image, box: Box) -> tuple[_Rect, _Inside]:
    """The whole pixels that a box touches, and the box relative to them."""
    left, right = _span(box.left, box.right, image.width)
    top, bottom = _span(box.top, box.bottom, image.height)
    rect = _Rect(math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom))
    return rect, (left - rect[0], top - rect[1], right - rect[0], bottom - rect[1])


def _span(start: float, end: float, limit: int) -> tuple[float, float]:
    """An interval within the picture, free of rounding noise, at least a pixel long."""
    start = min(max(round(start, 6), 0), limit - 1)
    return start, min(max(round(end, 6), start + 1), limit)


def _resized_plain(image: Image.Image, size: Size, box: _Inside, method: Method) -> Image.Image:
    weighted = image.convert(PREMULTIPLIED[image.mode]) if image.mode in PREMULTIPLIED else image
    resized = weighted.resize(size, FILTERS[method.filter], box, reducing_gap=float(GAP))
    return resized if resized.mode == image.mode else resized.convert(image.mode)


@dataclass(frozen=True)
class _Job:
    """One resize in linear light; ``inside`` is relative to ``rect``, ``part`` to the result."""

    image: Image.Image
    rect: _Rect
    inside: _Inside
    size: Size
    part: _Rect
    method: Method

    @property
    def curves(self) -> tuple[Curve, ...]:
        return curves_of(self.method.profile, 1 if self.image.mode in ("L", "LA") else 3)

    @property
    def blocks(self) -> tuple[int, int]:
        """How many pixels are averaged before filtering, per axis."""
        left, top, right, bottom = self.inside
        return (
            max(1, int((right - left) / self.size.width / GAP)),
            max(1, int((bottom - top) / self.size.height / GAP)),
        )


@dataclass(frozen=True, slots=True)
class _Span:
    """Along one axis: the blocks ``first`` to ``last`` that are read, and the stretch of them that is resized."""

    first: int
    last: int
    start: float
    end: float


def _needed(job: _Job, axis: int, wanted: tuple[int, int]) -> _Span:
    """What the pixels *wanted* of the result, a range along an axis (0: across), are made of."""
    block, length = job.blocks[axis], job.size[axis]
    origin, end = job.inside[axis] / block, job.inside[axis + 2] / block
    scale = (end - origin) / length
    reach = _SUPPORT[job.method.filter] * max(1.0, scale) + 1
    start, stop = origin + wanted[0] * scale, origin + wanted[1] * scale
    first = max(0, math.floor(start - reach))
    last = min(-(-job.rect.size[axis] // block), math.ceil(stop + reach))
    return _Span(first, last, start - first, stop - first)


def _resized_light(job: _Job) -> Image.Image:
    part, opaque = job.part, is_opaque(job.image)
    result = Image.new(job.image.mode, part.size)
    for chunk in _chunks(job):
        light = [np.asarray(plane) for plane in _chunk(job, chunk, not opaque)]
        result.paste(_encoded(job, light), (chunk.left - part.left, chunk.top - part.top))
    return result


def _chunks(job: _Job) -> Iterator[_Rect]:
    """Pieces of the result that touch the part. They lie on a fixed grid, since a piece's place moves the last bits."""
    rows, columns = job.part.top // CHUNK_ROWS * CHUNK_ROWS, job.part.left // CHUNK_COLUMNS * CHUNK_COLUMNS
    for top in range(rows, job.part.bottom, CHUNK_ROWS):
        for left in range(columns, job.part.right, CHUNK_COLUMNS):
            right, bottom = min(left + CHUNK_COLUMNS, job.size.width), min(top + CHUNK_ROWS, job.size.height)
            yield _Rect(left, top, right, bottom)


def _chunk(job: _Job, chunk: _Rect, weighted: bool) -> list[Image.Image]:
    """A piece of the result as planes of light: one per channel, and alpha last when *weighted*."""
    rows, columns = _needed(job, 1, (chunk.top, chunk.bottom)), _needed(job, 0, (chunk.left, chunk.right))
    planes = [Image.new("F", (chunk.size.width, rows.last - rows.first)) for _ in range(len(job.curves) + weighted)]
    step = max(1, STRIP_ROWS // job.blocks[1])
    for first in range(rows.first, rows.last, step):
        strip = _strip(job, columns, (first, min(first + step, rows.last)))
        for plane, light in zip(planes, _light(strip, job.curves, weighted), strict=True):
            plane.paste(_across(job, columns, light, plane.width), (0, first - rows.first))
    box = (0, rows.start, chunk.size.width, rows.end)
    return [plane.resize(chunk.size, FILTERS[job.method.filter], box) for plane in planes]


def _strip(job: _Job, columns: _Span, rows: tuple[int, int]) -> Image.Image:
    """The pixels of some blocks; the last ones may be cut short by the edge."""
    left, top, right, bottom = job.rect
    across, down = job.blocks
    return job.image.crop(
        (
            *(left + columns.first * across, top + rows[0] * down),
            *(min(left + columns.last * across, right), min(top + rows[1] * down, bottom)),
        )
    )


def _across(job: _Job, columns: _Span, light: Image.Image, width: int) -> Image.Image:
    """One strip: blocks averaged, then filtered along its rows."""
    if job.blocks != (1, 1):
        light = light.reduce(job.blocks)
    box = (columns.start, 0, columns.end, light.height)
    return light.resize((width, light.height), FILTERS[job.method.filter], box)


def _light(strip: Image.Image, curves: tuple[Curve, ...], weighted: bool) -> Iterator[Image.Image]:
    """The channels of a strip in linear light, multiplied by alpha, and alpha itself, when *weighted*."""
    bands = strip.split()
    if not weighted:
        for band, curve in zip(bands, curves, strict=False):
            yield band.point(curve.forward, "F")
        return
    alpha = bands[-1].point(_LIGHT_ALPHA, "F")
    weights = np.asarray(alpha)
    for band, curve in zip(bands, curves, strict=False):
        yield Image.fromarray(curve.forward_array[np.asarray(band)] * weights)
    yield alpha


def _encoded(job: _Job, light: list[Floats]) -> Image.Image:
    """Planes of light as a picture of the source's mode."""
    curves = job.curves
    alpha = light[-1] if len(light) > len(curves) else None
    if alpha is not None:
        light = [_unweighted(plane, alpha) for plane in light[:-1]]
    bands = [Image.fromarray(curve.encode(plane)) for curve, plane in zip(curves, light, strict=True)]
    if alpha is not None:
        bands.append(Image.fromarray((np.clip(alpha, 0, 1) * 255 + 0.5).astype(np.uint8)))
    elif len(job.image.getbands()) > len(bands):
        bands.append(Image.new("L", bands[0].size, 255))
    return Image.merge(job.image.mode, bands) if len(bands) > 1 else bands[0]


def _unweighted(plane: Floats, alpha: Floats) -> Floats:
    """Light without its weight; black where nothing is visible."""
    visible = alpha > 0.5 / 255
    return np.divide(plane, alpha, out=np.zeros_like(plane), where=visible)
