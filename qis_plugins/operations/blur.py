"""blur: a Gaussian blur of any strength."""

from dataclasses import dataclass

from PIL import Image

from qis_core import Number, Stage, operation, param
from qis_core.domain.images import Size
from qis_plugins.operations.sharpen import blurred

MAX_SIGMA_PX = 250
#: Pillow makes a Gaussian of three box blurs along each axis.
PASSES = 6


@dataclass(frozen=True, slots=True)
class BlurParams:
    sigma_px: float = param(
        "blur",
        Number(0, MAX_SIGMA_PX, decimals=2),
        default=0.0,
        unit="px",
        help="Standard deviation of a Gaussian blur of the finished size",
    )


@operation(
    "blur",
    stage=Stage.EFFECT + 50,
    params=BlurParams,
    cost=lambda size, _step: _cost(size),
)
def blur(image: Image.Image, step: BlurParams) -> Image.Image:
    """Blur the picture."""
    return blurred(image, step.sigma_px)


def _cost(size: Size) -> float:
    return size.width * size.height * PASSES / 1e6
