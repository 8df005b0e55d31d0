"""Form controls for image parameters, made from their declarations: a plugin's parameter shows up by itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from qis_core.contracts.operation import Stage
from qis_core.imaging.parameters import CORE_OWNER, OwnedParam
from qis_core.imaging.params import Boolean, ParamInfo, declared
from qis_core.imaging.request_params import HandlingParams
from qis_core.plugins import PluginRegistry

#: Wider ranges get no slider: a pixel of it would be too coarse to use.
_MAX_SLIDER_STEPS = 4000
_SLIDER_STEPS = 100
#: What happens to the answer, not to the picture.
_NOT_SHOWN = frozenset(info.name for info in declared(HandlingParams))
_OUTPUT, _REST = "Output", "Tiles, colour, metadata"
#: The first stage after each group, and the group's title.
_GROUPS: tuple[tuple[int, str], ...] = (
    (Stage.CROP, "Turn"),
    (Stage.RESIZE, "Crop"),
    (Stage.EFFECT, "Size"),
    (Stage.OVERLAY, "Effects"),
    (Stage.TILE, "On top"),
)
#: The order on the page, whatever the order of work.
_ORDER = ("Size", _OUTPUT, "Crop", "Turn", "Effects", "On top", _REST)
_OPEN = frozenset({"Size", _OUTPUT})


class Span(NamedTuple):
    """A piece of a help text."""

    text: str
    is_code: bool


@dataclass(frozen=True, slots=True)
class Control:
    """One parameter as an input. ``value`` is the text asked for, ``default`` the one that asks for nothing."""

    name: str
    kind: Literal["number", "choice", "switch", "text"]
    help: tuple[Span, ...]
    value: str = ""
    default: str = ""
    unit: str = ""
    minimum: str = ""
    maximum: str = ""
    step: str = ""
    choices: tuple[str, ...] = ()
    slider_maximum: str = ""
    expected: str = ""
    error: str = ""

    @property
    def is_set(self) -> bool:
        return self.value not in ("", self.default)

    @property
    def described_by(self) -> str:
        """The ids of the elements that say more about the control."""
        return f"h-{self.name} e-{self.name}" if self.error else f"h-{self.name}"


@dataclass(frozen=True, slots=True)
class ControlGroup:
    """Controls that belong together."""

    title: str
    controls: tuple[Control, ...]
    is_open: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form holds: texts by parameter name, the fault of one of them, and the picture's longer side in pixels."""

    texts: Mapping[str, str]
    longest_px: int
    fault_name: str = ""
    fault: str = ""


def control_groups(registry: PluginRegistry, asked: Asked) -> Iterator[ControlGroup]:
    """The controls of every parameter that changes the picture."""
    grouped: dict[str, list[Control]] = {title: [] for title in _ORDER}
    for param in registry.parameters:
        if param.info.url and param.info.name not in _NOT_SHOWN:
            grouped[_group_of(registry, param)].append(_control(param.info, asked))
    for title, controls in grouped.items():
        if controls:
            is_open = title in _OPEN or any(control.is_set or control.error for control in controls)
            yield ControlGroup(title, tuple(controls), is_open)


def shown_names(registry: PluginRegistry) -> frozenset[str]:
    """The parameters that have a control."""
    return frozenset(param.info.name for param in registry.parameters if param.info.url) - _NOT_SHOWN


def _group_of(registry: PluginRegistry, param: OwnedParam) -> str:
    if param.owner == CORE_OWNER:
        return _OUTPUT
    stage = registry.operation[param.owner].stage
    return next((title for end, title in _GROUPS if stage < end), _REST)


def _control(info: ParamInfo, asked: Asked) -> Control:
    details: dict[str, Any] = {
        "name": info.name,
        "help": tuple(_spans(info.help)),
        "value": asked.texts.get(info.name, ""),
        "default": "" if info.default is None else info.kind.format(info.default),
        "unit": info.unit,
        "error": asked.fault if asked.fault_name == info.name else "",
    }
    return Control(**details, **_appearance(info, asked.longest_px))


def _appearance(info: ParamInfo, longest_px: int) -> dict[str, Any]:
    schema = info.kind.schema()
    if isinstance(info.kind, Boolean):
        return {"kind": "switch"}
    if schema.get("enum"):
        return {"kind": "choice", "choices": tuple(str(word) for word in schema["enum"])}  # type: ignore[attr-defined]
    if schema.get("type") in ("integer", "number"):
        return {"kind": "number", **_range(info, schema, longest_px)}
    return {"kind": "text", "expected": info.kind.describe()}


def _range(info: ParamInfo, schema: Mapping[str, Any], longest_px: int) -> dict[str, str]:
    low, high = float(schema["minimum"]), float(schema["maximum"])
    slider = min(high, longest_px) if info.unit == "px" else high
    step = 1.0 if schema["type"] == "integer" else _nice_step(high - low)
    has_slider = (slider - low) / step <= _MAX_SLIDER_STEPS
    return {
        "minimum": f"{low:g}",
        "maximum": f"{high:g}",
        "step": f"{step:g}",
        "slider_maximum": f"{slider:g}" if has_slider else "",
    }


def _nice_step(span: float) -> float:
    """A hundredth of the span or less, as a power of ten."""
    step = 1.0
    while step * _SLIDER_STEPS > span and step > 1e-3:
        step /= 10
    return step


def _spans(text: str) -> Iterator[Span]:
    for number, piece in enumerate(text.split("`")):
        if piece:
            yield Span(piece, number % 2 == 1)
