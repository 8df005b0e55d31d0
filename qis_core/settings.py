"""Settings: .ini text and ``QIS_*`` environment in, frozen typed sections out, all faults reported at once.

A feature declares a *section*, a frozen dataclass; its fields are the settings. ``qis.<section>.<field>`` is the name
in the .ini, ``QIS_<SECTION>_<FIELD>`` in the environment, which wins. ``QIS_<SECTION>_<FIELD>_FILE`` names a file that
holds the value, for secrets.
"""

import dataclasses
import difflib
import math
import os
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin

from qis_core.errors import SettingsError

T = TypeVar("T")
_META = "qis.setting"
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})

#: Names outside every section: read before plugins are known, or by one command only.
RESERVED = frozenset({"qis.plugins", "qis.admin_password", "qis.config"})


class Secret:
    """A text that never shows in a repr, a log or ``qis settings``; `reveal` gives it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret('***')" if self._text else "Secret('')"

    def __str__(self) -> str:
        return "***" if self._text else ""

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


@dataclass(frozen=True, slots=True)
class SettingInfo:
    """What a section says of one setting besides its type and default."""

    help: str
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class SettingValue:
    """One setting as it is now. ``origin`` is ``default``, ``ini`` or the environment variable's name."""

    name: str
    environment: str
    value: object
    origin: str
    info: SettingInfo
    type_text: str
    default: object


def setting(
    default: Any = dataclasses.MISSING,
    *,
    help: str,
    minimum: float | None = None,
    maximum: float | None = None,
    unit: str = "",
) -> Any:
    """A field of a section. Without *default* the setting is required; bounds are inclusive."""
    info = SettingInfo(help, minimum, maximum, unit)
    return dataclasses.field(default=default, metadata={_META: info})


def section(name: str) -> Callable[[type[T]], type[T]]:
    """Name a dataclass as the settings section ``qis.<name>``."""

    def declare(cls: type[T]) -> type[T]:
        cls.qis_section = name  # type: ignore[attr-defined]
        return cls

    return declare


def section_name(cls: type[object]) -> str:
    """The name given by `section`."""
    return cast(str, cls.qis_section)  # type: ignore[attr-defined]


class Settings:
    """All sections, frozen. ``settings[SomeSection]`` is typed; a section nobody set has its defaults."""

    def __init__(self, sections: Mapping[type[object], object], origins: Mapping[str, str] | None = None) -> None:
        self._sections = dict(sections)
        self._origins = dict(origins or {})

    @classmethod
    def of(cls, *sections: object) -> "Settings":
        """Settings made of ready section values; for tests and embedding."""
        return cls({type(value): value for value in sections})

    def __getitem__(self, kind: type[T]) -> T:
        value = self._sections.get(kind)
        if value is None:
            value = self._sections[kind] = kind()
        return cast(T, value)

    def __reduce__(self) -> tuple[object, ...]:
        return Settings, (self._sections, self._origins)

    def replace(self, *sections: object) -> "Settings":
        """A copy in which *sections* take the place of those of their type."""
        return Settings({**self._sections, **{type(value): value for value in sections}}, self._origins)

    def values(self) -> Iterator[SettingValue]:
        """Every setting with its value and origin, by section; secrets stay `Secret`."""
        for kind, value in self._sections.items():
            for field, info in _fields(kind):
                name = f"qis.{section_name(kind)}.{field.name}"
                default = None if field.default is dataclasses.MISSING else field.default
                yield SettingValue(
                    name,
                    environment_name(name),
                    getattr(value, field.name),
                    self._origins.get(name, "default"),
                    info,
                    type_text(_hints(kind)[field.name]),
                    default,
                )


def environment_name(name: str) -> str:
    """``qis.images.max_dimension`` → ``QIS_IMAGES_MAX_DIMENSION``."""
    return name.replace(".", "_").upper()


def load_settings(ini: Mapping[str, str], environ: Mapping[str, str], sections: Iterable[type[object]]) -> Settings:
    """Parse and check everything; raises `SettingsError` with all faults together."""
    kinds = tuple(dict.fromkeys(sections))
    given, faults = _given(ini, environ, kinds)
    names = [section_name(kind) for kind in kinds]
    faults += [f"qis.{name}: two plugins declare this section" for name in sorted(set(names)) if names.count(name) > 1]
    built: dict[type[object], object] = {}
    for kind in kinds:
        value = _build(kind, given, faults)
        if value is not None:
            built[kind] = value
    if faults:
        raise SettingsError(faults)
    return Settings(built, {name: origin for name, (_, origin) in given.items()})


def raw_setting(name: str, ini: Mapping[str, str], environ: Mapping[str, str]) -> str | None:
    """One of the `RESERVED` settings, before any section is known; raises `SettingsError` for an unreadable file."""
    variable = environment_name(name)
    if f"{variable}_FILE" not in environ or variable in environ:
        return environ.get(variable, ini.get(name))
    try:
        return _read_file(environ[f"{variable}_FILE"])
    except ValueError as error:
        raise SettingsError([f"{variable}_FILE: {error}"]) from None


def type_text(hint: object) -> str:
    """How the documentation and error messages name a type."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return "one of " + ", ".join(str(choice) for choice in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join("nothing" if part is type(None) else type_text(part) for part in arguments)
    if origin is tuple:
        return f"list of {type_text(arguments[0])}"
    names = {int: "integer", float: "number", bool: "yes or no", str: "text", Path: "path", Secret: "secret text"}
    return names.get(cast(type, hint), str(hint))


def _fields(kind: type[object]) -> Iterator[tuple["dataclasses.Field[Any]", SettingInfo]]:
    for field in dataclasses.fields(cast(Any, kind)):
        yield field, cast(SettingInfo, field.metadata[_META])


def _hints(kind: type[object]) -> dict[str, Any]:
    return typing.get_type_hints(kind)


_Given = dict[str, tuple[str, str]]


def _given(
    ini: Mapping[str, str], environ: Mapping[str, str], kinds: tuple[type[object], ...]
) -> tuple[_Given, list[str]]:
    known = {f"qis.{section_name(kind)}.{field.name}" for kind in kinds for field, _ in _fields(kind)}
    by_environment = {environment_name(name): name for name in known | RESERVED}
    faults: list[str] = []
    given: _Given = {}
    for name, text in ini.items():
        if name.startswith("qis."):
            if name in known:
                given[name] = (text, "ini")
            elif name not in RESERVED:
                faults.append(_unknown(name, known | RESERVED))
    for variable, text in environ.items():
        if variable.startswith("QIS_"):
            _read_variable(variable, text, by_environment, (given, faults))
    return given, faults


def _read_variable(variable: str, text: str, by_environment: Mapping[str, str], into: tuple[_Given, list[str]]) -> None:
    given, faults = into
    name = by_environment.get(variable)
    if name is None and variable.endswith("_FILE"):
        name = by_environment.get(variable.removesuffix("_FILE"))
        if name is not None:
            try:
                text = _read_file(text)
            except ValueError as error:
                faults.append(f"{variable}: {error}")
                return
    if name is None:
        faults.append(_unknown(variable, by_environment))
    elif given.get(name, ("", "ini"))[1] != "ini":
        faults.append(f"{variable}: {given[name][1]} is given too; keep one of them")
    elif name not in RESERVED:
        given[name] = (text, variable)


def _read_file(path: str) -> str:
    """The text of a file without white space around it; raises `ValueError`, which does not name the path."""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        raise ValueError("the file it names is not UTF-8 text") from None
    except OSError as error:
        raise ValueError(f"cannot read the file it names: {error.strerror}") from None


def _unknown(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=1)
    return f"{name}: unknown setting" + (f"; did you mean {near[0]}?" if near else "")


def _build(kind: type[object], given: _Given, faults: list[str]) -> object | None:
    hints = _hints(kind)
    values: dict[str, object] = {}
    before = len(faults)
    for field, info in _fields(kind):
        name = f"qis.{section_name(kind)}.{field.name}"
        if name in given:
            try:
                values[field.name] = _checked(_parse(given[name][0], hints[field.name]), info)
            except ValueError as error:
                faults.append(f"{name}: {error}")
        elif field.default is dataclasses.MISSING:
            faults.append(f"{name}: required; {info.help}")
    return kind(**values) if len(faults) == before else None


def _checked(value: object, info: SettingInfo) -> object:
    for number in value if isinstance(value, tuple) else (value,):
        if isinstance(number, int | float) and not isinstance(number, bool):
            below = info.minimum is not None and number < info.minimum
            above = info.maximum is not None and number > info.maximum
            if not math.isfinite(number):
                raise ValueError(f"{number} is not a number that can be used")
            if below or above:
                raise ValueError(f"{number} is out of range; expected {_range_text(info)}")
    return value


def _range_text(info: SettingInfo) -> str:
    unit = f" {info.unit}" if info.unit else ""
    if info.maximum is None:
        return f"at least {info.minimum}{unit}"
    if info.minimum is None:
        return f"at most {info.maximum}{unit}"
    return f"{info.minimum} to {info.maximum}{unit}"


def _parse(text: str, hint: object) -> object:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        if not text.strip():
            return None
        return _parse(text, next(part for part in arguments if part is not type(None)))
    if origin is tuple:
        return tuple(_parse(part, arguments[0]) for part in text.replace(",", " ").split())
    if origin is Literal:
        choices = {str(choice): choice for choice in arguments}
        if text.strip() not in choices:
            raise ValueError(f"{text!r} is not a valid choice; expected {type_text(hint)}")
        return choices[text.strip()]
    return _parse_plain(text.strip(), hint)


def _parse_plain(text: str, hint: object) -> object:
    if hint is bool:
        if text.lower() not in _TRUE | _FALSE:
            raise ValueError(f"{text!r} is neither yes nor no")
        return text.lower() in _TRUE
    if hint in (int, float):
        try:
            return cast(type, hint)(text)
        except ValueError:
            raise ValueError(f"{text!r} is not {'an integer' if hint is int else 'a number'}") from None
    if hint is Path:
        return Path(os.path.expandvars(text)).expanduser()
    return cast(Callable[[str], object], hint)(text)
