"""Where the subject of a picture probably is: the measure behind ``focus=smart``.

It works on a copy of at most `SAMPLE_SIDE` pixels a side and multiplies what makes things stand out: a colour unlike
the rest of the picture, found in one place and not along the border, and different from its surroundings. Fine texture
and lines vanish in the small copy, large areas are like the rest, patterns are everywhere. Nothing is learned, nothing
is drawn by chance: the same pixels give the same answer.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
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
    """Gaussian blur of every plane; the radius is in parts of the diagonal. The border goes on as it ends."""
    sigma = max(0.5, radius * float(np.hypot(*planes.shape[:2])))
    reach = int(np.ceil(2.5 * sigma))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    for axis in (0, 1):
        margins = [(reach, reach) if axis == dimension else (0, 0) for dimension in range(3)]
        padded = np.pad(planes, margins, mode="edge")
        planes = _weighted(sliding_window_view(padded, len(weights), axis=axis), weights / weights.sum())
    return planes


def _weighted(values: Floats, weights: Floats) -> Floats:
    """Weighted sums along the last axis, in this thread alone: a matrix product would start others."""
    result: Floats = np.einsum("...i,i->...", values, weights)
    return result


def _rarity(colours: Floats) -> Floats:
    """How unlike the rest of the picture each pixel's colour is, and how much it keeps to one place."""
    places, share, centres = _palette(colours)
    distance = np.linalg.norm(centres[:, None] - centres[None], axis=2)
    similar = np.exp(-((distance / 0.1) ** 2))
    contrast = _weighted(distance, share)
    spread = _spread(places, similar, colours.shape[:2])
    score = contrast / max(float(contrast.max()), 1e-9) * np.exp(-_SPREAD_LOSS * spread)
    score *= np.exp(-_BORDER_LOSS * _weighted(similar, _border_share(places, len(share))))
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
    counts = _sums(places, np.ones(places.shape))
    sums = [_sums(places, colours[..., channel]) for channel in range(3)]
    return places, counts / counts.sum(), np.stack(sums, axis=1) / counts[:, None]


def _sums(places: NDArray[np.intp], values: Floats) -> Floats:
    """The sum of *values* over the pixels of each colour."""
    return np.bincount(places.ravel(), values.ravel()).astype(np.float64)


def _spread(places: NDArray[np.intp], similar: Floats, shape: tuple[int, ...]) -> Floats:
    """The variance of the places of each colour and those like it; 1 is that of the whole picture."""
    total = np.zeros(len(similar))
    weight = _weighted(similar, _sums(places, np.ones(shape)))
    for grid in np.meshgrid(np.linspace(-1, 1, shape[0]), np.linspace(-1, 1, shape[1]), indexing="ij"):
        first = _weighted(similar, _sums(places, grid)) / weight
        second = _weighted(similar, _sums(places, grid**2)) / weight
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
    scores = _weighted(np.clip(1 - from_middle**2, 0, None), profile)
    return float(offsets[int(scores.argmax())])
