"""All parameters of a server in one table: parse a query, check values, read and write templates."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from qis_core.domain.image_templates import ImageTemplate, Lock
from qis_core.errors import InvalidRequest, PluginError
from qis_core.imaging.params import Choice, ParamInfo, declared, one_of
from qis_core.imaging.request_params import HandlingParams, OutputParams, SourceParams
from qis_core.settings import Settings

#: Further keys of stored templates, with the key that holds the value.
_KEY_ALIASES = {"dpi_y": "dpi_x", "dpi": "dpi_x"}
CORE_OWNER = "qis"
#: Names in URLs that mean something before any parameter is read.
RESERVED_NAMES = frozenset({"src", "tmp", "sig", "until", "explain"})


@dataclass(frozen=True, slots=True)
class OwnedParam:
    """A parameter and the name of what declared it: an operation's, or ``qis`` for the core."""

    info: ParamInfo
    owner: str


class ParameterTable:
    """Every parameter by URL name; one name belongs to one owner."""

    def __init__(self, params: Iterable[OwnedParam]) -> None:
        self._by_name: dict[str, OwnedParam] = {}
        self._by_key: dict[str, ParamInfo] = {}
        for param in params:
            self._add(param)

    def _add(self, param: OwnedParam) -> None:
        taken = self._by_name.get(param.info.name)
        if taken is not None:
            raise PluginError(f"parameter {param.info.name!r} is claimed by {taken.owner!r} and by {param.owner!r}")
        if param.info.name in RESERVED_NAMES:
            raise PluginError(f"parameter {param.info.name!r} of {param.owner!r} has a name with a meaning of its own")
        self._by_name[param.info.name] = param
        if param.info.key is not None:
            self._add_key(param.info.key, param)

    def _add_key(self, key: str, param: OwnedParam) -> None:
        taken = self._by_key.get(key)
        if taken is not None:
            other = self._by_name[taken.name]
            raise PluginError(f"template attribute {key!r} is claimed by {other.owner!r} and by {param.owner!r}")
        self._by_key[key] = param.info

    def __iter__(self) -> Iterator[OwnedParam]:
        return iter(self._by_name.values())

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def get(self, name: str) -> ParamInfo:
        return self._by_name[name].info

    def parse(self, query: Sequence[tuple[str, str]]) -> dict[str, object]:
        """Typed values of the known names of a query; the first of a repeated name wins, unknown ones are ignored.

        Types only; ranges and choices are for `check`, so that faults come in the documented order.
        """
        values: dict[str, object] = {}
        seen: set[str] = set()
        for name, text in query:
            param = self._by_name.get(name)
            if param is None or name in seen or not param.info.url:
                continue
            seen.add(name)
            value = param.info.parse(text)
            if value is not None:
                values[name] = value
        return values

    def check(self, values: Mapping[str, object]) -> dict[str, object]:
        """The same values, in range and canonical; raises `InvalidRequest`."""
        return {name: self._by_name[name].info.check(value) for name, value in values.items()}

    def parse_text(self, name: str, text: str) -> object:
        """One value from its text, typed and checked; for templates set from a shell. Raises `InvalidRequest`."""
        _, info = self._template_param(name)
        value = info.parse(text)
        return None if value is None else info.check(value)

    def template(self, name: str, stored: Mapping[str, Mapping[str, object]], description: str = "") -> ImageTemplate:
        """A template from its stored form ``{key: {"value": v, "override": rule}}``; raises `InvalidRequest`."""
        values: dict[str, object] = {}
        locks: dict[str, Lock] = {}
        for key, entry in stored.items():
            name_in_url, info = self._template_param(key)
            value = entry.get("value")
            if value is None or value == "":
                continue
            values[name_in_url] = info.check(value)
            lock = _lock(key, entry.get("override", "yes"))
            if lock is not Lock.FREE:
                locks[name_in_url] = lock
        return ImageTemplate(name, values, locks, description)

    def stored(self, template: ImageTemplate) -> dict[str, dict[str, object]]:
        """The stored form of a template; the inverse of `template`."""
        result: dict[str, dict[str, object]] = {}
        for name, value in template.values.items():
            entry: dict[str, object] = {"value": value}
            if name in template.locks:
                entry["override"] = template.locks[name].value
            result[self.get(name).key or name] = entry
        return result

    def _template_param(self, key: str) -> tuple[str, ParamInfo]:
        """The URL name behind a template key, and the parameter under the key, as messages should call it."""
        info = self._by_key.get(_KEY_ALIASES.get(key, key))
        if info is None and key in self._by_name:
            info = self._by_name[key].info
        if info is None or info.key is None:
            raise InvalidRequest(f"not a template attribute; expected {one_of(sorted(self._by_key))}", parameter=key)
        return info.name, replace(info, name=key)


def core_params(format_names: tuple[str, ...]) -> Iterator[OwnedParam]:
    """The parameters of the core, with the installed formats filled in."""
    for group in (SourceParams, OutputParams, HandlingParams):
        for info in declared(group):
            yield OwnedParam(replace(info, kind=Choice(format_names)) if info.name == "format" else info, CORE_OWNER)


def bound_params(params: type[object], owner: str, settings: Settings) -> Iterator[OwnedParam]:
    """An operation's parameters, with bounds and choices from the settings filled in."""
    for info in declared(params):
        yield OwnedParam(replace(info, kind=info.kind.bind(settings)), owner)


def _lock(key: str, rule: object) -> Lock:
    try:
        return Lock(rule)
    except ValueError:
        choices = one_of([lock.value for lock in Lock])
        raise InvalidRequest(f"override {rule!r} is not a valid choice; expected {choices}", parameter=key) from None
