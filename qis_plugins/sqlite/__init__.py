"""The embedded database: one file, nothing to install."""

from qis_core import hookimpl
from qis_core.contracts.database import DatabaseBackend
from qis_plugins.sqlite.database import SqliteSettings, open_sqlite


@hookimpl
def qis_settings() -> tuple[type[object], ...]:
    return (SqliteSettings,)


@hookimpl
def qis_database_backends() -> tuple[DatabaseBackend, ...]:
    return (DatabaseBackend("sqlite", open_sqlite, "One SQLite file; several processes of one machine may share it"),)
