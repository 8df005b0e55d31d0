"""The cache that several hosts share: Redis or Valkey (``pip install qis[redis]``)."""

from qis_core import hookimpl
from qis_core.contracts.cache import Cache, CacheBackend
from qis_core.errors import StartupError
from qis_core.settings import Settings
from qis_plugins.redis.settings import RedisSettings


def open_redis(settings: Settings) -> Cache:
    """The cache of the settings; its server is reached when it is first used.

    Raises `SettingsError` for a URL that is none, `StartupError` when the client library is not installed.
    """
    try:
        from qis_plugins.redis.cache import RedisCache  # noqa: PLC0415  redis is an extra
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "redis":
            raise
        raise StartupError(
            "qis.cache.tiers: 'redis' needs the package redis, which is not installed; run: pip install qis[redis]"
        ) from error
    return RedisCache(settings[RedisSettings])


@hookimpl
def qis_settings() -> tuple[type[object], ...]:
    return (RedisSettings,)


@hookimpl
def qis_cache_backends() -> tuple[CacheBackend, ...]:
    return (CacheBackend("redis", open_redis, "a Redis or Valkey server, shared by any number of hosts"),)
