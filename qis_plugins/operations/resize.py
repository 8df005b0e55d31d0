"""``width height``, ``fit``, ``halign valign``: bring the picture to a size (spec image-urls §4.2, §4.6, §4.7)."""

from dataclasses import dataclass, replace
from typing import cast

from PIL import Image

from qis_core import Boolean, Canvas, Choice, Integer, Number, RenderContext, Stage, operation, param
from qis_core.domain.images import Box, Size
from qis_core.errors import InvalidRequest
from qis_core.imaging import resample
from qis_core.imaging.color import AUTO, Fill
from qis_core.imaging.geometry import Framing, Layout, box_size, layout, scaled_box, scaled_size, whole
from qis_core.imaging.settings import ImagesSettings
from qis_core.settings import Settings
from qis_plugins.operations.crop import CropStep, crop
from qis_plugins.operations.fill import pixel_of, planned_fill, ready_for, rendered_fill, shows_alpha
from qis_plugins.operations.focus import window_in
from qis_plugins.operations.placement import Alignment, offset_of, on_canvas
from qis_plugins.operations.rotate import RotateStep, rotate
from qis_plugins.operations.target import FITS, turned_source, wanted_fit, wanted_target

#: How many times the final resolution a source keeps when it is decoded smaller. Linear light needs every pixel: what a
#: decoder averages in the picture's own numbers gets too dark, at any resolution (halftones, line art).
PLAIN_MARGIN = 1.5
MAX_DPR = 8


def _max_dimension(settings: Settings) -> int:
    return settings[ImagesSettings].max_dimension


@dataclass(frozen=True, slots=True)
class ResizeParams:
    """What the URL says."""

    width: int = param("width", Integer(0, _max_dimension), default=0, unit="px", help="Width; 0 is automatic")
    height: int = param("height", Integer(0, _max_dimension), default=0, unit="px", help="Height; 0 is automatic")
    autosizefit: bool = param(
        "autosizefit", Boolean(), default=False, key="size_fit", help="Shrink the canvas to the picture, do not pad"
    )
    fit: str | None = param(
        "fit",
        Choice(FITS),
        help="With both dimensions: `contain` pads, `inside` shrinks the canvas, `cover` crops, `fill` stretches",
    )
    dpr: float = param(
        "dpr",
        Number(0.1, MAX_DPR),
        default=1.0,
        help="Device pixels per pixel: multiplies width and height; the source still limits both",
    )
    halign: str | None = param(
        "halign", Alignment("LCR"), key="align_h", help="Horizontal place on the canvas: edge and position"
    )
    valign: str | None = param(
        "valign", Alignment("TCB"), key="align_v", help="Vertical place on the canvas: edge and position"
    )


@dataclass(frozen=True, slots=True)
class ResizeStep:
    """The part ``box`` becomes ``inner`` pixels, lying at ``offset`` on a ``canvas``.

    With a ``window`` the pixels decide which part of that size inside the box it is. ``filter`` is empty when no pixel
    changes, ``fill`` is None when the canvas is no larger than the picture. With a ``turn`` the picture is rotated
    first, in as many pixels as the result takes; the box is one of the rotated picture.
    """

    box: Box
    inner: Size
    canvas: Size
    offset: tuple[int, int] = (0, 0)
    fill: Fill | None = None
    filter: str = ""
    linear: bool = False
    window: Size | None = None
    turn: RotateStep | None = None

    @property
    def framing(self) -> Framing:
        return Framing(self.box, self.window)


def _resolve(params: ResizeParams, canvas: Canvas) -> ResizeStep | None:
    fit = wanted_fit(canvas)
    wanted = layout(canvas.size, wanted_target(canvas), "fill" if fit == "cover" else fit)
    if wanted == (canvas.size, canvas.size):
        return None
    _check(wanted, canvas)
    step = ResizeStep(whole(canvas.size), wanted.inner, wanted.canvas)
    return _padded(_resampled(step, canvas), params, canvas)


def _check(wanted: Layout, canvas: Canvas) -> None:
    """A crop may grow, but no side beyond what can be asked for and what the source has."""
    limit = canvas.settings[ImagesSettings].max_dimension
    for name, length, available in zip(("width", "height"), wanted.canvas, turned_source(canvas), strict=True):
        if length > max(limit, available):
            raise InvalidRequest(f"a result of {length} px is out of range; expected at most {limit}", parameter=name)


def _resampled(step: ResizeStep, canvas: Canvas) -> ResizeStep:
    if step.inner == canvas.size:
        return step
    images = canvas.settings[ImagesSettings]
    linear = images.linear_light and canvas.mode != "CMYK"
    return replace(step, filter=resample.RESIZE_FILTERS[images.resize_quality], linear=linear)


def _padded(step: ResizeStep, params: ResizeParams, canvas: Canvas) -> ResizeStep:
    if step.inner == step.canvas:
        return step
    offset = offset_of(Layout(step.inner, step.canvas), params.halign, params.valign)
    return replace(step, offset=offset, fill=planned_fill(canvas))


def _absorb(before: object, step: ResizeStep) -> ResizeStep | None:
    """A crop just before is only another box; a free rotation before that is cheaper in fewer pixels."""
    if step.turn is not None:
        return None
    if isinstance(before, CropStep):
        return replace(step, box=before.box, window=before.window)
    if isinstance(before, RotateStep) and before.fill is not None and _ratio(step) > resample.GAP:
        return replace(step, turn=before)
    return None


def _ratio(step: ResizeStep) -> float:
    """How many times smaller the picture becomes, on the axis where it is less; 1 when no pixel changes."""
    source = step.framing.size
    return min(source.width / step.inner.width, source.height / step.inner.height) if step.filter else 1.0


def _reduction(step: ResizeStep, _size: Size) -> float:
    return 1.0 if step.linear else max(1.0, _ratio(step) / PLAIN_MARGIN)


def _rescale(step: ResizeStep, x_factor: float, y_factor: float) -> ResizeStep:
    if step.turn is not None:
        turn = cast(RotateStep, rotate.rescale(step.turn, x_factor, y_factor))
        x_factor, y_factor = turn.size.width / step.turn.size.width, turn.size.height / step.turn.size.height
        step = replace(step, turn=turn)
    window = step.window and scaled_size(step.window, x_factor, y_factor)
    return replace(step, box=scaled_box(step.box, x_factor, y_factor), window=window)


def _output_alpha(has_alpha: bool, step: ResizeStep) -> bool:
    return shows_alpha(has_alpha or (step.turn is not None and shows_alpha(False, step.turn.fill)), step.fill)


def _cost(_size: Size, step: ResizeStep) -> float:
    read, written = step.framing.size, step.canvas
    per_result = 4 if step.turn is None else 60
    return (read.width * read.height * (3 if step.linear else 1) + per_result * written.width * written.height) / 1e6


@operation(
    "resize",
    stage=Stage.RESIZE,
    params=ResizeParams,
    resolve=_resolve,
    output_size=lambda _size, step: step.canvas,
    output_alpha=_output_alpha,
    absorb=_absorb,
    reduction=_reduction,
    rescale=_rescale,
    cost=_cost,
    revision=1 + 100 * crop.revision + 100 * rotate.revision,  # both may be part of the step
)
def resize(image: Image.Image, step: ResizeStep, context: RenderContext) -> Image.Image:
    """Bring the picture to a size, in linear light, and pad it to the canvas."""
    return resized_part(image, step, whole(step.canvas), context)


def resized_part(image: Image.Image, step: ResizeStep, part: Box, context: RenderContext) -> Image.Image:
    """The pixels *part* of the canvas that a step makes; the others are not computed."""
    if step.turn is not None:
        image, step = _turned(image, step, context)
    box = window_in(image, step.framing, context)
    shown, offset = _shown(step, part)
    if step.fill is None:
        return _inner(image, step, (box, shown), context)
    colour = rendered_fill(step.fill, image if step.fill != AUTO else image.crop(_pixels(box)), context)
    inner = _inner(image, step, (box, shown), context) if shown.width > 0 and shown.height > 0 else None
    ground = ready_for(colour, inner or Image.new(image.mode, (1, 1)), context)
    pixel = pixel_of(colour, ground, context)
    if inner is None:
        return Image.new(ground.mode, box_size(part), pixel)
    return on_canvas(ground, box_size(part), offset, pixel)


def _turned(image: Image.Image, step: ResizeStep, context: RenderContext) -> tuple[Image.Image, ResizeStep]:
    """The rotated picture, reduced as far as the result allows, and the step that is left to do."""
    factor = max(1.0, _ratio(step) / resample.GAP)
    size = scaled_size(Size(*image.size), 1 / factor, 1 / factor)
    method = resample.Method("bilinear", step.linear, context.metadata.icc_profile)
    small = resample.resize(image, size, whole(Size(*image.size)), method)
    step = _rescale(step, size.width / image.width, size.height / image.height)
    return rotate(small, step.turn, context), replace(step, turn=None)


def _shown(step: ResizeStep, part: Box) -> tuple[Box, tuple[int, int]]:
    """Which part of the inner picture lies in a part of the canvas, and where in that part."""
    x, y = step.offset
    left, top = max(part.left - x, 0), max(part.top - y, 0)
    shown = Box(left, top, min(part.right - x, step.inner.width), min(part.bottom - y, step.inner.height))
    return shown, (int(left + x - part.left), int(top + y - part.top))


def _inner(image: Image.Image, step: ResizeStep, boxes: tuple[Box, Box], context: RenderContext) -> Image.Image:
    """The box of the picture, in the size of the inner picture, but only the part of it that is shown."""
    box, shown = boxes
    method = resample.Method(step.filter or "nearest", step.linear, context.metadata.icc_profile)
    return resample.resize_part(image, resample.Wanted(step.inner, shown), box, method)


def _pixels(box: Box) -> tuple[int, int, int, int]:
    return (round(box.left), round(box.top), round(box.right), round(box.bottom))
