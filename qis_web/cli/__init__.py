"""The ``qis`` command: one module per group of sub-commands, plugins' own beside them."""

import importlib
import json
import os
import sys
from collections.abc import Mapping
from configparser import ConfigParser
from functools import cached_property
from pathlib import Path
from typing import Any

import click
from platformdirs import user_data_path

from qis_core.application import Application, Origin
from qis_core.contracts.cache import Cache
from qis_core.errors import BackendError, QisError, RequestError, StartupError, Unavailable
from qis_core.plugins import PluginRegistry
from qis_web.app import first_run_notice

#: Exit codes (spec management §11).
OK, USAGE, INVALID, BACKEND = 0, 1, 2, 3

#: What a data folder remembers of the repository it belongs to.
REMEMBERED = "qis.ini"
ROOT_SETTING = "qis.filesystem.root"

_MODULES = (
    "accounts",
    "cache",
    "health",
    "migrate",
    "plans",
    "plugins",
    "reference",
    "serve",
    "settings",
    "signing",
    "statistics",
    "tasks",
    "templates",
)


class Cli:
    """What every command gets: settings from --config, --data and the environment, and parts opened on demand."""

    def __init__(self, ini: Mapping[str, str], environ: Mapping[str, str], *, is_json: bool) -> None:
        self.origin = Origin(dict(ini), dict(environ))
        self.json = is_json
        self.data: Path | None = None

    @cached_property
    def application(self) -> Application:
        """The application, with its database brought up to date."""
        application = Application(self.origin)
        password = application.prepare()
        if password is not None:
            click.echo(first_run_notice(password), err=True)
        return application

    @cached_property
    def registry(self) -> PluginRegistry:
        """Plugins and settings, without opening any back end."""
        return PluginRegistry.load(self.origin.ini, self.origin.environ)

    @property
    def settings(self) -> Any:
        return self.registry.settings

    @property
    def catalog(self) -> Any:
        return self.application.catalog

    @property
    def rights(self) -> Any:
        return self.application.rights

    @property
    def accounts(self) -> Any:
        return self.application.accounts

    @property
    def templates(self) -> Any:
        return self.application.templates

    @property
    def statistics(self) -> Any:
        return self.application.statistics

    @property
    def epochs(self) -> Any:
        return self.application.epochs

    @property
    def cache(self) -> Cache:
        return self.application.cache

    def use_data(self, data: Path) -> None:
        """Keep everything below *data* from now on; before anything is opened."""
        data.mkdir(parents=True, exist_ok=True)
        remembered = read_ini(data / REMEMBERED) if (data / REMEMBERED).exists() else {}
        self.data = data
        self.origin = Origin({**self.origin.ini, **data_settings(data), **remembered}, self.origin.environ)

    @property
    def repository_text(self) -> str:
        """How messages call the repository."""
        root = self.origin.environ.get("QIS_FILESYSTEM_ROOT") or self.origin.ini.get(ROOT_SETTING)
        return root or "its repository"

    def emit(self, value: object, text: str) -> None:
        """Print *value* as JSON when ``--json`` was given, else *text*."""
        click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str) if self.json else text)

    def close(self) -> None:
        """Close what was opened."""
        if "application" in self.__dict__:
            self.application.close()


class _Group(click.Group):
    """Turns our errors into one line and an exit code; click's own usage errors exit with 1."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or plugin_commands(os.environ).get(cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *plugin_commands(os.environ)})

    def main(self, *args: Any, **kwargs: Any) -> Any:
        kwargs["standalone_mode"] = False
        try:
            result = super().main(*args, **kwargs)
        except click.exceptions.Exit as error:
            sys.exit(error.exit_code)
        except click.Abort:
            sys.exit(USAGE)
        except click.ClickException as error:
            error.show()
            sys.exit(USAGE)
        except QisError as error:
            click.echo(f"qis: {error}", err=True)
            sys.exit(exit_code_of(error))
        sys.exit(result if isinstance(result, int) else OK)


def plugin_commands(environ: Mapping[str, str]) -> dict[str, click.Command]:
    """The commands of installed plugins by name; none while the settings are wrong, so that ``--help`` still works."""
    try:
        commands = PluginRegistry.load({}, environ).commands
    except StartupError:
        return {}
    return {command.name: command for command in commands if isinstance(command, click.Command) and command.name}


def exit_code_of(error: QisError) -> int:
    """1 usage, 2 invalid, 3 a back end failed."""
    if isinstance(error, BackendError | Unavailable):
        return BACKEND
    return INVALID if isinstance(error, RequestError | StartupError) else BACKEND


def read_ini(path: Path) -> dict[str, str]:
    """The ``[app:main]`` values of a PasteDeploy file that concern us."""
    parser = ConfigParser(interpolation=None)
    with path.open(encoding="utf-8") as file:
        parser.read_file(file)
    here = str(path.resolve().parent)
    section = parser["app:main"] if parser.has_section("app:main") else {}
    return {name: text.replace("%(here)s", here) for name, text in section.items() if name.startswith("qis.")}


def remember_repository(cli: Cli, path: Path) -> None:
    """Serve *path*, and let later commands with the same data folder know.

    Raises `StartupError` when the data folder belongs to another repository: its records would be mixed up.
    """
    root = str(path.resolve())
    known = cli.origin.ini.get(ROOT_SETTING)
    if cli.data is not None and known not in (None, root):
        raise StartupError(
            f"--data {cli.data} belongs to the pictures in {known}; give {root} a data folder of its own"
        )
    cli.origin = Origin({**cli.origin.ini, ROOT_SETTING: root}, cli.origin.environ)
    if cli.data is not None:
        (cli.data / REMEMBERED).write_text(f"[app:main]\n{ROOT_SETTING} = {root}\n", encoding="utf-8")


def data_settings(data: Path) -> dict[str, str]:
    """The settings that keep everything QIS makes below one folder."""
    return {"qis.sqlite.path": str(data / "catalog.sqlite3"), "qis.disk.path": str(data / "cache")}


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": None})
@click.option("--config", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="An .ini file.")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Folder of everything QIS makes.")
@click.option("--json", "is_json", is_flag=True, help="Print JSON.")
@click.version_option(package_name="qis")
@click.pass_context
def main(context: click.Context, config: Path | None, data: Path | None, is_json: bool) -> None:
    """QIS: a plugin-based imaging framework and image server."""
    cli = Cli(read_ini(config) if config else {}, os.environ, is_json=is_json)
    if data is not None or (config is None and not _is_configured(os.environ)):
        cli.use_data(data or user_data_path("qis"))
    context.obj = cli
    context.call_on_close(cli.close)


def _is_configured(environ: Mapping[str, str]) -> bool:
    """Whether the environment says where the catalog is, so that no data folder is needed."""
    return "QIS_SQLITE_PATH" in environ or environ.get("QIS_DATABASE_BACKEND", "sqlite") != "sqlite"


def _add_commands() -> None:
    for name in _MODULES:
        for command in importlib.import_module(f"qis_web.cli.{name}").COMMANDS:
            main.add_command(command)


_add_commands()
