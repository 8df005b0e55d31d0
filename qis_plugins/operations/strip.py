"""strip: drop metadata and the colour profile, keep the look and the resolution (spec image-urls §5.5)."""

from dataclasses import dataclass

from PIL import Image

from qis_core import Boolean, RenderContext, Stage, operation, param
from qis_core.imaging.profiles import is_srgb, to_srgb


@dataclass(frozen=True, slots=True)
class StripParams:
    is_asked: bool = param("strip", Boolean(), default=False, help="Drop metadata and colour profile, not resolution")


@operation("strip", stage=Stage.STRIP, params=StripParams, rescale=lambda step, _x, _y: step)
def strip(image: Image.Image, step: StripParams, context: RenderContext) -> Image.Image:
    """Drop metadata; RGB colours are brought to sRGB first, so that they look the same without their profile."""
    profile = context.metadata.icc_profile
    context.metadata = context.metadata.stripped()
    if image.mode in ("RGB", "RGBA") and not is_srgb(profile):
        return to_srgb(image, profile, context.settings)
    return image.copy()
