"""Parameters that belong to no operation: what is decoded, how it is encoded, how the answer is handled."""

from dataclasses import dataclass

from qis_core.imaging.params import Boolean, Choice, Integer, Text, param

MAX_PAGE = 999_999
MAX_EXPIRY_SECONDS = 31_536_000
DEFAULT_EXPIRY_SECONDS = 604_800


@dataclass(frozen=True, slots=True)
class SourceParams:
    """Which part of the source."""

    page: int = param("page", Integer(0, MAX_PAGE), help="Page or frame of the source; 0 and 1 are the first")


@dataclass(frozen=True, slots=True)
class OutputParams:
    """How the result is stored."""

    format: str = param("format", Choice(()), help="Output format; `auto` picks by the Accept header")
    quality: int = param("quality", Integer(1, 100), help="Encoder quality; for PNG the tens digit is the zlib level")
    dpi: int = param("dpi", Integer(0, 32000), key="dpi_x", unit="dpi", help="Resolution tag; 0 keeps the source's")


@dataclass(frozen=True, slots=True)
class HandlingParams:
    """What happens to the answer; none of it changes the picture."""

    attach: bool = param("attach", Boolean(), key="attachment", help="Ask the browser to save the picture")
    xref: str = param("xref", Text(1024, 0), key=None, help="Tracking reference given to the tracking URL")
    stats: bool = param("stats", Boolean(), key="record_stats", help="Whether image statistics are recorded")
    expires: int = param(
        "expires",
        Integer(-1, MAX_EXPIRY_SECONDS),
        key="expiry_secs",
        unit="s",
        url=False,
        help="Client cache lifetime; 0 sends no caching headers, -1 forbids use without revalidation",
    )
    cache: bool = param("cache", Boolean(), key=None, help="0: do not store the result (signed-in callers)")
    recache: bool = param("recache", Boolean(), key=None, help="Make the picture anew (benchmarking only)")
