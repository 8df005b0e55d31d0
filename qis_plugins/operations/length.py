"""A length in pixels, or in percent of the shorter side of the picture: ``24``, ``2.5%``."""

import re
from dataclasses import dataclass

from qis_core.domain.images import Size

_LENGTH = re.compile(r"\s*\+?(\d{1,6}(?:\.\d{0,6})?|\.\d{1,6})\s*(%?)\s*", re.ASCII)
_DECIMALS = 2


@dataclass(frozen=True, slots=True)
class Length:
    """A parameter kind; values are canonical texts. Blank is ``0``."""

    max_px: int
    max_percent: int = 100

    def parse(self, text: str) -> str:
        if not text.strip():
            return "0"
        found = _LENGTH.fullmatch(text)
        if found is None:
            raise ValueError(f"{text[:40]!r} is not a length; expected {self.describe()}")
        return _canonical(float(found[1]), found[2])

    def check(self, value: object) -> object:
        if not isinstance(value, str):
            raise ValueError(f"{value!r} is not right; expected {self.describe()}")
        text = self.parse(value)
        limit = self.max_percent if text.endswith("%") else self.max_px
        if float(text.removesuffix("%")) > limit:
            raise ValueError(f"{text} is out of range; expected {self.describe()}")
        return text

    def format(self, value: object) -> str:
        return str(value)

    def describe(self) -> str:
        return f"0 to {self.max_px} pixels, or 0% to {self.max_percent}% of the shorter side"

    def schema(self) -> dict[str, object]:
        return {"type": "string", "pattern": r"^\d+(\.\d+)?%?$", "examples": list(self.examples())}

    def examples(self) -> tuple[str, ...]:
        return ("0", "1", "12", str(self.max_px), "0.5%", "7.25%", f"{self.max_percent}%")

    def bind(self, settings: object) -> "Length":
        return self


def in_pixels(length: str, size: Size) -> float:
    """What a value of `Length` is on a picture of *size*."""
    if not length.endswith("%"):
        return float(length)
    return round(float(length.removesuffix("%")) * min(size) / 100, _DECIMALS)


def _canonical(number: float, unit: str) -> str:
    digits = f"{number:.{_DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if digits == "0" else digits + unit
