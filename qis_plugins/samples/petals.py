"""Petals, feathers, leaves: one shape with light on it, painted from the back to the front."""

import math
from dataclasses import dataclass

import numpy as np

from qis_plugins.samples.noise import Map, smooth


@dataclass(frozen=True, slots=True)
class Petal:
    """From its root at (``x``, ``y``) towards ``angle`` (radians, clockwise from right); sizes in pixels.

    ``blunt`` below 1 moves the widest place to the tip. ``bars`` is how many dark bands cross it. ``is_round`` makes it
    a smooth stone.
    """

    x: float
    y: float
    angle: float
    length: float
    width: float
    root: Map
    tip: Map
    blunt: float = 0.8
    bars: float = 0.0
    shadow: float = 0.55
    is_round: bool = False


def paint_petal(light: Map, petal: Petal) -> None:
    """Shadow first, then the petal, lit from the upper left."""
    box = _box(light, petal)
    if box is None:
        return
    part = light[box]
    along, across = _local(box, petal)
    is_along = (along > 0) & (along < 1)
    inside = np.where(is_along, along, 0) ** petal.blunt
    edge = np.where(is_along, np.sqrt(4 * inside * (1 - inside)) - np.abs(across), -0.5 - np.abs(along - 0.5))
    is_shaded = edge > -0.55
    part[is_shaded] *= (1 - petal.shadow * smooth(edge[is_shaded], -0.55, 0.25))[:, None]
    is_seen = edge > 0
    cover = np.clip(edge[is_seen] * np.float32(petal.width / 3.2), 0, 1)[:, None]
    part[is_seen] = part[is_seen] * (1 - cover) + _shaded(petal, along[is_seen], across[is_seen]) * cover


def _box(light: Map, petal: Petal) -> tuple[slice, slice] | None:
    tip_x, tip_y = petal.x + petal.length * math.cos(petal.angle), petal.y + petal.length * math.sin(petal.angle)
    margin = petal.width * 0.75 + 2
    left, right = sorted((petal.x, tip_x))
    top, bottom = sorted((petal.y, tip_y))
    rows = slice(max(0, int(top - margin)), min(light.shape[0], int(bottom + margin) + 1))
    columns = slice(max(0, int(left - margin)), min(light.shape[1], int(right + margin) + 1))
    return (rows, columns) if rows.start < rows.stop and columns.start < columns.stop else None


def _local(box: tuple[slice, slice], petal: Petal) -> tuple[Map, Map]:
    """Along the petal from 0 to 1, and across it from -1 to 1."""
    y = np.arange(box[0].start, box[0].stop, dtype=np.float32)[:, None] - np.float32(petal.y)
    x = np.arange(box[1].start, box[1].stop, dtype=np.float32)[None, :] - np.float32(petal.x)
    cos, sin = math.cos(petal.angle), math.sin(petal.angle)
    return (x * cos + y * sin) / float(petal.length), (y * cos - x * sin) / float(petal.width / 2)


def _shaded(petal: Petal, along: Map, across: Map) -> Map:
    return _stone(petal, 2 * along - 1, across) if petal.is_round else _leaf(petal, along, across)


def _stone(petal: Petal, along: Map, across: Map) -> Map:
    up = np.sqrt(np.clip(1.04 - along * along - across * across, 0, 1))
    turned = petal.angle + 2.2
    facing = 0.62 * (along * math.cos(turned) - across * math.sin(turned)) + 0.70 * up
    shine = np.clip(facing, 0, 1) ** 26 * 0.5
    band = 1 + 0.10 * np.sin(across * 11 + 3 * along)
    return np.asarray(
        petal.tip * (np.clip(0.22 + 0.95 * facing, 0.05, 2) * band)[..., None] + shine[..., None], np.float32
    )


def _leaf(petal: Petal, along: Map, across: Map) -> Map:
    facing = 0.18 * math.cos(petal.angle + 2.3) + 0.26 * math.sin(petal.angle + 2.3) * across
    crease = 0.26 * np.exp(-((across * 7) ** 2)) * (1 - along)
    veins = 0.05 * np.cos(across * 19)
    rim = 0.30 * smooth(along, 0.75, 1.0)
    light = np.clip(0.72 + facing - crease + veins + rim, 0.1, 1.6)
    if petal.bars:
        light *= 1 - 0.45 * smooth(np.sin(along * petal.bars * 6.283 + np.abs(across) * 1.3), 0.0, 0.6)
    paint = petal.root + (petal.tip - petal.root) * (along[..., None] ** np.float32(0.8))
    return np.asarray(paint * light[..., None], dtype=np.float32)
