"""Resizing against exact arithmetic, in every mode, in bounded memory."""

import io
import math
import tracemalloc

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from qis_core.contracts.operation import WORKING_MODES
from qis_core.domain.images import Box, Size
from qis_core.imaging import resample
from qis_core.imaging.curves import srgb_light
from qis_core.imaging.geometry import whole
from qis_core.imaging.resample import Method, Wanted, resize, resize_part
from tests.support.icc import adobe_rgb
from tests.support.pictures import checkerboard, dark_bars, gradient

Floats = NDArray[np.float64]
LINEAR, PLAIN = Method(), Method(linear=False)


def resized(image: Image.Image, size: tuple[int, int], method: Method = LINEAR, box: Box | None = None) -> Image.Image:
    return resize(image, Size(*size), box or whole(Size(*image.size)), method)


def photo(size: tuple[int, int], seed: int = 3) -> Image.Image:
    """Smooth shapes with detail of every scale and some noise: what photographs are made of."""
    random = np.random.default_rng(seed)
    total = np.zeros((size[1], size[0], 3))
    for scale in (4, 16, 64):
        coarse = random.uniform(0, 1, (max(2, size[1] // scale), max(2, size[0] // scale), 3))
        layer = Image.fromarray((coarse * 255).astype(np.uint8), "RGB").resize(size, Image.Resampling.BICUBIC)
        total += np.asarray(layer, float) * scale
    total = (total - total.min()) / (total.max() - total.min()) * 255 + random.normal(0, 3, total.shape)
    return Image.fromarray(np.clip(total, 0, 255).astype(np.uint8), "RGB")


def exact(image: Image.Image, size: tuple[int, int], box: Box | None = None) -> Floats:
    """Lanczos in linear light in double precision, by the definition, of grey or RGB; values as sRGB, not rounded."""
    light = srgb_light(np.asarray(image, float) / 255)
    light = light if light.ndim == 3 else light[..., None]
    left, top, right, bottom = box or (0, 0, *image.size)
    light = np.tensordot(_weights(light.shape[0], (top, bottom), size[1]), light, axes=(1, 0))
    light = np.moveaxis(np.tensordot(_weights(light.shape[1], (left, right), size[0]), light, axes=(1, 1)), 0, 1)
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055) * 255


def _weights(length: int, span: tuple[float, float], count: int) -> Floats:
    scale = (span[1] - span[0]) / count
    centres = span[0] + (np.arange(count) + 0.5) * scale
    distance = (np.arange(length) + 0.5 - centres[:, None]) / max(scale, 1)
    weights = np.where(np.abs(distance) < 3, np.sinc(distance) * np.sinc(distance / 3), 0)
    result: Floats = weights / weights.sum(axis=1, keepdims=True)
    return result


def psnr(one: Floats, other: Floats) -> float:
    return float(10 * np.log10(255**2 / max(np.mean((one - other) ** 2), 1e-12)))


# --- what linear light is for ---


@pytest.mark.parametrize("mode", ["L", "RGB", "LA", "RGBA"])
def test_a_fine_checkerboard_becomes_the_grey_the_eye_sees(mode: str) -> None:
    small = resized(checkerboard((400, 400), mode), (100, 100))
    values = np.asarray(small.convert("L"), int)
    assert np.abs(values - 188).max() <= 2


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_without_linear_light_it_becomes_too_dark(mode: str) -> None:
    values = np.asarray(resized(checkerboard((400, 400), mode), (100, 100), PLAIN).convert("L"), int)
    assert np.abs(values - 128).max() <= 2


@pytest.mark.parametrize("ratio", [2, 3, 5, 8, 13, 20])
def test_the_grey_does_not_depend_on_the_ratio(ratio: int) -> None:
    values = np.asarray(resized(checkerboard((520, 520), "L"), (520 // ratio, 520 // ratio)), int)[2:-2, 2:-2]
    assert np.abs(values - 188).max() <= 4


@pytest.mark.parametrize(("mode", "channel"), [("RGB", 0), ("L", 0), ("RGBA", 1)])
@pytest.mark.parametrize("size", [(320, 50), (160, 25), (64, 10)])
def test_shadows_keep_their_levels(mode: str, channel: int, size: tuple[int, int]) -> None:
    small = np.asarray(resized(dark_bars().convert(mode), size), int)
    row = small[size[1] // 2] if small.ndim == 2 else small[size[1] // 2, :, channel]
    bar = size[0] / 32
    found = [int(row[int((value + 0.5) * bar)]) for value in range(32)]
    assert max(abs(level - value) for value, level in enumerate(found)) <= 1


@pytest.mark.parametrize("level", [0, 1, 2, 7, 18, 127, 254, 255])
@pytest.mark.parametrize("profile", [None, adobe_rgb()])
@pytest.mark.parametrize("size", [(33, 17), (7, 5), (300, 100)])
def test_a_flat_picture_stays_exactly_what_it_is(level: int, profile: bytes | None, size: tuple[int, int]) -> None:
    image = Image.new("RGB", (130, 90), (level, level, 255 - level))
    small = resized(image, size, Method(profile=profile))
    assert small.getcolors() == [(size[0] * size[1], (level, level, 255 - level))]


# --- against the definition ---


@pytest.mark.parametrize("size", [(150, 100), (97, 61), (41, 27), (20, 13), (299, 199), (310, 220), (600, 50)])
def test_a_photograph_is_near_the_exact_result(size: tuple[int, int]) -> None:
    image = photo((300, 200))
    small = np.asarray(resized(image, size), float)
    assert psnr(small, exact(image, size)) > 45


@pytest.mark.parametrize("size", [(150, 100), (40, 30), (23, 11)])
def test_line_art_is_near_the_exact_result(size: tuple[int, int]) -> None:
    random = np.random.default_rng(4)
    image = Image.fromarray(((random.uniform(0, 1, (200, 300)) > 0.5) * 255).astype(np.uint8))
    small = np.asarray(resized(image, size), float)
    assert psnr(small, exact(image, size)[..., 0]) > 40


def test_without_blocks_the_result_is_exact() -> None:
    """Ratios below twice the gap are filtered alone; only the rounding to 8 bits remains."""
    image = photo((300, 200))
    small = np.asarray(resized(image, (75, 50)), float)
    assert np.abs(small - exact(image, (75, 50))).max() <= 0.55


@pytest.mark.parametrize(
    "box", [Box(10, 20, 210, 160), Box(10.5, 20.25, 209.75, 159.5), Box(0, 0, 250, 1), Box(299, 199, 300, 200)]
)
def test_any_box_of_the_source(box: Box) -> None:
    image = photo((300, 200))
    size = (50, 35)
    left, top, right, bottom = (*map(math.floor, box[:2]), *map(math.ceil, box[2:]))
    part = image.crop((left, top, right, bottom))
    inside = Box(box.left - left, box.top - top, box.right - left, box.bottom - top)
    small = np.asarray(resized(image, size, box=box), float)
    assert np.abs(small - exact(part, size, inside)).max() <= 0.55


def test_nothing_outside_the_box_shows() -> None:
    image = Image.new("RGB", (200, 100), "red")
    image.paste((0, 0, 255), (100, 0, 200, 100))
    for method in (LINEAR, PLAIN):
        small = resized(image, (20, 20), method, Box(100, 0, 200, 100))
        assert small.getcolors() == [(400, (0, 0, 255))]


def test_a_profile_changes_what_its_numbers_mean() -> None:
    image = checkerboard((400, 400), "RGB")
    srgb, adobe = (np.asarray(resized(image, (100, 100), Method(profile=profile))) for profile in (None, adobe_rgb()))
    assert abs(int(adobe[50, 50, 0]) - round(255 * 0.5 ** (1 / 2.19921875))) <= 1
    assert srgb[50, 50, 0] != adobe[50, 50, 0]


@pytest.mark.parametrize("name", ["bilinear", "bicubic", "lanczos"])
def test_each_filter_is_itself(name: str) -> None:
    image = photo((300, 200))
    others = [
        np.asarray(resized(image, (120, 80), Method(other)), float) for other in ("bilinear", "bicubic", "lanczos")
    ]
    mine = np.asarray(resized(image, (120, 80), Method(name)), float)
    assert sorted(bool(np.array_equal(mine, other)) for other in others) == [False, False, True]


# --- modes, strips, edges ---


@pytest.mark.parametrize("mode", WORKING_MODES)
@pytest.mark.parametrize("method", [LINEAR, PLAIN])
@pytest.mark.parametrize("size", [(1, 1), (10, 300), (300, 10), (31, 17), (400, 250), (2, 1)])
def test_every_mode_to_any_size(mode: str, method: Method, size: tuple[int, int]) -> None:
    image = gradient((130, 90)).convert(mode)
    before = image.tobytes()
    small = resized(image, size, method)
    assert (small.mode, small.size) == (mode, size)
    assert image.tobytes() == before


@pytest.mark.parametrize("mode", WORKING_MODES)
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 1)])
def test_tiny_sources(mode: str, size: tuple[int, int]) -> None:
    image = Image.new(mode, size, Image.new("RGB", (1, 1), (90, 120, 150)).convert(mode).getpixel((0, 0)))
    large = resized(image, (13, 9))
    assert large.getcolors() == [(13 * 9, image.getpixel((0, 0)))]


def test_the_same_size_is_a_copy() -> None:
    image = photo((60, 40))
    copy = resized(image, (60, 40))
    assert copy is not image
    assert copy.tobytes() == image.tobytes()
    assert resized(image, (20, 10), box=Box(5, 6, 25, 16)).tobytes() == image.crop((5, 6, 25, 16)).tobytes()


@pytest.mark.parametrize("size", [(40, 300), (40, 25), (90, 700)])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_strips_and_chunks_leave_no_seams(size: tuple[int, int], mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are worked on in pieces; pieces of any height give the same pixels."""
    image = photo((100, 600)).convert("RGBA")
    image.putalpha(photo((100, 600), 8).convert("L"))
    image = image.convert(mode)
    expected = np.asarray(resized(image, size), int)
    for rows in (1, 7, 50, 10_000):
        monkeypatch.setattr(resample, "CHUNK_ROWS", rows)
        monkeypatch.setattr(resample, "CHUNK_COLUMNS", rows + 3)
        monkeypatch.setattr(resample, "STRIP_ROWS", rows * 3)
        assert np.abs(np.asarray(resized(image, size), int) - expected).max() <= 1


def test_work_space_is_bounded() -> None:
    """Beside source and result; numpy's share of it is traced, Pillow's planes have the same size."""
    image = Image.effect_noise((1500, 6000), 50).convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    tracemalloc.start()
    resized(image, (700, 2800))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * 4 * 2 * resample.GAP * resample.CHUNK_ROWS * resample.CHUNK_COLUMNS


# --- alpha ---


@pytest.mark.parametrize("method", [LINEAR, PLAIN])
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_invisible_pixels_lend_no_colour(method: Method, mode: str) -> None:
    image = Image.new("RGBA", (200, 200), (255, 255, 255, 0))
    image.paste((0, 0, 0, 255), (0, 0, 101, 200))
    small = np.asarray(resized(image.convert(mode), (20, 20), method), int)
    assert small[..., -1].min() == 0
    assert small[..., -1].max() == 255
    assert small[small[..., -1] > 0][:, 0].max() == 0


def test_what_is_invisible_is_stored_as_black() -> None:
    small = np.asarray(resized(Image.new("RGBA", (60, 60), (90, 120, 150, 0)), (10, 10)))
    assert small.max() == 0


def test_opaque_alpha_stays_opaque_and_changes_no_colour() -> None:
    image = photo((300, 200))
    with_alpha, without = resized(image.convert("RGBA"), (77, 51)), resized(image, (77, 51))
    assert with_alpha.getchannel("A").getextrema() == (255, 255)
    assert with_alpha.convert("RGB").tobytes() == without.tobytes()


def test_one_transparent_pixel_changes_colours_only_near_it() -> None:
    image = photo((300, 200)).convert("RGBA")
    plain = np.asarray(resized(image, (60, 40)), int)
    image.putpixel((0, 0), (0, 0, 0, 0))
    changed = np.asarray(resized(image, (60, 40)), int)
    assert np.abs(changed[4:, 4:] - plain[4:, 4:]).max() <= 1


@pytest.mark.parametrize("alpha", [1, 3, 40, 128, 254])
def test_translucent_colours_keep_their_levels(alpha: int) -> None:
    small = resized(Image.new("RGBA", (120, 90), (200, 60, 9, alpha)), (30, 20))
    assert small.getcolors() == [(600, (200, 60, 9, alpha))]


# --- shrinking on load ---


def test_a_decoder_that_shrinks_a_halftone_makes_it_too_dark() -> None:
    """Why linear light is given every pixel: the decoder averages in the picture's own numbers."""
    buffer = io.BytesIO()
    checkerboard((640, 640), "L").save(buffer, "JPEG", quality=95)
    levels = []
    for reduction in (1, 2):
        image = Image.open(buffer, formats=["JPEG"])
        image.draft("L", (640 // reduction, 640 // reduction))
        levels.append(float(np.asarray(resized(image, (20, 20)), float).mean()))
    assert levels[0] == pytest.approx(188, abs=2)
    assert levels[1] < 140


# --- parts ---


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "CMYK"])
@pytest.mark.parametrize("size", [(97, 61), (31, 20), (11, 9), (420, 280), (300, 200)])
@pytest.mark.parametrize("method", [LINEAR, PLAIN])
def test_parts_are_cut_from_the_same_picture(
    mode: str, size: tuple[int, int], method: Method, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the last bit, wherever the cuts and the pieces are."""
    monkeypatch.setattr(resample, "CHUNK_ROWS", 40)
    monkeypatch.setattr(resample, "CHUNK_COLUMNS", 70)
    image = photo((300, 200)).convert("RGBA")
    image.putalpha(photo((300, 200), 8).convert("L"))
    image = image.convert("RGB").convert(mode) if mode == "CMYK" else image.convert(mode)
    box = Box(0, 0, 300, 200) if size == (300, 200) else Box(3.5, 2, 297, 199.25)
    expected = resized(image, size, method, box)
    x, y = size[0] // 3, size[1] // 2
    for part in (Box(0, 0, x, y), Box(x, y, *size), Box(x, 0, x + 1, size[1]), Box(0, y, size[0], y + 1)):
        made = resize_part(image, Wanted(Size(*size), part), box, method)
        left, top, right, bottom = map(int, part)
        assert made.tobytes() == expected.crop((left, top, right, bottom)).tobytes()
