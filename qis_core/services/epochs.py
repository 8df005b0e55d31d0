"""Purge derivatives everywhere at once: a number per scope goes into the keys made for it (issue §3, design §5).

Deleting entries frees space in the caches that this process reaches; the epoch makes the others, and those that cannot
find entries by tag, miss as well. A scope's text is also the tag of the entries that belong to it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from qis_core.catalog.audit import Actor, add_audit
from qis_core.catalog.database import Catalog
from qis_core.catalog.epochs import load_epochs, move_epoch
from qis_core.catalog.properties import Counter
from qis_core.domain.accounts import name_key
from qis_core.domain.paths import RepositoryPath
from qis_core.services.changes import Changes

#: Every derivative belongs to this scope; no entry is tagged with it.
EVERYTHING = "all"


def image_scope(image_id: int) -> str:
    """The scope and tag of one image, wherever it is moved."""
    return f"image:{image_id}"


def folder_scope(folder: RepositoryPath) -> str:
    """The scope and tag of a folder with all that is below it."""
    return f"folder:{folder.folder_path}"


def template_scope(name: str) -> str:
    """The scope and tag of what was asked for with a template, in any case."""
    return f"template:{name_key(name)}"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a derivative belongs to: its image, the folder that image is in, and the template that was used."""

    image_id: int
    folder: RepositoryPath
    template: str | None = None

    def scopes(self) -> Iterator[str]:
        """The narrowest first; all but `EVERYTHING`, so that they can serve as tags."""
        yield image_scope(self.image_id)
        for folder in self.folder.lineage():
            yield folder_scope(folder)
        if self.template is not None:
            yield template_scope(self.template)


class Epochs:
    """The epochs of all scopes, in memory; safe to use from many threads, reading touches no database."""

    def __init__(self, catalog: Catalog, changes: Changes) -> None:
        self._catalog = catalog
        self._changes = changes
        self._epochs: Mapping[str, int] = {}
        changes.subscribe((Counter.CACHE,), self.reload)
        self.reload()

    def salt(self, subject: Subject) -> str:
        """What to add to a derivative's key: empty as long as nothing was purged that it belongs to."""
        epochs = self._epochs
        if not epochs:
            return ""
        scopes = (*subject.scopes(), EVERYTHING)
        return ",".join(f"{scope}={epochs[scope]}" for scope in scopes if scope in epochs)

    def move(self, actor: Actor, scope: str) -> None:
        """Make every key of *scope* another one; at once here, in other processes when they poll."""
        with self._catalog.begin() as session:
            move_epoch(session, scope)
            add_audit(session, actor, "purge", f"cache:{scope}")
            self._changes.touch(session, Counter.CACHE)

    def reload(self) -> None:
        with self._catalog.read(single=True) as session:
            self._epochs = load_epochs(session)
