"""A cache on Memcached servers, shared by any number of hosts."""

import hashlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TypeVar

from pymemcache.client.base import Client
from pymemcache.client.rendezvous import RendezvousHash

from qis_core.contracts.cache import CacheEntry, CacheStats
from qis_core.services.breaker import Unreachable
from qis_plugins.memcached import commands, entry
from qis_plugins.memcached.commands import Names, Value
from qis_plugins.memcached.node import Node
from qis_plugins.memcached.settings import MemcachedSettings, check

T = TypeVar("T")


class MemcachedCache:
    """A `Cache` whose keys are divided among servers by consistent hashing.

    What a server holds that does not answer is absent, and its keys do not move to others: when it is back, no server
    has an old truth about them. Its locks are granted meanwhile, so that work goes on, at worst done twice. Clocks of
    hosts should agree: lives and locks end by them. `purge` cannot tell how many entries it forgets.

    Raises `SettingsError` for addresses that are none.
    """

    shared = True

    def __init__(self, settings: MemcachedSettings) -> None:
        check(settings)
        self._settings = settings
        self._names = Names(settings.prefix)
        self._nodes = {address: Node(address, settings) for address in dict.fromkeys(settings.servers)}
        self._ring = RendezvousHash(list(self._nodes), hash_function=_score)

    def get(self, key: str) -> bytes | None:
        found = self._on_node_of(key, lambda client: commands.read(client, self._names, key), None)
        return None if found is None else found[1]

    def find_entry(self, key: str) -> CacheEntry | None:
        found = self._on_node_of(key, lambda client: commands.read(client, self._names, key), None)
        return None if found is None else entry.to_cache_entry(*found)

    def set(self, key: str, value: bytes, *, ttl_seconds: float | None = None, tags: Collection[str] = ()) -> bool:
        if len(value) > self._settings.max_value_bytes or (ttl_seconds is not None and ttl_seconds <= 0):
            self.delete(key)
            return False
        pair = (key, self._value(value, ttl_seconds, tags))
        return self._on_node_of(key, lambda client: commands.store(client, self._names, pair), False)

    def add(self, key: str, value: bytes, *, ttl_seconds: float | None = None) -> bool:
        if len(value) > self._settings.max_value_bytes:
            return False
        pair = (key, self._value(value, ttl_seconds, ()))
        return self._on_node_of(key, lambda client: commands.add(client, self._names, pair), False)

    def delete(self, key: str) -> None:
        self._on_node_of(key, lambda client: client.delete(self._names.of("e", key)), None)

    def purge(self, tag: str) -> None:
        self._forget_version(entry.version_name(tag))

    def clear(self) -> None:
        self._forget_version(entry.ALL)

    @contextmanager
    def lock(self, key: str, *, ttl_seconds: float) -> Iterator[bool]:
        name, claim = self._names.of("l", key), commands.new_claim(ttl_seconds)
        taken = self._on_node_of(key, lambda client: commands.take_lock(client, name, claim), True)
        try:
            yield taken
        finally:
            if taken:
                self._on_node_of(key, lambda client: commands.release_lock(client, name, claim), None)

    def is_locked(self, key: str) -> bool:
        name = self._names.of("l", key)
        return self._on_node_of(key, lambda client: commands.is_locked(client, name), False)

    def stats(self) -> CacheStats:
        """What all servers that answer hold, other sites' items and pieces of large values included."""
        counts = self._on_all(lambda client: commands.count(client, self._names))
        entries, size_bytes, max_bytes = (sum(column) for column in zip((0, 0, 0), *counts, strict=True))
        return CacheStats(entries, size_bytes, max_bytes or None)

    def close(self) -> None:
        for node in self._nodes.values():
            node.close()

    def _value(self, value: bytes, ttl_seconds: float | None, tags: Collection[str]) -> Value:
        return Value(bytes(value), entry.expiry_of(ttl_seconds), tags, self._settings.piece_bytes)

    def _on_node_of(self, key: str, work: Callable[[Client], T], otherwise: T) -> T:
        node = self._nodes[self._ring.get_node(commands.digest(key))]
        try:
            return node.run(work)
        except Unreachable:
            return otherwise

    def _on_all(self, work: Callable[[Client], T]) -> list[T]:
        results = []
        for node in self._nodes.values():
            with suppress(Unreachable):
                results.append(node.run(work))
        return results

    def _forget_version(self, version: str) -> None:
        self._on_all(partial(commands.forget_version, names=self._names, version=version))


def _score(text: str, _seed: int) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
