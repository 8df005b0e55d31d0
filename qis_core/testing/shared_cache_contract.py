"""What a cache that other processes see must do besides: subclass and give an ``open_cache`` fixture."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from multiprocessing.connection import Connection

import pytest

from qis_core.contracts.cache import Cache
from qis_core.testing.cache_contract import CacheContract, becomes, uniform
from qis_core.testing.processes import Child, child, start_together

_ROUNDS = 100
_HELD_SECONDS = 5.0


class SharedCacheContract(CacheContract):
    """For a cache that other processes see. Fixture: ``open_cache``, which opens the same one again; it is pickled."""

    @pytest.fixture
    def cache(self, open_cache: Callable[[], Cache]) -> Iterator[Cache]:
        cache = open_cache()
        yield cache
        cache.close()

    def test_says_that_it_is_shared(self, cache: Cache) -> None:
        assert cache.shared

    def test_another_opening_sees_everything(self, cache: Cache, open_cache: Callable[[], Cache]) -> None:
        other = open_cache()
        cache.set("key", b"value", tags=("tag",))
        assert other.get("key") == b"value"
        assert not other.add("key", b"late")
        other.purge("tag")
        assert cache.get("key") is None
        cache.set("key", b"value")
        other.clear()
        assert cache.get("key") is None
        with cache.lock("job", ttl_seconds=30):
            assert other.is_locked("job")
            with other.lock("job", ttl_seconds=30) as taken:
                assert not taken
        other.close()

    def test_add_wins_once_among_processes(self, cache: Cache, open_cache: Callable[[], Cache]) -> None:
        with ExitStack() as stack:
            children = [stack.enter_context(child(_add_many, open_cache)) for _ in range(3)]
            start_together(children)
            won = [one.receive() for one in children]
        assert [sum(column) for column in zip(*won, strict=True)] == [1] * _ROUNDS

    def test_lock_of_a_killed_process_is_free(self, cache: Cache, open_cache: Callable[[], Cache]) -> None:
        with child(_hold_lock, open_cache) as holder:
            assert holder.receive() is True
            assert cache.is_locked("job")
            with cache.lock("job", ttl_seconds=30) as taken:
                assert not taken
            assert cache.is_locked("job"), "who does not get the lock must not free it"
            holder.kill()
            assert becomes(lambda: not cache.is_locked("job"), seconds=_HELD_SECONDS + 2)
            with cache.lock("job", ttl_seconds=30) as taken:
                assert taken

    def test_a_killed_writer_leaves_whole_values(self, cache: Cache, open_cache: Callable[[], Cache]) -> None:
        for delay_seconds in (0.0, 0.01, 0.03):
            with child(_write_for_ever, open_cache) as writer:
                writer.receive()
                time.sleep(delay_seconds)
                writer.kill()
            value = cache.get("big")
            assert value is None or value == uniform(value[0], 1_000_000)
        assert cache.set("big", b"new")
        assert cache.get("big") == b"new"

    def test_processes_never_mix_values(self, cache: Cache, open_cache: Callable[[], Cache]) -> None:
        with ExitStack() as stack:
            children: list[Child] = [stack.enter_context(child(_write_for_ever, open_cache)) for _ in range(2)]
            start_together(children)
            for _ in range(200):
                value = cache.get("big")
                assert value is None or value == uniform(value[0], 1_000_000)


def _add_many(open_cache: Callable[[], Cache], pipe: Connection) -> None:
    cache = open_cache()
    pipe.send("ready")
    pipe.recv()
    pipe.send([cache.add(f"race {number}", b"value") for number in range(_ROUNDS)])
    pipe.recv()


def _hold_lock(open_cache: Callable[[], Cache], pipe: Connection) -> None:
    with open_cache().lock("job", ttl_seconds=_HELD_SECONDS) as taken:
        pipe.send(taken)
        pipe.recv()


def _write_for_ever(open_cache: Callable[[], Cache], pipe: Connection) -> None:
    cache = open_cache()
    pipe.send("ready")
    byte = 0
    while True:
        cache.set("big", uniform(byte, 1_000_000))
        byte = (byte + 1) % 256
