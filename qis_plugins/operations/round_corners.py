"""round: rounded corners, transparent where the output can be, else in the fill colour."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

from qis_core import Canvas, RenderContext, Stage, operation, param
from qis_core.imaging.color import TRANSPARENT, Fill, native, over_white
from qis_plugins.operations.fill import planned_fill, ready_for, rendered_fill
from qis_plugins.operations.length import Length, in_pixels

MAX_RADIUS_PX = 10_000
_STRIP_ROWS = 256


@dataclass(frozen=True, slots=True)
class RoundParams:
    radius: str = param(
        "round", Length(MAX_RADIUS_PX, 50), default="0", help="Radius of the corners; 50% makes a circle of a square"
    )


@dataclass(frozen=True, slots=True)
class RoundStep:
    """``fill`` is the colour outside for pictures of inks in formats that know no transparency; None: transparent."""

    radius_px: float
    fill: Fill | None = None


def _resolve(params: RoundParams, canvas: Canvas) -> RoundStep | None:
    radius_px = round(min(in_pixels(params.radius, canvas.size), min(canvas.size) / 2), 2)
    if not radius_px:
        return None
    stays_inks = canvas.mode == "CMYK" and not canvas.has_alpha and not canvas.output.can_alpha
    return RoundStep(radius_px, planned_fill(canvas) if stays_inks else None)


@operation(
    "round",
    stage=Stage.OVERLAY + 50,
    params=RoundParams,
    resolve=_resolve,
    output_alpha=lambda has_alpha, step: has_alpha or step.fill is None,
)
def round_corners(image: Image.Image, step: RoundStep, context: RenderContext) -> Image.Image:
    """Round the corners off, smoothly."""
    shape = _shape(image.size, step.radius_px)
    if step.fill is not None:
        outside = native(over_white(rendered_fill(step.fill, image, context)), image.mode)
        return Image.composite(image, Image.new(image.mode, image.size, outside), shape)
    result = ready_for(TRANSPARENT, image, context).copy()
    result.putalpha(ImageChops.multiply(result.getchannel("A"), shape))
    return result


def _shape(size: tuple[int, int], radius_px: float) -> Image.Image:
    """How much of each pixel is inside, 0 to 255."""
    width, height = size
    shape = Image.new("L", size, 255)
    reach = math.ceil(radius_px)
    for top in range(0, reach, _STRIP_ROWS):
        corner = Image.fromarray(_corner(radius_px, (top, min(top + _STRIP_ROWS, reach))))
        mirrored = corner.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        for strip, x in ((corner, 0), (mirrored, width - reach)):
            _darken(shape, strip, (x, top))
            _darken(shape, strip.transpose(Image.Transpose.FLIP_TOP_BOTTOM), (x, height - top - strip.height))
    return shape


def _corner(radius_px: float, rows: tuple[int, int]) -> NDArray[np.uint8]:
    """Rows of the top left corner: full up to half a pixel inside the circle, empty half a pixel outside."""
    x = radius_px - (np.arange(math.ceil(radius_px)) + 0.5)
    y = radius_px - (np.arange(*rows) + 0.5)
    distance = np.hypot(np.maximum(x, 0)[None, :], np.maximum(y, 0)[:, None])
    covered: NDArray[np.float64] = np.clip(radius_px - distance + 0.5, 0, 1)
    return (covered * 255 + 0.5).astype(np.uint8)


def _darken(shape: Image.Image, strip: Image.Image, corner: tuple[int, int]) -> None:
    box = (*corner, corner[0] + strip.width, corner[1] + strip.height)
    shape.paste(ImageChops.darker(shape.crop(box), strip), box)
