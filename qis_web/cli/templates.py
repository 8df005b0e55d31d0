"""``qis template``: image templates from the shell (spec image-urls §6)."""

from collections.abc import Iterable
from typing import Any, Protocol

import click

from qis_core.catalog.templates import TemplateRecord
from qis_core.domain.accounts import name_key
from qis_core.domain.image_templates import ImageTemplate
from qis_core.errors import InvalidRequest
from qis_core.imaging.parameters import ParameterTable
from qis_core.plugins import PluginRegistry
from qis_core.services.templates import Templates
from qis_web.cli.accounts import SHELL


class TemplatesCli(Protocol):
    """What these commands need of the command line's shared object."""

    @property
    def registry(self) -> PluginRegistry: ...

    @property
    def templates(self) -> Templates: ...

    def emit(self, value: Any, text: str) -> None:
        """Print *value* as JSON when that was asked for, else *text*."""
        ...


@click.group("template")
def template_commands() -> None:
    """Image templates: named sets of URL parameters."""


@template_commands.command("list")
@click.pass_obj
def list_templates(cli: TemplatesCli, /) -> None:
    """Name and describe every template."""
    usable = [_as_json(cli, template) for template in cli.templates.all()]
    broken = [{"name": name, "error": error} for name, error in cli.templates.faults.items()]
    cli.emit([*usable, *broken], "\n".join([_line(one) for one in usable] + [_broken_line(one) for one in broken]))


@template_commands.command("show")
@click.argument("name")
@click.pass_obj
def show_template(cli: TemplatesCli, /, name: str) -> None:
    """Show the values of a template and how URLs may override them."""
    shown = _as_json(cli, cli.templates.get(name))
    values = (f"  {key} = {entry['value']}{_lock_text(entry)}" for key, entry in shown["template"].items())
    cli.emit(shown, "\n".join([_line(shown), *values]))


@template_commands.command("set")
@click.argument("name")
@click.argument("values", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--lock", "locks", multiple=True, metavar="KEY=no|lte|gte", help="What URLs may not change.")
@click.option("--description", help="What the template is for; without it, the present text stays.")
@click.pass_obj
def set_template(
    cli: TemplatesCli, /, name: str, values: tuple[str, ...], locks: tuple[str, ...], description: str | None
) -> None:
    """Make a template, or replace all values of one."""
    stored = _parsed(cli.registry.parameters, values)
    for key, rule in _pairs(locks):
        if key not in stored:
            raise InvalidRequest("a lock needs a value; give one as KEY=VALUE", parameter=key)
        stored[key]["override"] = rule
    if description is None:
        description = _description(cli.templates, name)
    template = cli.templates.save(SHELL, TemplateRecord(name, stored, description))
    cli.emit(_as_json(cli, template), f"template {template.name} saved")


@template_commands.command("delete")
@click.argument("name")
@click.pass_obj
def delete_template(cli: TemplatesCli, /, name: str) -> None:
    """Delete a template; the default one cannot be deleted."""
    cli.templates.delete(SHELL, name)
    cli.emit({"deleted": name}, f"template {name} deleted")


@template_commands.command("default")
@click.argument("name")
@click.pass_obj
def set_default(cli: TemplatesCli, /, name: str) -> None:
    """Use a template for all requests that name none."""
    template = cli.templates.set_default(SHELL, name)
    cli.emit({"default": template.name}, f"template {template.name} is the default now")


def _parsed(parameters: ParameterTable, values: Iterable[str]) -> dict[str, dict[str, object]]:
    stored: dict[str, dict[str, object]] = {}
    for key, text in _pairs(values):
        value = parameters.parse_text(key, text)
        if value is not None:
            stored[key] = {"value": value}
    return stored


def _pairs(texts: Iterable[str]) -> Iterable[tuple[str, str]]:
    for text in texts:
        key, found, value = text.partition("=")
        if not found or not key:
            raise click.UsageError(f"{text!r} is not right; expected KEY=VALUE")
        yield key, value


def _description(templates: Templates, name: str) -> str:
    return next((one.description for one in templates.all() if name_key(one.name) == name_key(name)), "")


def _as_json(cli: TemplatesCli, template: ImageTemplate) -> dict[str, Any]:
    return {
        "name": template.name,
        "description": template.description,
        "is_default": name_key(template.name) == name_key(cli.templates.default_name),
        "template": cli.registry.parameters.stored(template),
    }


def _line(shown: dict[str, Any]) -> str:
    mark = " (default)" if shown["is_default"] else ""
    return f"{shown['name']}{mark}" + (f": {shown['description']}" if shown["description"] else "")


def _broken_line(broken: dict[str, str]) -> str:
    return f"{broken['name']} cannot be used: {broken['error']}"


def _lock_text(entry: dict[str, Any]) -> str:
    words = {"no": "fixed", "lte": "at most", "gte": "at least"}
    return f" ({words[entry['override']]})" if "override" in entry else ""


COMMANDS: tuple[click.Command, ...] = (template_commands,)
