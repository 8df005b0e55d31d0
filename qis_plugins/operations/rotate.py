"""``angle``: rotate the picture (spec image-urls §4.4)."""

import math
from dataclasses import dataclass, replace

from PIL import Image

from qis_core import Canvas, Number, RenderContext, Stage, operation, param
from qis_core.domain.images import Size
from qis_core.imaging.color import Fill, has_alpha, premultiplied
from qis_core.imaging.geometry import canonical_turn, is_right, rotated_size, scaled_size
from qis_core.imaging.resample import FILTERS, PREMULTIPLIED, ROTATE_FILTERS
from qis_core.imaging.settings import ImagesSettings
from qis_plugins.operations.fill import pixel_of, planned_fill, ready_for, rendered_fill, shows_alpha

#: Pixels added around the picture before it is rotated: as far as the filter reaches.
_MARGIN = 2
_TRANSPOSE = {
    90: Image.Transpose.ROTATE_270,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class RotateParams:
    """What the URL says."""

    angle: float = param(
        "angle", Number(-360, 360), default=0.0, key="rotation", unit="°", help="Rotate clockwise, after the flip"
    )


@dataclass(frozen=True, slots=True)
class RotateStep:
    """``size`` is the canvas afterwards. ``fill`` and ``filter`` are empty for right angles, which are exact."""

    degrees: float
    size: Size
    fill: Fill | None = None
    filter: str = ""


def _resolve(params: RotateParams, canvas: Canvas) -> RotateStep | None:
    _, degrees = canonical_turn(canvas.get("flip"), params.angle)
    if degrees == 0:
        return None
    size = rotated_size(canvas.size, degrees)
    if is_right(degrees):
        return RotateStep(degrees, size)
    quality = canvas.settings[ImagesSettings].resize_quality
    return RotateStep(degrees, size, planned_fill(canvas), ROTATE_FILTERS[quality])


def _rescale(step: RotateStep, x_factor: float, y_factor: float) -> RotateStep:
    if is_right(step.degrees):
        return step
    factor = math.sqrt(x_factor * y_factor)
    return replace(step, size=scaled_size(step.size, factor, factor))


def _cost(size: Size, step: RotateStep) -> float:
    return step.size.width * step.size.height / 1e6 * (1 if is_right(step.degrees) else 6)


@operation(
    "rotate",
    stage=Stage.ROTATE,
    params=RotateParams,
    resolve=_resolve,
    output_size=lambda _size, step: step.size,
    output_alpha=lambda has_alpha, step: shows_alpha(has_alpha, step.fill),
    rescale=_rescale,
    cost=_cost,
)
def rotate(image: Image.Image, step: RotateStep, context: RenderContext) -> Image.Image:
    """Rotate clockwise about the centre; the canvas grows to hold the result and its corners take the fill colour."""
    if step.fill is None:
        return image.transpose(_TRANSPOSE[int(step.degrees)])
    colour = rendered_fill(step.fill, image, context)
    image = ready_for(colour, image, context)
    weighted = premultiplied(colour) if has_alpha(image) else colour
    return _turned(image, step, pixel_of(weighted, image, context))


def _turned(image: Image.Image, step: RotateStep, ground: int | tuple[int, ...]) -> Image.Image:
    """The rotation itself, with colour weighted by alpha.

    The filter sees the picture continue beyond its edge; a mask, rotated too, blends the edge with the ground.
    """
    mode = PREMULTIPLIED.get(image.mode, image.mode)
    weighted = image if mode == image.mode else image.convert(mode)
    colours = _transformed(_extended(weighted), step, step.filter)
    mask = Image.new("L", (image.width + 2 * _MARGIN, image.height + 2 * _MARGIN))
    mask.paste(255, (_MARGIN, _MARGIN, _MARGIN + image.width, _MARGIN + image.height))
    shape = _transformed(mask, step, "nearest" if step.filter == "nearest" else "bilinear")
    result = Image.composite(colours, Image.new(mode, colours.size, ground), shape)
    return result if mode == image.mode else result.convert(image.mode)


def _extended(image: Image.Image) -> Image.Image:
    """The picture with its outermost pixels repeated all around."""
    width, height = image.size
    result = Image.new(image.mode, (width + 2 * _MARGIN, height + 2 * _MARGIN))
    across = ((0, 0, 1, _MARGIN), (_MARGIN, 0, width, width), (_MARGIN + width, width - 1, width, _MARGIN))
    down = ((0, 0, 1, _MARGIN), (_MARGIN, 0, height, height), (_MARGIN + height, height - 1, height, _MARGIN))
    for left, x_start, x_end, x_size in across:
        for top, y_start, y_end, y_size in down:
            part = image.crop((x_start, y_start, x_end, y_end))
            result.paste(part if part.size == (x_size, y_size) else part.resize((x_size, y_size)), (left, top))
    return result


def _transformed(framed: Image.Image, step: RotateStep, name: str) -> Image.Image:
    matrix = _matrix(Size(*framed.size), step)
    return framed.transform(step.size, Image.Transform.AFFINE, matrix, FILTERS[name])


def _matrix(size: Size, step: RotateStep) -> tuple[float, ...]:
    """Result to source coordinates: the centres meet, y points down."""
    cosine, sine = math.cos(math.radians(step.degrees)), math.sin(math.radians(step.degrees))
    x, y = step.size.width / 2, step.size.height / 2
    return (
        *(cosine, sine, size.width / 2 - cosine * x - sine * y),
        *(-sine, cosine, size.height / 2 + sine * x - cosine * y),
    )
