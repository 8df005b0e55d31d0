"""QIS core: the names a plugin author imports."""

from qis_core.contracts.operation import Canvas, RenderContext, Stage, operation
from qis_core.imaging.params import Boolean, Choice, Integer, Number, Text, param
from qis_core.markers import API_VERSION, hookimpl
from qis_core.settings import Secret, section, setting

__all__ = [
    "API_VERSION",
    "Boolean",
    "Canvas",
    "Choice",
    "Integer",
    "Number",
    "RenderContext",
    "Secret",
    "Stage",
    "Text",
    "hookimpl",
    "operation",
    "param",
    "section",
    "setting",
]
