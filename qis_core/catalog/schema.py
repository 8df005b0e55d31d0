"""Bring the schema up or down: Alembic without its command line (spec management §13)."""

from functools import cache

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from qis_core.catalog.database import Catalog
from qis_core.errors import InvalidRequest, StartupError

#: The revision before the first one: no tables.
EMPTY = "base"


def current(catalog: Catalog) -> str | None:
    """The revision the database has, or None when it is empty."""
    with catalog.read() as session:
        return current_of(session.connection())


def current_of(connection: Connection) -> str | None:
    """`current` within an open transaction."""
    return MigrationContext.configure(connection).get_current_revision()


@cache
def latest() -> str:
    """The revision this software needs."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def revisions() -> tuple[str, ...]:
    """All revisions that this software knows, the oldest first."""
    walk = ScriptDirectory.from_config(_config()).walk_revisions()
    return tuple(reversed([script.revision for script in walk]))


def upgrade(catalog: Catalog) -> None:
    """Make the schema the latest, under the start-up lock: of several processes at once one does the work.

    Raises `StartupError` when a newer version of the software made the database.
    """
    if current(catalog) != latest():
        with catalog.database.startup_lock() as connection:
            upgrade_on(connection)


def upgrade_on(connection: Connection, revision: str = "head") -> None:
    """`upgrade` within the transaction of a start-up lock; up to *revision*."""
    try:
        command.upgrade(_config(connection), revision)
    except CommandError as error:
        found = current_of(connection)
        raise StartupError(f"the database has schema {found}, which this version does not know") from error


def downgrade(catalog: Catalog, revision: str = EMPTY) -> None:
    """Bring the schema back to *revision*; what later revisions added is lost.

    Raises `InvalidRequest` unless the schema has *revision* or a later one, and `StartupError` when a newer version of
    the software made it.
    """
    with catalog.database.startup_lock() as connection:
        _check_reachable(revision, current_of(connection) or EMPTY)
        command.downgrade(_config(connection), revision)


def _check_reachable(revision: str, found: str) -> None:
    known = (EMPTY, *revisions())
    if found not in known:
        raise StartupError(f"the database has schema {found}, which this version does not know")
    reachable = known[: known.index(found) + 1]
    if revision not in reachable:
        expected = ", ".join(reachable)
        raise InvalidRequest(
            f"{revision!r}: the database has {found}; expected one of {expected}", parameter="revision"
        )


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", "qis_core.catalog:migrations")
    config.attributes["connection"] = connection
    return config
