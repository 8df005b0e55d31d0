"""A cache and a storage in the memory of this process."""

from dataclasses import dataclass

from qis_core import hookimpl, section, setting
from qis_core.contracts.cache import CacheBackend
from qis_core.contracts.storage import StorageBackend
from qis_core.settings import Settings
from qis_plugins.memory.cache import MemoryCache
from qis_plugins.memory.storage import MemoryStorage


@section("memory")
@dataclass(frozen=True, kw_only=True)
class MemoryCacheSettings:
    """The cache each process keeps in its own memory."""

    size_bytes: int = setting(
        128_000_000, minimum=0, unit="bytes", help="Most that one process keeps; a value over an eighth is not kept"
    )


def open_memory_cache(settings: Settings) -> MemoryCache:
    """A new, empty cache."""
    return MemoryCache(settings[MemoryCacheSettings].size_bytes)


def open_memory_storage(_settings: Settings) -> MemoryStorage:
    """A new, empty storage."""
    return MemoryStorage()


@hookimpl
def qis_settings() -> tuple[type, ...]:
    return (MemoryCacheSettings,)


@hookimpl
def qis_cache_backends() -> tuple[CacheBackend, ...]:
    return (CacheBackend("memory", open_memory_cache, "the memory of each process"),)


@hookimpl
def qis_storage_backends() -> tuple[StorageBackend, ...]:
    return (StorageBackend("memory", open_memory_storage, "the memory of one process, for tests"),)
