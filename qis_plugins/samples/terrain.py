"""Mountains: a height map with the colours light gives it, seen in perspective.

Every column of the picture is a ray over the map; the first place that is as high on the screen as a pixel is what the
pixel shows. One search per column finds that for all its pixels.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from qis_plugins.samples.noise import Map, read

_COLUMNS_AT_ONCE = 240


@dataclass(frozen=True, slots=True)
class Ground:
    """Height in units, colours in linear light, both periodic with ``scale`` pixels per unit; fine detail around 1."""

    height: Map
    colour: Map
    detail: Map
    scale: float = 1.0

    def height_at(self, x: Map, y: Map) -> Map:
        return read(self.height, x * self.scale, y * self.scale)

    def colour_at(self, x: Map, y: Map) -> Map:
        return read(self.colour, x * self.scale, y * self.scale)


@dataclass(frozen=True, slots=True)
class Camera:
    """Where one stands (in units), the height of the eyes, and what the lens sees.

    ``focal`` is in picture widths; ``horizon`` is the share of the picture above the horizon.
    """

    x: float
    y: float
    eye: float
    focal: float
    horizon: float
    nearest: float
    farthest: float
    steps: int = 1100


@dataclass(frozen=True, slots=True)
class View:
    """What some columns of a picture see: distance (infinite: sky), and the place, ``up`` its height."""

    columns: slice
    distance: Map
    x: Map
    y: Map
    up: Map


def views(ground: Ground, camera: Camera, size: tuple[int, int]) -> Iterator[View]:
    """The picture of *size* in stripes of columns."""
    for left in range(0, size[0], _COLUMNS_AT_ONCE):
        yield _view(ground, camera, size, slice(left, min(left + _COLUMNS_AT_ONCE, size[0])))


def _view(ground: Ground, camera: Camera, size: tuple[int, int], columns: slice) -> View:
    width, height = size
    focal = camera.focal * width
    slope = ((np.arange(columns.start, columns.stop, dtype=np.float32) - width / 2) / focal).astype(np.float32)
    distances = np.geomspace(camera.nearest, camera.farthest, camera.steps).astype(np.float32)
    x, y = camera.x + slope[:, None] * distances, np.broadcast_to(camera.y + distances, (len(slope), camera.steps))
    seen = (ground.height_at(x, y) - camera.eye) * (focal / distances)
    rows = (camera.horizon * height - 0.5 - np.arange(height, dtype=np.float32))[::-1]
    found = _first_hits(np.maximum.accumulate(seen, axis=1), rows, distances)[:, ::-1].T
    near = np.where(np.isfinite(found), found, 0)
    up = camera.eye + near * rows[::-1, None] / focal
    return View(columns, found, camera.x + slope[None, :] * near, camera.y + near, up.astype(np.float32))


def _first_hits(tops: Map, rows: Map, distances: Map) -> Map:
    """For each column and each of the ascending *rows*: the distance at which the rising *tops* reach the row."""
    found = np.full((len(tops), len(rows)), np.inf, dtype=np.float32)
    last = len(distances) - 1
    for column, top in enumerate(tops):
        index = np.searchsorted(top, rows)
        seen = int(np.searchsorted(rows, top[-1], side="right"))
        hit = np.minimum(index[:seen], last)
        before = np.maximum(hit - 1, 0)
        rise = np.maximum(top[hit] - top[before], 1e-6)
        share = np.clip((rows[:seen] - top[before]) / rise, 0, 1)
        found[column, :seen] = distances[before] + (distances[hit] - distances[before]) * share
    return found
