"""``qis init`` and ``qis check``: make an installation, and see whether it is well."""

from collections.abc import Callable

import click
from sqlalchemy import text

from qis_core.domain.paths import ROOT
from qis_core.errors import QisError
from qis_web.cli import BACKEND, Cli


@click.command()
@click.pass_obj
def init(cli: Cli) -> None:
    """Make the database and the first-run objects; safe to repeat."""
    cli.application.rights.reload()
    cli.emit({"ready": True}, "the installation is ready")


@click.command()
@click.pass_obj
def check(cli: Cli) -> int:
    """Check settings, database, storage, cache and a worker process, each with advice when it fails."""
    checks: dict[str, Callable[[], str]] = {
        "settings": lambda: _settings(cli),
        "database": lambda: _database(cli),
        "storage": lambda: _storage(cli),
        "cache": lambda: _cache(cli),
        "images": lambda: _images(cli),
    }
    results = {name: _outcome(one) for name, one in checks.items()}
    lines = [f"{name}: {'ok' if good else 'FAILING'} - {message}" for name, (good, message) in results.items()]
    cli.emit({name: {"ok": good, "message": message} for name, (good, message) in results.items()}, "\n".join(lines))
    return 0 if all(good for good, _ in results.values()) else BACKEND


def _outcome(one: Callable[[], str]) -> tuple[bool, str]:
    try:
        return True, one()
    except QisError as error:
        cause = f" ({error.__cause__})" if error.__cause__ else ""
        return False, f"{error}{cause}"


def _settings(cli: Cli) -> str:
    return f"{len(cli.registry.plugins)} plugins, {len(cli.registry.operations)} operations"


def _database(cli: Cli) -> str:
    with cli.catalog.read() as session:
        session.execute(text("SELECT 1"))
    return "answers"


def _storage(cli: Cli) -> str:
    entries = sum(1 for _ in cli.application.storage.entries(ROOT))
    return f"{entries} entries in the root folder"


def _cache(cli: Cli) -> str:
    key = "qis-check"
    if not cli.cache.set(key, b"1", ttl_seconds=10) or cli.cache.get(key) != b"1":
        raise QisError("does not keep values: check that its folder or server can be written to")
    cli.cache.delete(key)
    stats = cli.cache.stats()
    return f"{stats.entries} entries, {stats.size_bytes} bytes"


def _images(cli: Cli) -> str:
    readable = [codec.name for codec in cli.registry.codecs.values() if codec.decoder]
    writable = [codec.name for codec in cli.registry.codecs.values() if codec.encoder]
    return f"reads {', '.join(readable)}; writes {', '.join(writable)}"


COMMANDS = (init, check)
