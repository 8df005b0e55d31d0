"""``width height``, ``fit``, ``halign valign``: bring the picture to a size (spec image-urls §4.2, §4.6, §4.7)."""

from dataclasses import dataclass, replace

from PIL import Image

from qis_core import Boolean, Canvas, Choice, Integer, Number, RenderContext, Stage, operation, param
from qis_core.domain.images import Box, Size
from qis_core.errors import InvalidRequest
from qis_core.imaging import resample
from qis_core.imaging.color import AUTO, Fill
from qis_core.imaging.geometry import Framing, Layout, box_size, is_right, layout, scaled_box, scaled_size, whole
from qis_core.imaging.settings import ImagesSettings
from qis_core.settings import Settings
from qis_plugins.operations.crop import CropStep, crop
from qis_plugins.operations.fill import pixel_of, planned_fill, ready_for, rendered_fill, shows_alpha
from qis_plugins.operations.focus import window_in
from qis_plugins.operations.placement import Alignment, offset_of, on_canvas
from qis_plugins.operations.target import FITS, turned_source, wanted_fit, wanted_target

#: How many times the final resolution a source keeps when it is decoded smaller; the second when a free rotation, which
#: works in the picture's own numbers too, comes before a resize in linear light. Linear light by itself needs every
#: pixel: what a decoder averages in the picture's numbers gets too dark, at any resolution (halftones, line art).
PLAIN_MARGIN, ROTATED_MARGIN, EVERY_PIXEL = 1.5, 4.0, 0.0
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
        "dpr", Number(0.1, MAX_DPR), default=1.0, help="Device pixels per pixel: multiplies width and height"
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
    changes, ``fill`` is None when the canvas is no larger than the picture. ``margin`` is how many times the final
    resolution has to be decoded, 0 for all there is.
    """

    box: Box
    inner: Size
    canvas: Size
    offset: tuple[int, int] = (0, 0)
    fill: Fill | None = None
    filter: str = ""
    linear: bool = False
    margin: float = EVERY_PIXEL
    window: Size | None = None

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
    name = resample.RESIZE_FILTERS[images.resize_quality]
    return replace(step, filter=name, linear=linear, margin=_margin(linear, canvas))


def _margin(linear: bool, canvas: Canvas) -> float:
    if not linear:
        return PLAIN_MARGIN
    return EVERY_PIXEL if is_right(canvas.get("angle", 0.0)) else ROTATED_MARGIN


def _padded(step: ResizeStep, params: ResizeParams, canvas: Canvas) -> ResizeStep:
    if step.inner == step.canvas:
        return step
    offset = offset_of(Layout(step.inner, step.canvas), params.halign, params.valign)
    return replace(step, offset=offset, fill=planned_fill(canvas))


def _absorb(before: object, step: ResizeStep) -> ResizeStep | None:
    """A crop just before is only another box."""
    return replace(step, box=before.box, window=before.window) if isinstance(before, CropStep) else None


def _reduction(step: ResizeStep, _size: Size) -> float:
    if step.margin == EVERY_PIXEL:
        return 1.0
    source = step.framing.size
    ratio = min(source.width / step.inner.width, source.height / step.inner.height)
    return max(1.0, ratio / step.margin)


def _rescale(step: ResizeStep, x_factor: float, y_factor: float) -> ResizeStep:
    window = step.window and scaled_size(step.window, x_factor, y_factor)
    return replace(step, box=scaled_box(step.box, x_factor, y_factor), window=window)


def _cost(_size: Size, step: ResizeStep) -> float:
    read, written = step.framing.size, step.canvas
    return (read.width * read.height * (3 if step.linear else 1) + 4 * written.width * written.height) / 1e6


@operation(
    "resize",
    stage=Stage.RESIZE,
    params=ResizeParams,
    resolve=_resolve,
    output_size=lambda _size, step: step.canvas,
    output_alpha=lambda has_alpha, step: shows_alpha(has_alpha, step.fill),
    absorb=_absorb,
    reduction=_reduction,
    rescale=_rescale,
    cost=_cost,
    revision=1 + 100 * crop.revision,  # a crop may be part of the step
)
def resize(image: Image.Image, step: ResizeStep, context: RenderContext) -> Image.Image:
    """Bring the picture to a size, in linear light, and pad it to the canvas."""
    return resized_part(image, step, whole(step.canvas), context)


def resized_part(image: Image.Image, step: ResizeStep, part: Box, context: RenderContext) -> Image.Image:
    """The pixels *part* of the canvas that a step makes; the others are not computed."""
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
