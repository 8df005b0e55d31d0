"""``fill``: the colour of padding, of corners left by rotation, and under transparency (spec image-urls §4.8).

The operations that show the colour ask `planned_fill` for it when they plan and `rendered_fill` when they render. The
operation ``fill`` itself lays transparent pictures on the colour when the output cannot be transparent.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from qis_core import Canvas, RenderContext, Stage, operation, param
from qis_core.imaging.color import (
    AUTO,
    TRANSPARENT,
    WHITE,
    Colour,
    Fill,
    Rgba,
    edge_colour,
    edge_ring,
    flattened,
    has_alpha,
    luma,
    native,
    over_white,
    parse_colour,
)
from qis_core.imaging.geometry import is_right
from qis_core.imaging.profiles import from_srgb, to_srgb

_SENSE_STAGE = (Stage.CROP + Stage.RESIZE) // 2


@dataclass(frozen=True, slots=True)
class FillParams:
    """What the URL says."""

    fill: str | None = param(
        "fill",
        Colour(allow_auto=True),
        help="Colour of padding, corners and what lies under transparency; `auto` takes it from the picture's edge",
    )


@dataclass(frozen=True, slots=True)
class FlattenStep:
    """Lay the picture on a colour."""

    colour: Fill


@dataclass(frozen=True, slots=True)
class NoParams:
    """Nothing of its own in the URL."""


@dataclass(frozen=True, slots=True)
class SenseStep:
    """Look at the edge of the picture as it is now."""


def planned_fill(canvas: Canvas) -> Fill:
    """The colour that a step shows: as the output can hold it, and grey for grey pictures; ``auto`` if asked for."""
    text = canvas.get("fill")
    if text is None or text == AUTO:
        return WHITE if text is None else AUTO
    colour = parse_colour(text)
    if not canvas.output.can_alpha:
        colour = over_white(colour)
    if canvas.mode in ("L", "LA"):
        grey = luma(colour)
        colour = (grey, grey, grey, colour[3])
    return TRANSPARENT if colour[3] == 0 else colour


def rendered_fill(fill: Fill, image: Image.Image, context: RenderContext) -> Rgba:
    """The colour to draw, in the numbers of the picture's own RGB or grey profile; sRGB for pictures of inks.

    For ``auto`` it is the one sensed before, else that of the edge of *image*, from then on.
    """
    profile, settings = context.metadata.icc_profile, context.settings
    if fill != AUTO:
        return fill if image.mode == "CMYK" else _in_numbers_of(image.mode, fill, context)
    if context.fill is None:
        ring = edge_ring(image)
        context.fill = edge_colour(to_srgb(ring, profile, settings) if image.mode == "CMYK" else ring)
    return context.fill


def _in_numbers_of(mode: str, colour: Rgba, context: RenderContext) -> Rgba:
    if colour[:3] in (WHITE[:3], TRANSPARENT[:3]) or context.metadata.icc_profile is None:
        return colour
    sample = Image.new("RGB", (1, 1), colour[:3])
    converted = from_srgb(sample, mode, context.metadata.icc_profile, context.settings).convert("RGBA")
    red, green, blue, _ = np.asarray(converted)[0, 0].tolist()
    return (red, green, blue, colour[3])


def pixel_of(colour: Rgba, image: Image.Image, context: RenderContext) -> int | tuple[int, ...]:
    """The pixel value of what `rendered_fill` found; inks by the picture's profile."""
    if image.mode != "CMYK" or colour == WHITE:
        return native(colour, image.mode)
    sample = Image.new("RGB", (1, 1), colour[:3])
    inks = from_srgb(sample, "CMYK", context.metadata.icc_profile, context.settings)
    return tuple(np.asarray(inks)[0, 0].tolist())


def shows_alpha(has_alpha: bool, fill: Fill | None) -> bool:
    """Whether a picture has an alpha channel after *fill* was drawn beside it; what ``auto`` finds adds none."""
    return has_alpha or (isinstance(fill, tuple) and fill[3] < 255)


def ready_for(colour: Rgba, image: Image.Image, context: RenderContext) -> Image.Image:
    """The picture in a mode that can hold the colour's transparency; CMYK becomes sRGB for it."""
    if colour[3] == 255 or has_alpha(image):
        return image
    if image.mode == "CMYK":
        image = to_srgb(image, context.metadata.icc_profile, context.settings)
        context.metadata = context.metadata.with_profile(None)
    return image.convert("LA" if image.mode == "L" else "RGBA")


def _needs_ground(canvas: Canvas) -> bool:
    return canvas.has_alpha and not canvas.output.can_alpha


def _resolve_flatten(params: FillParams, canvas: Canvas) -> FlattenStep | None:
    return FlattenStep(planned_fill(canvas)) if _needs_ground(canvas) else None


def _resolve_sense(params: NoParams, canvas: Canvas) -> SenseStep | None:
    sensed_before = not is_right(canvas.get("angle", 0.0))
    wanted = canvas.get("fill") == AUTO and _needs_ground(canvas) and not sensed_before
    return SenseStep() if wanted else None


@operation(
    "fill",
    stage=Stage.FLATTEN,
    params=FillParams,
    resolve=_resolve_flatten,
    rescale=lambda step, _x, _y: step,
    output_alpha=lambda _has_alpha, _step: False,
)
def fill(image: Image.Image, step: FlattenStep, context: RenderContext) -> Image.Image:
    """Lay a transparent picture on the fill colour, when the output format knows no transparency."""
    return flattened(image, over_white(rendered_fill(step.colour, image, context)))


@operation(
    "sense",
    stage=_SENSE_STAGE,
    params=NoParams,
    resolve=_resolve_sense,
    rescale=lambda step, _x, _y: step,
    cost=lambda _size, _step: 0.0,
)
def sense(image: Image.Image, step: SenseStep, context: RenderContext) -> Image.Image:
    """Find the colour for `fill=auto` after cropping, for pictures that are laid on it at the end."""
    rendered_fill(AUTO, image, context)
    return image
