"""Surfaces that fill the picture: marble, oak, tartan, pebbles."""

import numpy as np
from PIL import Image

from qis_plugins.samples.light import colour, develop, gradient
from qis_plugins.samples.noise import Map, read, smooth, spectral
from qis_plugins.samples.petals import Petal, paint_petal


def marble(width: int, height: int) -> Image.Image:
    """Polished white marble with grey and golden veins."""
    x, y = _places(width, height, 1024)
    bend, fine = spectral(1024, 1.9, 121, lowest=1), spectral(1024, 1.3, 122, lowest=3)
    warped_x, warped_y = x + 90 * read(bend, x, y), y + 90 * read(bend, y + 300, x)
    veins = np.exp(-np.abs(read(bend, warped_x, warped_y)) * 9)
    threads = np.exp(-np.abs(read(fine, warped_x * 0.7 + 50, warped_y * 0.7)) * 10)
    cloud = read(bend, x * 0.6 + 500, y * 0.6 + 100)
    light = gradient(0.5 + 0.22 * cloud, ((0, "#a9aeb6"), (0.5, "#d9d8d5"), (1, "#eceae6"))).copy()
    light += (colour("#5c6068") - light) * (0.9 * veins)[..., None]
    gold = smooth(read(fine, x * 0.3, y * 0.3 + 200), 0.0, 1.2) * threads
    light += (colour("#a9803f") - light) * (0.85 * gold)[..., None]
    light += (colour("#7d828b") - light) * (0.35 * threads * (1 - gold))[..., None]
    return develop(light, exposure=0.82, grain=0.006, seed=10)


def oak(width: int, height: int) -> Image.Image:
    """Boards of oiled oak: each cut from another place of the trunk."""
    light = np.empty((height, width, 3), dtype=np.float32)
    random = np.random.default_rng(123)
    bend, pores = spectral(512, 2.0, 124, lowest=1), spectral(512, 0.6, 125, lowest=8)
    board = height / 5
    for number in range(5):
        rows = slice(int(number * board), int((number + 1) * board))
        light[rows] = _board((rows.stop - rows.start, width), (bend, pores), random)
    return develop(light, exposure=1.2, grain=0.008, seed=11)


def _board(size: tuple[int, int], fields: tuple[Map, Map], random: np.random.Generator) -> Map:
    rows, width = size
    bend, pores = fields
    y = (np.arange(rows, dtype=np.float32)[:, None] - rows * random.uniform(0.1, 0.9)) / rows
    x = np.arange(width, dtype=np.float32)[None, :] / rows + np.float32(random.uniform(0, 400))
    along, across = np.broadcast_to(x * 26, size), np.broadcast_to(y * 90, size) + np.float32(random.uniform(0, 500))
    swirl = read(bend, along, across)
    tilt = np.float32(random.uniform(0.03, 0.10))
    rings = np.hypot(y * 1.5 + 0.22 * swirl, 0.55 + tilt * (x - x.mean())) * random.uniform(26, 36)
    ring = rings - np.floor(rings)
    tone = 0.30 + 0.45 * ring**2.2 + 0.10 * swirl
    grain = read(pores, along * 1.6, across * 9)
    tone = tone + 0.09 * grain - 0.28 * smooth(grain, 1.2, 2.2) * (1 - ring)
    light = gradient(1 - tone, ((0, "#5b3419"), (0.45, "#a06a38"), (0.75, "#c8935a"), (1, "#dcb27c")))
    edge = np.minimum(np.arange(rows), np.arange(rows)[::-1]).astype(np.float32)[:, None] / rows
    shade = np.float32(random.uniform(0.85, 1.12)) * (0.25 + 0.75 * smooth(edge, 0.0, 0.012))
    return np.asarray(light * shade[..., None], dtype=np.float32)


def tartan(width: int, height: int) -> Image.Image:
    """A woollen tartan in twill, each thread to be seen."""
    sett = (("#123d2b", 24), ("#0d1f3c", 24), ("#9c1c28", 6), ("#0d1f3c", 24), ("#123d2b", 24), ("#d9b44a", 4))
    threads = np.concatenate([np.repeat(colour(text)[None, :], count, axis=0) for text, count in sett])
    pitch = max(4.0, width / 420)
    x, y = np.arange(width, dtype=np.float32)[None, :] / pitch, np.arange(height, dtype=np.float32)[:, None] / pitch
    fuzz, slub = spectral(512, 0.5, 126, lowest=4), spectral(512, 1.8, 127, lowest=2)
    at_x, at_y = np.broadcast_to(x * pitch, (height, width)), np.broadcast_to(y * pitch, (height, width))
    x, y = x + 0.35 * read(slub, at_x * 0.2, at_y * 0.2), y + 0.35 * read(slub, at_y * 0.2 + 99, at_x * 0.2)
    warp, weft = np.floor(x).astype(np.int32), np.floor(y).astype(np.int32)
    warp_on_top = (warp + weft) % 4 < 2
    bulge_x, bulge_y = np.sin((x - warp) * np.pi), np.sin((y - weft) * np.pi)
    strand = np.where(warp_on_top, bulge_x * (0.55 + 0.45 * bulge_y), bulge_y * (0.55 + 0.45 * bulge_x))
    paint = np.where(warp_on_top[..., None], threads[warp % len(threads)], threads[weft % len(threads)])
    hair = read(fuzz, at_x + 0.4 * at_y, at_y)
    light = paint * (0.25 + 0.95 * strand * (1 + 0.16 * hair))[..., None] + (0.010 * (1 + hair))[..., None]
    return develop(light.astype(np.float32), exposure=1.5, grain=0.008, seed=12)


def pebbles(width: int, height: int) -> Image.Image:
    """Wet pebbles on a beach, one on the other."""
    light = np.full((height, width, 3), colour("#1a1714"), dtype=np.float32)
    random = np.random.default_rng(128)
    paints = ("#6d7178", "#8b8478", "#b4a58d", "#4c5157", "#8c6f62", "#d6cfc2", "#77807c", "#5d4c44")
    for size in np.sort(random.uniform(0.04, 0.13, 640))[::-1]:
        angle, length = random.uniform(0, 2 * np.pi), float(size * width) * random.uniform(1.0, 1.3)
        paint = colour(paints[int(random.integers(len(paints)))]) * np.float32(random.uniform(0.7, 1.1))
        place = random.uniform(-0.05, 1.05) * width, random.uniform(-0.05, 1.05) * height
        wide = length * random.uniform(0.65, 0.9)
        paint_petal(
            light,
            Petal(*place, angle, length, wide, paint * np.float32(0.7), paint, blunt=1.0, shadow=0.8, is_round=True),
        )
    x, y = _places(width, height, 512)
    speck = read(spectral(512, 0.7, 129, lowest=16), x * 2, y * 2)
    light *= (1 + 0.10 * speck)[..., None]
    return develop(light, exposure=1.2, grain=0.010, seed=13)


def _places(width: int, height: int, side: int) -> tuple[Map, Map]:
    """Every pixel's place on a map *side* wide, the longer edge of the picture spanning it once."""
    scale = np.float32(side / max(width, height))
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return x * scale, y * scale
