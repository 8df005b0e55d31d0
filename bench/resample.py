"""Time and exactness of resizing 24 megapixels: ``python bench/resample.py [WIDTH …]``.

For each method the median time of some runs in one process, and how near the result is to Lanczos in linear light in
double precision (PSNR in dB). *photo* is smooth with detail and noise, *halftone* is dots in which linear light matters
most. The JPEG rows begin with the encoded file; *at >= n x* is shrunk on load to no less than n times the final size.
The server does the first and the last of them: any shrinking on load makes halftones too dark.
"""

import io
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from qis_core.domain.images import Size
from qis_core.imaging.curves import srgb_light
from qis_core.imaging.geometry import whole
from qis_core.imaging.resample import Method, resize
from qis_plugins.operations.resize import PLAIN_MARGIN

SOURCE = Size(6000, 4000)
RUNS = 3
Floats = NDArray[np.float64]


def photo() -> Image.Image:
    """Shapes of every scale and a little noise."""
    random = np.random.default_rng(1)
    total = np.zeros((SOURCE.height, SOURCE.width, 3), np.float32)
    for scale in (1500, 300, 60, 12):
        shape = (SOURCE.height // scale + 2, SOURCE.width // scale + 2, 3)
        coarse = Image.fromarray(random.integers(0, 256, shape, dtype=np.uint8), "RGB")
        total += np.asarray(coarse.resize(SOURCE, Image.Resampling.BICUBIC), np.float32) * scale**0.5
    total = total / (1500**0.5 + 300**0.5 + 60**0.5 + 12**0.5)
    total += random.normal(0, 3, (SOURCE.height, SOURCE.width, 1)).astype(np.float32)
    return Image.fromarray(np.clip(total, 0, 255).astype(np.uint8), "RGB")


def halftone() -> Image.Image:
    """Black dots whose density follows a gradient, pixel by pixel."""
    random = np.random.default_rng(2)
    ramp = np.linspace(0.1, 0.9, SOURCE.width)[None, :]
    dots = (random.uniform(0, 1, (SOURCE.height, SOURCE.width)) < ramp) * np.uint8(255)
    return Image.fromarray(dots.astype(np.uint8), "L").convert("RGB")


def reference(image: Image.Image, size: Size) -> Floats:
    """By the definition, in double precision, in linear light; sRGB numbers."""
    down, across = _weights(image.height, size.height), _weights(image.width, size.width)
    light = srgb_light(np.arange(256) / 255)
    planes = [down @ light[np.asarray(band)] @ across.T for band in image.split()]
    linear = np.clip(np.stack(planes, axis=-1), 0, 1)
    encoded: Floats = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055) * 255
    return encoded


def _weights(length: int, count: int) -> Floats:
    scale = length / count
    distance = (np.arange(length) + 0.5 - (np.arange(count)[:, None] + 0.5) * scale) / scale
    weights = np.where(np.abs(distance) < 3, np.sinc(distance) * np.sinc(distance / 3), 0)
    normal: Floats = weights / weights.sum(axis=1, keepdims=True)
    return normal


def psnr(image: Image.Image, expected: Floats) -> float:
    return float(10 * np.log10(255**2 / np.mean((np.asarray(image, float) - expected) ** 2)))


def decoded(jpeg: bytes, size: Size, margin: float) -> Image.Image:
    """The file, shrunk on load to no less than *margin* times the size."""
    image = Image.open(io.BytesIO(jpeg), formats=["JPEG"])
    image.draft(image.mode, (round(size.width * margin), round(size.height * margin)))
    image.load()
    return image


def scaled(image: Image.Image, size: Size, method: Method) -> Image.Image:
    return resize(image, size, whole(Size(*image.size)), method)


def methods(image: Image.Image, size: Size) -> dict[str, Callable[[], Image.Image]]:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=92)
    jpeg = buffer.getvalue()
    linear, plain = Method(), Method(linear=False)
    return {
        "linear light, from pixels": lambda: scaled(image, size, linear),
        "own numbers, from pixels": lambda: scaled(image, size, plain),
        "linear light, JPEG": lambda: scaled(decoded(jpeg, SOURCE, 1.0), size, linear),
        "linear light, JPEG at >= 8 x": lambda: scaled(decoded(jpeg, size, 8.0), size, linear),
        f"own numbers, JPEG at >= {PLAIN_MARGIN:g} x": lambda: scaled(decoded(jpeg, size, PLAIN_MARGIN), size, plain),
    }


def milliseconds(work: Callable[[], Image.Image]) -> float:
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def main() -> None:
    widths = [int(text) for text in sys.argv[1:]] or [300, 800]
    print(f"{'picture':9} {'width':>5}  {'method':28} {'ms':>6} {'dB':>6}")
    for name, draw in (("photo", photo), ("halftone", halftone)):
        image = draw()
        for width in widths:
            size = Size(width, width * SOURCE.height // SOURCE.width)
            expected = reference(image, size)
            for method, work in methods(image, size).items():
                print(f"{name:9} {width:5}  {method:28} {milliseconds(work):6.0f} {psnr(work(), expected):6.1f}")


if __name__ == "__main__":
    main()
