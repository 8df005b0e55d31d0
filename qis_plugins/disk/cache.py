"""A cache on a disk of this machine, shared by all its processes; survives restarts, ``kill -9`` and a full disk."""

import hashlib
import logging
import os
import secrets
import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from qis_core.contracts.cache import CacheEntry, CacheStats
from qis_plugins.disk.entry import Parsed, pack, parse, tags_of, to_cache_entry
from qis_plugins.disk.eviction import Evictor
from qis_plugins.disk.files import read_file, unlink, write_file
from qis_plugins.disk.ledger import Ledger, charge_of, open_ledger
from qis_plugins.disk.locks import LockFolder
from qis_plugins.disk.tag_index import TagIndex

_log = logging.getLogger(__name__)
_LARGEST_SHARE = 8
_ABANDONED_AFTER_SECONDS = 3600.0
_COMPLAIN_EVERY_SECONDS = 60.0
_TOUCH_AFTER_SECONDS = 60.0


class DiskCache:
    """A `Cache` below *folder* of at most *max_bytes*, counted in whole blocks; a value over an eighth is not kept.

    Files are named by digests of the keys, so no text of a request ever reaches the file system. An entry's last use is
    noted at most every *touch_after_seconds*.
    """

    shared = True

    def __init__(self, folder: Path, max_bytes: int, *, touch_after_seconds: float = _TOUCH_AFTER_SECONDS) -> None:
        base = os.path.join(os.path.abspath(folder), "v1")
        self._entries, self._incoming = os.path.join(base, "entries", ""), os.path.join(base, "incoming", "")
        self._ledger_file = os.path.join(base, "ledger")
        self._folders = tuple(os.path.join(base, name) for name in ("entries", "incoming", "locks", "tags"))
        self._max_bytes = max_bytes
        self._touch_after_seconds = touch_after_seconds
        self._locks = LockFolder(os.path.join(base, "locks"))
        self._tags = TagIndex(os.path.join(base, "tags"), self._entries)
        self._evictor = Evictor(max_bytes)
        self._complained_at = -_COMPLAIN_EVERY_SECONDS
        self._prepare()

    def get(self, key: str) -> bytes | None:
        parsed = self._find(key)
        return None if parsed is None else parsed.data[parsed.value_at :]

    def find_entry(self, key: str) -> CacheEntry | None:
        parsed = self._find(key)
        return None if parsed is None else to_cache_entry(parsed)

    def set(self, key: str, value: bytes, *, ttl_seconds: float | None = None, tags: Collection[str] = ()) -> bool:
        encoded = _encode(key)
        stored = self._store(encoded, pack(encoded, value, ttl_seconds, tags), tags)
        if not stored:
            self.delete(key)
        return stored

    def add(self, key: str, value: bytes, *, ttl_seconds: float | None = None) -> bool:
        encoded = _encode(key)
        return self._find(key) is None and self._store(encoded, pack(encoded, value, ttl_seconds, ()), None)

    def delete(self, key: str) -> None:
        with self._tolerant("delete"), self._ledger() as ledger:
            self._drop(ledger, _digest(_encode(key)))

    def purge(self, tag: str) -> int | None:
        count = None
        with self._tolerant("purge"), self._ledger() as ledger:
            tagged = [digest for digest in self._tags.find(tag) if tag in self._tags_at(digest)]
            count = sum(self._drop(ledger, digest) for digest in tagged)
            self._tags.forget(tag)
        return count

    def clear(self) -> None:
        bin_folder = self._incoming + secrets.token_hex(8)
        with self._tolerant("clear"), self._ledger() as ledger:
            os.rename(self._entries, bin_folder)
            os.mkdir(self._entries, 0o700)
            self._tags.clear()
            ledger.reset()
        shutil.rmtree(bin_folder, ignore_errors=True)

    def lock(self, key: str, *, ttl_seconds: float) -> AbstractContextManager[bool]:
        return self._locks.hold(_digest(_encode(key)), ttl_seconds)

    def is_locked(self, key: str) -> bool:
        return self._locks.is_held(_digest(_encode(key)))

    def stats(self) -> CacheStats:
        with self._tolerant("stats"), self._ledger() as ledger:
            return CacheStats(ledger.entries, ledger.size_bytes, self._max_bytes)
        return CacheStats(0, 0, self._max_bytes)

    def close(self) -> None:
        """Nothing is held open between calls."""

    def _ledger(self) -> AbstractContextManager[Ledger]:
        return open_ledger(self._ledger_file, self._entries)

    def _file(self, digest: str) -> str:
        return f"{self._entries}{digest[:2]}/{digest[2:]}"

    def _find(self, key: str) -> Parsed | None:
        encoded = _encode(key)
        try:
            data = self._read_touching(self._file(_digest(encoded)))
        except FileNotFoundError:
            return None
        except OSError as error:
            self._complain("get", error)
            return None
        return parse(data, encoded)

    def _read_touching(self, name: str) -> bytes:
        descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC)
        try:
            status = os.fstat(descriptor)
            if time.time() - status.st_mtime > self._touch_after_seconds:
                os.utime(descriptor)
            return os.read(descriptor, status.st_size)
        finally:
            os.close(descriptor)

    def _store(self, key: bytes, packed: bytes, tags: Collection[str] | None) -> bool:
        """Put a packed entry in its place; *tags* None: unless a living one is there."""
        if charge_of(len(packed)) > self._max_bytes // _LARGEST_SHARE:
            return False
        with self._tolerant("set"):
            incoming = self._incoming + secrets.token_hex(8)
            write_file(incoming, packed)
            try:
                return self._put_in_place(incoming, _digest(key), (key, len(packed), tags))
            finally:
                unlink(incoming)
        return False

    def _put_in_place(self, incoming: str, digest: str, entry: tuple[bytes, int, Collection[str] | None]) -> bool:
        key, size_bytes, tags = entry
        charge = charge_of(size_bytes)
        with self._ledger() as ledger:
            if tags is None and parse(read_file(self._file(digest)) or b"", key) is not None:
                return False
            self._evictor.make_room(ledger, charge)
            self._tags.record(tags or (), digest)
            self._count_replaced(ledger, digest)
            ledger.count(digest[:2], 1, charge)
            os.makedirs(self._entries + digest[:2], 0o700, exist_ok=True)
            os.replace(incoming, self._file(digest))
        return True

    def _count_replaced(self, ledger: Ledger, digest: str) -> None:
        with suppress(FileNotFoundError):
            ledger.count(digest[:2], -1, -charge_of(os.stat(self._file(digest)).st_size))

    def _drop(self, ledger: Ledger, digest: str) -> int:
        name = self._file(digest)
        try:
            size_bytes = os.stat(name).st_size
            os.unlink(name)
        except FileNotFoundError:
            return 0
        ledger.count(digest[:2], -1, -charge_of(size_bytes))
        return 1

    def _tags_at(self, digest: str) -> tuple[str, ...]:
        parsed = parse(read_file(self._file(digest)) or b"", None)
        return () if parsed is None else tags_of(parsed)

    def _prepare(self) -> None:
        """Make the folders; clear away what processes that were killed left behind."""
        for folder in self._folders:
            os.makedirs(folder, 0o700, exist_ok=True)
        for name in os.listdir(self._incoming):
            with suppress(OSError):
                _remove_if_abandoned(self._incoming + name)
        self._locks.sweep()
        with self._tolerant("open"), self._ledger() as ledger:
            self._evictor.make_room(ledger, 0)

    @contextmanager
    def _tolerant(self, action: str) -> Iterator[None]:
        """A cache that fails must not fail its caller: the fault is logged."""
        try:
            yield
        except OSError as error:
            self._complain(action, error)
            if isinstance(error, FileNotFoundError):
                self._remake_folders()

    def _remake_folders(self) -> None:
        with suppress(OSError):
            for folder in self._folders:
                os.makedirs(folder, 0o700, exist_ok=True)

    def _complain(self, action: str, error: OSError) -> None:
        if time.monotonic() - self._complained_at >= _COMPLAIN_EVERY_SECONDS:
            self._complained_at = time.monotonic()
            _log.warning("disk cache: %s failed: %s", action, error.strerror or error)


def _encode(key: str) -> bytes:
    return key.encode("utf-8", "surrogatepass")


def _digest(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()


def _remove_if_abandoned(name: str) -> None:
    if time.time() - os.stat(name).st_mtime > _ABANDONED_AFTER_SECONDS:
        if os.path.isdir(name):
            shutil.rmtree(name)
        else:
            unlink(name)
