"""Where the subject of a picture probably is: the measure behind ``focus=smart``.

It works on a copy of at most `SAMPLE_SIDE` pixels a side and multiplies what makes things stand out: a colour unlike
the rest of the picture, found in one place and not along the border, and different from its surroundings. Fine texture
and lines vanish in the small copy, large areas are like the rest, patterns are everywhere. Nothing is learned, nothing
is drawn by chance: the same pixels give the same answer.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from qis_core.domain.images import Box, Size
from qis_core.imaging.color import has_alpha

Floats = NDArray[np.float64]

SAMPLE_SIDE = 128
_FROM_ZERO = np.array((0.0, 0.5, 0.5))
#: Steps into which each of the three dimensions of colour is divided.
_LEVELS = 12
#: Blur radii in parts of the sample's diagonal: against texture, and of the surroundings that a place is compared with.
_FINE, _WIDE = 0.008, 0.08
#: How much less a place at the picture's corner counts than one at its centre.
_CENTRE_BIAS = 0.15
#: How much a colour loses that is spread over the picture, or makes up its border.
_SPREAD_LOSS, _BORDER_LOSS = 2.0, 3.0


def best_window(image: Image.Image, box: Box, size: Size) -> Box:
    """The window of *size* inside *box* that holds most of what stands out, with it near its middle."""
    box = Box(box.left, box.top, min(box.right, image.width), min(box.bottom, image.height))
    found = saliency(_sample(image, box))
    left = round(box.left + _best_offset(found.sum(axis=0), box.width, size.width))
    top = round(box.top + _best_offset(found.sum(axis=1), box.height, size.height))
    left, top = min(left, image.width - size.width), min(top, image.height - size.height)
    return Box(left, top, left + size.width, top + size.height)


def saliency(sample: Image.Image) -> Floats:
    """How much each pixel of a small ``RGBA`` picture stands out, from 0 to 1; all 0 when nothing does."""
    pixels = np.asarray(sample, np.float64) / 255
    colours, visible = _blurred(_opponent(pixels[..., :3]), _FINE), pixels[..., 3]
    rare, local = _rarity(colours), _contrast(colours)
    found = np.sqrt(rare * local) * _centre_weight(rare.shape) * visible
    found = np.clip(found - found.mean(), 0, None) ** 2
    highest = float(found.max())
    return found / highest if highest > 1e-9 else np.zeros_like(found)


def _sample(image: Image.Image, box: Box) -> Image.Image:
    factor = min(1.0, SAMPLE_SIDE / max(box.width, box.height))
    size = (max(1, round(box.width * factor)), max(1, round(box.height * factor)))
    weighted = image if not has_alpha(image) else image.convert("RGBA")
    edges = (box.left, box.top, box.right, box.bottom)
    small = weighted.resize(size, Image.Resampling.BOX, edges, reducing_gap=2.0)
    return small.convert("RGBA")


def _opponent(rgb: Floats) -> Floats:
    """Lightness, red against green, blue against yellow: roughly how far apart colours look."""
    red, green, blue = np.moveaxis(rgb, -1, 0)
    return np.stack(((red + green + blue) / 3, (red - green) / 2, (blue - (red + green) / 2) / 2), axis=-1)


def _blurred(planes: Floats, radius: float) -> Floats:
    """Gaussian blur of every plane; the radius is in parts of the diagonal."""
    height, width, _ = planes.shape
    sigma = max(0.5, radius * float(np.hypot(height, width)))
    down, across = _gaussian(height, sigma), _gaussian(width, sigma)
    result: Floats = np.einsum("ij,jkc,lk->ilc", down, planes, across, optimize=True)
    return result


def _gaussian(length: int, sigma: float) -> Floats:
    distance = np.subtract.outer(np.arange(length), np.arange(length))
    weights = np.exp(-0.5 * (distance / sigma) ** 2)
    normal: Floats = weights / weights.sum(axis=1, keepdims=True)
    return normal


def _rarity(colours: Floats) -> Floats:
    """How unlike the rest of the picture each pixel's colour is, and how much it keeps to one place."""
    places, share, centres = _palette(colours)
    distance = np.linalg.norm(centres[:, None] - centres[None], axis=2)
    similar = np.exp(-((distance / 0.1) ** 2))
    contrast = distance @ share
    spread = _spread(places, similar, colours.shape[:2])
    score = contrast / max(float(contrast.max()), 1e-9) * np.exp(-_SPREAD_LOSS * spread)
    score *= np.exp(-_BORDER_LOSS * similar @ _border_share(places, len(share)))
    result: Floats = score[places]
    return result


def _border_share(places: NDArray[np.intp], count: int) -> Floats:
    """Which part of the picture's border each colour makes up."""
    border = np.concatenate((places[0], places[-1], places[:, 0], places[:, -1]))
    return np.bincount(border, minlength=count) / border.size


def _palette(colours: Floats) -> tuple[NDArray[np.intp], Floats, Floats]:
    """Quantised colours: which one each pixel has, the share of each, and its mean."""
    steps = np.rint((colours + _FROM_ZERO) * _LEVELS).astype(np.int64)
    codes = steps @ (1, 2 * _LEVELS, 4 * _LEVELS**2)
    _, places = np.unique(codes, return_inverse=True)
    places = places.reshape(codes.shape)
    counts = np.bincount(places.ravel()).astype(np.float64)
    sums = [np.bincount(places.ravel(), colours[..., channel].ravel()) for channel in range(3)]
    return places, counts / counts.sum(), np.stack(sums, axis=1) / counts[:, None]


def _spread(places: NDArray[np.intp], similar: Floats, shape: tuple[int, ...]) -> Floats:
    """The variance of the places of each colour and those like it; 1 is that of the whole picture."""
    total = np.zeros(len(similar))
    weight = similar @ np.bincount(places.ravel()).astype(np.float64)
    for grid in np.meshgrid(np.linspace(-1, 1, shape[0]), np.linspace(-1, 1, shape[1]), indexing="ij"):
        first = similar @ np.bincount(places.ravel(), grid.ravel()) / weight
        second = similar @ np.bincount(places.ravel(), grid.ravel() ** 2) / weight
        total += (second - first**2) / max(float(grid.var()), 1e-9)
    result: Floats = total / 2
    return result


def _contrast(colours: Floats) -> Floats:
    """How different each place is from its wider surroundings."""
    difference = np.linalg.norm(colours - _blurred(colours, _WIDE), axis=2)
    result: Floats = difference / max(float(difference.max()), 1e-9)
    return result


def _centre_weight(shape: tuple[int, ...]) -> Floats:
    y, x = np.meshgrid(np.linspace(-1, 1, shape[0]), np.linspace(-1, 1, shape[1]), indexing="ij")
    result: Floats = 1 - _CENTRE_BIAS * (x**2 + y**2) / 2
    return result


def _best_offset(profile: Floats, extent: float, length: float) -> float:
    """Where a window of *length* on an axis of *extent* begins; what stands out counts most near its middle."""
    free = extent - length
    if free <= 0:
        return 0.0
    if not profile.any():
        return free // 2
    places = (np.arange(len(profile)) + 0.5) * extent / len(profile)
    offsets = np.linspace(0, free, 2 * SAMPLE_SIDE + 1)
    from_middle = (places[None] - offsets[:, None] - length / 2) / (length / 2)
    scores = np.clip(1 - from_middle**2, 0, None) @ profile
    return float(offsets[int(scores.argmax())])
