"""text: write on the picture, as a watermark or a caption."""

import unicodedata
from dataclasses import dataclass
from typing import Literal

from PIL import Image, ImageDraw, ImageFont

from qis_core import Boolean, Canvas, Choice, Number, RenderContext, Stage, operation, param
from qis_core.domain.images import Size
from qis_core.imaging.color import Colour, Rgba, luma, parse_colour
from qis_core.settings import Settings
from qis_plugins.operations.compose import POSITIONS, faded, laid_over
from qis_plugins.operations.fonts import font_name, load_font
from qis_plugins.operations.length import Length, in_pixels

MAX_CHARACTERS = 500
MAX_LINES = 20
MAX_SIZE_PX = 2000
#: Smaller writing is no writing.
MIN_SIZE_PX = 1
MAX_TRIES = 8
DEFAULT_SIZE = "5%"
#: Of the font size: free space around the text, gap between lines, width of the outline.
MARGIN, LEADING, OUTLINE = 0.4, 0.25, 0.06
#: Texts brighter than this get a black outline, others a white one.
MIDDLE_LUMA = 128
#: Unicode categories: control characters, lone surrogates.
_REFUSED = frozenset({"Cc", "Cs"})
_EXAMPLES = ("© 2026", "two\nlines", "שלום עולם", "مرحبا", "नमस्ते", "日本語", "e\u0301\U0001f389\ufe0f")


@dataclass(frozen=True, slots=True)
class Lines:
    """A parameter kind: some lines of text, composed (NFC), without control characters; blank is *not given*."""

    def parse(self, text: str) -> str | None:
        return _tidied(text) or None

    def check(self, value: object) -> object:
        if not isinstance(value, str):
            raise ValueError(f"{value!r} is not right; expected {self.describe()}")
        text = _tidied(value)
        if not 1 <= len(text) <= MAX_CHARACTERS:
            raise ValueError(f"{len(text)} is out of range; expected {self.describe()}")
        lines = text.count("\n") + 1
        if lines > MAX_LINES:
            raise ValueError(f"{lines} lines are out of range; expected {self.describe()}")
        for character in text:
            if character != "\n" and unicodedata.category(character) in _REFUSED:
                raise ValueError(f"U+{ord(character):04X} cannot be drawn; expected {self.describe()}")
        return text

    def format(self, value: object) -> str:
        return str(value)

    def describe(self) -> str:
        return f"1 to {MAX_CHARACTERS} characters on at most {MAX_LINES} lines"

    def schema(self) -> dict[str, object]:
        return {"type": "string", "minLength": 1, "maxLength": MAX_CHARACTERS, "examples": list(self.examples())}

    def examples(self) -> tuple[str, ...]:
        return (*_EXAMPLES, "W" * MAX_CHARACTERS, "\n".join("W" * MAX_LINES))

    def bind(self, settings: Settings) -> "Lines":
        return self


@dataclass(frozen=True, slots=True)
class TextParams:
    text: str | None = param("text", Lines(), help="Text to write on the picture; a line feed (%0A) starts a new line")
    size: str = param("textsize", Length(MAX_SIZE_PX), default=DEFAULT_SIZE, help="Font size; made less to fit")
    color: str = param("textcolor", Colour(), default="ffffff", help="Colour of the text")
    position: str = param("textpos", Choice(POSITIONS), default="se", help="Centre, or a compass point")
    opacity: float = param("textopacity", Number(0, 1), default=1.0, help="1 covers; 0 is unseen")
    outline: bool = param("textoutline", Boolean(), default=True, help="Outline in black or white, whichever contrasts")


@dataclass(frozen=True, slots=True)
class TextStep:
    """A text that can be seen; ``size_px`` is the font size before it is made to fit."""

    text: str
    font: str
    size_px: float
    color: str
    position: str
    opacity: float
    outline: bool


def _resolve(params: TextParams, canvas: Canvas) -> TextStep | None:
    size_px = in_pixels(params.size, canvas.size)
    if not params.text or not size_px or not params.opacity or parse_colour(params.color)[3] == 0:
        return None
    return TextStep(
        text=params.text,
        font=font_name(params.text, canvas),
        size_px=min(size_px, float(max(canvas.size))),
        color=params.color,
        position=params.position,
        opacity=params.opacity,
        outline=params.outline,
    )


@operation("text", stage=Stage.OVERLAY + 20, params=TextParams, resolve=_resolve)
def text(image: Image.Image, step: TextStep, context: RenderContext) -> Image.Image:
    """Write on the picture; the text is made smaller until it fits."""
    writing = _fitting(step, Size(*image.size), context.settings)
    if writing is None:
        return image.copy()
    return laid_over(image, faded(writing.layer(step), step.opacity), step.position, context)


@dataclass(frozen=True, slots=True)
class _Writing:
    """Lines in a font, and the room they take with a margin all around."""

    text: str
    font: ImageFont.FreeTypeFont
    align: Literal["left", "center", "right"]
    outline_px: int

    @property
    def spacing_px(self) -> float:
        return self.font.size * LEADING

    def box(self) -> tuple[int, int, int, int]:
        """Where the ink goes, outline included, when drawing starts at the origin."""
        draw = ImageDraw.Draw(Image.new("L", (1, 1)))
        left, top, right, bottom = draw.multiline_textbbox(
            (0, 0), self.text, self.font, spacing=self.spacing_px, align=self.align, stroke_width=self.outline_px
        )
        margin = round(self.font.size * MARGIN)
        return int(left) - margin, int(top) - margin, int(right + 1) + margin, int(bottom + 1) + margin

    @property
    def size(self) -> Size:
        left, top, right, bottom = self.box()
        return Size(right - left, bottom - top)

    def mask(self, stroke_px: int) -> Image.Image:
        left, top, right, bottom = self.box()
        mask = Image.new("L", (right - left, bottom - top))
        ImageDraw.Draw(mask).multiline_text(
            (-left, -top),
            self.text,
            255,
            self.font,
            spacing=self.spacing_px,
            align=self.align,
            stroke_width=stroke_px,
        )
        return mask

    def layer(self, step: TextStep) -> Image.Image:
        """The writing on a transparent ground, in its colour, with its outline below."""
        color = parse_colour(step.color)
        letters = self.mask(0)
        if not self.outline_px:
            return _filled(letters, color)
        layer = _filled(self.mask(self.outline_px), _contrast(color))
        layer.alpha_composite(_filled(letters, color))
        return layer


def _fitting(step: TextStep, room: Size, settings: Settings) -> _Writing | None:
    """The writing as large as asked for or as fits, or None where there is no room for any."""
    size_px = step.size_px
    for _ in range(MAX_TRIES):
        if size_px < MIN_SIZE_PX:
            break
        writing = _written(step, size_px, settings)
        taken = writing.size
        if taken.width <= room.width and taken.height <= room.height:
            return writing
        size_px *= min(room.width / taken.width, room.height / taken.height) * 0.98
    return None


def _written(step: TextStep, size_px: float, settings: Settings) -> _Writing:
    font = load_font(step.font, size_px, settings)
    align: Literal["left", "center", "right"] = "left" if "w" in step.position else "center"
    align = "right" if "e" in step.position else align
    return _Writing(step.text, font, align, max(1, round(size_px * OUTLINE)) if step.outline else 0)


def _filled(mask: Image.Image, color: Rgba) -> Image.Image:
    layer = Image.new("RGBA", mask.size, color)
    layer.putalpha(mask if color[3] == 255 else mask.point([round(level * color[3] / 255) for level in range(256)]))
    return layer


def _contrast(color: Rgba) -> Rgba:
    return (0, 0, 0, color[3]) if luma(color) >= MIDDLE_LUMA else (255, 255, 255, color[3])


def _tidied(text: str) -> str:
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").split("\n")
    return "\n".join(line.rstrip(" ") for line in lines).strip("\n")
