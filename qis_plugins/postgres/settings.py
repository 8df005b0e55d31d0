"""Where the PostgreSQL server is, and how long to wait for it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from qis_core.errors import SettingsError
from qis_core.settings import Secret, section, setting

_DRIVER = "postgresql+psycopg2"
_SCHEMES = frozenset({"postgres", "postgresql", _DRIVER})


@section("postgres")
@dataclass(frozen=True, kw_only=True)
class PostgresSettings:
    """The server by one URL, or by its parts. The database must exist; its tables are made by QIS."""

    url: Secret | None = setting(
        None, help="postgresql://user:password@host:port/database; takes the place of host, port, database and user"
    )
    host: str = setting("localhost", help="Name or address of the server, or the folder of its socket")
    port: int = setting(5432, minimum=1, maximum=65535, help="Port of the server")
    database: str = setting("qis", help="Name of the database")
    user: str = setting("qis", help="Who owns the tables")
    password: Secret | None = setting(None, help="Password; also used with a URL that has none")
    pool_size: int = setting(
        5, minimum=1, maximum=1000, help="Connections of each process for reading, and as many for writing"
    )
    statement_timeout_seconds: float = setting(
        15.0, minimum=0.1, maximum=3600, unit="s", help="Longest wait for one answer, for a connection or for a writer"
    )
    connect_timeout_seconds: int = setting(
        3, minimum=2, maximum=600, unit="s", help="Longest wait for a server that does not answer at all"
    )
    ssl_mode: Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] = setting(
        "prefer", help="Encryption of the connection; verify-full also checks who the server is"
    )
    ssl_root_certificate: Path | None = setting(None, help="Certificates to check the server against")


def url_of(settings: PostgresSettings) -> URL:
    """Where to connect; raises `SettingsError` for a URL that is none, without showing it."""
    if settings.url:
        return _given_url(settings.url, settings.password)
    return URL.create(
        _DRIVER,
        username=settings.user,
        password=_text(settings.password),
        host=settings.host,
        port=settings.port,
        database=settings.database,
    )


def tls_arguments(settings: PostgresSettings) -> dict[str, str]:
    """Encryption as libpq's connection parameters; a URL may say otherwise."""
    in_url = url_of(settings).query
    arguments: dict[str, str] = {"sslmode": settings.ssl_mode}
    if settings.ssl_root_certificate is not None:
        arguments["sslrootcert"] = str(settings.ssl_root_certificate)
    return {name: value for name, value in arguments.items() if name not in in_url}


def _given_url(given: Secret, password: Secret | None) -> URL:
    try:
        url = make_url(given.reveal())
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.drivername not in _SCHEMES:
        raise SettingsError(["qis.postgres.url: expected postgresql://user:password@host:port/database"])
    url = url.set(drivername=_DRIVER)
    return url if url.password or not password else url.set(password=_text(password))


def _text(secret: Secret | None) -> str | None:
    return secret.reveal() if secret else None
