"""What a folder holds, for those who may see it: a page at a time, in an order that stays."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from qis_core.contracts.codec import Codec
from qis_core.contracts.storage import Entry, Storage
from qis_core.domain.access import AccessLevel, Identity
from qis_core.domain.paths import RepositoryPath
from qis_core.errors import NotFound, RequestError
from qis_core.imaging.formats import codec_of_extension
from qis_core.services.rights import Rights

PAGE_ENTRIES = 60
_SortKey = tuple[bool, str, str]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Which page: the one after an entry, the one before it, or (both empty) the first.

    Entries are named by their name, folders with a slash at the end. One that has gone since still marks its place.
    """

    after: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class FolderPage:
    """A part of a folder: sub-folders first, then images, each in alphabetical order without regard to case.

    ``first`` is the number of the first entry shown, from 1. ``previous`` goes into `Cursor.before`, ``next`` into
    `Cursor.after`; None: no such page.
    """

    path: RepositoryPath
    folders: tuple[str, ...]
    images: tuple[str, ...]
    first: int
    total: int
    previous: str | None = None
    next: str | None = None

    @property
    def last(self) -> int:
        """The number of the last entry shown."""
        return self.first + len(self.folders) + len(self.images) - 1


@dataclass(frozen=True, slots=True)
class Listing:
    """Lists folders. Safe to share between threads."""

    storage: Storage
    rights: Rights
    codecs: Mapping[str, Codec]

    def page(self, identity: Identity, folder: RepositoryPath, cursor: Cursor = Cursor()) -> FolderPage:
        """A page of *folder*; hidden names, other files and sub-folders closed to *identity* are left out.

        Raises `AccessDenied` before anything else, and `NotFound`.
        """
        entries = self._entries(identity, folder)
        start = _start(entries, cursor)
        shown = entries[start : start + PAGE_ENTRIES]
        end = start + len(shown)
        return FolderPage(
            path=folder,
            folders=tuple(entry.name for entry in shown if entry.is_folder),
            images=tuple(entry.name for entry in shown if not entry.is_folder),
            first=start + 1,
            total=len(entries),
            previous=_cursor_of(shown[0]) if start and shown else None,
            next=_cursor_of(shown[-1]) if end < len(entries) else None,
        )

    def neighbours(self, identity: Identity, image: RepositoryPath) -> tuple[str | None, str | None]:
        """The names of the images before and after *image* in its folder, for a caller with View there."""
        names = [entry.name for entry in self._entries(identity, image.parent) if not entry.is_folder]
        if image.name not in names:
            return None, None
        place = names.index(image.name)
        return names[place - 1] if place else None, next(iter(names[place + 1 : place + 2]), None)

    def _entries(self, identity: Identity, folder: RepositoryPath) -> list[Entry]:
        self.rights.require(identity, folder, AccessLevel.VIEW)
        if folder.is_hidden:
            raise NotFound(f"{folder} does not exist or is not a folder")
        return sorted(self._visible(identity, folder), key=_sort_key)

    def _visible(self, identity: Identity, folder: RepositoryPath) -> Iterator[Entry]:
        for entry in self.storage.entries(folder):
            path = _find_path(folder, entry.name)
            if path is None or path.is_hidden:
                continue
            if self.rights.can(identity, path, AccessLevel.VIEW) if entry.is_folder else self._is_image(path):
                yield entry

    def _is_image(self, path: RepositoryPath) -> bool:
        codec = codec_of_extension(path.extension, self.codecs)
        return codec is not None and codec.decoder is not None


def _find_path(folder: RepositoryPath, name: str) -> RepositoryPath | None:
    """The path of an entry; None for file names that no path can hold."""
    try:
        path = folder / name
    except RequestError:
        return None
    return path if path.name == name else None


def _sort_key(entry: Entry) -> _SortKey:
    return not entry.is_folder, entry.name.casefold(), entry.name


def _cursor_of(entry: Entry) -> str:
    return f"{entry.name}/" if entry.is_folder else entry.name


def _start(entries: list[Entry], cursor: Cursor) -> int:
    if cursor.before:
        return max(0, bisect_left(entries, _key_at(cursor.before), key=_sort_key) - PAGE_ENTRIES)
    return bisect_right(entries, _key_at(cursor.after), key=_sort_key) if cursor.after else 0


def _key_at(cursor: str) -> _SortKey:
    return _sort_key(Entry(cursor.removesuffix("/"), cursor.endswith("/")))
