"""sepia: tone the image brown."""

from dataclasses import dataclass

from PIL import Image, ImageOps

from qis_core import Integer, Stage, hookimpl, operation, param

_SHADOWS, _LIGHTS = (32, 18, 6), (255, 238, 206)


@dataclass(frozen=True, slots=True)
class SepiaParams:
    """How much."""

    percent: int = param("sepia", Integer(0, 100), default=0, unit="%", help="Strength of the brown tone; 0 is none")


@operation("sepia", stage=Stage.EFFECT, params=SepiaParams)
def sepia(image: Image.Image, params: SepiaParams) -> Image.Image:
    """Tone the image brown; size and transparency stay the same."""
    alpha = image.getchannel("A") if image.mode in ("LA", "RGBA") else None
    plain = image.convert("RGB")
    toned = ImageOps.colorize(plain.convert("L"), _SHADOWS, _LIGHTS)
    result = Image.blend(plain, toned, params.percent / 100)
    if alpha is not None:
        result.putalpha(alpha)
    return result


@hookimpl
def qis_operations():
    """Give the operation to QIS."""
    return (sepia,)
