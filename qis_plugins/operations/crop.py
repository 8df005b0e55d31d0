"""``left top right bottom``, ``autocropfit``, ``focus``: cut a part out (spec image-urls §4.5).

``fit=cover`` is a crop too: the part of the target's shape that is resized afterwards.
"""

from dataclasses import dataclass, replace

from PIL import Image

from qis_core import Boolean, Canvas, Number, RenderContext, Stage, operation, param
from qis_core.domain.images import Box, Size
from qis_core.imaging.geometry import (
    Edges,
    Framing,
    cover_window,
    crop_box,
    scaled_box,
    scaled_size,
    whole,
    widened,
    widened_reach,
)
from qis_plugins.operations.focus import Focus, framed, window_in
from qis_plugins.operations.target import wanted_fit, wanted_target

_EDGE_HELP = "edge of the crop, as a fraction of the flipped, rotated picture"


@dataclass(frozen=True, slots=True)
class CropParams:
    """What the URL says."""

    left: float = param("left", Number(0, 1), default=0.0, help=f"Left {_EDGE_HELP}")
    top: float = param("top", Number(0, 1), default=0.0, help=f"Top {_EDGE_HELP}")
    right: float = param("right", Number(0, 1), default=1.0, help=f"Right {_EDGE_HELP}")
    bottom: float = param("bottom", Number(0, 1), default=1.0, help=f"Bottom {_EDGE_HELP}")
    autocropfit: bool = param(
        "autocropfit",
        Boolean(),
        default=False,
        key="crop_fit",
        help="Widen the crop towards the shape of width and height, so that less padding is needed",
    )
    focus: str | None = param(
        "focus", Focus(), help="What `fit=cover` and `autocropfit` keep near the middle: `x,y` in fractions, or `smart`"
    )


@dataclass(frozen=True, slots=True)
class CropStep:
    """``box`` in pixels. With a ``window`` the pixels decide which part of that size inside the box stays."""

    box: Box
    window: Size | None = None

    @property
    def framing(self) -> Framing:
        return Framing(self.box, self.window)


def _resolve(params: CropParams, canvas: Canvas) -> CropStep | None:
    framing = _cropped(params, canvas)
    if framing.window is None and wanted_fit(canvas) == "cover":
        framing = _covering(framing.box, params, canvas)
    return None if framing == Framing(whole(canvas.size)) else CropStep(*framing)


def _cropped(params: CropParams, canvas: Canvas) -> Framing:
    """The crop that edges and ``autocropfit`` ask for."""
    box = crop_box(canvas.size, Edges(params.left, params.top, params.right, params.bottom))
    target = wanted_target(canvas)
    if not (params.autocropfit and all(target)) or box == whole(canvas.size):
        return Framing(box)
    if params.focus is None:
        return Framing(widened(box, canvas.size, target))
    return framed(widened_reach(box, canvas.size, target), canvas.size, params.focus)


def _covering(box: Box, params: CropParams, canvas: Canvas) -> Framing:
    """The part of the crop that fills width and height without padding."""
    target = wanted_target(canvas)
    if not all(target):
        return Framing(box)
    return framed(Framing(box, cover_window(box, target)), canvas.size, params.focus)


def _output_size(_size: Size, step: CropStep) -> Size:
    return step.framing.size


def _rescale(step: CropStep, x_factor: float, y_factor: float) -> CropStep:
    window = step.window and scaled_size(step.window, x_factor, y_factor)
    return replace(step, box=scaled_box(step.box, x_factor, y_factor), window=window)


@operation("crop", stage=Stage.CROP, params=CropParams, resolve=_resolve, output_size=_output_size, rescale=_rescale)
def crop(image: Image.Image, step: CropStep, context: RenderContext) -> Image.Image:
    """Cut a part out of the flipped, rotated picture."""
    box = window_in(image, step.framing, context)
    left, top = round(box.left), round(box.top)
    width, height = scaled_size(Size(*image.size), box.width / image.width, box.height / image.height)
    return image.crop((left, top, min(left + width, image.width), min(top + height, image.height)))
