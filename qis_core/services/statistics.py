"""Statistics: count what was served without delaying it, and write sums to the catalog (spec image-urls §11.2)."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice

from qis_core.catalog.database import Catalog
from qis_core.catalog.statistics import (
    Counts,
    Load,
    Period,
    add_image_counts,
    add_system_counts,
    purge_statistics,
    total_counts,
)
from qis_core.errors import BackendError
from qis_core.services.machine_load import MachineLoad
from qis_core.services.observations import Kind, Observation, Tally
from qis_core.settings import Settings, section, setting

__all__ = ["Kind", "Observation", "Statistics", "StatisticsSettings"]

_LOG = logging.getLogger(__name__)

#: Observations kept between two collections, one second apart; more are dropped and counted.
QUEUE_SIZE = 200_000
#: Images of one period kept in memory; more are counted for the system only.
MAX_IMAGES = 100_000
_COLLECT_SECONDS = 1.0
_IMAGES_PER_WRITE = 200
_FIRST_PURGE_SECONDS = 3600
_PURGE_SECONDS = 86_400


@section("statistics")
@dataclass(frozen=True, kw_only=True)
class StatisticsSettings:
    """How fine statistics are, and how long they are kept."""

    frequency_minutes: int = setting(60, minimum=5, maximum=1440, unit="min", help="Length of a period")
    keep_days: int = setting(365, minimum=0, unit="d", help="How long periods are kept; 0: for ever")
    flush_seconds: float = setting(60.0, minimum=0.1, maximum=3600, unit="s", help="How often sums are written")


@dataclass(slots=True)
class _Sums:
    """What is known of one period and not written yet; the load is the average of *samples*."""

    system: Tally = field(default_factory=Tally)
    images: dict[int, Tally] = field(default_factory=dict)
    load: Load = field(default_factory=Load)
    samples: int = 0


class Statistics:
    """Counts answers. `record` never waits, never raises and touches no database; all else is for other threads.

    `start` begins collecting in a daemon thread, in each process after any fork; `close` writes what is left.
    *cache_percent* tells how full the derivative cache is.
    """

    def __init__(
        self, catalog: Catalog, settings: Settings, *, cache_percent: Callable[[], float] = lambda: 0.0
    ) -> None:
        self._catalog = catalog
        self._settings = settings[StatisticsSettings]
        self._cache_percent = cache_percent
        self._queue: deque[tuple[float, Observation]] = deque()
        self._dropped = 0
        self._sums: dict[int, _Sums] = {}
        self._load = MachineLoad()
        self._collecting = threading.Lock()
        self._writing = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._next_purge = time.monotonic() + _FIRST_PURGE_SECONDS

    @property
    def dropped(self) -> int:
        """How many observations were lost because nobody collected them in time."""
        return self._dropped

    def record(self, observation: Observation) -> None:
        """Count one answer; it is in the catalog within ``flush_seconds``."""
        if len(self._queue) < QUEUE_SIZE:
            self._queue.append((time.time(), observation))
        else:
            self._dropped += 1

    def start(self) -> None:
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(target=self._run, name="qis-statistics", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End the thread and write what is left. More can be recorded and flushed afterwards."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self.flush()

    def flush(self) -> None:
        """Write now; a fault of the database is logged, and the counts are kept until a whole period is over."""
        with self._writing:
            self._sample()
            try:
                for start in sorted(self._collected()):
                    self._write(start)
            except BackendError as error:
                _LOG.warning("statistics cannot be written: %s", error)
            except Exception:
                _LOG.exception("statistics cannot be written")
            self._forget_old()

    def purge(self) -> int:
        """Delete the periods older than ``keep_days``; how many rows. Nothing when it is 0."""
        if not self._settings.keep_days:
            return 0
        with self._catalog.begin() as session:
            return purge_statistics(session, datetime.now(UTC) - timedelta(days=self._settings.keep_days))

    def totals(self, image_id: int | None, since: datetime) -> Counts:
        """Sums over the written periods that end after *since*, of one image or of the whole system."""
        with self._catalog.read() as session:
            return total_counts(session, image_id, since)

    @property
    def _period_seconds(self) -> int:
        return self._settings.frequency_minutes * 60

    def _run(self) -> None:
        wait_seconds = min(_COLLECT_SECONDS, self._settings.flush_seconds)
        next_flush = time.monotonic() + self._settings.flush_seconds
        while not self._stop.wait(wait_seconds):
            self._collect()
            if time.monotonic() >= next_flush:
                next_flush = time.monotonic() + self._settings.flush_seconds
                self.flush()
                self._purge_daily()

    def _purge_daily(self) -> None:
        if time.monotonic() < self._next_purge:
            return
        self._next_purge = time.monotonic() + _PURGE_SECONDS
        try:
            self.purge()
        except Exception:
            _LOG.exception("old statistics cannot be deleted")

    def _collected(self) -> list[int]:
        self._collect()
        return list(self._sums)

    def _collect(self) -> None:
        """Add what was recorded to the sums of its period."""
        with self._collecting:
            for _ in range(len(self._queue)):
                seconds, seen = self._queue.popleft()
                sums = self._sums_at(seconds)
                sums.system.add(seen)
                _add_to_image(sums.images, seen)

    def _sums_at(self, seconds: float) -> _Sums:
        return self._sums.setdefault(int(seconds // self._period_seconds) * self._period_seconds, _Sums())

    def _sample(self) -> None:
        """Every period gets a row, even without any request."""
        with self._collecting:
            sums = self._sums_at(time.time())
            cpu, memory = self._load.cpu_percent(), self._load.memory_percent()
            sums.samples += 1
            sums.load = Load(
                cpu_pc=sums.load.cpu_pc + (cpu - sums.load.cpu_pc) / sums.samples,
                memory_pc=sums.load.memory_pc + (memory - sums.load.memory_pc) / sums.samples,
                cache_pc=self._cache_percent_safely(),
            )

    def _cache_percent_safely(self) -> float:
        try:
            return self._cache_percent()
        except Exception:
            _LOG.exception("the cache cannot tell how full it is")
            return 0.0

    def _write(self, start: int) -> None:
        """Add the sums of a period to its rows; what is committed is taken off the sums."""
        period = Period(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(start + self._period_seconds, UTC))
        sums = self._sums[start]
        with self._collecting:
            system, sums.system = sums.system, Tally()
        try:
            with self._catalog.begin(together=True) as session:
                add_system_counts(session, period, system.counts(), sums.load)
        except BaseException:
            with self._collecting:
                sums.system.merge(system)
            raise
        while sums.images:
            self._write_images(period, sums)

    def _write_images(self, period: Period, sums: _Sums) -> None:
        with self._collecting:
            batch = {image_id: sums.images.pop(image_id) for image_id in list(islice(sums.images, _IMAGES_PER_WRITE))}
        try:
            with self._catalog.begin(together=True) as session:
                add_image_counts(session, period, {image_id: tally.counts() for image_id, tally in batch.items()})
        except BaseException:
            with self._collecting:
                for image_id, tally in batch.items():
                    sums.images.setdefault(image_id, Tally()).merge(tally)
            raise

    def _forget_old(self) -> None:
        """Drop periods that ended, once they are written or a whole period has passed since."""
        now = time.time()
        with self._collecting:
            for start, sums in list(self._sums.items()):
                age_seconds = now - start - self._period_seconds
                is_written = not sums.images and not sums.system
                if age_seconds > self._period_seconds or (age_seconds > 0 and is_written):
                    del self._sums[start]


def _add_to_image(images: dict[int, Tally], seen: Observation) -> None:
    tally = images.get(seen.image_id)
    if tally is None:
        if len(images) >= MAX_IMAGES:
            return
        tally = images[seen.image_id] = Tally()
    if seen.record_image:
        tally.add(seen)
    else:
        tally.requests += 1
