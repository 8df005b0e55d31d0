"""The memory cache keeps the contract, and forgets what was not used for longest first."""

import pytest

from qis_core.settings import Settings
from qis_core.testing.cache_contract import BoundedCacheContract, CacheContract
from qis_plugins.memory import MemoryCacheSettings, open_memory_cache, qis_cache_backends, qis_settings
from qis_plugins.memory.cache import MemoryCache


class TestMemoryCache(CacheContract, BoundedCacheContract):
    @pytest.fixture
    def cache(self) -> MemoryCache:
        return MemoryCache(64_000_000)

    @pytest.fixture
    def small_cache(self) -> MemoryCache:
        return MemoryCache(1_000_000)


def test_is_not_shared() -> None:
    assert not MemoryCache(1000).shared


def test_least_recently_used_goes_first() -> None:
    cache = MemoryCache(100_000)
    for number in range(9):
        cache.set(f"{number}", bytes(10_000))
    assert cache.get("0") is not None
    cache.set("new", bytes(10_000))
    cache.set("newer", bytes(10_000))
    assert (cache.get("1"), cache.get("2")) == (None, None)
    assert cache.get("0") is not None


def test_looking_with_find_entry_or_add_does_not_keep_alive() -> None:
    cache = MemoryCache(100_000)
    for number in range(9):
        cache.set(f"{number}", bytes(10_000))
    cache.find_entry("0")
    cache.add("0", b"")
    cache.set("new", bytes(10_000))
    assert cache.get("0") is None


def test_overhead_of_keys_and_tags_counts() -> None:
    cache = MemoryCache(1_000_000)
    cache.set("k" * 1000, b"")
    plain = cache.stats().size_bytes
    cache.set("k" * 1000, b"", tags=("a", "b", "c"))
    assert 1000 < plain < cache.stats().size_bytes


def test_tags_of_evicted_entries_are_forgotten() -> None:
    cache = MemoryCache(100_000)
    for number in range(1000):
        cache.set(f"{number}", bytes(5_000), tags=(f"image:{number}",))
    assert cache.purge("image:0") == 0
    assert cache.purge("image:999") == 1


def test_changing_the_callers_bytes_changes_nothing() -> None:
    cache, mutable = MemoryCache(100_000), bytearray(b"before")
    cache.set("key", mutable)
    mutable[:] = b"after!"
    assert cache.get("key") == b"before"


def test_of_no_size_keeps_nothing() -> None:
    cache = MemoryCache(0)
    assert not cache.set("key", b"")
    assert cache.get("key") is None


def test_close_frees_the_memory() -> None:
    cache = MemoryCache(100_000)
    cache.set("key", bytes(1000))
    cache.close()
    assert cache.stats().size_bytes == 0


def test_settings_give_the_size() -> None:
    assert open_memory_cache(Settings.of(MemoryCacheSettings(size_bytes=12_345))).stats().max_bytes == 12_345
    assert open_memory_cache(Settings.of()).stats().max_bytes == 128_000_000


def test_plugin_registers_its_parts() -> None:
    assert [backend.name for backend in qis_cache_backends()] == ["memory"]
    assert qis_settings() == (MemoryCacheSettings,)
