"""``qis settings``: what is set, and by what (issue §1)."""

from pathlib import Path
from typing import Any, Protocol

import click

from qis_core.settings import Secret, Settings, SettingValue


class SettingsCli(Protocol):
    """What this command needs of the command line's shared object."""

    @property
    def settings(self) -> Settings: ...

    def emit(self, value: Any, text: str) -> None:
        """Print *value* as JSON when that was asked for, else *text*."""
        ...


@click.command("settings")
@click.argument("prefix", default="")
@click.option("--changed", is_flag=True, help="Only those that do not come from the defaults.")
@click.pass_obj
def show_settings(cli: SettingsCli, /, prefix: str, changed: bool) -> None:
    """List every setting with its value and where that comes from; PREFIX limits it, such as qis.images.

    Secrets are shown as ***.
    """
    shown = [
        value
        for value in cli.settings.values()
        if value.name.startswith(prefix) and not (changed and value.origin == "default")
    ]
    cli.emit([_as_json(value) for value in shown], "\n".join(_line(value) for value in shown))


def _line(value: SettingValue) -> str:
    shown = _plain(value.value)
    text = ", ".join(str(one) for one in shown) if isinstance(shown, list) else str("" if shown is None else shown)
    return f"{value.name} = {text}  ({value.origin})"


def _as_json(value: SettingValue) -> dict[str, Any]:
    return {
        "name": value.name,
        "environment": value.environment,
        "value": _plain(value.value),
        "origin": value.origin,
        "default": _plain(value.default),
        "type": value.type_text,
        "minimum": value.info.minimum,
        "maximum": value.info.maximum,
        "unit": value.info.unit,
        "help": value.info.help,
    }


def _plain(value: object) -> object:
    """*value* as JSON has it, secrets masked."""
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, Secret | Path) else value


COMMANDS: tuple[click.Command, ...] = (show_settings,)
