"""The built-in operations, one per file."""

from typing import Any

from qis_core import hookimpl
from qis_core.contracts.operation import Operation
from qis_plugins.operations.crop import crop
from qis_plugins.operations.fill import fill, sense
from qis_plugins.operations.flip import flip
from qis_plugins.operations.resize import resize
from qis_plugins.operations.rotate import rotate
from qis_plugins.operations.tile import tile

GEOMETRY: tuple[Operation[Any], ...] = (flip, rotate, crop, resize, tile, fill, sense)


@hookimpl
def qis_operations() -> tuple[Operation[Any], ...]:
    return GEOMETRY
