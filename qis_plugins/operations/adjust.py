"""brightness, contrast, saturation and grayscale, with the formulas of CSS filter effects on the stored numbers.

With ``f = 1 + percent / 100``: brightness ``v · f``; contrast ``(v - 127.5) · f + 127.5``; saturation
``luma + (v - luma) · f``, luma of Rec. 709. Grayscale keeps the colour model, so that an embedded profile stays right.
"""

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from qis_core import Boolean, Integer, Stage, operation, param
from qis_plugins.operations.bands import on_colors

MIDDLE = 127.5
#: Rec. ITU-R BT.709-6, item 3.2.
RED, GREEN, BLUE = 0.2126, 0.7152, 0.0722


@dataclass(frozen=True, slots=True)
class BrightnessParams:
    percent: int = param(
        "brightness", Integer(-100, 100), default=0, unit="%", help="Lighter above 0, darker below; -100 is black"
    )


@dataclass(frozen=True, slots=True)
class ContrastParams:
    percent: int = param(
        "contrast", Integer(-100, 100), default=0, unit="%", help="More contrast above 0; -100 is middle grey"
    )


@dataclass(frozen=True, slots=True)
class SaturationParams:
    percent: int = param(
        "saturation", Integer(-100, 100), default=0, unit="%", help="Stronger colours above 0; -100 leaves none"
    )


@dataclass(frozen=True, slots=True)
class GrayscaleParams:
    is_asked: bool = param("grayscale", Boolean(), default=False, help="Take all colour away; the colour model stays")


@operation("brightness", stage=Stage.EFFECT + 10, params=BrightnessParams, rescale=lambda step, _x, _y: step)
def brightness(image: Image.Image, step: BrightnessParams) -> Image.Image:
    """Make the picture lighter or darker."""
    factor = _factor(step.percent)
    return _through_table(image, lambda level: level * factor)


@operation("contrast", stage=Stage.EFFECT + 20, params=ContrastParams, rescale=lambda step, _x, _y: step)
def contrast(image: Image.Image, step: ContrastParams) -> Image.Image:
    """Spread or narrow the tones around the middle."""
    factor = _factor(step.percent)
    return _through_table(image, lambda level: (level - MIDDLE) * factor + MIDDLE)


@operation("saturation", stage=Stage.EFFECT + 30, params=SaturationParams, rescale=lambda step, _x, _y: step)
def saturation(image: Image.Image, step: SaturationParams) -> Image.Image:
    """Make colours stronger or weaker; grey pictures stay as they are."""
    return _saturated(image, _factor(step.percent))


@operation("grayscale", stage=Stage.EFFECT + 40, params=GrayscaleParams, rescale=lambda step, _x, _y: step)
def grayscale(image: Image.Image, step: GrayscaleParams) -> Image.Image:
    """Take all colour away."""
    return _saturated(image, 0)


def _factor(percent: int) -> float:
    return 1 + percent / 100


def _through_table(image: Image.Image, level: Callable[[int], float]) -> Image.Image:
    table = [min(255, max(0, round(level(value)))) for value in range(256)]
    return on_colors(image, lambda colors: colors.point(table * len(colors.getbands())))


def _saturated(image: Image.Image, factor: float) -> Image.Image:
    if image.mode in ("L", "LA"):
        return image.copy()
    rest = 1 - factor
    matrix = (
        *(RED * rest + factor, GREEN * rest, BLUE * rest, 0),
        *(RED * rest, GREEN * rest + factor, BLUE * rest, 0),
        *(RED * rest, GREEN * rest, BLUE * rest + factor, 0),
    )
    return on_colors(image, lambda colors: colors.convert("RGB", matrix))
