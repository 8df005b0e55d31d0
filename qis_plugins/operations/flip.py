"""``flip``: mirror the picture (spec image-urls §4.3)."""

from dataclasses import dataclass

from PIL import Image

from qis_core import Canvas, Choice, Stage, operation, param
from qis_core.imaging.geometry import canonical_turn

_TRANSPOSE = {"h": Image.Transpose.FLIP_LEFT_RIGHT, "v": Image.Transpose.FLIP_TOP_BOTTOM}


@dataclass(frozen=True, slots=True)
class FlipParams:
    """What the URL says."""

    flip: str | None = param("flip", Choice(("h", "v")), help="Mirror left to right (`h`) or top to bottom (`v`)")


@dataclass(frozen=True, slots=True)
class FlipStep:
    """``direction`` is ``h`` or ``v``."""

    direction: str


def _resolve(params: FlipParams, canvas: Canvas) -> FlipStep | None:
    direction, _ = canonical_turn(params.flip, canvas.get("angle", 0.0))
    return FlipStep(direction) if direction else None


@operation("flip", stage=Stage.FLIP, params=FlipParams, resolve=_resolve, rescale=lambda step, _x, _y: step)
def flip(image: Image.Image, step: FlipStep) -> Image.Image:
    """Mirror the picture, exactly; runs before the rotation."""
    return image.transpose(_TRANSPOSE[step.direction])
