"""Several caches as one."""

import threading
import time
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qis_core.contracts.cache import Cache, CacheBackend, CacheEntry
from qis_core.errors import SettingsError
from qis_core.services.cache_tiers import NoCache, TieredCache, open_cache
from qis_core.settings import Settings
from qis_core.testing.cache_contract import CacheContract
from qis_core.testing.shared_cache_contract import SharedCacheContract
from qis_plugins.disk.cache import DiskCache
from qis_plugins.memory.cache import MemoryCache

MB = 1_000_000


def memory_in_front_of_disk(folder: Path) -> TieredCache:
    return TieredCache([MemoryCache(64 * MB), DiskCache(folder, 64 * MB)])


class TestTwoMemoryTiers(CacheContract):
    @pytest.fixture
    def cache(self) -> TieredCache:
        return TieredCache([MemoryCache(1 * MB), MemoryCache(64 * MB)])


class TestThreeTiers(CacheContract):
    @pytest.fixture
    def cache(self, tmp_path: Path) -> TieredCache:
        return TieredCache([MemoryCache(1 * MB), MemoryCache(64 * MB), DiskCache(tmp_path, 64 * MB)])


class TestDiskAlone(SharedCacheContract):
    """Without a tier of its own, a process sees what others do at once."""

    @pytest.fixture
    def open_cache(self, tmp_path: Path) -> Callable[[], Cache]:
        return partial(_disk_as_tiers, tmp_path)


class TestMemoryInFrontOfDisk(CacheContract):
    @pytest.fixture
    def cache(self, tmp_path: Path) -> TieredCache:
        return memory_in_front_of_disk(tmp_path)

    def test_another_process_finds_what_is_stored(self, cache: TieredCache, tmp_path: Path) -> None:
        cache.set("key", b"value")
        assert memory_in_front_of_disk(tmp_path).get("key") == b"value"

    def test_locks_are_those_of_the_shared_tier(self, cache: TieredCache, tmp_path: Path) -> None:
        with cache.lock("job", ttl_seconds=30):
            other = memory_in_front_of_disk(tmp_path)
            assert other.is_locked("job")
            with other.lock("job", ttl_seconds=30) as taken:
                assert not taken

    def test_add_is_decided_by_the_shared_tier(self, cache: TieredCache, tmp_path: Path) -> None:
        assert cache.add("key", b"first")
        assert not memory_in_front_of_disk(tmp_path).add("key", b"second")


@pytest.fixture
def fast() -> MemoryCache:
    return MemoryCache(10 * MB)


@pytest.fixture
def slow(tmp_path: Path) -> DiskCache:
    return DiskCache(tmp_path / "slow", 64 * MB)


@pytest.fixture
def tiered(fast: MemoryCache, slow: DiskCache) -> TieredCache:
    return TieredCache([fast, slow])


class TestPromotion:
    def test_set_writes_to_all(self, tiered: TieredCache, fast: MemoryCache, slow: DiskCache) -> None:
        assert tiered.set("key", b"value", ttl_seconds=50, tags=("tag",))
        for tier in (fast, slow):
            entry = tier.find_entry("key")
            assert entry is not None
            assert (entry.value, entry.tags, 40 < (entry.ttl_seconds or 0) <= 50) == (b"value", ("tag",), True)

    def test_get_copies_upwards_with_life_and_tags(
        self, tiered: TieredCache, fast: MemoryCache, slow: DiskCache
    ) -> None:
        slow.set("key", b"value", ttl_seconds=50, tags=("tag",))
        assert tiered.get("key") == b"value"
        entry = fast.find_entry("key")
        assert entry is not None
        assert (entry.value, entry.tags) == (b"value", ("tag",))
        assert entry.ttl_seconds is not None
        assert 40 < entry.ttl_seconds <= 50

    def test_copy_does_not_outlive_the_original(self, tiered: TieredCache, slow: DiskCache) -> None:
        slow.set("key", b"not found", ttl_seconds=0.5)
        assert tiered.get("key") == b"not found"
        time.sleep(0.6)
        assert tiered.get("key") is None

    def test_hit_in_front_asks_nobody_else(self, tiered: TieredCache, slow: DiskCache) -> None:
        tiered.set("key", b"value")
        slow.delete("key")
        assert tiered.get("key") == b"value"

    def test_copies_into_every_faster_tier(self, slow: DiskCache) -> None:
        first, second = MemoryCache(MB), MemoryCache(MB)
        slow.set("key", b"value")
        assert TieredCache([first, second, slow]).get("key") == b"value"
        assert (first.get("key"), second.get("key")) == (b"value", b"value")

    def test_what_is_too_large_in_front_is_served_from_below(self, slow: DiskCache) -> None:
        tiered = TieredCache([MemoryCache(1000), slow])
        assert tiered.set("key", bytes(5000))
        assert tiered.get("key") == bytes(5000)

    def test_a_refused_replacement_leaves_no_old_value_in_front(self, fast: MemoryCache, tmp_path: Path) -> None:
        tiered = TieredCache([MemoryCache(1000), DiskCache(tmp_path, 64 * MB)])
        tiered.set("key", b"old")
        tiered.set("key", bytes(5000))
        assert tiered.get("key") == bytes(5000)

    def test_nothing_kept_anywhere_is_said(self) -> None:
        assert not TieredCache([MemoryCache(1000), MemoryCache(1000)]).set("key", bytes(5000))


class TestChanges:
    def test_delete_purge_and_clear_reach_all(self, tiered: TieredCache, fast: MemoryCache, slow: DiskCache) -> None:
        for forget in (lambda: tiered.delete("key"), lambda: tiered.purge("tag"), tiered.clear):
            tiered.set("key", b"value", tags=("tag",))
            forget()
            assert (fast.get("key"), slow.get("key"), tiered.get("key")) == (None, None, None)

    def test_purge_reaches_what_was_copied_upwards(self, tiered: TieredCache, slow: DiskCache) -> None:
        slow.set("key", b"value", tags=("tag",))
        tiered.get("key")
        assert tiered.purge("tag") == 1
        assert tiered.get("key") is None

    def test_purge_counts_what_only_one_tier_has(self, tiered: TieredCache, fast: MemoryCache, slow: DiskCache) -> None:
        for number in range(3):
            slow.set(f"{number}", b"", tags=("tag",))
        fast.set("0", b"", tags=("tag",))
        assert tiered.purge("tag") == 3

    def test_purge_of_tiers_that_cannot_count(self) -> None:
        assert TieredCache([Uncounted(MB), Uncounted(MB)]).purge("tag") is None
        assert TieredCache([Uncounted(MB), MemoryCache(MB)]).purge("tag") == 0

    def test_add_replaces_a_value_only_the_front_still_has(
        self, tiered: TieredCache, fast: MemoryCache, slow: DiskCache
    ) -> None:
        fast.set("key", b"stale")
        assert tiered.add("key", b"added", ttl_seconds=50)
        assert tiered.get("key") == b"added"
        entry = fast.find_entry("key")
        assert entry is not None
        assert entry.ttl_seconds is not None

    def test_value_read_before_a_change_is_not_copied_after_it(self, fast: MemoryCache) -> None:
        for change in (
            lambda cache: cache.purge("tag"),
            lambda cache: cache.delete("key"),
            lambda cache: cache.clear(),
            lambda cache: cache.set("key", b"new"),
        ):
            slow = Slow(MB)
            tiered = TieredCache([fast, slow])
            slow.set("key", b"old", tags=("tag",))
            reader = threading.Thread(target=tiered.get, args=("key",))
            reader.start()
            assert slow.was_read.wait(10)
            change(tiered)
            slow.may_answer.set()
            reader.join(10)
            assert fast.get("key") in (None, b"new")
            assert tiered.get("key") in (None, b"new")
            fast.clear()

    def test_change_in_one_tier_that_fails_still_counts(self, fast: MemoryCache) -> None:
        tiered = TieredCache([fast, Failing(MB)])
        with pytest.raises(RuntimeError):
            tiered.delete("key")
        assert tiered.set("key", b"value")
        assert tiered.get("key") == b"value"

    def test_close_closes_all(self, tiered: TieredCache, fast: MemoryCache) -> None:
        tiered.set("key", b"value")
        tiered.close()
        assert fast.stats().entries == 0


class TestWhoDecides:
    def test_last_shared_tier(self, fast: MemoryCache, slow: DiskCache) -> None:
        tiered = TieredCache([fast, slow, MemoryCache(MB)])
        assert tiered.shared
        with tiered.lock("job", ttl_seconds=30):
            assert slow.is_locked("job")
        assert tiered.add("key", b"value")
        assert not slow.add("key", b"value")

    def test_last_tier_when_none_is_shared(self, fast: MemoryCache) -> None:
        last = MemoryCache(MB)
        tiered = TieredCache([fast, last])
        assert not tiered.shared
        with tiered.lock("job", ttl_seconds=30):
            assert (fast.is_locked("job"), last.is_locked("job")) == (False, True)

    def test_stats_are_those_of_the_last(self, tiered: TieredCache, slow: DiskCache) -> None:
        tiered.set("key", b"value")
        assert tiered.stats() == slow.stats()
        assert tiered.tiers[-1] is slow


_COMMANDS = st.lists(
    st.tuples(
        st.sampled_from(["get", "set", "add", "delete", "purge", "clear", "forget in front", "find"]),
        st.sampled_from("ab"),
        st.sampled_from([b"1", b"2"]),
        st.sampled_from([(), ("x",), ("x", "y")]),
    ),
    max_size=30,
)


@given(_COMMANDS)
def test_tiers_answer_as_one_cache_does(commands: list[tuple[str, str, bytes, tuple[str, ...]]]) -> None:
    front, one = MemoryCache(MB), MemoryCache(MB)
    tiered = TieredCache([front, MemoryCache(MB)])
    for name, key, value, tags in commands:
        if name == "forget in front":
            front.delete(key)
        else:
            assert _act(tiered, name, (key, value, tags)) == _act(one, name, (key, value, tags))


def _act(cache: Cache, name: str, arguments: tuple[str, bytes, tuple[str, ...]]) -> object:
    key, value, tags = arguments
    acts: dict[str, Callable[[], object]] = {
        "get": lambda: cache.get(key),
        "find": lambda: cache.find_entry(key),
        "set": lambda: cache.set(key, value, tags=tags),
        "add": lambda: cache.add(key, value),
        "delete": lambda: cache.delete(key),
        "purge": lambda: cache.purge("x"),
        "clear": cache.clear,
    }
    return acts[name]()


class TestNoCache:
    def test_keeps_nothing_and_stops_nobody(self) -> None:
        cache = NoCache()
        assert not cache.set("key", b"value", tags=("tag",))
        assert cache.add("key", b"value")
        assert (cache.get("key"), cache.find_entry("key"), cache.purge("tag")) == (None, None, 0)
        cache.delete("key")
        cache.clear()
        with cache.lock("job", ttl_seconds=5) as first, cache.lock("job", ttl_seconds=5) as second:
            assert (first, second, cache.is_locked("job")) == (True, True, False)
        assert cache.stats().size_bytes == 0
        cache.close()


class TestOpening:
    def test_one_name_is_that_cache_itself(self) -> None:
        assert isinstance(open_cache(_backends(), ["fast"], Settings.of()), MemoryCache)

    def test_several_names_are_tiers_in_their_order(self) -> None:
        cache = open_cache(_backends(), ["fast", "slow"], Settings.of())
        assert isinstance(cache, TieredCache)
        assert [tier.stats().max_bytes for tier in cache.tiers] == [1000, 2000]

    def test_no_name_is_no_cache(self) -> None:
        assert isinstance(open_cache(_backends(), [], Settings.of()), NoCache)

    @pytest.mark.parametrize(
        ("name", "hint"), [("fats", r"did you mean fast\?"), ("redis", "expected broken, fast, slow")]
    )
    def test_unknown_name_stops_the_start(self, name: str, hint: str) -> None:
        with pytest.raises(SettingsError, match=rf"^qis\.cache\.tiers='{name}': .*{hint}$"):
            open_cache(_backends(), ["fast", name], Settings.of())

    def test_all_unknown_names_are_told(self) -> None:
        with pytest.raises(SettingsError) as caught:
            open_cache({}, ["one", "two"], Settings.of())
        assert len(caught.value.faults) == 2

    def test_what_was_open_is_closed_when_the_next_fails(self) -> None:
        opened: list[Closing] = []

        def open_closing(settings: Settings) -> Closing:
            opened.append(Closing(MB))
            return opened[-1]

        backends = {**_backends(), "closing": CacheBackend("closing", open_closing, "")}
        with pytest.raises(SettingsError, match="cannot be used"):
            open_cache(backends, ["closing", "broken"], Settings.of())
        assert [cache.is_closed for cache in opened] == [True]

    def test_what_is_open_stays_open(self) -> None:
        cache = open_cache({"closing": CacheBackend("closing", lambda _: Closing(MB), "")}, ["closing"], Settings.of())
        assert isinstance(cache, Closing)
        assert not cache.is_closed


class Slow(MemoryCache):
    """Answers `find_entry` with what it held when asked, but only when told to."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_bytes)
        self.was_read, self.may_answer = threading.Event(), threading.Event()

    def find_entry(self, key: str) -> CacheEntry | None:
        entry = super().find_entry(key)
        self.was_read.set()
        assert self.may_answer.wait(10)
        return entry


class Uncounted(MemoryCache):
    def purge(self, tag: str) -> int | None:
        super().purge(tag)
        return None


class Failing(MemoryCache):
    def delete(self, key: str) -> None:
        raise RuntimeError

    def set(self, key: str, value: bytes, *, ttl_seconds: float | None = None, tags: Collection[str] = ()) -> bool:
        return False


class Closing(MemoryCache):
    is_closed = False

    def close(self) -> None:
        super().close()
        self.is_closed = True


def _disk_as_tiers(folder: Path) -> TieredCache:
    return TieredCache([DiskCache(folder, 64 * MB)])


def _backends() -> dict[str, CacheBackend]:
    def fail(settings: Settings) -> Cache:
        raise SettingsError(["cannot be used"])

    return {
        "fast": CacheBackend("fast", lambda settings: MemoryCache(1000), ""),
        "slow": CacheBackend("slow", lambda settings: MemoryCache(2000), ""),
        "broken": CacheBackend("broken", fail, ""),
    }
