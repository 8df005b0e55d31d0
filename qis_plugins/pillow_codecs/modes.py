"""From every pixel mode that Pillow decodes to one of the working modes (spec image-urls §5.4)."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

WORKING: Final = ("L", "LA", "RGB", "RGBA", "CMYK")

_DIRECT = {"YCbCr": "RGB", "HSV": "RGB", "RGBX": "RGB", "RGBa": "RGBA", "PA": "RGBA", "La": "LA"}
_SIXTEEN_BIT = 65535
_STRIP_ROWS = 256
_ALPHA_MODES = ("LA", "La", "PA", "RGBA", "RGBa")


def has_alpha(image: Image.Image) -> bool:
    """Whether `normalised` gives an alpha channel; known from the header."""
    return image.mode in _ALPHA_MODES or "transparency" in image.info


def normalised(image: Image.Image) -> Image.Image:
    """A picture in a working mode with nothing but pixels: 16 bits and floats come down to 8, palettes expand.

    16-bit values are divided by 257 and rounded. Floats up to 1 are fractions of white, up to 255 bytes, else 16 bits.
    """
    image.load()
    converted = _converted(image)
    if converted is image:
        converted = image.copy()
    converted.info = {}
    return converted


def _converted(image: Image.Image) -> Image.Image:
    mode = image.mode
    if mode in ("I", "F") or mode.startswith("I;"):
        return _deep_grey(image)
    if "transparency" in image.info and mode in ("1", "L", "RGB", "P"):
        return image.convert("LA" if mode in ("1", "L") else "RGBA")
    if mode in WORKING:
        return image
    if mode == "LAB":
        return _from_lab(image)
    return image.convert(_DIRECT.get(mode, "L" if mode == "1" else "RGB"))


def _deep_grey(image: Image.Image) -> Image.Image:
    values = np.asarray(image)
    grey = Image.fromarray(_eight_bits(values))
    transparent = image.info.get("transparency")
    if not isinstance(transparent, int):
        return grey
    alpha = np.where(values == transparent, 0, 255).astype(np.uint8)
    return Image.merge("LA", (grey, Image.fromarray(alpha)))


def _eight_bits(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """In strips, because the numbers on the way take eight times the room."""
    white = _white(values.astype(np.float32, copy=False)) if values.dtype.kind == "f" else None
    grey = np.empty(values.shape, np.uint8)
    for top in range(0, len(values), _STRIP_ROWS):
        strip = values[top : top + _STRIP_ROWS]
        grey[top : top + _STRIP_ROWS] = _from_integers(strip) if white is None else _from_fractions(strip, white)
    return grey


def _from_integers(values: NDArray[np.generic]) -> NDArray[np.int64]:
    return (np.clip(values.astype(np.int64), 0, _SIXTEEN_BIT) + 128) // 257


def _from_fractions(values: NDArray[np.generic], white: float) -> NDArray[np.float32]:
    finite = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    scaled: NDArray[np.float32] = np.rint(np.clip(finite / white, 0, 1) * 255)
    return scaled


def _white(values: NDArray[np.float32]) -> float:
    top = float(values.max(initial=0.0, where=np.isfinite(values)))
    return 1.0 if top <= 1 else 255.0 if top <= 255 else float(_SIXTEEN_BIT)


def _from_lab(image: Image.Image) -> Image.Image:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    assert converted is not None
    return converted
