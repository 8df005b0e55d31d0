"""What a storage promises: it keeps the originals (design §5, security §1)."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from qis_core.domain.images import Fingerprint
from qis_core.domain.paths import RepositoryPath

if TYPE_CHECKING:
    from qis_core.settings import Settings


@dataclass(frozen=True, slots=True)
class FileStat:
    """A file as the storage sees it now."""

    size_bytes: int
    modified_ns: int
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a folder listing."""

    name: str
    is_folder: bool


class Storage(Protocol):
    """Keeps files by repository path. Safe to call from many threads and processes at once.

    Every method raises `AccessDenied` for a path that leaves the root (symbolic links included, unless the storage is
    set to follow them) and `BackendError` when the storage itself fails. Writes are atomic: a reader, or a restart
    after ``kill -9``, sees the old file or the new one, never a part.
    """

    def find(self, path: RepositoryPath) -> FileStat | None:
        """The file's facts, or None when there is no such file (a folder is not a file)."""
        ...

    def is_folder(self, path: RepositoryPath) -> bool: ...

    def entries(self, folder: RepositoryPath) -> Iterator[Entry]:
        """Names in *folder*, sorted, without hidden ones; raises `NotFound` when it is not a folder."""
        ...

    def open(self, path: RepositoryPath) -> BinaryIO:
        """A seekable stream of the bytes; raises `NotFound`."""
        ...

    def local_file(self, path: RepositoryPath) -> AbstractContextManager[Path]:
        """A file on this machine with the same bytes, for as long as the context is open; raises `NotFound`."""
        ...

    def write(self, path: RepositoryPath, chunks: Iterable[bytes], *, replace: bool) -> FileStat:
        """Store *chunks*, making missing folders; raises `Conflict` when the file exists and *replace* is false."""
        ...

    def move(self, source: RepositoryPath, target: RepositoryPath) -> None:
        """Move a file or folder; raises `NotFound`, and `Conflict` when *target* exists."""
        ...

    def delete(self, path: RepositoryPath) -> None:
        """Remove a file, or a folder with all in it; raises `NotFound`."""
        ...

    def make_folder(self, folder: RepositoryPath) -> None:
        """Make *folder* and its missing parents; no error when it is there already; `Conflict` when a file is."""
        ...


@dataclass(frozen=True, slots=True)
class StorageBackend:
    """A storage that can be chosen by name in the settings."""

    name: str
    open: Callable[["Settings"], Storage]
    summary: str
