"""``qis cache``: the derivative caches (spec management §11)."""

from dataclasses import asdict
from typing import Any, Protocol

import click

from qis_core.catalog.database import Catalog
from qis_core.catalog.folders import find_folder
from qis_core.contracts.cache import Cache
from qis_core.domain.paths import RepositoryPath
from qis_core.errors import NotFound
from qis_core.services.cache_tiers import TieredCache
from qis_core.services.epochs import EVERYTHING, Epochs, folder_scope, image_scope, template_scope
from qis_core.services.templates import Templates
from qis_web.cli.accounts import SHELL
from qis_web.cli.statistics import image_id_of


class CacheCli(Protocol):
    """What these commands need of the command line's shared object."""

    @property
    def catalog(self) -> Catalog: ...

    @property
    def templates(self) -> Templates: ...

    @property
    def cache(self) -> Cache: ...

    @property
    def epochs(self) -> Epochs: ...

    def emit(self, value: Any, text: str) -> None:
        """Print *value* as JSON when that was asked for, else *text*."""
        ...


@click.group("cache")
def cache_commands() -> None:
    """The caches of derivatives."""


@cache_commands.command("stats")
@click.pass_obj
def show_stats(cli: CacheCli, /) -> None:
    """Tell how full each cache is; one that lives in a server's memory is empty here."""
    tiers = cli.cache.tiers if isinstance(cli.cache, TieredCache) else (cli.cache,)
    shown = [{"cache": type(tier).__name__, **asdict(tier.stats())} for tier in tiers]
    cli.emit(shown, "\n".join(_line(one) for one in shown))


@cache_commands.command("clear")
@click.pass_obj
def clear_cache(cli: CacheCli, /) -> None:
    """Forget every derivative, in running servers too."""
    cli.epochs.move(SHELL, EVERYTHING)
    cli.cache.clear()
    cli.emit({"cleared": True}, "every derivative is forgotten")


@cache_commands.command("purge")
@click.option("--image", "image", metavar="SRC", help="All derivatives of one image.")
@click.option("--folder", "folder", metavar="PATH", help="Those of all images in a folder and below it.")
@click.option("--template", "template", metavar="NAME", help="Those that were asked for with a template.")
@click.pass_obj
def purge_cache(cli: CacheCli, /, image: str | None, folder: str | None, template: str | None) -> None:
    """Forget some derivatives, in running servers too."""
    if sum(given is not None for given in (image, folder, template)) != 1:
        raise click.UsageError("expected one of --image, --folder and --template")
    if image is not None:
        scope = image_scope(image_id_of(cli.catalog, image))
    elif folder is not None:
        scope = folder_scope(_known_folder(cli.catalog, folder))
    else:
        scope = template_scope(cli.templates.get(template).name)
    cli.epochs.move(SHELL, scope)
    freed = cli.cache.purge(scope)
    text = "" if freed is None else f"; {freed} entries removed"
    cli.emit({"scope": scope, "removed": freed}, f"purged {scope}{text}")


def _known_folder(catalog: Catalog, text: str) -> RepositoryPath:
    path = RepositoryPath.parse(text, parameter="folder")
    with catalog.read() as session:
        if find_folder(session, path) is None:
            raise NotFound(f"{path.folder_path} is not in the catalog; folders join it with their first image")
    return path


def _line(shown: dict[str, Any]) -> str:
    bound = "" if shown["max_bytes"] is None else f" of {shown['max_bytes']}"
    return f"{shown['cache']}: {shown['entries']} entries, {shown['size_bytes']}{bound} bytes"


COMMANDS: tuple[click.Command, ...] = (cache_commands,)
