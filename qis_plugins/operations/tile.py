"""``tile``: one cell of a grid over the finished picture (spec image-urls §4.9.2)."""

import math
from dataclasses import dataclass, replace
from typing import cast

from PIL import Image

from qis_core import Canvas, Integer, Stage, operation, param
from qis_core.domain.images import Box, Size
from qis_core.errors import InvalidRequest
from qis_core.imaging.geometry import box_size, tile_box
from qis_core.imaging.params import Bound
from qis_core.imaging.settings import ImagesSettings
from qis_core.settings import Settings

_NUMBER = Integer(0, 0)


@dataclass(frozen=True, slots=True)
class TileSpec:
    """``n:grid``: cell n of a square number of cells; the value is canonical text. Blank is *not given*."""

    max_grid: Bound

    def parse(self, text: str) -> str | None:
        if not text.strip():
            return None
        parts = text.split(":")
        if len(parts) != 2:
            raise ValueError(f"{text[:40]!r} has an invalid format; expected {self.describe()}")
        return ":".join(str(_NUMBER.parse(part)) for part in parts)

    def check(self, value: object) -> object:
        text = self.parse(str(value))
        number, grid = numbers_of(text or "0:0")
        if not 1 <= grid <= cast(float, self.max_grid):
            raise ValueError(f"grid {grid} is out of range; expected {self.describe()}")
        if math.isqrt(grid) ** 2 != grid:
            raise ValueError(f"grid {grid} is not square; expected {self.describe()}")
        if not 1 <= number <= grid:
            raise ValueError(f"tile {number} is out of range; expected 1 to {grid}")
        return text

    def format(self, value: object) -> str:
        return str(value)

    def describe(self) -> str:
        return f"n:grid, a cell number and a square number up to {self.max_grid}, like 2:9"

    def schema(self) -> dict[str, object]:
        return {"type": "string", "pattern": r"^\s*\d+\s*:\s*\d+\s*$"}

    def examples(self) -> tuple[str, ...]:
        """Texts that it takes, for the conformance kit."""
        return ("1:4", "4:4", "5:9", "1:1", "16:16")

    def bind(self, settings: Settings) -> "TileSpec":
        return replace(self, max_grid=self.max_grid(settings)) if callable(self.max_grid) else self


def numbers_of(spec: str) -> tuple[int, int]:
    """Cell and grid of a canonical value."""
    number, grid = spec.split(":")
    return int(number), int(grid)


@dataclass(frozen=True, slots=True)
class TileParams:
    """What the URL says."""

    tile: str | None = param(
        "tile",
        TileSpec(lambda settings: settings[ImagesSettings].max_grid_tiles),
        help="One cell of a grid over the finished picture, numbered from 1 in reading order",
    )


@dataclass(frozen=True, slots=True)
class TileStep:
    """The cell in pixels."""

    box: Box


def _resolve(params: TileParams, canvas: Canvas) -> TileStep | None:
    number, grid = numbers_of(params.tile or "1:1")
    if grid == 1:
        return None
    box = tile_box(canvas.size, number, grid)
    if box is None:
        width, height = canvas.size
        raise InvalidRequest(f"tile grid too fine for image: {grid} cells in {width}×{height} px", parameter="tile")
    return TileStep(box)


def _output_size(_size: Size, step: TileStep) -> Size:
    return box_size(step.box)


@operation("tile", stage=Stage.TILE, params=TileParams, resolve=_resolve, output_size=_output_size)
def tile(image: Image.Image, step: TileStep) -> Image.Image:
    """Cut one cell of a grid out of the finished, padded picture."""
    left, top, right, bottom = map(int, step.box)
    return image.crop((left, top, right, bottom))
