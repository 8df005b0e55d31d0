"""The Redis cache keeps the contract on a real server."""

import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import redis

from qis_core.errors import SettingsError
from qis_core.settings import Secret, Settings
from qis_core.testing.cache_contract import uniform
from qis_core.testing.shared_cache_contract import SharedCacheContract
from qis_core.testing.threads import run_together
from qis_plugins.redis import open_redis, qis_cache_backends, qis_settings
from qis_plugins.redis.cache import RedisCache
from qis_plugins.redis.settings import RedisSettings
from tests.support.redis import RedisServer, running_redis


@pytest.fixture(scope="session")
def server() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


def settings_of(server: RedisServer, **values: Any) -> RedisSettings:
    """A site of its own on the server; nothing of an earlier test is in it."""
    patient: dict[str, Any] = {
        "timeout_seconds": 5.0,
        "connect_timeout_seconds": 5.0,
        "prefix": f"{secrets.token_hex(4)}:",
    }
    return RedisSettings(url=Secret(server.url), **{**patient, **values})


class TestRedis(SharedCacheContract):
    @pytest.fixture
    def open_cache(self, server: RedisServer, raw: "redis.Redis") -> Callable[[], RedisCache]:
        raw.flushall()
        return partial(RedisCache, settings_of(server))


@pytest.fixture
def settings(server: RedisServer) -> RedisSettings:
    return settings_of(server)


@pytest.fixture
def cache(settings: RedisSettings) -> Iterator[RedisCache]:
    cache = RedisCache(settings)
    yield cache
    cache.close()


@pytest.fixture
def raw(server: RedisServer) -> Iterator["redis.Redis"]:
    """A plain client of the server."""
    with redis.Redis.from_url(server.url) as client:
        yield client


class TestServersMemory:
    def test_bound_of_the_server_holds(self) -> None:
        with running_redis(megabytes=8) as small:
            cache = RedisCache(settings_of(small))
            for number in range(200):
                assert cache.set(f"{number}", bytes(100_000), tags=("all",))
            assert cache.get("199") == bytes(100_000)
            assert cache.get("0") is None
            assert (cache.stats().size_bytes < 9_000_000, cache.stats().max_bytes) == (True, 8 * 1024 * 1024)
            cache.close()

    def test_parallel_writers_under_eviction_never_mix(self) -> None:
        with running_redis(megabytes=8) as small:
            cache = RedisCache(settings_of(small))
            whole: list[bool] = []

            def work(me: int) -> None:
                for turn in range(25):
                    cache.set(f"key {turn % 8}", uniform(me * 40 + turn, 300_000 * (me + 1)))
                    value = cache.get(f"key {(turn + me) % 8}")
                    if value is not None:
                        whole.append(value == uniform(value[0], len(value)) and len(value) % 300_000 == 0)

            run_together(5, work)
            cache.close()
        assert whole
        assert all(whole)

    def test_full_server_that_evicts_nothing_refuses(self, caplog: pytest.LogCaptureFixture) -> None:
        with running_redis(megabytes=4, policy="noeviction") as small:
            cache = RedisCache(settings_of(small))
            cache.set("key", b"old")
            kept = [cache.set(f"{number}", bytes(500_000)) for number in range(30)]
            assert kept[0]
            assert not kept[-1]
            assert not cache.set("key", b"new")
            assert cache.get("key") is None, "what could not be replaced is not there"
            assert ["refused: " in record.message for record in caplog.records] == [True]
            cache.clear()
            assert cache.set("key", b"room again")
            cache.close()

    def test_too_large_is_not_kept_and_leaves_nothing_old(self, server: RedisServer) -> None:
        cache = RedisCache(settings_of(server, max_value_bytes=1000))
        cache.set("key", b"old")
        assert not cache.set("key", bytes(1001))
        assert cache.get("key") is None
        assert not cache.add("key", bytes(1001))
        cache.close()

    def test_clear_frees_the_memory_of_this_site_alone(self, server: RedisServer, raw: "redis.Redis") -> None:
        mine, other = RedisCache(settings_of(server, prefix="a*[b]:")), RedisCache(settings_of(server, prefix="aXb:"))
        for number in range(2500):
            mine.set(f"{number}", b"value")
        other.set("key", b"value")
        mine.clear()
        assert list(raw.scan_iter(r"a\*\[b\]:*")) == []
        assert other.get("key") == b"value"
        mine.close()
        other.close()


class TestVersions:
    def test_forgotten_version_of_a_tag_is_a_miss(
        self, cache: RedisCache, raw: "redis.Redis", settings: RedisSettings
    ) -> None:
        cache.set("key", b"value", tags=("tag",))
        raw.delete(*raw.scan_iter(f"{settings.prefix}v:*"))
        assert cache.get("key") is None
        assert cache.add("key", b"again")

    def test_foreign_hash_is_a_miss(self, cache: RedisCache, raw: "redis.Redis", settings: RedisSettings) -> None:
        cache.set("key", b"value")
        (name,) = raw.scan_iter(f"{settings.prefix}e:*")
        raw.delete(name)
        raw.hset(name, "v", b"foreign")
        assert cache.get("key") is None
        raw.delete(name)
        raw.set(name, b"foreign")
        assert cache.get("key") is None
        assert cache.set("key", b"ours")
        assert cache.get("key") == b"ours"

    def test_purge_cannot_count(self, cache: RedisCache) -> None:
        cache.set("key", b"value", tags=("tag",))
        assert cache.purge("tag") is None

    def test_scripts_forgotten_by_the_server_are_sent_again(self, cache: RedisCache, raw: "redis.Redis") -> None:
        cache.set("key", b"value")
        raw.script_flush()
        assert cache.get("key") == b"value"
        with cache.lock("key", ttl_seconds=10):
            raw.script_flush()
        assert not cache.is_locked("key")

    def test_life_of_centuries_is_kept(self, cache: RedisCache) -> None:
        assert cache.set("key", b"value", ttl_seconds=1e12)
        found = cache.find_entry("key")
        assert found is not None
        assert found.ttl_seconds is not None
        assert found.ttl_seconds > 1e9


def test_more_callers_than_connections_wait_for_their_turn(server: RedisServer, raw: "redis.Redis") -> None:
    cache = RedisCache(settings_of(server, pool_size=2))
    before = raw.info("stats")["total_connections_received"]
    assert all(run_together(24, lambda me: cache.set(f"{me}", uniform(me))))
    assert all(run_together(24, lambda me: cache.get(f"{me}") == uniform(me)))
    assert raw.info("stats")["total_connections_received"] - before <= 2
    cache.close()


class TestSettings:
    @pytest.mark.parametrize("url", ["", "host:6379", "http://host", "redis://host:port/0"])
    def test_wrong_url_stops_the_start_and_is_not_shown(self, url: str) -> None:
        with pytest.raises(SettingsError, match=r"^qis\.redis\.url: expected redis://user") as caught:
            open_redis(Settings.of(RedisSettings(url=Secret(url))))
        assert not url or url not in str(caught.value)

    def test_server_need_not_answer_at_the_start(self) -> None:
        cache = open_redis(Settings.of(RedisSettings(url=Secret("redis://127.0.0.1:9/0"))))
        assert cache.shared
        assert cache.stats().max_bytes is None
        cache.close()

    def test_plugin_registers_its_parts(self) -> None:
        assert [backend.name for backend in qis_cache_backends()] == ["redis"]
        assert qis_settings() == (RedisSettings,)


MISSING_LIBRARY = """
import sys
sys.modules["redis"] = None
from qis_core.errors import StartupError
from qis_core.settings import Settings
from qis_plugins.redis import open_redis
try:
    open_redis(Settings.of())
except StartupError as error:
    print(error)
"""


def test_missing_library_is_named_when_opened() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MISSING_LIBRARY], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip().endswith("run: pip install qis[redis]")
