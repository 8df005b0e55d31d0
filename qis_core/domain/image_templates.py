"""Image templates: named parameter sets, merged under a URL's values, with locks (spec image-urls §6, §14)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from qis_core.errors import InvalidRequest

MAX_NAME_LENGTH = 120


class Lock(Enum):
    """What a URL may do with a value of the template."""

    FREE = "yes"
    FIXED = "no"
    AT_MOST = "lte"
    AT_LEAST = "gte"


@dataclass(frozen=True, slots=True)
class ImageTemplate:
    """A template as requests see it. ``values`` and ``locks`` are keyed by URL parameter name; values are canonical."""

    name: str
    values: Mapping[str, object] = field(default_factory=dict)
    locks: Mapping[str, Lock] = field(default_factory=dict)
    description: str = ""
    id: int | None = None

    def get(self, parameter: str, default: object = None) -> object:
        return self.values.get(parameter, default)


def merge(given: Mapping[str, object], template: ImageTemplate) -> dict[str, object]:
    """The values of a request: those *given* by the URL, then the template's.

    Raises `InvalidRequest` naming parameter and template when a lock forbids a given value.
    """
    for parameter, lock in template.locks.items():
        if parameter in given and not _allowed(given[parameter], template.values.get(parameter), lock):
            limit = template.values.get(parameter)
            raise InvalidRequest(
                f"{given[parameter]} is not allowed; template {template.name!r} {_WORDS[lock]} {limit}",
                parameter=parameter,
            )
    return {**template.values, **given}


_WORDS = {Lock.FIXED: "fixes it to", Lock.AT_MOST: "allows at most", Lock.AT_LEAST: "allows at least"}


def _allowed(value: object, limit: object, lock: Lock) -> bool:
    if lock is Lock.FREE or value == limit:
        return True
    if lock is Lock.FIXED or not isinstance(value, int | float) or not isinstance(limit, int | float):
        return False
    # 0 means "automatic" for sizes: no upper bound at all, so it never satisfies one
    return 0 < value <= limit if lock is Lock.AT_MOST else value >= limit
