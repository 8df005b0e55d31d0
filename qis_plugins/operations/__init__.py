"""The built-in operations, one per file."""

from typing import Any

from qis_core import hookimpl
from qis_core.contracts.operation import Operation
from qis_plugins.operations.adjust import brightness, contrast, grayscale, saturation
from qis_plugins.operations.blur import blur
from qis_plugins.operations.colorspace import colorspace
from qis_plugins.operations.crop import crop
from qis_plugins.operations.fill import fill, sense
from qis_plugins.operations.flip import flip
from qis_plugins.operations.fonts import TextSettings
from qis_plugins.operations.icc import icc
from qis_plugins.operations.overlay import overlay
from qis_plugins.operations.placeholder import placeholder
from qis_plugins.operations.resize import resize
from qis_plugins.operations.rotate import rotate
from qis_plugins.operations.round_corners import round_corners
from qis_plugins.operations.sharpen import sharpen
from qis_plugins.operations.strip import strip
from qis_plugins.operations.text import text
from qis_plugins.operations.tile import tile

GEOMETRY: tuple[Operation[Any], ...] = (flip, rotate, crop, resize, tile, fill, sense)
EFFECTS: tuple[Operation[Any], ...] = (brightness, contrast, saturation, grayscale, blur, sharpen)
LAYERS: tuple[Operation[Any], ...] = (overlay, text, round_corners, placeholder)
COLORS: tuple[Operation[Any], ...] = (icc, colorspace, strip)


@hookimpl
def qis_settings() -> tuple[type[object], ...]:
    return (TextSettings,)


@hookimpl
def qis_operations() -> tuple[Operation[Any], ...]:
    return (*GEOMETRY, *EFFECTS, *LAYERS, *COLORS)
