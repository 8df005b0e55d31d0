"""What every cache must do, as tests: subclass and give a ``cache`` fixture.

::

    class TestMyCache(CacheContract):
        @pytest.fixture
        def cache(self):
            return MyCache(...)        # empty, at least 64 MB

A cache that other processes see takes `SharedCacheContract` (module ``shared_cache_contract``) and gives ``open_cache``
instead; one that is bounded in bytes takes `BoundedCacheContract` too and gives ``small_cache``.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

import pytest

from qis_core.contracts.cache import Cache
from qis_core.testing.threads import run_together

LONG = "k" * 10_000
#: Keys that must all be told apart.
KEYS = (
    "plain",
    "Plain",
    "plain ",
    "",
    "with space",
    "line\nbreak",
    "tab\tnul\0end",
    "nul\0end",
    "naïve é 日本語 🖼",
    "naïve é 日本語 🖼".replace("é", "e\u0301"),
    "../../etc/passwd",
    "/absolute",
    "a/b",
    "a:b",
    LONG,
    LONG + "1",
    LONG + "2",
)
VALUES = (b"", b"\0", bytes(range(256)), b"line\r\nEND\r\n", b"\xff" * 70_001, bytes(range(256)) * 20_000)
_TAGS = ("image:7", "folder:/a b/é", "t\0x", "line\nbreak")


class CacheContract:
    """For every cache. Fixture: ``cache``, empty and at least 64 MB."""

    def test_absent_key_is_none(self, cache: Cache) -> None:
        assert cache.get("absent") is None
        assert cache.find_entry("absent") is None

    def test_keeps_any_key_apart(self, cache: Cache) -> None:
        for number, key in enumerate(KEYS):
            assert cache.set(key, b"%d" % number), key[:40]
        for number, key in enumerate(KEYS):
            assert cache.get(key) == b"%d" % number, key[:40]

    def test_keeps_any_value_whole(self, cache: Cache) -> None:
        for number, value in enumerate(VALUES):
            assert cache.set(f"value {number}", value)
        for number, value in enumerate(VALUES):
            assert cache.get(f"value {number}") == value, f"{len(value)} bytes"

    def test_set_replaces(self, cache: Cache) -> None:
        cache.set("key", b"old and longer")
        cache.set("key", b"new")
        assert cache.get("key") == b"new"

    def test_delete_forgets_one_key(self, cache: Cache) -> None:
        cache.set("gone", b"1")
        cache.set("stays", b"2")
        cache.delete("gone")
        cache.delete("never there")
        assert (cache.get("gone"), cache.get("stays")) == (None, b"2")

    def test_clear_forgets_everything(self, cache: Cache) -> None:
        for key in KEYS:
            cache.set(key, b"value", tags=_TAGS)
        cache.clear()
        assert [cache.get(key) for key in KEYS] == [None] * len(KEYS)
        assert cache.set("after", b"works")
        assert cache.get("after") == b"works"

    def test_values_expire(self, cache: Cache) -> None:
        cache.set("short", b"1", ttl_seconds=1.0)
        cache.set("long", b"2", ttl_seconds=3600)
        cache.set("for ever", b"3")
        assert cache.get("short") == b"1"
        assert becomes(lambda: cache.get("short") is None)
        assert (cache.get("long"), cache.get("for ever")) == (b"2", b"3")
        assert cache.find_entry("short") is None

    def test_a_life_of_nothing_is_over_at_once(self, cache: Cache) -> None:
        for ttl_seconds in (0, -1.0):
            cache.set("key", b"old")
            cache.set("key", b"value", ttl_seconds=ttl_seconds)
            assert cache.get("key") is None

    def test_replacing_gives_a_new_life(self, cache: Cache) -> None:
        cache.set("key", b"short", ttl_seconds=0.2)
        cache.set("key", b"long")
        time.sleep(0.4)
        assert cache.get("key") == b"long"

    def test_find_entry_tells_life_and_tags(self, cache: Cache) -> None:
        cache.set("key", b"value", ttl_seconds=100, tags=_TAGS)
        cache.set("plain", b"value")
        entry, plain = cache.find_entry("key"), cache.find_entry("plain")
        assert entry is not None
        assert plain is not None
        assert (entry.value, set(entry.tags)) == (b"value", set(_TAGS))
        assert entry.ttl_seconds is not None
        assert 90 < entry.ttl_seconds <= 100
        assert (plain.ttl_seconds, plain.tags) == (None, ())

    def test_add_stores_only_what_is_absent(self, cache: Cache) -> None:
        assert cache.add("key", b"first")
        assert not cache.add("key", b"second")
        assert cache.get("key") == b"first"
        cache.delete("key")
        assert cache.add("key", b"third")
        assert cache.get("key") == b"third"

    def test_add_respects_what_was_set(self, cache: Cache) -> None:
        cache.set("key", b"set")
        assert not cache.add("key", b"added")
        assert cache.get("key") == b"set"

    def test_add_wins_again_after_expiry(self, cache: Cache) -> None:
        assert cache.add("key", b"first", ttl_seconds=0.5)
        assert not cache.add("key", b"too early")
        assert becomes(lambda: cache.add("key", b"second"))
        assert cache.get("key") == b"second"

    def test_add_wins_once_among_threads(self, cache: Cache) -> None:
        for number in range(25):
            key = f"race {number}"
            won = run_together(16, partial(_add_own_number, cache, key))
            assert sum(won) == 1, "exactly one caller of add may win"
            assert cache.get(key) == b"%d" % won.index(True)

    def test_purge_forgets_what_has_the_tag(self, cache: Cache) -> None:
        for tag in _TAGS:
            cache.set("first", b"1", tags=(tag, "other"))
            cache.set("second", b"2", tags=[tag])
            cache.set("untagged", b"3")
            cache.set("otherwise", b"4", tags={f"{tag}0", "other"})
            assert cache.purge(tag) in (2, None)
            assert [cache.get(key) for key in ("first", "second")] == [None, None], tag
            assert [cache.get(key) for key in ("untagged", "otherwise")] == [b"3", b"4"], tag
            assert cache.purge(tag) in (0, None)

    def test_purge_sees_only_the_latest_tags(self, cache: Cache) -> None:
        cache.set("key", b"old", tags=("before",))
        cache.set("key", b"new", tags=("after",))
        cache.purge("before")
        assert cache.get("key") == b"new"
        cache.purge("after")
        assert cache.get("key") is None

    def test_purge_works_again_on_what_is_set_again(self, cache: Cache) -> None:
        for _ in range(3):
            cache.set("key", b"value", tags=("tag",))
            cache.purge("tag")
            assert cache.get("key") is None

    def test_purge_finds_one_among_many(self, cache: Cache) -> None:
        for number in range(300):
            cache.set(f"key {number}", b"value", tags=(f"image:{number % 30}", "all"))
        assert cache.purge("image:7") in (10, None)
        left = [number for number in range(300) if cache.get(f"key {number}") is not None]
        assert left == [number for number in range(300) if number % 30 != 7]
        cache.purge("all")
        assert all(cache.get(f"key {number}") is None for number in range(300))

    def test_lock_is_held_by_one(self, cache: Cache) -> None:
        with cache.lock("job", ttl_seconds=30) as mine:
            with cache.lock("job", ttl_seconds=30) as second, cache.lock("other", ttl_seconds=30) as other:
                assert (mine, second, other) == (True, False, True)
            assert cache.is_locked("job")
        assert not cache.is_locked("job")
        assert not cache.is_locked("never taken")

    def test_lock_is_free_after_the_block(self, cache: Cache) -> None:
        for _ in range(3):
            with cache.lock("job", ttl_seconds=30) as taken:
                assert taken

    def test_lock_is_free_after_an_error(self, cache: Cache) -> None:
        with pytest.raises(ZeroDivisionError), cache.lock("job", ttl_seconds=30):
            raise ZeroDivisionError
        assert not cache.is_locked("job")
        with cache.lock("job", ttl_seconds=30) as taken:
            assert taken

    def test_lock_that_was_not_taken_frees_nothing(self, cache: Cache) -> None:
        with cache.lock("job", ttl_seconds=30):
            with cache.lock("job", ttl_seconds=30) as second:
                assert not second
            assert cache.is_locked("job")
            with cache.lock("job", ttl_seconds=30) as third:
                assert not third

    def test_lock_time_runs_out(self, cache: Cache) -> None:
        with cache.lock("job", ttl_seconds=1.0):
            assert becomes(lambda: not cache.is_locked("job"))
            with cache.lock("job", ttl_seconds=30) as taken:
                assert taken
        with cache.lock("job", ttl_seconds=30) as again:
            assert again

    def test_late_holder_does_not_free_the_next_ones_lock(self, cache: Cache) -> None:
        with ExitStack() as late, ExitStack() as current:
            late.enter_context(cache.lock("job", ttl_seconds=0.3))
            assert becomes(lambda: not cache.is_locked("job"))
            assert current.enter_context(cache.lock("job", ttl_seconds=30))
            late.close()
            assert cache.is_locked("job")

    def test_lock_and_entry_of_one_key_are_two_things(self, cache: Cache) -> None:
        cache.set("key", b"value")
        with cache.lock("key", ttl_seconds=30) as taken:
            assert taken
            assert cache.get("key") == b"value"
            assert cache.add("key", b"more") is False
            cache.delete("key")
            assert cache.is_locked("key")
        assert cache.get("key") is None

    def test_lock_takes_any_key(self, cache: Cache) -> None:
        for key in KEYS:
            with cache.lock(key, ttl_seconds=30) as taken:
                assert taken, key[:40]

    def test_one_thread_at_a_time_has_the_lock(self, cache: Cache) -> None:
        inside: list[int] = []
        overlaps: list[int] = []
        entered: list[int] = []

        def work(me: int) -> None:
            for _ in range(25):
                with cache.lock("job", ttl_seconds=30) as taken:
                    if taken:
                        entered.append(me)
                        overlaps.extend(inside)
                        inside.append(me)
                        time.sleep(0.0002)
                        inside.remove(me)

        run_together(8, work)
        assert not overlaps, "two threads had one lock at the same time"
        assert entered

    def test_values_never_mix(self, cache: Cache) -> None:
        """A value is one byte repeated, its length told by that byte: any mixture or part shows."""

        def work(me: int) -> list[bytes]:
            seen = []
            for turn in range(40):
                cache.set(f"key {turn % 3}", uniform(me))
                seen.append(cache.get(f"key {(turn + me) % 3}") or uniform(0))
            return seen

        for values in run_together(8, work):
            assert all(value == uniform(value[0]) for value in values)

    def test_stats_count(self, cache: Cache) -> None:
        before = cache.stats()
        cache.set("one", bytes(10_000))
        cache.set("two", bytes(10_000))
        after = cache.stats()
        assert after.entries - before.entries in (0, 2)  # 0: the back end cannot tell
        assert after.size_bytes - before.size_bytes in (0, *range(20_000, 60_000))


class BoundedCacheContract:
    """For a cache that keeps its size. Fixture: ``small_cache``, empty, with ``stats().max_bytes`` of 1 to 4 MB."""

    def test_never_grows_over_its_bound(self, small_cache: Cache) -> None:
        bound = _bound(small_cache)
        for number in range(4 * bound // 16_000):
            assert small_cache.set(f"key {number}", bytes(16_000), tags=("all",))
            assert small_cache.stats().size_bytes <= bound
        assert small_cache.get(f"key {number}") is not None, "what was stored last is there"
        assert small_cache.stats().size_bytes > bound // 2, "room is made with measure"

    def test_small_values_count_too(self, small_cache: Cache) -> None:
        for number in range(3_000):
            small_cache.set(f"key {number}" + "k" * 1000, b"")
        assert small_cache.stats().size_bytes <= _bound(small_cache)
        assert small_cache.stats().entries < 3_000

    def test_refuses_what_would_push_out_everything(self, small_cache: Cache) -> None:
        small_cache.set("small", b"kept")
        small_cache.set("large", b"old")
        assert not small_cache.set("large", bytes(_bound(small_cache) + 1))
        assert not small_cache.add("larger", bytes(_bound(small_cache) + 1))
        assert [small_cache.get(key) for key in ("large", "larger", "small")] == [None, None, b"kept"]

    def test_forgetting_makes_room(self, small_cache: Cache) -> None:
        for number in range(10):
            small_cache.set(f"key {number}", bytes(20_000), tags=("tag",))
        small_cache.purge("tag")
        assert (small_cache.stats().entries, small_cache.stats().size_bytes) == (0, 0)
        small_cache.set("key", bytes(20_000))
        small_cache.set("key", bytes(30_000))
        assert small_cache.stats().entries == 1
        small_cache.delete("key")
        assert small_cache.stats().size_bytes == 0

    def test_keeps_its_bound_under_many_threads(self, small_cache: Cache) -> None:
        def work(me: int) -> None:
            for turn in range(60):
                small_cache.set(f"key {me} {turn}", bytes(16_000))

        run_together(8, work)
        assert small_cache.stats().size_bytes <= _bound(small_cache)


def uniform(byte: int, size: int | None = None) -> bytes:
    """A value in which every byte tells what all the others are."""
    return bytes([byte]) * (10_000 * (byte + 1) if size is None else size)


def _bound(cache: Cache) -> int:
    bound = cache.stats().max_bytes
    assert bound is not None, "a bounded cache tells its bound"
    return bound


def _add_own_number(cache: Cache, key: str, me: int) -> bool:
    return cache.add(key, b"%d" % me)


def becomes(condition: Callable[[], bool], seconds: float = 6.0) -> bool:
    """Whether *condition* holds before *seconds* are over."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
