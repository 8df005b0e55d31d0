"""What happened: frozen values given to ``qis_after_…`` hooks, after commit (design §4)."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from qis_core.domain.access import Identity
from qis_core.domain.images import Size
from qis_core.domain.paths import RepositoryPath


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Base of all events. ``time`` is UTC."""

    time: datetime = field(default_factory=_now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded(Event):
    """A file was stored by us, or found on disk for the first time (``identity`` is then anonymous)."""

    path: RepositoryPath
    image_id: int
    identity: Identity
    replaced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated(Event):
    """A derivative was made, not served from a cache."""

    path: RepositoryPath
    image_id: int
    key: str
    size: Size
    size_bytes: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved(Event):
    """An image or folder has another path now."""

    source: RepositoryPath
    target: RepositoryPath
    identity: Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted(Event):
    """An image or folder is gone, by us or behind our back (``identity`` is then anonymous)."""

    path: RepositoryPath
    identity: Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(Event):
    """Somebody proved who they are; ``address`` is the client's."""

    identity: Identity
    address: str
    provider: str
