"""The size a request asks for, as crop and resize both need it (spec image-urls §4.2)."""

from qis_core import Canvas
from qis_core.domain.images import Size
from qis_core.imaging.geometry import clamped, rotated_size, scaled_target

FITS = ("contain", "cover", "fill", "inside")


def turned_source(canvas: Canvas) -> Size:
    """The whole source after rotation: what crops are fractions of, and what results are clamped to."""
    return rotated_size(canvas.source_size, canvas.get("angle", 0.0))


def wanted_target(canvas: Canvas) -> Size:
    """Width and height as asked for, in device pixels, no larger than the source; 0 for an automatic axis."""
    asked = Size(canvas.get("width", 0), canvas.get("height", 0))
    return clamped(scaled_target(asked, canvas.get("dpr", 1.0)), turned_source(canvas))


def wanted_fit(canvas: Canvas) -> str:
    """How the picture fills a target: the word given, else what ``autosizefit`` means."""
    chosen: str | None = canvas.get("fit")
    return chosen or ("inside" if canvas.get("autosizefit") else "contain")
