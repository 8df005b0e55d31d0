"""The cache that several hosts share: Memcached (``pip install qis[memcached]``)."""

from qis_core import hookimpl
from qis_core.contracts.cache import Cache, CacheBackend
from qis_core.errors import StartupError
from qis_core.settings import Settings
from qis_plugins.memcached.settings import MemcachedSettings


def open_memcached(settings: Settings) -> Cache:
    """The cache of the settings; its servers are reached when it is first used.

    Raises `SettingsError` for addresses that are none, `StartupError` when pymemcache is not installed.
    """
    try:
        from qis_plugins.memcached.cache import MemcachedCache  # noqa: PLC0415  pymemcache is an extra
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "pymemcache":
            raise
        raise StartupError(
            "qis.cache.tiers: 'memcached' needs pymemcache, which is not installed; run: pip install qis[memcached]"
        ) from error
    return MemcachedCache(settings[MemcachedSettings])


@hookimpl
def qis_settings() -> tuple[type[object], ...]:
    return (MemcachedSettings,)


@hookimpl
def qis_cache_backends() -> tuple[CacheBackend, ...]:
    return (CacheBackend("memcached", open_memcached, "Memcached servers, shared by any number of hosts"),)
