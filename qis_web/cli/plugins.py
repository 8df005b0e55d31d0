"""``qis plugins``: what is installed and what each plugin brings (design §4)."""

from typing import Any, Protocol

import click

from qis_core.plugins import PluginRegistry
from qis_web.plugin_list import NAME_KEYS, describe_plugins


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
    shown = describe_plugins(cli.registry)
    cli.emit(shown, "\n".join(_text(one) for one in shown))


def _text(shown: dict[str, Any]) -> str:
    origin = f"{shown['distribution']} {shown['version']}".strip()
    title = f"{shown['name']}  ({origin})" if origin else shown["name"]
    lines = (f"  {key.replace('_', ' ')}: {', '.join(shown[key])}" for key in NAME_KEYS if shown[key])
    return "\n".join([title, *lines])


COMMANDS: tuple[click.Command, ...] = (list_plugins,)
