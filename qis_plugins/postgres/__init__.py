"""The database for production, shared by any number of hosts: PostgreSQL (``pip install qis[postgres]``)."""

from qis_core import hookimpl
from qis_core.contracts.database import Database, DatabaseBackend
from qis_core.errors import StartupError
from qis_core.settings import Settings
from qis_plugins.postgres.settings import PostgresSettings


def open_postgres(settings: Settings) -> Database:
    """The database of the settings; it is reached when it is first used.

    Raises `SettingsError` for a URL that is none, `StartupError` when psycopg2 is not installed.
    """
    try:
        from qis_plugins.postgres.database import PostgresDatabase  # noqa: PLC0415  psycopg2 is an extra
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "psycopg2":
            raise
        raise StartupError(
            "qis.database.backend: 'postgres' needs psycopg2, which is not installed; run: pip install qis[postgres]"
        ) from error
    return PostgresDatabase(settings[PostgresSettings])


@hookimpl
def qis_settings() -> tuple[type[object], ...]:
    return (PostgresSettings,)


@hookimpl
def qis_database_backends() -> tuple[DatabaseBackend, ...]:
    return (DatabaseBackend("postgres", open_postgres, "PostgreSQL 12 or later, shared by any number of hosts"),)
