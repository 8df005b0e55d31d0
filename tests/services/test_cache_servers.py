"""Cache servers are killed, restarted or hang under use: misses are prompt, and everything comes back by itself."""

import logging
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from qis_core import hookimpl
from qis_core.contracts.cache import Cache
from qis_core.domain.events import Generated
from qis_core.settings import Secret
from qis_core.testing.cache_contract import becomes, uniform
from qis_core.testing.threads import run_together
from qis_plugins.memcached.cache import MemcachedCache
from qis_plugins.memcached.settings import MemcachedSettings
from qis_plugins.redis.cache import RedisCache
from qis_plugins.redis.settings import RedisSettings
from tests.support import slow_plugin
from tests.support.application import ask, open_application, put_picture
from tests.support.cache_server import CacheServer
from tests.support.memcached import MemcachedServer, running_memcached
from tests.support.redis import RedisServer, running_redis
from tests.support.server import RunningServer, Site

KINDS = ("memcached", "redis")
TIMEOUT_SECONDS = 0.2
RETRY_SECONDS = 0.4
#: What a busy machine may add to the longest wait.
GRACE_SECONDS = 1.5
SHORT: Mapping[str, Any] = {
    "timeout_seconds": TIMEOUT_SECONDS,
    "connect_timeout_seconds": TIMEOUT_SECONDS,
    "retry_seconds": RETRY_SECONDS,
}


@pytest.fixture(scope="module")
def servers() -> Iterator[Mapping[str, CacheServer]]:
    with running_memcached() as memcached, running_redis() as redis:
        yield {"memcached": memcached, "redis": redis}


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest, servers: Mapping[str, CacheServer]) -> CacheServer:
    return servers[request.param]


@pytest.fixture
def cache(server: CacheServer) -> Iterator[Cache]:
    cache = open_cache(server)
    yield cache
    cache.close()


def open_cache(server: CacheServer) -> Cache:
    prefix = f"{secrets.token_hex(4)}:"
    if isinstance(server, MemcachedServer):
        return MemcachedCache(MemcachedSettings(servers=(server.address,), prefix=prefix, **SHORT))
    assert isinstance(server, RedisServer)
    return RedisCache(RedisSettings(url=Secret(server.url), prefix=prefix, **SHORT))


def use_everything(cache: Cache) -> None:
    """Every method once; what it must answer while the server is away."""
    assert cache.get("key") is None
    assert cache.find_entry("key") is None
    assert not cache.set("key", b"value", tags=("tag",))
    assert not cache.add("other", b"value")
    assert cache.purge("tag") is None
    cache.delete("key")
    cache.clear()
    assert not cache.is_locked("key")
    with cache.lock("key", ttl_seconds=5) as taken:
        assert taken, "work goes on, at worst done twice"
    assert (cache.stats().entries, cache.stats().max_bytes) == (0, None)


def is_back(cache: Cache) -> bool:
    return cache.set("probe", b"value") and cache.get("probe") == b"value"


class TestKilled:
    def test_everything_is_a_prompt_miss(self, cache: Cache, server: CacheServer) -> None:
        assert cache.set("key", b"value", tags=("tag",))
        with server.killed():
            started = time.monotonic()
            use_everything(cache)
            assert time.monotonic() - started < TIMEOUT_SECONDS + GRACE_SECONDS
        assert becomes(lambda: is_back(cache), seconds=RETRY_SECONDS + GRACE_SECONDS)
        assert cache.get("key") is None

    def test_restart_between_two_calls_is_not_noticed(self, cache: Cache, server: CacheServer) -> None:
        """All idle connections are dead then; nobody is refused for it."""
        run_together(8, lambda me: cache.set(f"{me}", b"value"))
        with server.killed():
            pass
        assert all(run_together(8, lambda me: cache.set(f"{me}", b"value")))
        assert all(cache.get(f"{me}") == b"value" for me in range(8))

    def test_lock_whose_server_died_is_granted_and_released(self, cache: Cache, server: CacheServer) -> None:
        with cache.lock("job", ttl_seconds=60) as taken:
            assert taken
            with server.killed():
                assert not cache.is_locked("job")
        assert becomes(lambda: is_back(cache))
        with cache.lock("job", ttl_seconds=60) as again:
            assert again
        assert not cache.is_locked("job")

    def test_log_hears_once_and_when_it_is_over(
        self, cache: Cache, server: CacheServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.INFO, "qis_core.services.breaker"), server.killed():
            for _ in range(20):
                cache.get("key")
                time.sleep(RETRY_SECONDS / 8)
        with caplog.at_level(logging.INFO, "qis_core.services.breaker"):
            assert becomes(lambda: is_back(cache))
        words = [record.message.partition(": ")[2].partition(" (")[0] for record in caplog.records]
        assert words == ["does not answer", "answers again"]

    def test_threads_under_way_get_right_values_or_none(self, cache: Cache, server: CacheServer) -> None:
        traffic = Traffic(cache)
        with traffic.running():
            for _ in range(2):
                time.sleep(0.2)
                with server.killed():
                    time.sleep(0.3)
                hits = traffic.hits
                assert becomes(lambda hits=hits: traffic.hits > hits + 10)
        assert traffic.wrong == []
        assert traffic.slowest_seconds < 3 * TIMEOUT_SECONDS + GRACE_SECONDS


class TestHanging:
    def test_waits_are_bounded_and_then_prompt(self, cache: Cache, server: CacheServer) -> None:
        assert cache.set("key", b"value")
        with server.hanging():
            started = time.monotonic()
            assert cache.get("key") is None
            first_seconds = time.monotonic() - started
            started = time.monotonic()
            for _ in range(100):
                assert cache.get("key") is None
            rest_seconds = time.monotonic() - started
        assert first_seconds < TIMEOUT_SECONDS + GRACE_SECONDS
        assert rest_seconds < RETRY_SECONDS, "while it is known to hang nobody waits for it"
        assert becomes(lambda: cache.get("key") == b"value", seconds=RETRY_SECONDS + GRACE_SECONDS)

    def test_many_callers_wait_together_not_in_a_row(self, cache: Cache, server: CacheServer) -> None:
        with server.hanging():
            started = time.monotonic()
            assert run_together(40, lambda me: cache.get(f"{me}")) == [None] * 40
            assert time.monotonic() - started < 2 * TIMEOUT_SECONDS + GRACE_SECONDS
        assert becomes(lambda: is_back(cache))

    def test_late_answers_are_never_taken_for_another_keys(self, cache: Cache, server: CacheServer) -> None:
        for me in range(4):
            cache.set(f"{me}", uniform(me))
        with server.hanging():
            run_together(4, lambda me: cache.get(f"{me}"))
        assert becomes(lambda: is_back(cache))
        for me in range(4):
            assert cache.get(f"{3 - me}") == uniform(3 - me)


class TestOneOfSeveralServers:
    def test_dead_one_takes_only_its_share(self) -> None:
        with running_memcached() as first, running_memcached() as second:
            cache = MemcachedCache(MemcachedSettings(servers=(first.address, second.address), **SHORT))
            for number in range(200):
                cache.set(f"{number}", b"before")
            with first.killed():
                left = {number for number in range(200) if cache.get(f"{number}") is not None}
                assert 50 < len(left) < 150
                stored = {number for number in range(200) if cache.set(f"{number}", b"after")}
                assert stored == left, "keys of the dead one do not move"
            assert becomes(lambda: all(cache.set(f"{number}", b"again") for number in range(200)))
            assert all(cache.get(f"{number}") == b"again" for number in range(200))
            cache.close()

    def test_purge_reaches_those_that_live(self) -> None:
        with running_memcached() as first, running_memcached() as second:
            cache = MemcachedCache(MemcachedSettings(servers=(first.address, second.address), **SHORT))
            for number in range(100):
                cache.set(f"{number}", b"value", tags=("tag",))
            with first.killed():
                cache.purge("tag")
            assert becomes(lambda: all(cache.set(f"probe {number}", b"") for number in range(20)))
            assert [cache.get(f"{number}") for number in range(100)] == [None] * 100
            cache.close()


class Traffic:
    """Threads that store and look without end, and what became of it."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._stop = threading.Event()
        self.hits = 0
        self.wrong: list[bytes] = []
        self.slowest_seconds = 0.0

    def running(self) -> ExitStack:
        stack = ExitStack()
        pool = stack.enter_context(ThreadPoolExecutor(4))
        stack.callback(self._stop.set)
        for me in range(4):
            pool.submit(self._run, me)
        return stack

    def _run(self, me: int) -> None:
        turn = 0
        while not self._stop.wait(0.002):
            turn += 1
            started = time.monotonic()
            self._once(me, turn)
            self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - started)

    def _once(self, me: int, turn: int) -> None:
        self._cache.set(f"{me} {turn % 3}", uniform(me, 5000))
        value = self._cache.get(f"{(me + 1) % 4} {turn % 3}")
        if value == uniform((me + 1) % 4, 5000):
            self.hits += 1
        elif value is not None:
            self.wrong.append(value[:10])


def tiers_on(server: CacheServer) -> dict[str, Any]:
    """Settings of a new site that keeps its derivatives on *server*."""
    prefix = f"{secrets.token_hex(4)}:"
    if isinstance(server, MemcachedServer):
        return {"cache_tiers": "memory memcached", "memcached_servers": server.address, "memcached_prefix": prefix}
    assert isinstance(server, RedisServer)
    return {"cache_tiers": "memory redis", "redis_url": server.url, "redis_prefix": prefix}


class Counting:
    """A plugin that counts the derivatives made."""

    def __init__(self) -> None:
        self.made: list[str] = []

    @hookimpl
    def qis_after_generate(self, event: Generated) -> None:
        self.made.append(event.key)


class TestTwoServersOfOneSite:
    def test_second_one_finds_what_the_first_made(self, server: CacheServer, tmp_path: Path) -> None:
        put_picture(tmp_path, "a.png")
        with ExitStack() as stack:
            tiers = tiers_on(server)
            one = stack.enter_context(open_application(tmp_path, **tiers))
            two = stack.enter_context(open_application(tmp_path, **tiers))
            first, second = ask(one, "a.png", "width=31"), ask(two, "a.png", "width=31")
        assert (first.from_cache, second.from_cache) == (False, True)
        assert first.content == second.content

    def test_one_makes_what_both_are_asked_for(self, server: CacheServer, tmp_path: Path) -> None:
        put_picture(tmp_path, "a.png", (1500, 1000))
        counting, tiers = Counting(), tiers_on(server)
        with ExitStack() as stack:
            both = [stack.enter_context(open_application(tmp_path, {"inline": counting}, **tiers)) for _ in range(2)]
            answers = run_together(12, lambda me: ask(both[me % 2], "a.png", "width=301"))
        assert len(counting.made) == 1
        assert len({answer.content for answer in answers}) == 1

    def test_pictures_are_served_while_the_cache_is_down(self, server: CacheServer, tmp_path: Path) -> None:
        put_picture(tmp_path, "a.png")
        with open_application(tmp_path, **tiers_on(server)) as application:
            ask(application, "a.png", "width=41")
            with server.killed():
                assert ask(application, "a.png", "width=41").from_cache, "its own memory has it"
                started = time.monotonic()
                for width in range(42, 52):
                    assert ask(application, "a.png", f"width={width}").content
                assert time.monotonic() - started < 10

    def test_sites_with_prefixes_of_their_own_are_apart(self, server: CacheServer) -> None:
        one, other = open_cache(server), open_cache(server)
        assert one.set("key", b"value", tags=("image:1",))
        other.purge("image:1")
        other.clear()
        assert one.get("key") == b"value", "another site's"
        one.purge("image:1")
        assert one.get("key") is None
        one.close()
        other.close()


def test_two_processes_generate_once(servers: Mapping[str, CacheServer], tmp_path: Path) -> None:
    """Two ``qis serve`` with Memcached between them."""
    put_picture(tmp_path, "a.png", (300, 200))
    log = tmp_path / "log"
    settings = {f"qis.{name.replace('_', '.', 1)}": value for name, value in tiers_on(servers["memcached"]).items()}
    plugin = slow_plugin.install(tmp_path / "site-packages")
    site = Site(tmp_path / "pictures", tmp_path / "data", settings, (plugin,), {"SLOW_LOG": str(log)})
    target = "/image?src=a.png&width=73&slow=700"
    with RunningServer(site) as one, RunningServer(site) as other, ThreadPoolExecutor(12) as callers:
        answers = list(callers.map(lambda asked: asked.get(target), [one, other] * 6))
        assert other.get(target).from_cache == "True"
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert slow_plugin.uses(log) == 1
