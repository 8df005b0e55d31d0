"""Finding plugins: entry points of the group ``qis.plugins``, only those that are named (design §4)."""

import importlib.metadata
from collections.abc import Iterator
from dataclasses import dataclass

import pluggy

from qis_core.errors import PluginError
from qis_core.markers import API_VERSION

GROUP = "qis.plugins"


@dataclass(frozen=True)
class FoundPlugin:
    """A plugin module and where it comes from; no distribution: it was given by hand."""

    name: str
    module: object
    distribution: str = ""
    version: str = ""


def find_plugins(names: list[str]) -> Iterator[FoundPlugin]:
    """Import the plugins that *names* lists, in that order, ``*`` for all others; raises `PluginError`."""
    known: dict[str, list[importlib.metadata.EntryPoint]] = {}
    for point in sorted(importlib.metadata.entry_points(group=GROUP)):
        known.setdefault(point.name, []).append(point)
    rest = [name for name in known if name not in names] if "*" in names else []
    for name in dict.fromkeys([*(name for name in names if name != "*"), *rest]):
        if name not in known:
            raise PluginError(
                f"qis.plugins: no plugin {name!r} is installed; installed are {', '.join(known) or 'none'}"
            )
        yield _found(name, known[name])


def _found(name: str, points: list[importlib.metadata.EntryPoint]) -> FoundPlugin:
    distributions = [(point.dist.name, point.dist.version) if point.dist else ("", "") for point in points]
    if len(points) > 1:
        owners = " and ".join(distribution for distribution, _ in distributions)
        raise PluginError(f"plugin {name!r} is given by {owners}; uninstall one of them")
    return FoundPlugin(name, _import(points[0]), *distributions[0])


def _import(point: importlib.metadata.EntryPoint) -> object:
    try:
        return point.load()
    except Exception as error:
        raise PluginError(f"plugin {point.name!r} ({point.value}) cannot be imported: {error}") from error


def register(manager: pluggy.PluginManager, plugin: FoundPlugin) -> None:
    """Let *plugin* take part; raises `PluginError` when it is made for another API or does not fit the hooks."""
    version = getattr(plugin.module, "QIS_API_VERSION", API_VERSION)
    if version != API_VERSION:
        raise PluginError(f"plugin {plugin.name!r} is made for plugin API {version}; this server has {API_VERSION}")
    try:
        manager.register(plugin.module, name=plugin.name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise PluginError(f"plugin {plugin.name!r} does not fit the hooks: {error}") from error
    except ValueError as error:
        raise PluginError(f"plugin {plugin.name!r} is there already, by this or another name") from error
