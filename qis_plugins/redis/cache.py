"""A cache on a Redis server, shared by any number of hosts."""

import hashlib
import json
import secrets
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry

from qis_core.contracts.cache import CacheEntry, CacheStats
from qis_core.errors import SettingsError
from qis_core.services.breaker import Breaker, BreakerLimits, Unreachable
from qis_plugins.redis import scripts
from qis_plugins.redis.settings import RedisSettings

T = TypeVar("T")
_TO_SCAN = 500
_LONGEST_MS = 100 * 365 * 86_400_000


class RedisCache:
    """A `Cache` on one server; what it evicts under its ``maxmemory`` is absent.

    While the server does not answer, everything is absent and locks are granted, so that work goes on, at worst done
    twice. `purge` cannot tell how many entries it forgets. Raises `SettingsError` for a URL that is none.
    """

    shared = True

    def __init__(self, settings: RedisSettings) -> None:
        self._settings = settings
        self._client = _client(settings)
        self._find = self._client.register_script(scripts.FIND)
        self._store = self._client.register_script(scripts.STORE)
        self._release = self._client.register_script(scripts.RELEASE)
        limits = BreakerLimits(settings.pool_size, settings.timeout_seconds, settings.retry_seconds)
        self._breaker = Breaker("redis", limits, (RedisError, OSError, ValueError))

    def get(self, key: str) -> bytes | None:
        found = self._ask(lambda: self._find(keys=[self._name("e", key)]), None)
        return None if found is None else bytes(found[0])

    def find_entry(self, key: str) -> CacheEntry | None:
        found = self._ask(lambda: self._find(keys=[self._name("e", key)]), None)
        if found is None:
            return None
        value, tags, left_ms = found
        return CacheEntry(bytes(value), None if left_ms < 0 else left_ms / 1000, tuple(json.loads(tags)))

    def set(self, key: str, value: bytes, *, ttl_seconds: float | None = None, tags: Collection[str] = ()) -> bool:
        kept = self._may_keep(value, ttl_seconds) and self._put(key, _arguments(value, ttl_seconds, tags), tags)
        if not kept:
            self.delete(key)
        return kept

    def add(self, key: str, value: bytes, *, ttl_seconds: float | None = None) -> bool:
        arguments = _arguments(value, ttl_seconds, (), only_if_absent=True)
        return self._may_keep(value, ttl_seconds) and self._put(key, arguments, ())

    def delete(self, key: str) -> None:
        self._ask(lambda: self._client.unlink(self._name("e", key)), None)

    def purge(self, tag: str) -> None:
        self._ask(lambda: self._client.unlink(self._name("v", tag)), None)

    def clear(self) -> None:
        self._ask(lambda: self._client.unlink(self._all), None)
        self._ask(self._free_memory, None)

    @contextmanager
    def lock(self, key: str, *, ttl_seconds: float) -> Iterator[bool]:
        name, token = self._name("l", key), secrets.token_hex(16).encode()
        taken = self._ask(lambda: self._take_lock(name, token, ttl_seconds), True)
        try:
            yield taken
        finally:
            if taken:
                self._ask(lambda: self._release(keys=[name], args=[token]), None)

    def is_locked(self, key: str) -> bool:
        return bool(self._ask(lambda: self._client.exists(self._name("l", key)), 0))

    def stats(self) -> CacheStats:
        """What the whole database has, other sites' keys included; bytes are estimated from some of them."""
        return self._ask(self._count, CacheStats(0, 0, None))

    def close(self) -> None:
        self._client.close()

    @property
    def _all(self) -> str:
        return f"{self._settings.prefix}all"

    def _name(self, kind: str, text: str) -> str:
        """The key of a thing of one *kind*: entry ``e``, version of a tag ``v``, lock ``l``."""
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()
        return f"{self._settings.prefix}{kind}:{digest}"

    def _may_keep(self, value: bytes, ttl_seconds: float | None) -> bool:
        return len(value) <= self._settings.max_value_bytes and (ttl_seconds is None or ttl_seconds > 0)

    def _put(self, key: str, arguments: list[Any], tags: Collection[str]) -> bool:
        names = [self._name("e", key), self._all, *(self._name("v", tag) for tag in tags)]
        return bool(self._ask(lambda: self._store(keys=names, args=arguments), 0))

    def _take_lock(self, name: str, token: bytes, ttl_seconds: float) -> bool:
        if self._client.set(name, token, nx=True, px=_milliseconds(ttl_seconds)):
            return True
        return bool(self._client.get(name) == token)  # stored before the connection broke

    def _count(self) -> CacheStats:
        total = int(self._client.dbsize())
        _, names = self._client.scan(count=_TO_SCAN)
        sizes = [self._client.memory_usage(name) or 0 for name in names]
        size_bytes = total * sum(sizes) // max(len(sizes), 1)
        bound = int(self._client.info("memory")["maxmemory"])
        return CacheStats(total - int(self._client.exists(self._all)), size_bytes, bound or None)

    def _free_memory(self) -> None:
        names = []
        for name in self._client.scan_iter(f"{_literal(self._settings.prefix)}e:*", count=_TO_SCAN):
            names.append(name)
            if len(names) == _TO_SCAN:
                self._client.unlink(*names)
                names.clear()
        if names:
            self._client.unlink(*names)

    def _ask(self, work: Callable[[], T], otherwise: T) -> T:
        """What *work* gives; *otherwise* when the server does not answer, or refuses."""
        try:
            with self._breaker.calling():
                return self._attempt(work, otherwise)
        except Unreachable:
            return otherwise

    def _attempt(self, work: Callable[[], T], otherwise: T) -> T:
        try:
            return work()
        except ResponseError as error:
            self._breaker.complain(f"refused: {error}")
            return otherwise


def _client(settings: RedisSettings) -> "redis.Redis":
    try:
        return redis.Redis.from_url(
            settings.url.reveal(),
            protocol=2,
            socket_timeout=settings.timeout_seconds,
            socket_connect_timeout=settings.connect_timeout_seconds,
            retry=Retry(NoBackoff(), 1, supported_errors=(NoConnection,)),  # connections from before a restart
        )
    except ValueError as error:
        raise SettingsError(
            ["qis.redis.url: expected redis://user:password@host:port/database, rediss://… or unix:///path"]
        ) from error


def _arguments(
    value: bytes, ttl_seconds: float | None, tags: Collection[str], *, only_if_absent: bool = False
) -> list[Any]:
    left_ms = 0 if ttl_seconds is None else _milliseconds(ttl_seconds)
    tag_list = json.dumps(list(dict.fromkeys(tags)))
    return [bytes(value), tag_list, left_ms, int(only_if_absent), secrets.token_hex(8)]


def _milliseconds(seconds: float) -> int:
    return max(1, min(int(seconds * 1000), _LONGEST_MS))


def _literal(prefix: str) -> str:
    """A pattern that matches *prefix* alone."""
    return "".join(f"\\{letter}" if letter in "*?[]\\^" else letter for letter in prefix)
