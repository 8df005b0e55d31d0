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

#: Pixels of fill colour around the picture before it is rotated, so that the filter blends its edges with the fill.
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
    """The rotation itself, with colour weighted by alpha."""
    mode = PREMULTIPLIED.get(image.mode, image.mode)
    framed = Image.new(mode, (image.width + 2 * _MARGIN, image.height + 2 * _MARGIN), ground)
    framed.paste(image.convert(mode) if mode != image.mode else image, (_MARGIN, _MARGIN))
    matrix = _matrix(Size(*framed.size), step)
    turned = framed.transform(step.size, Image.Transform.AFFINE, matrix, FILTERS[step.filter], fillcolor=ground)
    return turned.convert(image.mode) if mode != image.mode else turned


def _matrix(size: Size, step: RotateStep) -> tuple[float, ...]:
    """Result to source coordinates: the centres meet, y points down."""
    cosine, sine = math.cos(math.radians(step.degrees)), math.sin(math.radians(step.degrees))
    x, y = step.size.width / 2, step.size.height / 2
    return (
        *(cosine, sine, size.width / 2 - cosine * x - sine * y),
        *(-sine, cosine, size.height / 2 + sine * x - cosine * y),
    )
