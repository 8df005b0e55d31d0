"""``halign`` and ``valign``: where the picture lies on a larger canvas (spec image-urls §4.7)."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from qis_core.domain.images import Size
from qis_core.imaging.geometry import Layout, placed
from qis_core.imaging.params import Number

if TYPE_CHECKING:
    from qis_core.settings import Settings

_MAX_LENGTH = 8
_CENTRE = "C0.5"
_POSITION = Number(0, 1)


@dataclass(frozen=True, slots=True)
class Alignment:
    """An edge letter and a position from 0 to 1: ``L0.25``; the value is its canonical text. Blank is *not given*.

    ``edges`` are the letters allowed: start, centre, end.
    """

    edges: str

    def parse(self, text: str) -> str | None:
        return text.strip()[:_MAX_LENGTH].upper() or None

    def check(self, value: object) -> object:
        text = str(value).strip()[:_MAX_LENGTH].upper()
        match = re.fullmatch(rf"([{self.edges}])(0?\.\d+|0\.?|1\.?0*)", text, re.ASCII)
        if match is None:
            raise ValueError(f"{text!r} is not an alignment; expected {self.describe()}")
        return match[1] + _POSITION.format(float(match[2]))

    def format(self, value: object) -> str:
        return str(value)

    def describe(self) -> str:
        letters = ", ".join(self.edges)
        return f"an edge ({letters}) and a position from 0 to 1, like {self.edges[0]}0.25 or {self.edges[-1]}1"

    def schema(self) -> dict[str, object]:
        return {"type": "string", "pattern": rf"^[{self.edges}{self.edges.lower()}](0?\.\d+|0|1(\.0*)?)$"}

    def examples(self) -> tuple[str, ...]:
        """Texts that it takes, for the conformance kit."""
        return tuple(f"{edge}{position}" for edge in self.edges for position in ("0", "0.25", "1"))

    def bind(self, settings: "Settings") -> "Alignment":
        return self


def offset_of(layout: Layout, halign: str | None, valign: str | None) -> tuple[int, int]:
    """Where the inner picture's top left corner lies on the canvas."""
    across, down = halign or _CENTRE, valign or _CENTRE
    return (
        placed(layout.canvas.width, layout.inner.width, across[0], float(across[1:])),
        placed(layout.canvas.height, layout.inner.height, down[0], float(down[1:])),
    )


def on_canvas(image: Image.Image, size: Size, offset: tuple[int, int], ground: int | tuple[int, ...]) -> Image.Image:
    """The picture on a canvas of one pixel value; its own transparent parts stay transparent."""
    canvas = Image.new(image.mode, size, ground)
    canvas.paste(image, offset)
    return canvas
