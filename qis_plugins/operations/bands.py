"""Change colours or neighbourhoods of a picture in any working mode, transparency treated right."""

from collections.abc import Callable

import numpy as np
from PIL import Image

from qis_core.imaging.profiles import join_alpha, split_alpha

Change = Callable[[Image.Image], Image.Image]
_STRIP_ROWS = 256


def on_colors(image: Image.Image, change: Change) -> Image.Image:
    """Apply *change*, which takes and returns ``L`` or ``RGB``, to the colours; alpha stays.

    Inks are changed so that the light they leave, ``(255 - ink) · (255 - black) / 255``, is what *change* makes of it,
    with as much black as before where that can be.
    """
    if image.mode == "CMYK":
        return _on_inks(image, change)
    color, alpha = split_alpha(image)
    return join_alpha(change(color), alpha)


def on_premultiplied(image: Image.Image, change: Change) -> Image.Image:
    """Apply *change*, a filter over neighbouring pixels, so that hidden colours of transparent pixels do not leak."""
    if image.mode not in ("LA", "RGBA"):
        return change(image)
    return change(image.convert(image.mode[:-1] + "a")).convert(image.mode)


def _on_inks(image: Image.Image, change: Change) -> Image.Image:
    result = Image.new("CMYK", image.size)
    for top in range(0, image.height, _STRIP_ROWS):
        box = (0, top, image.width, min(top + _STRIP_ROWS, image.height))
        strip = image.crop(box)
        result.paste(_with_light(strip, change(strip.convert("RGB"))), box[:2])
    return result


def _with_light(inks: Image.Image, wanted: Image.Image) -> Image.Image:
    light = np.asarray(wanted, dtype=np.int32)
    black = np.minimum(np.asarray(inks.getchannel("K"), dtype=np.int32), 255 - light.max(axis=2))[..., None]
    left = np.maximum(255 - black, 1)
    colored = np.clip(255 - (light * 255 + left // 2) // left, 0, 255)
    return Image.fromarray(np.concatenate((colored, black), axis=2).astype(np.uint8), "CMYK")
