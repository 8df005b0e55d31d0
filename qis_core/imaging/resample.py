"""Resizing in linear light or in the picture's own numbers (spec image-urls §5.6, design §9).

Linear light is exact: 256-entry tables to float, all arithmetic in float, one table back. The picture goes through in
strips: averaging of whole blocks first as long as `GAP` times the wanted resolution remains, then the filter. Beside
source and result that takes at most ``4 · channels · width_out · 2 · GAP · CHUNK_ROWS`` bytes and a few strips, however
large the source is. Colour is weighted by alpha. CMYK, and pictures asked for without linear light, are resized as they
are.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from qis_core.domain.images import Box, Size
from qis_core.imaging.color import is_opaque
from qis_core.imaging.curves import Curve, curves_of

GAP = 3
STRIP_ROWS = 128
CHUNK_ROWS = 256
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


def resize(image: Image.Image, size: Size, box: Box, method: Method) -> Image.Image:
    """The part *box* of a picture, in *size*; mode and source stay. Pixels outside the box have no influence."""
    rect, inside = _enclosed(image, box)
    if rect.size == size and inside == (0, 0, *size):
        return image.crop(rect)
    if method.linear and image.mode != "CMYK" and method.filter != "nearest":
        return _resized_light(_Job(image, rect, inside, size, method))
    return _resized_plain(image if rect.size == image.size else image.crop(rect), size, inside, method)


class _Rect(tuple[int, int, int, int]):
    """Whole pixels: left, top, right, bottom."""

    __slots__ = ()

    @property
    def size(self) -> Size:
        return Size(self[2] - self[0], self[3] - self[1])


_Inside = tuple[float, float, float, float]


def _enclosed(image: Image.Image, box: Box) -> tuple[_Rect, _Inside]:
    """The whole pixels that a box touches, and the box relative to them."""
    left, right = _span(box.left, box.right, image.width)
    top, bottom = _span(box.top, box.bottom, image.height)
    rect = _Rect((math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom)))
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
    """One resize in linear light; ``inside`` is relative to ``rect``."""

    image: Image.Image
    rect: _Rect
    inside: _Inside
    size: Size
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


def _resized_light(job: _Job) -> Image.Image:
    opaque = is_opaque(job.image)
    result = Image.new(job.image.mode, job.size)
    for top in range(0, job.size.height, CHUNK_ROWS):
        bottom = min(top + CHUNK_ROWS, job.size.height)
        light = [np.asarray(plane) for plane in _chunk(job, (top, bottom), not opaque)]
        result.paste(_encoded(job, light), (0, top))
    return result


def _chunk(job: _Job, rows: tuple[int, int], weighted: bool) -> list[Image.Image]:
    """Rows of the result as planes of light: one per channel, and alpha last when *weighted*."""
    _, top, _, bottom = (value / job.blocks[1] for value in job.inside)
    scale = (bottom - top) / job.size.height
    reach = _SUPPORT[job.method.filter] * max(1.0, scale) + 1
    height = -(-job.rect.size.height // job.blocks[1])
    start, end = top + rows[0] * scale, top + rows[1] * scale
    first, last = max(0, math.floor(start - reach)), min(height, math.ceil(end + reach))
    planes = _narrowed(job, (first, last), weighted)
    box = (0, start - first, job.size.width, end - first)
    size, resample = (job.size.width, rows[1] - rows[0]), FILTERS[job.method.filter]
    return [plane.resize(size, resample, box) for plane in planes]


def _narrowed(job: _Job, rows: tuple[int, int], weighted: bool) -> list[Image.Image]:
    """Rows of blocks, averaged and filtered to the final width."""
    count = len(job.curves) + weighted
    planes = [Image.new("F", (job.size.width, rows[1] - rows[0])) for _ in range(count)]
    step = max(1, STRIP_ROWS // job.blocks[1])
    for first in range(rows[0], rows[1], step):
        strip = _strip(job, first, min(first + step, rows[1]))
        for plane, light in zip(planes, _light(strip, job.curves, weighted), strict=True):
            plane.paste(_across(job, light), (0, first - rows[0]))
    return planes


def _strip(job: _Job, first: int, last: int) -> Image.Image:
    left, top, right, bottom = job.rect
    rows = job.blocks[1]
    return job.image.crop((left, top + first * rows, right, min(top + last * rows, bottom)))


def _across(job: _Job, light: Image.Image) -> Image.Image:
    """One strip: blocks averaged, then filtered along its rows."""
    columns, rows = job.blocks
    if columns > 1 or rows > 1:
        light = light.reduce((columns, rows))
    box = (job.inside[0] / columns, 0, job.inside[2] / columns, light.height)
    return light.resize((job.size.width, light.height), FILTERS[job.method.filter], box)


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
