"""The settings sections of the core itself; plugins add theirs by ``qis_settings``."""

from dataclasses import dataclass

from qis_core.imaging.settings import ImagesSettings
from qis_core.services.generation_settings import GenerationSettings
from qis_core.services.signing import SigningSettings
from qis_core.services.statistics import StatisticsSettings
from qis_core.services.tracking import TrackingSettings
from qis_core.settings import section, setting


@section("repository")
@dataclass(frozen=True, kw_only=True)
class RepositorySettings:
    """The tree of originals."""

    storage: str = setting("filesystem", help="Storage backend of the originals")


@section("cache")
@dataclass(frozen=True, kw_only=True)
class CacheSettings:
    """The caches of derivatives."""

    tiers: tuple[str, ...] = setting(("memory", "disk"), help="Cache backends, the fastest first")


@section("database")
@dataclass(frozen=True, kw_only=True)
class DatabaseSettings:
    """The catalog's database."""

    backend: str = setting("sqlite", help="Database backend of the catalog")


@section("auth")
@dataclass(frozen=True, kw_only=True)
class AuthSettings:
    """Who may vouch for a name and a password."""

    providers: tuple[str, ...] = setting(("passwords",), help="Sign-in providers, in the order they are asked")


CORE_SECTIONS: tuple[type[object], ...] = (
    RepositorySettings,
    CacheSettings,
    DatabaseSettings,
    AuthSettings,
    ImagesSettings,
    GenerationSettings,
    SigningSettings,
    StatisticsSettings,
    TrackingSettings,
)
