"""``qis plugins``: what is installed and what each plugin brings (design §4)."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import click

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


class PluginsCli(Protocol):
    """What this command needs of the command line's shared object."""

    @property
    def registry(self) -> PluginRegistry: ...

    def emit(self, value: Any, text: str) -> None:
        """Print *value* as JSON when that was asked for, else *text*."""
        ...


@click.command("plugins")
@click.pass_obj
def list_plugins(cli: PluginsCli, /) -> None:
    """List the plugins in the order they are asked, with all they bring."""
    shown = [_as_json(cli.registry, plugin) for plugin in cli.registry.plugins]
    cli.emit(shown, "\n".join(_text(one) for one in shown))


def _as_json(registry: PluginRegistry, plugin: PluginInfo) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "hooks": list(plugin.hooks),
    }
    for hook, (key, name_of) in _LISTED.items():
        shown[key] = sorted(name_of(value) for value in registry.given_by(plugin.name, hook))
    return shown


def _text(shown: dict[str, Any]) -> str:
    origin = f"{shown['distribution']} {shown['version']}".strip()
    title = f"{shown['name']}  ({origin})" if origin else shown["name"]
    keys = ("hooks", *(key for key, _ in _LISTED.values()))
    lines = (f"  {key.replace('_', ' ')}: {', '.join(shown[key])}" for key in keys if shown[key])
    return "\n".join([title, *lines])


COMMANDS: tuple[click.Command, ...] = (list_plugins,)
