"""The conformance kit fails when a cache or a storage has a fault: each fault here is one that was seen in the wild."""

import hashlib
import inspect
import os
import pickle
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from qis_core.contracts.cache import Cache, CacheEntry, CacheStats
from qis_core.contracts.storage import Entry, FileStat, Storage
from qis_core.domain.images import Fingerprint
from qis_core.domain.paths import RepositoryPath
from qis_core.testing.cache_contract import BoundedCacheContract, CacheContract
from qis_core.testing.folder_storage_contract import FolderStorageContract
from qis_core.testing.shared_cache_contract import SharedCacheContract
from qis_core.testing.storage_contract import StorageContract
from qis_plugins.disk.cache import DiskCache
from qis_plugins.filesystem.storage import FilesystemStorage
from qis_plugins.memory.cache import MemoryCache
from qis_plugins.memory.storage import MemoryStorage

MB = 1_000_000


def fails(contract: type, test: str, **fixtures: object) -> bool:
    """Run one test of the kit as pytest would, and say whether it fails."""
    method = getattr(contract(), test)
    needed = inspect.signature(method).parameters
    try:
        method(**{name: fixtures[name] for name in needed})
    except (Exception, pytest.fail.Exception):
        return True
    return False


class IgnoresLife(MemoryCache):
    def set(self, key: str, value: bytes, *, ttl_seconds: float | None = None, tags: Collection[str] = ()) -> bool:
        return super().set(key, value, tags=tags)


class TruncatesValues(MemoryCache):
    def get(self, key: str) -> bytes | None:
        value = super().get(key)
        return None if value is None else value[:1_048_576]


class TruncatesKeys(MemoryCache):
    def get(self, key: str) -> bytes | None:
        return super().get(key[:250])

    def set(self, key: str, value: bytes, *, ttl_seconds: float | None = None, tags: Collection[str] = ()) -> bool:
        return super().set(key[:250], value, ttl_seconds=ttl_seconds, tags=tags)


class FoldsKeys(MemoryCache):
    def get(self, key: str) -> bytes | None:
        return super().get(key.strip().lower())

    def set(self, key: str, value: bytes, *, ttl_seconds: float | None = None, tags: Collection[str] = ()) -> bool:
        return super().set(key.strip().lower(), value, ttl_seconds=ttl_seconds, tags=tags)


class TakesEmptyForAbsent(MemoryCache):
    def get(self, key: str) -> bytes | None:
        return super().get(key) or None


class LosesAddRace(MemoryCache):
    def add(self, key: str, value: bytes, *, ttl_seconds: float | None = None) -> bool:
        if self.get(key) is not None:
            return False
        time.sleep(0.001)
        return self.set(key, value, ttl_seconds=ttl_seconds)


class AddReplaces(MemoryCache):
    def add(self, key: str, value: bytes, *, ttl_seconds: float | None = None) -> bool:
        is_new = self.get(key) is None
        self.set(key, value, ttl_seconds=ttl_seconds)
        return is_new


class PurgeForgetsNothing(MemoryCache):
    def purge(self, tag: str) -> int | None:
        return None


class PurgeForgetsEverything(MemoryCache):
    def purge(self, tag: str) -> int | None:
        self.clear()
        return None


class KeepsOldTags(MemoryCache):
    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_bytes)
        self.tagged: dict[str, set[str]] = {}

    def set(self, key: str, value: bytes, *, ttl_seconds: float | None = None, tags: Collection[str] = ()) -> bool:
        for tag in tags:
            self.tagged.setdefault(tag, set()).add(key)
        return super().set(key, value, ttl_seconds=ttl_seconds, tags=tags)

    def purge(self, tag: str) -> int | None:
        for key in self.tagged.get(tag, ()):
            self.delete(key)
        return None


class LosesTags(MemoryCache):
    def find_entry(self, key: str) -> CacheEntry | None:
        entry = super().find_entry(key)
        return None if entry is None else CacheEntry(entry.value, None, ())


class LockLetsEverybodyIn(MemoryCache):
    @contextmanager
    def lock(self, key: str, *, ttl_seconds: float) -> Iterator[bool]:
        yield True


class LockStaysAfterError(MemoryCache):
    @contextmanager
    def lock(self, key: str, *, ttl_seconds: float) -> Iterator[bool]:
        taken = self.add(f"lock {key}", b"", ttl_seconds=ttl_seconds)
        yield taken
        self.delete(f"lock {key}")

    def is_locked(self, key: str) -> bool:
        return self.get(f"lock {key}") is not None


class LoserFreesLock(LockStaysAfterError):
    @contextmanager
    def lock(self, key: str, *, ttl_seconds: float) -> Iterator[bool]:
        try:
            yield self.add(f"lock {key}", b"", ttl_seconds=ttl_seconds)
        finally:
            self.delete(f"lock {key}")


class LockIsTheEntry(LockStaysAfterError):
    @contextmanager
    def lock(self, key: str, *, ttl_seconds: float) -> Iterator[bool]:
        taken = self.add(key, b"", ttl_seconds=ttl_seconds)
        try:
            yield taken
        finally:
            if taken:
                self.delete(key)

    def is_locked(self, key: str) -> bool:
        return self.get(key) is not None


class LockIsForEver(MemoryCache):
    @contextmanager
    def lock(self, key: str, *, ttl_seconds: float) -> Iterator[bool]:
        with super().lock(key, ttl_seconds=1e9) as taken:
            yield taken


class WritesInPieces(MemoryCache):
    """Two writers of one key mix: the classic fault of values stored in several parts."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_bytes)
        self.parts: dict[str, bytearray] = {}

    def get(self, key: str) -> bytes | None:
        parts = self.parts.get(key)
        return None if parts is None else bytes(parts)

    def set(self, key: str, value: bytes, *, ttl_seconds: float | None = None, tags: Collection[str] = ()) -> bool:
        parts = self.parts[key] = bytearray()
        for at in range(0, len(value), 5_000):
            self.parts.get(key, parts).extend(value[at : at + 5_000])
            time.sleep(0.0005)
        return True


class ClearForgetsNothing(MemoryCache):
    def clear(self) -> None: ...


class GrowsForEver(MemoryCache):
    def __init__(self, max_bytes: int) -> None:
        super().__init__(10_000 * MB)
        self.told = max_bytes

    def stats(self) -> CacheStats:
        stats = super().stats()
        return CacheStats(stats.entries, stats.size_bytes, self.told)


class CountsValuesOnly(GrowsForEver):
    """Bounded, but keys and overhead are for free."""

    def stats(self) -> CacheStats:
        stats = super().stats()
        return CacheStats(stats.entries, 0, self.told)


@pytest.mark.parametrize(
    ("fault", "test"),
    [
        (IgnoresLife, "test_values_expire"),
        (IgnoresLife, "test_a_life_of_nothing_is_over_at_once"),
        (TruncatesValues, "test_keeps_any_value_whole"),
        (TakesEmptyForAbsent, "test_keeps_any_value_whole"),
        (TruncatesKeys, "test_keeps_any_key_apart"),
        (FoldsKeys, "test_keeps_any_key_apart"),
        (LosesAddRace, "test_add_wins_once_among_threads"),
        (AddReplaces, "test_add_stores_only_what_is_absent"),
        (PurgeForgetsNothing, "test_purge_forgets_what_has_the_tag"),
        (PurgeForgetsEverything, "test_purge_forgets_what_has_the_tag"),
        (KeepsOldTags, "test_purge_sees_only_the_latest_tags"),
        (LosesTags, "test_find_entry_tells_life_and_tags"),
        (LockLetsEverybodyIn, "test_lock_is_held_by_one"),
        (LockLetsEverybodyIn, "test_one_thread_at_a_time_has_the_lock"),
        (LockStaysAfterError, "test_lock_is_free_after_an_error"),
        (LoserFreesLock, "test_lock_that_was_not_taken_frees_nothing"),
        (LockStaysAfterError, "test_late_holder_does_not_free_the_next_ones_lock"),
        (LockIsTheEntry, "test_lock_and_entry_of_one_key_are_two_things"),
        (LockIsForEver, "test_lock_time_runs_out"),
        (WritesInPieces, "test_values_never_mix"),
        (ClearForgetsNothing, "test_clear_forgets_everything"),
    ],
)
def test_fault_of_a_cache_is_caught(fault: Callable[[int], Cache], test: str) -> None:
    assert fails(CacheContract, test, cache=fault(64 * MB))
    assert not fails(CacheContract, test, cache=MemoryCache(64 * MB))


@pytest.mark.parametrize(
    ("fault", "test"),
    [
        (GrowsForEver, "test_never_grows_over_its_bound"),
        (GrowsForEver, "test_refuses_what_would_push_out_everything"),
        (CountsValuesOnly, "test_small_values_count_too"),
    ],
)
def test_fault_of_a_bound_is_caught(fault: Callable[[int], Cache], test: str) -> None:
    assert fails(BoundedCacheContract, test, small_cache=fault(MB))
    assert not fails(BoundedCacheContract, test, small_cache=MemoryCache(MB))


class PickledFiles(MemoryCache):
    """A "shared" cache as it is often written: one file per key, written in place, locked by a file's existence."""

    shared = True

    def __init__(self, folder: Path) -> None:
        super().__init__(MB)
        self.folder = folder

    def _file(self, key: str) -> Path:
        return self.folder / hashlib.sha256(key.encode()).hexdigest()

    def get(self, key: str) -> bytes | None:
        try:
            value: bytes = pickle.loads(self._file(key).read_bytes())
        except FileNotFoundError:
            return None
        return value

    def set(self, key: str, value: bytes, *, ttl_seconds: float | None = None, tags: Collection[str] = ()) -> bool:
        with self._file(key).open("wb") as stream:
            pickle.dump(value, stream)
        return True

    def add(self, key: str, value: bytes, *, ttl_seconds: float | None = None) -> bool:
        if self.get(key) is not None:
            return False
        time.sleep(0.002)
        return self.set(key, value)

    @contextmanager
    def lock(self, key: str, *, ttl_seconds: float) -> Iterator[bool]:
        file = self._file(f"lock {key}")
        taken = not file.exists()
        file.touch()
        try:
            yield taken
        finally:
            file.unlink(missing_ok=True)

    def is_locked(self, key: str) -> bool:
        return self._file(f"lock {key}").exists()


class ForgetsOtherProcesses(DiskCache):
    """Locks that only the threads of one process see."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, 64 * MB)
        self.memory = MemoryCache(MB)

    @contextmanager
    def lock(self, key: str, *, ttl_seconds: float) -> Iterator[bool]:
        with self.memory.lock(key, ttl_seconds=ttl_seconds) as taken:
            yield taken

    def is_locked(self, key: str) -> bool:
        return self.memory.is_locked(key)


@pytest.mark.parametrize(
    ("fault", "test"),
    [
        (PickledFiles, "test_add_wins_once_among_processes"),
        (PickledFiles, "test_lock_of_a_killed_process_is_free"),
        (PickledFiles, "test_processes_never_mix_values"),
        (ForgetsOtherProcesses, "test_lock_of_a_killed_process_is_free"),
        (ForgetsOtherProcesses, "test_another_opening_sees_everything"),
    ],
)
def test_fault_between_processes_is_caught(fault: Callable[[Path], Cache], test: str, tmp_path: Path) -> None:
    opener = partial(fault, tmp_path)
    assert fails(SharedCacheContract, test, cache=opener(), open_cache=opener)


class NotAtomic(MemoryStorage):
    """Chunks show as they come in."""

    def write(self, path: RepositoryPath, chunks: Iterable[bytes], *, replace: bool) -> FileStat:
        stat = super().write(path, [], replace=replace)
        whole = b""
        for chunk in chunks:
            whole += chunk
            stat = super().write(path, [whole], replace=True)
        return stat


class KeepsParts(MemoryStorage):
    """An interrupted upload is stored as far as it came."""

    def write(self, path: RepositoryPath, chunks: Iterable[bytes], *, replace: bool) -> FileStat:
        parts: list[bytes] = []
        try:
            parts.extend(chunks)
        finally:
            stat = super().write(path, parts, replace=replace)
        return stat


class LosesOldFile(MemoryStorage):
    """Removes the old file before the new one is there."""

    def write(self, path: RepositoryPath, chunks: Iterable[bytes], *, replace: bool) -> FileStat:
        if replace and self.find(path):
            self.delete(path)
        return super().write(path, chunks, replace=replace)


class AlwaysReplaces(MemoryStorage):
    def write(self, path: RepositoryPath, chunks: Iterable[bytes], *, replace: bool) -> FileStat:
        return super().write(path, chunks, replace=True)


class LosesWriteRace(MemoryStorage):
    def write(self, path: RepositoryPath, chunks: Iterable[bytes], *, replace: bool) -> FileStat:
        self._refuse_taken(path, replace)
        time.sleep(0.002)
        return super().write(path, chunks, replace=True)


class CoarseFingerprint(MemoryStorage):
    """Whole seconds and the size: two uploads in one second look alike."""

    def find(self, path: RepositoryPath) -> FileStat | None:
        stat = super().find(path)
        return None if stat is None else _coarse(stat)

    def write(self, path: RepositoryPath, chunks: Iterable[bytes], *, replace: bool) -> FileStat:
        return _coarse(super().write(path, chunks, replace=replace))


class RandomFingerprint(MemoryStorage):
    def find(self, path: RepositoryPath) -> FileStat | None:
        stat = super().find(path)
        return stat and FileStat(stat.size_bytes, stat.modified_ns, Fingerprint(os.urandom(4).hex()))


class UnsortedEntries(MemoryStorage):
    def entries(self, folder: RepositoryPath) -> Iterator[Entry]:
        return iter(sorted(super().entries(folder), key=lambda entry: entry.name.lower()))


class LazyEntries(MemoryStorage):
    """Raises while the listing is read, when the caller no longer expects it."""

    def entries(self, folder: RepositoryPath) -> Iterator[Entry]:
        yield from super().entries(folder)


class MoveReplaces(MemoryStorage):
    def move(self, source: RepositoryPath, target: RepositoryPath) -> None:
        if self.find(target) is not None:
            self.delete(target)
        super().move(source, target)


class MovesByPrefix(MemoryStorage):
    """Moving ``a`` takes ``ab`` along."""

    def move(self, source: RepositoryPath, target: RepositoryPath) -> None:
        super().move(source, target)
        for path in [path for path in self._files if path.src.startswith(source.src)]:
            self._files[RepositoryPath(target.parts + path.parts[1:])] = self._files.pop(path)


class ShowsHidden(MemoryStorage):
    def entries(self, folder: RepositoryPath) -> Iterator[Entry]:
        hidden = (Entry(path.name, False) for path in self._files if path.parent == folder and path.is_hidden)
        return iter(sorted((*super().entries(folder), *hidden), key=lambda entry: entry.name))


@pytest.mark.parametrize(
    ("fault", "test"),
    [
        (NotAtomic, "test_part_of_a_file_is_never_seen"),
        (NotAtomic, "test_broken_upload_leaves_the_old_file"),
        (KeepsParts, "test_broken_upload_leaves_no_new_file"),
        (LosesOldFile, "test_broken_upload_leaves_the_old_file"),
        (AlwaysReplaces, "test_existing_file_is_kept_unless_replaced"),
        (LosesWriteRace, "test_one_of_several_writers_wins"),
        (CoarseFingerprint, "test_fingerprint_changes_with_the_bytes"),
        (RandomFingerprint, "test_fingerprint_stays_with_the_bytes"),
        (UnsortedEntries, "test_entries_are_sorted_and_not_hidden"),
        (ShowsHidden, "test_entries_are_sorted_and_not_hidden"),
        (LazyEntries, "test_only_a_folder_has_entries"),
        (MoveReplaces, "test_move_never_replaces"),
        (MovesByPrefix, "test_move_takes_a_folder_with_all_in_it"),
    ],
)
def test_fault_of_a_storage_is_caught(fault: Callable[[], Storage], test: str) -> None:
    assert fails(StorageContract, test, storage=fault())
    assert not fails(StorageContract, test, storage=MemoryStorage())


class PlainFolder:
    """A storage as it is often written; each fault of it is caught by another test."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def name(self, path: RepositoryPath) -> Path:
        return Path(os.path.normpath(os.path.join(self.root, *path.parts)))

    def find(self, path: RepositoryPath) -> FileStat | None:
        try:
            status = self.name(path).stat()
        except OSError:
            return None
        return FileStat(status.st_size, status.st_mtime_ns, Fingerprint.of_file(status.st_mtime_ns, status.st_size))

    def is_folder(self, path: RepositoryPath) -> bool:
        return self.name(path).is_dir()

    def entries(self, folder: RepositoryPath) -> Iterator[Entry]:
        names = sorted(path.name for path in self.name(folder).iterdir())
        return iter([Entry(name, self.is_folder(folder / name)) for name in names])

    def open(self, path: RepositoryPath) -> object:
        return self.name(path).open("rb")

    @contextmanager
    def local_file(self, path: RepositoryPath) -> Iterator[Path]:
        yield self.name(path)

    def write(self, path: RepositoryPath, chunks: Iterable[bytes], *, replace: bool) -> FileStat | None:
        self.make_folder(path.parent)
        with self.name(path).open("wb" if replace else "xb") as stream:
            for chunk in chunks:
                stream.write(chunk)
                stream.flush()
        return self.find(path)

    def move(self, source: RepositoryPath, target: RepositoryPath) -> None:
        self.name(source).rename(self.name(target))

    def delete(self, path: RepositoryPath) -> None:
        self.name(path).unlink()

    def make_folder(self, folder: RepositoryPath) -> None:
        self.name(folder).mkdir(parents=True, exist_ok=True)


class PrefixChecked(PlainFolder):
    """The root is checked as a text, so that a sibling beginning with its name is inside."""

    def name(self, path: RepositoryPath) -> Path:
        name = os.path.realpath(os.path.join(self.root, *path.parts))
        if not name.startswith(str(self.root)):
            raise PermissionError
        return Path(name)


@pytest.mark.parametrize(
    ("fault", "test"),
    [
        (PlainFolder, "test_no_path_leaves_the_root"),
        (PrefixChecked, "test_link_to_the_outside_is_denied"),
        (PlainFolder, "test_link_to_the_outside_is_denied"),
        (PlainFolder, "test_writing_to_a_link_leaves_what_it_points_to"),
        (PlainFolder, "test_names_no_path_can_have_are_not_shown"),
        (PlainFolder, "test_what_is_no_plain_file_is_absent"),
        (PlainFolder, "test_root_that_went_away_is_a_failure_not_an_empty_folder"),
        (PlainFolder, "test_errors_never_tell_where_the_folder_is"),
        (PlainFolder, "test_killed_upload_leaves_the_old_file"),
    ],
)
def test_fault_of_a_folder_is_caught(fault: Callable[[Path], object], test: str, tmp_path: Path) -> None:
    assert fails(FolderStorageContract, test, **_folder_fixtures(fault, tmp_path / "fault"))
    assert not fails(FolderStorageContract, test, **_folder_fixtures(FilesystemStorage, tmp_path / "right"))


def _coarse(stat: FileStat) -> FileStat:
    return FileStat(stat.size_bytes, stat.modified_ns, Fingerprint(f"{stat.modified_ns >> 40}-{stat.size_bytes}"))


def _folder_fixtures(kind: Callable[[Path], object], folder: Path) -> dict[str, object]:
    root, outside = folder / "images", folder / "images2"
    for made in (root, outside):
        made.mkdir(parents=True)
    (outside / "leak.jpg").write_bytes(b"secret")
    opener = partial(kind, root)
    return {"storage": opener(), "open_storage": opener, "root": root, "outside": outside}
