"""Parameters: declared once, parsed, checked, documented and written back from that declaration (design §2.3).

An operation's parameters are a frozen dataclass whose fields are made by `param`. A *kind* says what text means, which
values are right and how a value is written in canonical form. Parsing rules: spec image-urls §2.
"""

import dataclasses
import re
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from qis_core.errors import InvalidRequest

if TYPE_CHECKING:
    from qis_core.settings import Settings

_META = "qis.param"
_INTEGER = re.compile(r"\s*[+-]?\d+\s*", re.ASCII)
_MAX_INTEGER_LENGTH = 18
_NUMBER = re.compile(r"\s*[+-]?(\d{1,30}\.?\d{0,30}|\.\d{1,30}|inf|infinity)([eE][+-]?\d{1,3})?\s*", re.ASCII | re.I)
_TRUE = frozenset({"1", "t", "y", "true", "yes"})
MAX_CHOICES_SHOWN = 20

T = TypeVar("T")
Bound = float | Callable[["Settings"], float]
Choices = tuple[str, ...] | Callable[["Settings"], tuple[str, ...]]


class Kind(Protocol):
    """What the text of a parameter means. Faults are `ValueError`; the caller adds the parameter's name."""

    def parse(self, text: str) -> object:
        """The value, not yet checked against bounds; None: as if the parameter had not been given."""
        ...

    def check(self, value: object) -> object:
        """The value, or its canonical equal; `ValueError` when it is out of range or no choice."""
        ...

    def format(self, value: object) -> str:
        """The canonical text; `parse` of it gives *value* back."""
        ...

    def describe(self) -> str:
        """One phrase for messages and the reference: ``integer from 0 to 100``."""
        ...

    def schema(self) -> dict[str, object]:
        """JSON Schema (2020-12) of the value in a query string."""
        ...

    def bind(self, settings: "Settings") -> "Kind":
        """The same kind with bounds or choices that come from *settings* filled in."""
        ...


@dataclass(frozen=True, slots=True)
class Integer:
    """Optional sign and digits; blank is 0. Bounds are inclusive, fixed or read from the settings."""

    minimum: Bound
    maximum: Bound

    def parse(self, text: str) -> int:
        if not text.strip():
            return 0
        if not _INTEGER.fullmatch(text):
            raise ValueError(f"{_quoted(text)} is not an integer; expected {self.describe()}")
        if len(text.strip()) > _MAX_INTEGER_LENGTH:
            raise ValueError(f"{_quoted(text)} is out of range; expected {self.describe()}")
        return int(text)

    def check(self, value: object) -> object:
        number = _of_type(value, int, self)
        if not cast(float, self.minimum) <= number <= cast(float, self.maximum):
            raise ValueError(f"{number} is out of range; expected {self.describe()}")
        return number

    def format(self, value: object) -> str:
        return str(value)

    def describe(self) -> str:
        return f"an integer from {self.minimum} to {self.maximum}"

    def schema(self) -> dict[str, object]:
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}

    def bind(self, settings: "Settings") -> "Integer":
        return replace(self, minimum=_bound(self.minimum, settings), maximum=_bound(self.maximum, settings))


@dataclass(frozen=True, slots=True)
class Number:
    """Decimal or exponent form, rounded to 5 decimals before anything else; blank is 0; bounds are inclusive."""

    minimum: Bound
    maximum: Bound
    decimals: int = 5

    def parse(self, text: str) -> float:
        if not text.strip():
            return 0.0
        if not _NUMBER.fullmatch(text):
            raise ValueError(f"{_quoted(text)} is not a number; expected {self.describe()}")
        return round(float(text), self.decimals) + 0.0

    def check(self, value: object) -> object:
        if isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        number = _of_type(value, float, self)
        if not cast(float, self.minimum) <= number <= cast(float, self.maximum):
            raise ValueError(f"{number:g} is out of range; expected {self.describe()}")
        return round(number, self.decimals) + 0.0

    def format(self, value: object) -> str:
        return f"{cast(float, value):.{self.decimals}f}".rstrip("0").rstrip(".")

    def describe(self) -> str:
        return f"a number from {self.minimum:g} to {self.maximum:g}"

    def schema(self) -> dict[str, object]:
        return {"type": "number", "minimum": self.minimum, "maximum": self.maximum}

    def bind(self, settings: "Settings") -> "Number":
        return replace(self, minimum=_bound(self.minimum, settings), maximum=_bound(self.maximum, settings))


@dataclass(frozen=True, slots=True)
class Boolean:
    """True for ``1 t y true yes`` in any case; everything else, blank included, is false. Never fails."""

    def parse(self, text: str) -> bool:
        return text.strip().lower() in _TRUE

    def check(self, value: object) -> object:
        return _of_type(value, bool, self)

    def format(self, value: object) -> str:
        return "1" if value else "0"

    def describe(self) -> str:
        return "1 or 0"

    def schema(self) -> dict[str, object]:
        return {"type": "string", "enum": ["1", "0", "true", "false", "yes", "no"]}

    def bind(self, settings: "Settings") -> "Boolean":
        return self


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some words, in any case; blank is *not given*. ``aliases`` map further spellings to a choice."""

    choices: Choices
    aliases: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def parse(self, text: str) -> str | None:
        return text.strip().lower() or None

    def check(self, value: object) -> object:
        word = _of_type(value, str, self).strip().lower()
        word = self.aliases.get(word, word)
        if word not in cast(tuple[str, ...], self.choices):
            raise ValueError(f"{_quoted(word)} is not a valid choice; expected {self.describe()}")
        return word

    def format(self, value: object) -> str:
        return str(value)

    def describe(self) -> str:
        choices = cast(tuple[str, ...], self.choices)
        if not choices:
            return "nothing: no choice is installed"
        return one_of(choices)

    def schema(self) -> dict[str, object]:
        return {"type": "string", "enum": [*cast(tuple[str, ...], self.choices), *self.aliases]}

    def bind(self, settings: "Settings") -> "Choice":
        return replace(self, choices=self.choices(settings)) if callable(self.choices) else self


@dataclass(frozen=True, slots=True)
class Text:
    """Any text of a bounded length; blank is *not given*. A longer one is refused with its length."""

    max_length: int
    min_length: int = 1

    def parse(self, text: str) -> str | None:
        return text or None

    def check(self, value: object) -> object:
        text = _of_type(value, str, self)
        if not self.min_length <= len(text) <= self.max_length:
            length = "too long" if len(text) > self.max_length else "too short"
            raise ValueError(f"{len(text)} is out of range, {length}; expected {self.describe()}")
        return text

    def format(self, value: object) -> str:
        return str(value)

    def describe(self) -> str:
        return f"{self.min_length} to {self.max_length} characters"

    def schema(self) -> dict[str, object]:
        return {"type": "string", "minLength": self.min_length, "maxLength": self.max_length}

    def bind(self, settings: "Settings") -> "Text":
        return self


@dataclass(frozen=True, slots=True)
class ParamInfo:
    """One declared parameter.

    ``name`` is the URL's, ``key`` the one stored in image templates (None: templates cannot set it), ``field`` the
    dataclass field. ``url`` false: only templates set it.
    """

    name: str
    kind: Kind
    default: object
    help: str
    field: str
    key: str | None
    unit: str = ""
    url: bool = True

    def parse(self, text: str) -> object:
        """Text to value; raises `InvalidRequest` naming the parameter. None: not given."""
        return self._named(self.kind.parse, text)

    def check(self, value: object) -> object:
        """The value in canonical form; raises `InvalidRequest` naming the parameter."""
        return self._named(self.kind.check, value)

    def _named(self, convert: Callable[[Any], object], value: object) -> object:
        try:
            return convert(value)
        except ValueError as error:
            raise InvalidRequest(str(error), parameter=self.name) from None


def param(name: str, kind: Kind, *, default: Any = None, help: str, **details: Any) -> Any:
    """A field of a parameters dataclass.

    *name* is the URL parameter. Details: ``unit``; ``key``, the name in image templates (default: *name*; None: not
    allowed there); ``url=False`` for one that only templates may set. The default means "not asked for".
    """
    details.setdefault("key", name)
    return dataclasses.field(default=default, metadata={_META: (name, kind, default, help, details)})


def declared(params: type[object]) -> Iterator[ParamInfo]:
    """The parameters declared by a dataclass, in order."""
    for field in dataclasses.fields(cast(Any, params)):
        name, kind, default, text, details = field.metadata[_META]
        yield ParamInfo(name=name, kind=kind, default=default, help=text, field=field.name, **details)


def build(params: type[T], values: Mapping[str, object]) -> T:
    """A parameters value from *values* by URL name; missing ones take their default."""
    return params(**{info.field: values.get(info.name, info.default) for info in declared(params)})


def one_of(choices: Sequence[str]) -> str:
    """``one of a, b and 3 more``: messages never list everything."""
    more = len(choices) - MAX_CHOICES_SHOWN
    return f"one of {', '.join(choices[:MAX_CHOICES_SHOWN])}" + (f" and {more} more" if more > 0 else "")


def field_types(params: type[object]) -> dict[str, object]:
    """Field name → annotated type."""
    return dict(typing.get_type_hints(params))


def _bound(bound: Bound, settings: "Settings") -> float:
    return bound(settings) if callable(bound) else bound


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")


def _of_type(value: object, kind: type[T], expected: Kind) -> T:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ValueError(f"{value!r} is not right; expected {expected.describe()}")
    return value
