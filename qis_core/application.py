"""The application: everything opened and put together, for the server and for commands alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from qis_core.catalog import first_run
from qis_core.catalog.database import Catalog
from qis_core.contracts.cache import Cache
from qis_core.contracts.storage import Storage
from qis_core.core_settings import AuthSettings, CacheSettings, DatabaseSettings, RepositorySettings
from qis_core.errors import SettingsError
from qis_core.plugins import PluginRegistry
from qis_core.services.accounts import Accounts
from qis_core.services.cache_tiers import open_cache
from qis_core.services.changes import Changes
from qis_core.services.deliver import Delivery, DeliveryParts
from qis_core.services.derivatives import DerivativeParts, Derivatives
from qis_core.services.descriptions import Descriptions
from qis_core.services.epochs import Epochs
from qis_core.services.generation_settings import GenerationSettings
from qis_core.services.pool import InlinePool, Pool, RegistrySource, WorkerPool
from qis_core.services.rights import Rights
from qis_core.services.sign_in import SignInProviders
from qis_core.services.signing import UrlSigner
from qis_core.services.sources import SourceParts, Sources
from qis_core.services.statistics import Statistics
from qis_core.services.templates import Templates
from qis_core.services.tracking import Tracking
from qis_core.settings import raw_setting

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where settings and plugins come from: .ini values, environment, and plugins that no distribution announces.

    With ``extra`` plugins pictures are made in this process, since worker processes could not load them.
    """

    ini: Mapping[str, str]
    environ: Mapping[str, str]
    extra: Mapping[str, object] | None = None


class Application:
    """Opens each part when it is first asked for. Close it at the end."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self.registry = PluginRegistry.load(origin.ini, origin.environ, origin.extra)
        self.settings = self.registry.settings

    def prepare(self) -> str | None:
        """Bring the schema up to date and make the first-run objects.

        Returns the administrator's new password when this call made it; one given as ``QIS_ADMIN_PASSWORD`` is not
        returned.
        """
        given = raw_setting("qis.admin_password", {}, self._origin.environ)
        return first_run.prepare(self.catalog, self._providers.hash_password, given)

    def start(self) -> None:
        """Begin background work; call it in each server process, after any fork."""
        self.pool  # noqa: B018  workers start now, not at the first request
        self.changes.start()
        self.statistics.start()
        self.tracking.start()

    def close(self) -> None:
        """Stop background work and release everything that was opened."""
        opened = self.__dict__
        for name in ("statistics", "tracking", "pool", "changes", "cache", "catalog"):
            if name in opened:
                opened[name].close()

    @cached_property
    def storage(self) -> Storage:
        name = self.settings[RepositorySettings].storage
        return _chosen("qis.repository.storage", name, self.registry.storage_backends).open(self.settings)

    @cached_property
    def catalog(self) -> Catalog:
        name = self.settings[DatabaseSettings].backend
        return Catalog.open(self.settings, _chosen("qis.database.backend", name, self.registry.database_backends))

    @cached_property
    def cache(self) -> Cache:
        return open_cache(self.registry.cache_backends, self.settings[CacheSettings].tiers, self.settings)

    @cached_property
    def pool(self) -> Pool:
        if self._origin.extra:
            return InlinePool(self.registry)
        source = RegistrySource(self._origin.ini, self._origin.environ)
        return WorkerPool(source, self.settings[GenerationSettings])

    @cached_property
    def changes(self) -> Changes:
        return Changes(self.catalog)

    @cached_property
    def rights(self) -> Rights:
        return Rights(self.catalog, self.changes, veto=self.registry.is_vetoed if self.registry.has_veto else None)

    @cached_property
    def accounts(self) -> Accounts:
        return Accounts(self.catalog, self.rights, self.changes, self._providers)

    @cached_property
    def templates(self) -> Templates:
        return Templates(self.catalog, self.registry.parameters, self.changes)

    @cached_property
    def epochs(self) -> Epochs:
        return Epochs(self.catalog, self.changes)

    @cached_property
    def statistics(self) -> Statistics:
        return Statistics(self.catalog, self.settings, cache_percent=self._cache_percent)

    @cached_property
    def tracking(self) -> Tracking:
        return Tracking(self.settings)

    @cached_property
    def sources(self) -> Sources:
        return Sources(SourceParts(self.storage, self.catalog, self.pool, self.registry))

    @cached_property
    def delivery(self) -> Delivery:
        derivatives = Derivatives(DerivativeParts(self.cache, self.storage, self.pool, self.registry))
        return Delivery(
            DeliveryParts(
                registry=self.registry,
                storage=self.storage,
                sources=self.sources,
                derivatives=derivatives,
                rights=self.rights,
                templates=self.templates,
                epochs=self.epochs,
            )
        )

    @cached_property
    def descriptions(self) -> Descriptions:
        return Descriptions(self.cache, self.storage, self.pool)

    @cached_property
    def signer(self) -> UrlSigner:
        return UrlSigner(self.settings)

    def _cache_percent(self) -> float:
        stats = self.cache.stats()
        return 100 * stats.size_bytes / stats.max_bytes if stats.max_bytes else 0.0

    @cached_property
    def _providers(self) -> SignInProviders:
        names = self.settings[AuthSettings].providers
        chosen = tuple(_chosen("qis.auth.providers", name, self.registry.auth_providers) for name in names)
        return SignInProviders(chosen, self.settings, lambda event: self.registry.notify("qis_after_sign_in", event))


def _chosen(setting: str, name: str, backends: Mapping[str, T]) -> T:
    if name not in backends:
        raise SettingsError([f"{setting}: {name!r} is not installed; expected one of {', '.join(sorted(backends))}"])
    return backends[name]
