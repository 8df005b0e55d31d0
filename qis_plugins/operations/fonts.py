"""Fonts for drawing text: one file per text, chosen by the scripts in it.

Kurinto Sans (SIL Open Font License, from the weblate-fonts distribution) covers nearly every script but the Chinese,
Japanese and Korean ones, for which it has sister fonts. ``qis.text.font`` takes the place of all of them.
"""

import functools
import importlib.resources
from dataclasses import dataclass
from pathlib import Path

from PIL import ImageFont

from qis_core import Canvas, section, setting
from qis_core.settings import Settings

_FOLDER = importlib.resources.files("weblate_fonts") / "static" / "weblate_fonts" / "kurinto" / "ttf"
_GENERAL = "KurintoSans-Bd"
_CHINESE, _JAPANESE, _KOREAN = "KurintoSansSC-Bd", "KurintoSansJP-Bd", "KurintoSansKR-Bd"
#: Blocks of Unicode 16.0: first and last code point.
_KANA = ((0x3040, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9D))
_HANGUL = ((0x1100, 0x11FF), (0x3130, 0x318F), (0xA960, 0xA97F), (0xAC00, 0xD7FF))
_HAN = ((0x2E80, 0x303F), (0x3100, 0x312F), (0x3190, 0x9FFF), (0xF900, 0xFAFF), (0xFF00, 0xFFEF), (0x20000, 0x3FFFF))


@section("text")
@dataclass(frozen=True, kw_only=True)
class TextSettings:
    """How the text parameter draws."""

    font: Path | None = setting(None, help="TrueType or OpenType file for all text; none: fonts for most scripts")


def font_name(text: str, canvas: Canvas) -> str:
    """The font for a text, by a name that changes when the server's own font does."""
    own = canvas.settings[TextSettings].font
    if own is not None:
        return f"{own.stem}@{_modified_ns(own):x}"
    if _has(text, _KANA):
        return _JAPANESE
    if _has(text, _HANGUL):
        return _KOREAN
    return _CHINESE if _has(text, _HAN) else _GENERAL


def load_font(name: str, size_px: float, settings: Settings) -> ImageFont.FreeTypeFont:
    """The font that `font_name` chose; the general one when the server's own cannot be read."""
    own = settings[TextSettings].font
    if own is None:
        return _packaged(name, size_px)
    try:
        return ImageFont.truetype(own, size_px)
    except OSError:
        return _packaged(_GENERAL, size_px)


@functools.lru_cache(maxsize=4)
def _face(name: str) -> ImageFont.FreeTypeFont:
    with importlib.resources.as_file(_FOLDER / f"{name}.ttf") as path:
        return ImageFont.truetype(path, 16)


def _packaged(name: str, size_px: float) -> ImageFont.FreeTypeFont:
    return _face(name).font_variant(size=size_px)


def _has(text: str, blocks: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= ord(character) <= last for character in text for first, last in blocks)


def _modified_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
