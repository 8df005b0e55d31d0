"""The plugin registry: find, load, check and call plugins; a typed facade over pluggy (design §4)."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, TypeVar, cast

import pluggy

from qis_core import hookspecs
from qis_core.contracts.auth import AuthProvider
from qis_core.contracts.cache import CacheBackend
from qis_core.contracts.codec import Codec
from qis_core.contracts.database import DatabaseBackend
from qis_core.contracts.operation import Operation
from qis_core.contracts.panel import Panel
from qis_core.contracts.storage import StorageBackend
from qis_core.contracts.task import TaskHandler
from qis_core.contracts.url_scheme import UrlScheme
from qis_core.core_settings import CORE_SECTIONS
from qis_core.discovery import FoundPlugin, find_plugins, register
from qis_core.domain.access import AccessLevel, Identity
from qis_core.domain.events import Event
from qis_core.domain.images import SourceFacts
from qis_core.domain.paths import RepositoryPath
from qis_core.errors import PluginError, StartupError
from qis_core.imaging.parameters import ParameterTable, bound_params, core_params
from qis_core.markers import PROJECT
from qis_core.settings import load_settings, raw_setting

_log = logging.getLogger(__name__)


class Named(Protocol):
    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=Named)


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """A loaded plugin. ``distribution`` is empty for one given by hand, as tests and embedders do."""

    name: str
    distribution: str
    version: str
    hooks: tuple[str, ...]


class PluginRegistry:
    """The loaded plugins and all they register. Immutable after `load`; safe to share between threads."""

    def __init__(self, found: Iterable[FoundPlugin], ini: Mapping[str, str], environ: Mapping[str, str]) -> None:
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._found = tuple(found)
        for plugin in reversed(self._found):  # pluggy asks the last registered first
            register(self._manager, plugin)
        self.settings = load_settings(ini, environ, self._sections())

    @classmethod
    def load(
        cls,
        ini: Mapping[str, str],
        environ: Mapping[str, str],
        extra: Mapping[str, object] | None = None,
    ) -> "PluginRegistry":
        """Import the plugins that ``qis.plugins`` names, read the settings, call every *registers* hook.

        *extra* adds plugin objects that no distribution announces; they are asked last. Raises `PluginError` or
        `SettingsError`.
        """
        names = (raw_setting("qis.plugins", ini, environ) or "*").replace(",", " ").split()
        found = [*find_plugins(names), *(FoundPlugin(name, plugin) for name, plugin in (extra or {}).items())]
        registry = cls(found, ini, environ)
        registry.check()
        return registry

    def check(self) -> None:
        """Ask every hook once, so that clashes stop the start."""
        for collection in (
            self.storage_backends,
            self.cache_backends,
            self.database_backends,
            self.auth_providers,
            self.url_schemes,
            self.task_handlers,
            self.panels,
            self.parameters,
        ):
            len(tuple(cast(Iterable[object], collection)))

    @cached_property
    def plugins(self) -> tuple[PluginInfo, ...]:
        return tuple(self._describe(plugin) for plugin in self._found)

    @cached_property
    def operations(self) -> tuple[Operation[Any], ...]:
        """In the order in which they run: by stage, then by name."""
        operations = _by_name("operation", self._collect("qis_operations")).values()
        return tuple(sorted(operations, key=lambda operation: (operation.stage, operation.name)))

    @cached_property
    def operation(self) -> Mapping[str, Operation[Any]]:
        return {operation.name: operation for operation in self.operations}

    @cached_property
    def codecs(self) -> Mapping[str, Codec]:
        codecs = _by_name("codec", self._collect("qis_codecs"))
        _check_unique("format", ((name, codec) for codec in codecs.values() for name in _format_names(codec)))
        _check_unique("extension", ((name, codec) for codec in codecs.values() for name in codec.extensions))
        return codecs

    @cached_property
    def storage_backends(self) -> Mapping[str, StorageBackend]:
        return _by_name("storage backend", self._collect("qis_storage_backends"))

    @cached_property
    def cache_backends(self) -> Mapping[str, CacheBackend]:
        return _by_name("cache backend", self._collect("qis_cache_backends"))

    @cached_property
    def database_backends(self) -> Mapping[str, DatabaseBackend]:
        return _by_name("database backend", self._collect("qis_database_backends"))

    @cached_property
    def auth_providers(self) -> Mapping[str, AuthProvider]:
        return _by_name("auth provider", self._collect("qis_auth_providers"))

    @cached_property
    def url_schemes(self) -> Mapping[str, UrlScheme]:
        return _by_name("URL scheme", self._collect("qis_url_schemes"))

    @cached_property
    def task_handlers(self) -> Mapping[str, TaskHandler]:
        return _by_name("task handler", self._collect("qis_task_handlers"))

    @cached_property
    def panels(self) -> Mapping[str, Panel]:
        return _by_name("panel", self._collect("qis_panels"))

    @cached_property
    def commands(self) -> tuple[object, ...]:
        return tuple(self._collect("qis_commands"))

    @cached_property
    def format_names(self) -> tuple[str, ...]:
        """Every word that ``format=`` takes, ``auto`` last."""
        return (*(name for codec in self.codecs.values() for name in _format_names(codec)), "auto")

    @cached_property
    def parameters(self) -> ParameterTable:
        return ParameterTable(
            [
                *core_params(self.format_names),
                *(
                    param
                    for operation in self.operations
                    for param in bound_params(operation.params, operation.name, self.settings)
                ),
            ]
        )

    def choose_format(self, accept: tuple[str, ...], facts: SourceFacts) -> str | None:
        """The first plugin's answer, checked to be a format we can write."""
        name = cast("str | None", self._manager.hook.qis_choose_format(accept=accept, facts=facts))
        return name if name in self.format_names and name != "auto" else None

    @cached_property
    def has_veto(self) -> bool:
        """Whether any plugin wants to be asked; the hot path skips the hook call otherwise."""
        return bool(self._manager.hook.qis_veto.get_hookimpls())

    def is_vetoed(self, identity: Identity, access: AccessLevel, path: RepositoryPath) -> bool:
        """Whether a plugin refuses. One that raises refuses too: a broken lock is a closed door."""
        if not self.has_veto:
            return False
        try:
            return bool(self._manager.hook.qis_veto(identity=identity, access=access, path=path))
        except Exception:
            _log.exception("a plugin failed in qis_veto; access refused")
            return True

    def notify(self, hook: str, event: Event) -> None:
        """Tell every plugin; one that fails is logged and stops no other."""
        for implementation in reversed(getattr(self._manager.hook, hook).get_hookimpls()):
            try:
                implementation.function(*([event] if implementation.argnames else []))
            except Exception:
                _log.exception("plugin %s failed in %s", implementation.plugin_name, hook)

    def given_by(self, plugin: str, hook: str) -> tuple[Any, ...]:
        """What one plugin gives to a *registers* hook; the plugin is asked again."""
        return tuple(value for name, values in self._answers(hook) if name == plugin for value in values)

    def _sections(self) -> Iterator[type[object]]:
        yield from CORE_SECTIONS
        yield from self._collect("qis_settings")

    def _collect(self, hook: str) -> Iterator[Any]:
        """The values of a *registers* hook, plugins in the order of ``qis.plugins``."""
        for _, values in self._answers(hook):
            yield from values

    def _answers(self, hook: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
        for implementation in reversed(getattr(self._manager.hook, hook).get_hookimpls()):
            arguments = [self.settings for _ in implementation.argnames]
            try:
                values = tuple(implementation.function(*arguments) or ())
            except StartupError:
                raise
            except Exception as error:
                raise PluginError(f"plugin {implementation.plugin_name!r} failed in {hook}: {error}") from error
            yield implementation.plugin_name, values

    def _describe(self, plugin: FoundPlugin) -> PluginInfo:
        callers = self._manager.get_hookcallers(plugin.module) or []
        hooks = tuple(sorted(caller.name for caller in callers))
        return PluginInfo(plugin.name, plugin.distribution, plugin.version, hooks)


def _by_name(what: str, values: Iterable[N]) -> dict[str, N]:
    result: dict[str, N] = {}
    for value in values:
        if value.name in result:
            raise PluginError(f"{what} {value.name!r} is given by two plugins")
        result[value.name] = value
    return result


def _format_names(codec: Codec) -> tuple[str, ...]:
    return tuple(codec.encoder.names) if codec.encoder else ()


def _check_unique(what: str, claims: Iterable[tuple[str, Named]]) -> None:
    owners: dict[str, str] = {}
    for claim, owner in claims:
        if owners.setdefault(claim, owner.name) != owner.name:
            raise PluginError(f"{what} {claim!r} is claimed by {owners[claim]!r} and by {owner.name!r}")
