"""``tile``: one cell of a grid over the finished picture (spec image-urls §4.9.2)."""

import math
from dataclasses import dataclass, replace
from typing import cast

from PIL import Image

from qis_core import Canvas, Integer, RenderContext, Stage, operation, param
from qis_core.domain.images import Box, Size
from qis_core.errors import InvalidRequest
from qis_core.imaging.geometry import box_size, tile_box
from qis_core.imaging.params import Bound
from qis_core.imaging.settings import ImagesSettings
from qis_core.settings import Settings
from qis_plugins.operations.resize import ResizeStep, resize, resized_part

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
    """The cell in pixels; of the picture that ``resized`` makes, if the resize is all that comes before."""

    box: Box
    resized: ResizeStep | None = None


def _resolve(params: TileParams, canvas: Canvas) -> TileStep | None:
    number, grid = numbers_of(params.tile or "1:1")
    if grid == 1:
        return None
    box = tile_box(canvas.size, number, grid)
    if box is None:
        width, height = canvas.size
        raise InvalidRequest(f"tile grid too fine for image: {grid} cells in {width}×{height} px", parameter="tile")
    return TileStep(box)


def _absorb(before: object, step: TileStep) -> TileStep | None:
    """Of a picture that is resized only for this cell no other pixel has to be made."""
    return replace(step, resized=before) if isinstance(before, ResizeStep) else None


def _output_alpha(has_alpha: bool, step: TileStep) -> bool:
    return has_alpha if step.resized is None else resize.output_alpha(has_alpha, step.resized)


def _reduction(step: TileStep, size: Size) -> float:
    return 1.0 if step.resized is None else resize.reduction(step.resized, size)


def _rescale(step: TileStep, x_factor: float, y_factor: float) -> TileStep | None:
    if step.resized is None:
        return None
    return replace(step, resized=cast(ResizeStep, resize.rescale(step.resized, x_factor, y_factor)))


def _cost(size: Size, step: TileStep) -> float:
    cell = box_size(step.box)
    return cell.width * cell.height / 1e6 if step.resized is None else resize.cost(size, step.resized)


@operation(
    "tile",
    stage=Stage.TILE,
    params=TileParams,
    resolve=_resolve,
    output_size=lambda _size, step: box_size(step.box),
    output_alpha=_output_alpha,
    absorb=_absorb,
    reduction=_reduction,
    rescale=_rescale,
    cost=_cost,
    revision=1 + 100 * resize.revision,  # a resize may be part of the step
)
def tile(image: Image.Image, step: TileStep, context: RenderContext) -> Image.Image:
    """Cut one cell of a grid out of the finished, padded picture."""
    if step.resized is not None:
        return resized_part(image, step.resized, step.box, context)
    left, top, right, bottom = map(int, step.box)
    return image.crop((left, top, right, bottom))
