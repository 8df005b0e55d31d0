"""sharpen: bring out edges, or soften them (spec image-urls §4.9.3)."""

from dataclasses import dataclass

from PIL import Image, ImageFilter

from qis_core import Integer, Stage, operation, param
from qis_core.imaging.profiles import join_alpha, split_alpha
from qis_plugins.operations.bands import on_premultiplied

#: A full -500 softens with a Gaussian of 10 px.
SIGMA_DIVISOR = 50
RADIUS_PX = 1


@dataclass(frozen=True, slots=True)
class SharpenParams:
    percent: int = param(
        "sharpen",
        Integer(-500, 500),
        default=0,
        unit="%",
        help="Above 0: unsharp mask of radius 1 px with this amount; below 0: Gaussian blur of sigma |n|/50 px",
    )


@operation("sharpen", stage=Stage.EFFECT + 60, params=SharpenParams)
def sharpen(image: Image.Image, step: SharpenParams) -> Image.Image:
    """Sharpen the picture, or soften it with a negative value."""
    if step.percent < 0:
        return blurred(image, -step.percent / SIGMA_DIVISOR)
    color, alpha = split_alpha(image)
    soft, _ = split_alpha(blurred(image, RADIUS_PX))
    return join_alpha(Image.blend(soft, color, 1 + step.percent / 100), alpha)


def blurred(image: Image.Image, sigma_px: float) -> Image.Image:
    """The picture under a Gaussian of standard deviation *sigma_px*, alpha blurred with it."""
    softening = ImageFilter.GaussianBlur(sigma_px)
    return on_premultiplied(image, lambda bands: bands.filter(softening))
