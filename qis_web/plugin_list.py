"""What each plugin brings, for ``qis plugins`` and for the page of the same name (design §4)."""

from collections.abc import Callable, Mapping
from typing import Any

from qis_core.plugins import PluginInfo, PluginRegistry
from qis_core.settings import section_name


def _name(value: Any) -> str:
    return str(value.name)


#: What is listed of each *registers* hook: the key, and the name of one value.
_LISTED: Mapping[str, tuple[str, Callable[[Any], str]]] = {
    "qis_operations": ("operations", _name),
    "qis_codecs": ("codecs", _name),
    "qis_storage_backends": ("storage", _name),
    "qis_cache_backends": ("caches", _name),
    "qis_database_backends": ("databases", _name),
    "qis_auth_providers": ("sign_in", _name),
    "qis_url_schemes": ("url_schemes", _name),
    "qis_task_handlers": ("tasks", _name),
    "qis_panels": ("panels", _name),
    "qis_commands": ("commands", _name),
    "qis_settings": ("settings", lambda kind: f"qis.{section_name(kind)}"),
}
#: The keys of a description that hold names.
NAME_KEYS = ("hooks", *(key for key, _ in _LISTED.values()))


def describe_plugins(registry: PluginRegistry) -> list[dict[str, Any]]:
    """Name, distribution, version and everything registered of each plugin, in the order they are asked."""
    return [_described(registry, plugin) for plugin in registry.plugins]


def _described(registry: PluginRegistry, plugin: PluginInfo) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "hooks": list(plugin.hooks),
    }
    for hook, (key, name_of) in _LISTED.items():
        described[key] = sorted(name_of(value) for value in registry.given_by(plugin.name, hook))
    return described
