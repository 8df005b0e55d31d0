"""Size limits for callers who are not signed in (spec image-urls §4.10)."""

from collections.abc import Mapping
from dataclasses import dataclass

from qis_core.domain.image_templates import ImageTemplate
from qis_core.domain.images import Size
from qis_core.errors import InvalidRequest

#: URL parameters through which a caller can change a template's size.
_GEOMETRY = frozenset(
    {"width", "height", "top", "left", "bottom", "right", "angle", "dpr", "fit", "page", "autosizefit"}
)


@dataclass(frozen=True, slots=True)
class PublicLimits:
    """Largest width and height of a public answer; 0 is no limit."""

    width: int = 0
    height: int = 0

    @property
    def is_active(self) -> bool:
        return bool(self.width or self.height)

    def raised_by(self, template: ImageTemplate) -> "PublicLimits":
        """A template's own size raises the limit of its axis."""
        return PublicLimits(_raised(self.width, template.get("width")), _raised(self.height, template.get("height")))


def with_limits(limits: PublicLimits, given: Mapping[str, object], template: ImageTemplate) -> dict[str, object]:
    """The URL's values, with the limits as the size when nobody asks for one.

    Raises `InvalidRequest` when the URL asks for more than the limits, themselves raised by the template.
    """
    values = dict(given)
    if "tile" in values:
        return values
    raised = limits.raised_by(template)
    for name, limit in (("width", raised.width), ("height", raised.height)):
        if limit and _number(values.get(name)) > limit:
            raise InvalidRequest(_EXCEEDS, parameter=name)
    if not any(_number(source.get(name)) for source in (values, template.values) for name in ("width", "height")):
        values.update({name: limit for name, limit in (("width", limits.width), ("height", limits.height)) if limit})
        if limits.width and limits.height:
            values.setdefault("autosizefit", True)
    return values


@dataclass(frozen=True, slots=True)
class FinalSize:
    """The size an answer would have, with what decided it."""

    size: Size
    given: Mapping[str, object]
    template: ImageTemplate


def check_final_size(limits: PublicLimits, final: FinalSize) -> None:
    """Compare the planned size with the limits; raises `InvalidRequest`. A template's own size is always right."""
    sized_by_template = _number(final.template.get("width")) or _number(final.template.get("height"))
    if sized_by_template and not _GEOMETRY & final.given.keys():
        return
    raised = limits.raised_by(final.template)
    for name, limit, actual in (
        ("width", raised.width, final.size.width),
        ("height", raised.height, final.size.height),
    ):
        if limit and actual > limit:
            raise InvalidRequest(_EXCEEDS, parameter=name)


_EXCEEDS = "exceeds public image limit"


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _raised(limit: int, value: object) -> int:
    return max(limit, _number(value)) if limit else 0
