"""colorspace: convert the colour model (spec image-urls §5.6)."""

from dataclasses import dataclass

from PIL import Image

from qis_core import Canvas, Choice, RenderContext, Stage, operation, param
from qis_core.imaging.color import Fill, flattened, over_white
from qis_core.imaging.profiles import default_cmyk_profile, from_srgb, model_of_mode, to_srgb
from qis_plugins.operations.fill import planned_fill, rendered_fill

_MODELS = {"rgb": "RGB", "cmyk": "CMYK", "gray": "GRAY"}
_MODES = {"rgb": "RGB", "cmyk": "CMYK", "gray": "L"}


@dataclass(frozen=True, slots=True)
class ColorspaceParams:
    space: str | None = param(
        "colorspace",
        Choice(("rgb", "cmyk", "gray"), {"srgb": "rgb", "grey": "gray"}),
        help="Colour model of the result; cmyk is rgb in formats that cannot hold it",
    )


@dataclass(frozen=True, slots=True)
class ColorspaceStep:
    """A conversion; ``fill`` lies under pictures that lose transparency by it."""

    space: str
    fill: Fill | None = None


def _resolve(params: ColorspaceParams, canvas: Canvas) -> ColorspaceStep | None:
    if params.space is None:
        return None
    if params.space != "cmyk":
        return ColorspaceStep(params.space)
    if "CMYK" not in canvas.output.modes:
        return ColorspaceStep("rgb")
    return ColorspaceStep("cmyk", planned_fill(canvas) if canvas.has_alpha else None)


@operation(
    "colorspace",
    stage=Stage.COLORSPACE,
    params=ColorspaceParams,
    resolve=_resolve,
    output_alpha=lambda has_alpha, step: has_alpha and step.fill is None,
)
def colorspace(image: Image.Image, step: ColorspaceStep, context: RenderContext) -> Image.Image:
    """Convert to RGB, CMYK or grey; a picture that is so already keeps its numbers and its profile."""
    if model_of_mode(image.mode) == _MODELS[step.space]:
        return image.copy()
    if step.fill is not None:
        image = flattened(image, over_white(rendered_fill(step.fill, image, context)))
    plain = to_srgb(image, context.metadata.icc_profile, context.settings)
    target = default_cmyk_profile(context.settings) if step.space == "cmyk" else None
    context.metadata = context.metadata.with_profile(target)
    return from_srgb(plain, _MODES[step.space], target, context.settings)
