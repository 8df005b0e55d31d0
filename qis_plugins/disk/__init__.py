"""A cache on a disk of this machine, shared by all its processes."""

from dataclasses import dataclass
from pathlib import Path

from qis_core import hookimpl, section, setting
from qis_core.contracts.cache import CacheBackend
from qis_core.errors import SettingsError
from qis_core.settings import Settings
from qis_plugins.disk.cache import DiskCache


@section("disk")
@dataclass(frozen=True, kw_only=True)
class DiskCacheSettings:
    """The cache all processes of this machine share."""

    path: Path | None = setting(None, help="Folder of the cache; made if missing, for this cache alone")
    size_bytes: int = setting(
        2_000_000_000,
        minimum=0,
        unit="bytes",
        help="Most that it takes from the disk; a value over an eighth is not kept",
    )


def open_disk_cache(settings: Settings) -> DiskCache:
    """Open the folder, making it if missing; raises `SettingsError` when it is not set or cannot be made."""
    chosen = settings[DiskCacheSettings]
    if chosen.path is None:
        raise SettingsError(["qis.disk.path: required; folder of the disk cache"])
    try:
        return DiskCache(chosen.path, chosen.size_bytes)
    except OSError as error:
        raise SettingsError([f"qis.disk.path={str(chosen.path)!r}: cannot be used: {error.strerror}"]) from error


@hookimpl
def qis_settings() -> tuple[type, ...]:
    return (DiskCacheSettings,)


@hookimpl
def qis_cache_backends() -> tuple[CacheBackend, ...]:
    return (CacheBackend("disk", open_disk_cache, "a disk of this machine, shared by its processes"),)
