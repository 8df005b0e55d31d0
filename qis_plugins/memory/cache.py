"""A cache in the memory of this process: least recently used out first, bounded in bytes."""

import threading
import time
from collections import OrderedDict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from qis_core.contracts.cache import CacheEntry, CacheStats

#: What an entry costs beside its value: dictionary slots, objects, the set of a tag. Measured on CPython 3.11.
_ENTRY_OVERHEAD_BYTES = 400
_TAG_OVERHEAD_BYTES = 350
_LARGEST_SHARE = 8


class _Stored(NamedTuple):
    value: bytes
    expires: float | None
    tags: tuple[str, ...]
    charge: int


class MemoryCache:
    """A `Cache` of at most *max_bytes*, overhead included; a value over an eighth of that is not kept."""

    shared = False

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._mutex = threading.Lock()
        self._stored: OrderedDict[str, _Stored] = OrderedDict()
        self._by_tag: dict[str, set[str]] = {}
        self._size_bytes = 0
        self._locks: dict[str, tuple[object, float]] = {}

    def get(self, key: str) -> bytes | None:
        with self._mutex:
            stored = self._stored.get(key)
            if stored is None:
                return None
            if stored.expires is None or stored.expires > time.monotonic():
                self._stored.move_to_end(key)
                return stored.value
            self._forget(key)
            return None

    def find_entry(self, key: str) -> CacheEntry | None:
        with self._mutex:
            stored = self._find_alive(key)
            if stored is None:
                return None
            left = None if stored.expires is None else stored.expires - time.monotonic()
            return CacheEntry(stored.value, left, stored.tags)

    def set(self, key: str, value: bytes, *, ttl_seconds: float | None = None, tags: Collection[str] = ()) -> bool:
        stored = _stored(key, value, ttl_seconds, tags)
        with self._mutex:
            return self._put(key, stored)

    def add(self, key: str, value: bytes, *, ttl_seconds: float | None = None) -> bool:
        stored = _stored(key, value, ttl_seconds, ())
        with self._mutex:
            return self._find_alive(key) is None and self._put(key, stored)

    def delete(self, key: str) -> None:
        with self._mutex:
            self._forget(key)

    def purge(self, tag: str) -> int | None:
        with self._mutex:
            keys = tuple(self._by_tag.get(tag, ()))
            for key in keys:
                self._forget(key)
            return len(keys)

    def clear(self) -> None:
        with self._mutex:
            self._stored.clear()
            self._by_tag.clear()
            self._size_bytes = 0

    @contextmanager
    def lock(self, key: str, *, ttl_seconds: float) -> Iterator[bool]:
        mine = (object(), time.monotonic() + ttl_seconds)
        with self._mutex:
            taken = not self._is_held(key)
            if taken:
                self._locks[key] = mine
        try:
            yield taken
        finally:
            with self._mutex:
                if self._locks.get(key) is mine:
                    del self._locks[key]

    def is_locked(self, key: str) -> bool:
        with self._mutex:
            return self._is_held(key)

    def stats(self) -> CacheStats:
        with self._mutex:
            return CacheStats(len(self._stored), self._size_bytes, self._max_bytes)

    def close(self) -> None:
        self.clear()

    def _is_held(self, key: str) -> bool:
        held = self._locks.get(key)
        return held is not None and held[1] > time.monotonic()

    def _find_alive(self, key: str) -> _Stored | None:
        stored = self._stored.get(key)
        if stored is not None and stored.expires is not None and stored.expires <= time.monotonic():
            self._forget(key)
            return None
        return stored

    def _put(self, key: str, stored: _Stored) -> bool:
        self._forget(key)
        if stored.charge > self._max_bytes // _LARGEST_SHARE:
            return False
        self._stored[key] = stored
        self._size_bytes += stored.charge
        for tag in stored.tags:
            self._by_tag.setdefault(tag, set()).add(key)
        while self._size_bytes > self._max_bytes:
            self._forget(next(iter(self._stored)))
        return True

    def _forget(self, key: str) -> None:
        stored = self._stored.pop(key, None)
        if stored is None:
            return
        self._size_bytes -= stored.charge
        for tag in stored.tags:
            keys = self._by_tag[tag]
            keys.discard(key)
            if not keys:
                del self._by_tag[tag]


def _stored(key: str, value: bytes, ttl_seconds: float | None, tags: Collection[str]) -> _Stored:
    expires = None if ttl_seconds is None else time.monotonic() + ttl_seconds
    charge = len(value) + 4 * len(key) + _ENTRY_OVERHEAD_BYTES + _TAG_OVERHEAD_BYTES * len(tags)
    return _Stored(bytes(value), expires, tuple(dict.fromkeys(tags)), charge)
