"""What is observed of an answer, and sums of it (spec image-urls §11.2)."""

from dataclasses import dataclass
from enum import Enum

from qis_core.catalog.statistics import Counts


class Kind(Enum):
    """What was answered; errors are not observed."""

    VIEW = "view"
    CACHED = "cached"
    ORIGINAL = "original"
    NOT_MODIFIED = "not_modified"


@dataclass(frozen=True, slots=True)
class Observation:
    """One answer. ``size_bytes`` is what was sent of the body, 0 for HEAD and for `Kind.NOT_MODIFIED`.

    ``record_image`` false (``stats=0``): of the image itself only the request is counted.
    """

    image_id: int
    kind: Kind
    size_bytes: int
    seconds: float
    record_image: bool = True


class Tally:
    """`Counts` that grow; one thread at a time."""

    __slots__ = ("bytes", "cached", "downloads", "requests", "seconds", "slowest", "views")

    def __init__(self) -> None:
        self.requests = self.views = self.cached = self.downloads = self.bytes = 0
        self.seconds = self.slowest = 0.0

    def __bool__(self) -> bool:
        return self.requests > 0

    def add(self, seen: Observation) -> None:
        self.requests += 1
        self.seconds += seen.seconds
        self.slowest = max(self.slowest, seen.seconds)
        if seen.kind is Kind.NOT_MODIFIED:
            return
        self.bytes += seen.size_bytes
        if seen.kind is Kind.ORIGINAL:
            self.downloads += 1
        else:
            self.views += 1
            self.cached += seen.kind is Kind.CACHED

    def merge(self, other: "Tally") -> None:
        self.requests += other.requests
        self.views += other.views
        self.cached += other.cached
        self.downloads += other.downloads
        self.bytes += other.bytes
        self.seconds += other.seconds
        self.slowest = max(self.slowest, other.slowest)

    def counts(self) -> Counts:
        return Counts(
            requests=self.requests,
            views=self.views,
            cached_views=self.cached,
            downloads=self.downloads,
            total_bytes=self.bytes,
            request_seconds=self.seconds,
            max_request_seconds=self.slowest,
        )
