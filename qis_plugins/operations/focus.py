"""``focus``: the part of a picture that matters when something has to go."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from PIL import Image

from qis_core import RenderContext
from qis_core.domain.images import Box, Size
from qis_core.imaging.geometry import Framing, box_size, middle_of, point_of, window_at
from qis_core.imaging.params import Number
from qis_plugins.operations.saliency import best_window

if TYPE_CHECKING:
    from qis_core.settings import Settings

SMART = "smart"
_FRACTION = Number(0, 1)


@dataclass(frozen=True, slots=True)
class Focus:
    """``x,y`` in fractions of the flipped, rotated picture, or ``smart``; the value is canonical text."""

    def parse(self, text: str) -> str | None:
        return text.strip().lower() or None

    def check(self, value: object) -> object:
        text = str(value).strip().lower()
        if text == SMART:
            return SMART
        parts = text.split(",")
        if len(parts) != 2 or not all(part.strip() for part in parts):
            raise ValueError(f"{text!r} is not a valid choice; expected {self.describe()}")
        return ",".join(_FRACTION.format(_FRACTION.check(_FRACTION.parse(part))) for part in parts)

    def format(self, value: object) -> str:
        return str(value)

    def describe(self) -> str:
        return "smart, or two numbers from 0 to 1 like 0.5,0.25"

    def schema(self) -> dict[str, object]:
        return {"type": "string", "pattern": r"^(smart|[0-9.]+,[0-9.]+)$"}

    def examples(self) -> tuple[str, ...]:
        """Texts that it takes, for the conformance kit."""
        return ("smart", "0.5,0.5", "0,1", "0.1,0.75")

    def bind(self, settings: "Settings") -> "Focus":
        return self


def framed(framing: Framing, size: Size, focus: str | None) -> Framing:
    """A framing whose place *focus* decides; ``smart`` leaves that to `window_in`, where there is a choice."""
    if framing.window is None or framing.window == box_size(framing.box):
        return Framing(framing.box)
    if focus == SMART:
        return framing
    point = middle_of(framing.box) if focus is None else point_of(size, *map(float, focus.split(",")))
    return Framing(window_at(framing, point))


def window_in(image: Image.Image, framing: Framing, context: RenderContext) -> Box:
    """The box to cut out; where the framing leaves a choice the pixels of the first frame make it for all."""
    if framing.window is None:
        return framing.box
    if framing not in context.found:
        context.found[framing] = best_window(image, framing.box, framing.window)
    return cast(Box, context.found[framing])
