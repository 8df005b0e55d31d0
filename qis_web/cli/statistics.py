"""``qis stats``: what was served (spec management §7, §11)."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import click

from qis_core.catalog.database import Catalog
from qis_core.catalog.images import find_image
from qis_core.catalog.statistics import Counts
from qis_core.domain.paths import RepositoryPath
from qis_core.errors import NotFound
from qis_core.services.statistics import Statistics


class StatisticsCli(Protocol):
    """What these commands need of the command line's shared object."""

    @property
    def catalog(self) -> Catalog: ...

    @property
    def statistics(self) -> Statistics: ...

    def emit(self, value: Any, text: str) -> None:
        """Print *value* as JSON when that was asked for, else *text*."""
        ...


@click.group("stats")
def statistics_commands() -> None:
    """Statistics of what was served."""


@statistics_commands.command("show")
@click.argument("src", required=False)
@click.option("--days", type=click.FloatRange(min=0, max=36500), default=30.0, show_default=True, help="How far back.")
@click.pass_obj
def show_statistics(cli: StatisticsCli, /, src: str | None, days: float) -> None:
    """Sum up the whole server, or one image."""
    image_id = None if src is None else image_id_of(cli.catalog, src)
    counts = cli.statistics.totals(image_id, datetime.now(UTC) - timedelta(days=days))
    cli.emit({"src": src, "days": days, **asdict(counts)}, _text(counts))


@statistics_commands.command("purge")
@click.pass_obj
def purge_statistics(cli: StatisticsCli, /) -> None:
    """Delete periods older than qis.statistics.keep_days."""
    deleted = cli.statistics.purge()
    cli.emit({"deleted": deleted}, f"{deleted} rows deleted")


def image_id_of(catalog: Catalog, src: str) -> int:
    """The id of an image that was asked for at least once; raises `NotFound`."""
    path = RepositoryPath.parse(src)
    with catalog.read() as session:
        image = find_image(session, path)
    if image is None:
        raise NotFound(f"{path} is not in the catalog; images join it when they are first asked for")
    return image.id


def _text(counts: Counts) -> str:
    average = counts.request_seconds / counts.requests if counts.requests else 0.0
    return "\n".join(
        (
            f"requests      {counts.requests}",
            f"views         {counts.views} ({counts.cached_views} from the cache)",
            f"downloads     {counts.downloads}",
            f"bytes         {counts.total_bytes}",
            f"seconds       {average:.3f} on average, {counts.max_request_seconds:.3f} at most",
        )
    )


COMMANDS: tuple[click.Command, ...] = (statistics_commands,)
