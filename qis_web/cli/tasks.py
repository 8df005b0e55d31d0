"""``qis task``: the background work that plugins bring, started by hand."""

import json

import click

from qis_core.errors import InvalidRequest, NotFound
from qis_web.cli import Cli


@click.group()
def task() -> None:
    """Background work by name."""


@task.command("list")
@click.pass_obj
def list_tasks(cli: Cli) -> None:
    """List what can be run."""
    handlers = cli.registry.task_handlers
    rows = [{"name": handler.name, "summary": handler.summary} for handler in handlers.values()]
    cli.emit(rows, "\n".join(f"{row['name']}  {row['summary']}" for row in rows) or "no plugin brings tasks")


@task.command("run")
@click.argument("name")
@click.argument("params", default="{}")
@click.pass_obj
def run_task(cli: Cli, name: str, params: str) -> None:
    """Run NAME now, with PARAMS as a JSON object, and print its result."""
    handler = cli.registry.task_handlers.get(name)
    if handler is None:
        raise NotFound(f"task {name!r} does not exist; see qis task list")
    result = handler.run(_object(params))
    cli.emit(result, json.dumps(result, ensure_ascii=False, default=str))


def _object(text: str) -> dict[str, object]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise InvalidRequest(f"{error}; expected a JSON object", parameter="params") from None
    if not isinstance(value, dict):
        raise InvalidRequest("expected a JSON object", parameter="params")
    return value


COMMANDS = (task,)
