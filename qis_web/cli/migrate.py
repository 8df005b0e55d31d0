"""``qis migrate``: bring the schema of the database up or down (spec management §13)."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from qis_core.application import Application
from qis_core.catalog import schema
from qis_core.catalog.database import Catalog
from qis_web.cli import Cli


@click.group()
def migrate() -> None:
    """The schema of the database. Servers and commands bring it up by themselves when they start."""


@migrate.command()
@click.pass_obj
def current(cli: Cli) -> None:
    """Print the revision of the schema, and the latest one."""
    with _catalog(cli) as catalog:
        _show(cli, catalog)


@migrate.command()
@click.pass_obj
def up(cli: Cli) -> None:
    """Bring the schema to the latest revision; safe to repeat, by several processes at once."""
    with _catalog(cli) as catalog:
        schema.upgrade(catalog)
        _show(cli, catalog)


@migrate.command()
@click.argument("revision")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def down(cli: Cli, revision: str, yes: bool) -> None:
    """Bring the schema back to REVISION ('base': no tables), for an older version of QIS; stop all servers before.

    What later revisions added is lost.
    """
    if not yes:
        click.confirm(f"What was added after revision {revision} will be lost. Go on?", abort=True, err=True)
    with _catalog(cli) as catalog:
        schema.downgrade(catalog, revision)
        _show(cli, catalog)


@contextmanager
def _catalog(cli: Cli) -> Iterator[Catalog]:
    """The catalog with its schema as it is."""
    application = Application(cli.origin)
    try:
        yield application.catalog
    finally:
        application.close()


def _show(cli: Cli, catalog: Catalog) -> None:
    found, latest = schema.current(catalog), schema.latest()
    text = f"the schema has revision {found or schema.EMPTY}; the latest is {latest}"
    cli.emit({"current": found or schema.EMPTY, "latest": latest}, text)


COMMANDS = (migrate,)
