"""Several caches as one: fast and small in front of shared and large (design §9)."""

import difflib
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager

from qis_core.contracts.cache import Cache, CacheBackend, CacheEntry, CacheStats
from qis_core.errors import SettingsError
from qis_core.settings import Settings


class TieredCache:
    """A `Cache` made of *tiers*, at least one, the fastest first.

    `get` copies what it finds into the faster tiers, with the life that remains and the tags. Every change goes from
    the last tier to the first. The last shared tier, or the last one when none is shared, decides locks and `add`. A
    change made by another process leaves this process's own tier as it is: keys must tell versions apart.
    """

    def __init__(self, tiers: Sequence[Cache]) -> None:
        self._tiers = tuple(tiers)
        self._fastest_get = self._tiers[0].get
        shared = [tier for tier in self._tiers if tier.shared]
        self._arbiter = shared[-1] if shared else self._tiers[-1]
        self.shared = bool(shared)
        self._mutex = threading.Lock()
        self._changes = 0

    @property
    def tiers(self) -> tuple[Cache, ...]:
        """The caches, the fastest first."""
        return self._tiers

    def get(self, key: str) -> bytes | None:
        value = self._fastest_get(key)
        if value is not None:
            return value
        entry = self._find_below(key, 1)
        return None if entry is None else entry.value

    def find_entry(self, key: str) -> CacheEntry | None:
        return self._find_below(key, 0)

    def set(self, key: str, value: bytes, *, ttl_seconds: float | None = None, tags: Collection[str] = ()) -> bool:
        kept = False
        for tier in self._changing():
            kept |= tier.set(key, value, ttl_seconds=ttl_seconds, tags=tags)
        return kept

    def add(self, key: str, value: bytes, *, ttl_seconds: float | None = None) -> bool:
        if not self._arbiter.add(key, value, ttl_seconds=ttl_seconds):
            return False
        for tier in self._changing():
            if tier is not self._arbiter:
                tier.set(key, value, ttl_seconds=ttl_seconds)
        return True

    def delete(self, key: str) -> None:
        for tier in self._changing():
            tier.delete(key)

    def purge(self, tag: str) -> int | None:
        counts = [tier.purge(tag) for tier in self._changing()]
        return max((count for count in counts if count is not None), default=None)

    def clear(self) -> None:
        for tier in self._changing():
            tier.clear()

    def lock(self, key: str, *, ttl_seconds: float) -> AbstractContextManager[bool]:
        return self._arbiter.lock(key, ttl_seconds=ttl_seconds)

    def is_locked(self, key: str) -> bool:
        return self._arbiter.is_locked(key)

    def stats(self) -> CacheStats:
        """Those of the last tier, which holds the most."""
        return self._tiers[-1].stats()

    def close(self) -> None:
        for tier in self._tiers:
            tier.close()

    def _changing(self) -> Iterator[Cache]:
        """The tiers from last to first; what a `get` read from one before its change is not copied upwards after it."""
        for tier in reversed(self._tiers):
            try:
                yield tier
            finally:
                with self._mutex:
                    self._changes += 1

    def _find_below(self, key: str, first: int) -> CacheEntry | None:
        seen = self._changes
        for index, tier in enumerate(self._tiers[first:], first):
            entry = tier.find_entry(key)
            if entry is not None:
                self._promote(key, entry, (index, seen))
                return entry
        return None

    def _promote(self, key: str, entry: CacheEntry, found: tuple[int, int]) -> None:
        index, seen = found
        with self._mutex:
            if self._changes == seen:
                for tier in self._tiers[:index]:
                    tier.set(key, entry.value, ttl_seconds=entry.ttl_seconds, tags=entry.tags)


class NoCache:
    """A `Cache` that keeps nothing: for servers that are told to cache nothing. Every lock is granted."""

    shared = False

    def get(self, key: str) -> bytes | None:
        return None

    def find_entry(self, key: str) -> CacheEntry | None:
        return None

    def set(self, key: str, value: bytes, *, ttl_seconds: float | None = None, tags: Collection[str] = ()) -> bool:
        return False

    def add(self, key: str, value: bytes, *, ttl_seconds: float | None = None) -> bool:
        return True

    def delete(self, key: str) -> None: ...

    def purge(self, tag: str) -> int | None:
        return 0

    def clear(self) -> None: ...

    @contextmanager
    def lock(self, key: str, *, ttl_seconds: float) -> Iterator[bool]:
        yield True

    def is_locked(self, key: str) -> bool:
        return False

    def stats(self) -> CacheStats:
        return CacheStats(0, 0, 0)

    def close(self) -> None: ...


def open_cache(backends: Mapping[str, CacheBackend], names: Sequence[str], settings: Settings) -> Cache:
    """The caches called *names*, the fastest first, as one; `NoCache` for none.

    Raises `SettingsError` for a name that no plugin brought; what was open by then is closed again.
    """
    unknown = [_unknown_backend(name, backends) for name in names if name not in backends]
    if unknown:
        raise SettingsError(unknown)
    tiers: list[Cache] = []
    with ExitStack() as opened:
        for name in names:
            tier = backends[name].open(settings)
            opened.callback(tier.close)
            tiers.append(tier)
        opened.pop_all()
    if not tiers:
        return NoCache()
    return tiers[0] if len(tiers) == 1 else TieredCache(tiers)


def _unknown_backend(name: str, backends: Mapping[str, CacheBackend]) -> str:
    near = difflib.get_close_matches(name, sorted(backends), n=1)
    hint = f"did you mean {near[0]}?" if near else f"expected {', '.join(sorted(backends)) or 'a cache plugin'}"
    return f"qis.cache.tiers={name!r}: no plugin brings such a cache; {hint}"
