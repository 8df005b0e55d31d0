"""Every extension point of QIS, one function each: the whole plugin API.

*Registers* (plural nouns) are called once at start and return tuples of frozen values. *Deciders* are asked in the
order of ``qis.plugins`` until one answers; None means no opinion. *Events* (``qis_after_…``) are told after the fact; a
plugin that fails there is logged and stops nobody. An implementation may leave out arguments it does not need.
"""

from qis_core.contracts.auth import AuthProvider
from qis_core.contracts.cache import CacheBackend
from qis_core.contracts.codec import Codec
from qis_core.contracts.database import DatabaseBackend
from qis_core.contracts.operation import Operation
from qis_core.contracts.panel import Panel
from qis_core.contracts.storage import StorageBackend
from qis_core.contracts.task import TaskHandler
from qis_core.contracts.url_scheme import UrlScheme
from qis_core.domain.access import AccessLevel, Identity
from qis_core.domain.events import Deleted, Generated, Moved, SignedIn, Uploaded
from qis_core.domain.images import SourceFacts
from qis_core.domain.paths import RepositoryPath
from qis_core.markers import hookspec
from qis_core.settings import Settings

Command = object


@hookspec
def qis_settings() -> tuple[type[object], ...]:
    """Settings sections: dataclasses declared with ``section`` and ``setting``."""
    return ()


@hookspec
def qis_operations(settings: Settings) -> tuple[Operation[object], ...]:
    """Operations on images; their parameters work in every URL at once."""
    return ()


@hookspec
def qis_codecs(settings: Settings) -> tuple[Codec, ...]:
    """File formats that can be read, written, or both."""
    return ()


@hookspec
def qis_storage_backends(settings: Settings) -> tuple[StorageBackend, ...]:
    """Places to keep originals, chosen by ``qis.repository.storage``."""
    return ()


@hookspec
def qis_cache_backends(settings: Settings) -> tuple[CacheBackend, ...]:
    """Caches of derivatives, chosen by ``qis.cache.tiers``."""
    return ()


@hookspec
def qis_database_backends(settings: Settings) -> tuple[DatabaseBackend, ...]:
    """Databases of the catalog, chosen by ``qis.database.backend``."""
    return ()


@hookspec
def qis_auth_providers(settings: Settings) -> tuple[AuthProvider, ...]:
    """Ways to check a name and a password, asked in the order of ``qis.auth.providers``."""
    return ()


@hookspec
def qis_url_schemes(settings: Settings) -> tuple[UrlScheme, ...]:
    """Dialects of image URLs."""
    return ()


@hookspec
def qis_task_handlers(settings: Settings) -> tuple[TaskHandler, ...]:
    """Background work that can be started by name."""
    return ()


@hookspec
def qis_panels(settings: Settings) -> tuple[Panel, ...]:
    """Pages of the console at ``/panels/<name>``."""
    return ()


@hookspec
def qis_commands() -> tuple[Command, ...]:
    """Click commands that join ``qis``."""
    return ()


@hookspec(firstresult=True)
def qis_choose_format(accept: tuple[str, ...], facts: SourceFacts) -> str | None:
    """The output format of ``format=auto``; *accept* holds the media types the client names, best first."""
    return None


@hookspec(firstresult=True)
def qis_veto(identity: Identity, access: AccessLevel, path: RepositoryPath) -> bool | None:
    """True refuses what the folder rules allow; a plugin can narrow access, never widen it."""
    return None


@hookspec
def qis_after_upload(event: Uploaded) -> None:
    """A file was stored or found."""


@hookspec
def qis_after_generate(event: Generated) -> None:
    """A derivative was made."""


@hookspec
def qis_after_move(event: Moved) -> None:
    """An image or folder was moved or renamed."""


@hookspec
def qis_after_delete(event: Deleted) -> None:
    """An image or folder was deleted or has vanished."""


@hookspec
def qis_after_sign_in(event: SignedIn) -> None:
    """Somebody signed in."""
