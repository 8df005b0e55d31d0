"""Statistics: what is counted, into which period, and what if the database is away (spec image-urls §11.2)."""

import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from qis_core.catalog.database import Catalog
from qis_core.catalog.models import ImageStatistics, SystemStatistics
from qis_core.catalog.statistics import Counts
from qis_core.services import statistics as module
from qis_core.services.machine_load import MachineLoad
from qis_core.services.statistics import Kind, Observation, Statistics, StatisticsSettings
from qis_core.settings import Settings
from tests.support.catalogs import add_image, catalog_at, delete_image_record, prepared_catalog

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
HOUR = 3600
#: the start of an hour
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC).timestamp()


class Clock:
    """Stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now = NOON + 600

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    def at(self, seconds_after_noon: float) -> None:
        self.now = NOON + seconds_after_noon


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "qis.db"


@pytest.fixture
def catalog(path: Path) -> Iterator[Catalog]:
    with prepared_catalog(path) as catalog:
        yield catalog


@pytest.fixture
def image(catalog: Catalog) -> int:
    return add_image(catalog, "t/l.jpg")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def statistics_on(catalog: Catalog, **options: Any) -> Statistics:
    return Statistics(catalog, Settings.of(StatisticsSettings(**options)))


@pytest.fixture
def statistics(catalog: Catalog, clock: Clock) -> Statistics:
    return statistics_on(catalog)


def seen(image_id: int, kind: Kind, size_bytes: int = 100, seconds: float = 0.5, **options: bool) -> Observation:
    return Observation(image_id, kind, size_bytes, seconds, **options)


def system_rows(catalog: Catalog) -> list[SystemStatistics]:
    with catalog.read() as session:
        return list(session.scalars(select(SystemStatistics).order_by(SystemStatistics.from_time)))


def image_rows(catalog: Catalog) -> list[ImageStatistics]:
    with catalog.read() as session:
        return list(session.scalars(select(ImageStatistics).order_by(ImageStatistics.from_time)))


def both_totals(statistics: Statistics, image_id: int) -> tuple[Counts, Counts]:
    return statistics.totals(None, LONG_AGO), statistics.totals(image_id, LONG_AGO)


@pytest.mark.parametrize(
    ("kind", "counts"),
    [
        (Kind.VIEW, Counts(1, 1, 0, 0, 100, 0.5, 0.5)),
        (Kind.CACHED, Counts(1, 1, 1, 0, 100, 0.5, 0.5)),
        (Kind.ORIGINAL, Counts(1, 0, 0, 1, 100, 0.5, 0.5)),
        (Kind.NOT_MODIFIED, Counts(1, 0, 0, 0, 0, 0.5, 0.5)),
    ],
)
def test_what_each_answer_counts(statistics: Statistics, image: int, kind: Kind, counts: Counts) -> None:
    statistics.record(seen(image, kind))
    statistics.flush()
    assert both_totals(statistics, image) == (counts, counts)


@pytest.mark.parametrize("kind", Kind)
def test_without_image_statistics_the_image_has_its_request_only(
    statistics: Statistics, image: int, kind: Kind
) -> None:
    statistics.record(seen(image, kind, record_image=False))
    statistics.flush()
    system, own = both_totals(statistics, image)
    assert own == Counts(requests=1)
    assert (system.requests, system.request_seconds) == (1, 0.5)


def test_head_is_no_bytes(statistics: Statistics, image: int) -> None:
    statistics.record(seen(image, Kind.CACHED, size_bytes=0))
    statistics.flush()
    assert statistics.totals(image, LONG_AGO) == Counts(1, 1, 1, 0, 0, 0.5, 0.5)


def test_sums_and_the_slowest(statistics: Statistics, image: int) -> None:
    for seconds in (0.25, 2.0, 0.5):
        statistics.record(seen(image, Kind.VIEW, seconds=seconds))
    statistics.flush()
    statistics.record(seen(image, Kind.VIEW, seconds=1.0))
    statistics.flush()
    assert statistics.totals(image, LONG_AGO) == Counts(4, 4, 0, 0, 400, 3.75, 2.0)


def test_images_are_told_apart(statistics: Statistics, catalog: Catalog, image: int) -> None:
    other = add_image(catalog, "t/p.jpg")
    statistics.record(seen(image, Kind.VIEW))
    statistics.record(seen(other, Kind.ORIGINAL))
    statistics.flush()
    assert statistics.totals(image, LONG_AGO).views == 1
    assert statistics.totals(other, LONG_AGO).views == 0
    assert statistics.totals(None, LONG_AGO).requests == 2
    assert statistics.totals(image + 99, LONG_AGO) == Counts()


class TestPeriods:
    def test_they_are_aligned_to_the_clock(self, statistics: Statistics, catalog: Catalog, image: int) -> None:
        statistics.record(seen(image, Kind.VIEW))
        statistics.flush()
        (system,), (own,) = system_rows(catalog), image_rows(catalog)
        for row in (system, own):
            assert row.from_time == datetime.fromtimestamp(NOON, UTC)
            assert row.to_time == datetime.fromtimestamp(NOON + HOUR, UTC)

    @pytest.mark.parametrize(("minutes", "start"), [(5, 600), (15, 0), (60, 0), (1440, -12 * HOUR)])
    def test_their_length_is_set(self, catalog: Catalog, clock: Clock, image: int, minutes: int, start: int) -> None:
        clock.at(700)
        statistics = statistics_on(catalog, frequency_minutes=minutes)
        statistics.record(seen(image, Kind.VIEW))
        statistics.flush()
        (row,) = image_rows(catalog)
        assert row.from_time == datetime.fromtimestamp(NOON + start, UTC)
        assert row.to_time - row.from_time == timedelta(minutes=minutes)

    def test_a_row_grows_while_its_period_lasts(self, statistics: Statistics, catalog: Catalog, image: int) -> None:
        for _ in range(3):
            statistics.record(seen(image, Kind.VIEW))
            statistics.flush()
        assert [row.views for row in image_rows(catalog)] == [3]
        assert [row.views for row in system_rows(catalog)] == [3]

    def test_an_answer_belongs_to_the_period_of_its_moment(
        self, statistics: Statistics, catalog: Catalog, clock: Clock, image: int
    ) -> None:
        clock.at(HOUR - 1)
        statistics.record(seen(image, Kind.VIEW))
        clock.at(HOUR)
        statistics.record(seen(image, Kind.ORIGINAL))
        statistics.flush()
        assert [(row.views, row.downloads) for row in image_rows(catalog)] == [(1, 0), (0, 1)]

    def test_a_quiet_period_has_a_row_too(self, statistics: Statistics, catalog: Catalog, clock: Clock) -> None:
        statistics.flush()
        clock.at(HOUR + 5)
        statistics.flush()
        assert [row.requests for row in system_rows(catalog)] == [0, 0]
        assert image_rows(catalog) == []

    def test_totals_begin_where_they_are_asked_to(self, statistics: Statistics, clock: Clock, image: int) -> None:
        for hour in range(3):
            clock.at(hour * HOUR)
            statistics.record(seen(image, Kind.VIEW))
        statistics.flush()
        noon = datetime.fromtimestamp(NOON, UTC)
        for hours, views in ((-1, 3), (0.5, 3), (1, 2), (2, 1), (3, 0)):
            assert statistics.totals(image, noon + timedelta(hours=hours)).views == views
            assert statistics.totals(None, noon + timedelta(hours=hours)).views == views


class TestSharing:
    def test_processes_add_to_the_same_rows(
        self, statistics: Statistics, catalog: Catalog, path: Path, image: int
    ) -> None:
        with closing(catalog_at(path)) as other_catalog:
            other = statistics_on(other_catalog)
            for one in (statistics, other, statistics):
                one.record(seen(image, Kind.VIEW, seconds=0.25))
                one.flush()
        assert [row.views for row in image_rows(catalog)] == [3]
        assert [row.request_seconds for row in system_rows(catalog)] == [0.75]

    def test_nothing_is_lost_between_threads(self, catalog: Catalog, image: int) -> None:
        statistics = statistics_on(catalog, flush_seconds=0.1)
        statistics.start()

        def serve() -> None:
            for _ in range(500):
                statistics.record(seen(image, Kind.VIEW, size_bytes=1))

        threads = [threading.Thread(target=serve) for _ in range(4)]
        for thread in threads:
            thread.start()
        statistics.flush()
        for thread in threads:
            thread.join()
        statistics.close()
        assert statistics.totals(image, LONG_AGO).total_bytes == 2000
        assert statistics.dropped == 0

    def test_more_images_than_one_write_holds(self, statistics: Statistics, catalog: Catalog) -> None:
        images = [add_image(catalog, f"t/{number}.jpg") for number in range(7)]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "_IMAGES_PER_WRITE", 3)
            for image_id in images:
                statistics.record(seen(image_id, Kind.VIEW))
            statistics.flush()
        assert [statistics.totals(image_id, LONG_AGO).views for image_id in images] == [1] * 7

    def test_counts_of_a_purged_image_are_dropped(self, statistics: Statistics, catalog: Catalog, image: int) -> None:
        other = add_image(catalog, "t/p.jpg")
        statistics.record(seen(image, Kind.VIEW))
        statistics.record(seen(other, Kind.VIEW))
        delete_image_record(catalog, image)
        statistics.flush()
        assert [row.image_id for row in image_rows(catalog)] == [other]
        assert statistics.totals(None, LONG_AGO).views == 2
        statistics.flush()
        assert statistics.totals(None, LONG_AGO).views == 2


class TestThread:
    def test_it_writes_by_itself(self, catalog: Catalog, image: int) -> None:
        statistics = statistics_on(catalog, flush_seconds=0.1)
        statistics.start()
        statistics.record(seen(image, Kind.VIEW))
        deadline = time.monotonic() + 10
        while not statistics.totals(image, LONG_AGO).views and time.monotonic() < deadline:
            time.sleep(0.02)
        assert statistics.totals(image, LONG_AGO).views == 1
        statistics.close()

    def test_closing_writes_what_is_left(self, catalog: Catalog, image: int) -> None:
        statistics = statistics_on(catalog)
        statistics.start()
        statistics.start()
        statistics.record(seen(image, Kind.VIEW))
        statistics.close()
        assert statistics.totals(image, LONG_AGO).views == 1
        assert not [thread for thread in threading.enumerate() if thread.name == "qis-statistics"]

    def test_it_can_be_closed_without_a_start_and_started_again(self, catalog: Catalog, image: int) -> None:
        statistics = statistics_on(catalog, flush_seconds=0.1)
        statistics.record(seen(image, Kind.VIEW))
        statistics.close()
        statistics.start()
        statistics.record(seen(image, Kind.VIEW))
        statistics.close()
        assert statistics.totals(image, LONG_AGO).views == 2


class TestTrouble:
    @pytest.fixture
    def impatient(self, path: Path, catalog: Catalog, clock: Clock) -> Iterator[Statistics]:
        """Statistics that wait a moment only for another writer."""
        with closing(catalog_at(path, busy_timeout_seconds=0.1)) as other:
            yield statistics_on(other)

    @pytest.fixture
    def locked(self, path: Path, image: int) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(path, isolation_level=None)) as writer:
            writer.execute("BEGIN IMMEDIATE")
            yield writer

    def test_counts_wait_for_the_database(
        self, impatient: Statistics, locked: sqlite3.Connection, image: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        impatient.record(seen(image, Kind.VIEW))
        impatient.flush()
        assert "statistics cannot be written" in caplog.text
        impatient.record(seen(image, Kind.CACHED))
        locked.execute("ROLLBACK")
        impatient.flush()
        expected = Counts(2, 2, 1, 0, 200, 1.0, 0.5)
        assert both_totals(impatient, image) == (expected, expected)

    def test_what_was_half_written_is_not_counted_twice(
        self, statistics: Statistics, catalog: Catalog, image: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object) -> None:
            raise RuntimeError("disk full")

        statistics.record(seen(image, Kind.VIEW))
        with monkeypatch.context() as patch:
            patch.setattr(module, "add_image_counts", fail)
            statistics.flush()
        assert statistics.totals(None, LONG_AGO).views == 1
        statistics.flush()
        assert [counts.views for counts in both_totals(statistics, image)] == [1, 1]

    def test_a_period_that_could_not_be_written_for_a_period_is_given_up(
        self, impatient: Statistics, locked: sqlite3.Connection, clock: Clock, catalog: Catalog, image: int
    ) -> None:
        impatient.record(seen(image, Kind.VIEW))
        clock.at(HOUR * 1.5)
        impatient.record(seen(image, Kind.ORIGINAL))
        clock.at(HOUR * 2 + 1)
        impatient.flush()
        locked.execute("ROLLBACK")
        impatient.flush()
        total = impatient.totals(image, LONG_AGO)
        assert (total.views, total.downloads) == (0, 1)

    def test_old_rows_that_cannot_be_deleted_are_tried_again_the_next_day(
        self, impatient: Statistics, locked: sqlite3.Connection, clock: Clock, caplog: pytest.LogCaptureFixture
    ) -> None:
        clock.at(2 * HOUR)
        impatient._purge_daily()
        impatient._purge_daily()
        assert caplog.text.count("old statistics cannot be deleted") == 1
        clock.at(27 * HOUR)
        impatient._purge_daily()
        assert caplog.text.count("old statistics cannot be deleted") == 2

    def test_too_many_at_once_are_dropped_and_counted(
        self, statistics: Statistics, image: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "QUEUE_SIZE", 5)
        for _ in range(8):
            statistics.record(seen(image, Kind.VIEW))
        statistics.flush()
        assert statistics.dropped == 3
        assert statistics.totals(None, LONG_AGO).views == 5
        statistics.record(seen(image, Kind.VIEW))
        statistics.flush()
        assert statistics.totals(None, LONG_AGO).views == 6

    def test_too_many_images_are_counted_for_the_system(
        self, statistics: Statistics, catalog: Catalog, image: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "MAX_IMAGES", 1)
        other = add_image(catalog, "t/p.jpg")
        for image_id in (image, other, image):
            statistics.record(seen(image_id, Kind.VIEW))
        statistics.flush()
        views = [statistics.totals(one, LONG_AGO).views for one in (None, image, other)]
        assert views == [3, 2, 0]

    def test_a_cache_that_cannot_tell_stops_nobody(
        self, catalog: Catalog, image: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail() -> float:
            raise RuntimeError("away")

        statistics = Statistics(catalog, Settings.of(), cache_percent=fail)
        statistics.record(seen(image, Kind.VIEW))
        statistics.flush()
        assert statistics.totals(image, LONG_AGO).views == 1
        assert "the cache cannot tell how full it is" in caplog.text


class TestRetention:
    def row_at(self, statistics: Statistics, clock: Clock, image: int, days: float) -> None:
        clock.now = time.time() - days * 86400
        statistics.record(seen(image, Kind.VIEW))
        statistics.flush()

    @pytest.mark.parametrize(("keep_days", "left"), [(365, 2), (3, 1), (0, 3)])
    def test_old_periods_are_deleted(
        self, catalog: Catalog, clock: Clock, image: int, keep_days: int, left: int
    ) -> None:
        statistics = statistics_on(catalog, keep_days=keep_days)
        for days in (400, 100, 1):
            self.row_at(statistics, clock, image, days)
        assert statistics.purge() == (3 - left) * 2
        assert len(image_rows(catalog)) == len(system_rows(catalog)) == left

    def test_it_happens_daily_from_one_hour_after_the_start(
        self, catalog: Catalog, clock: Clock, image: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        statistics = statistics_on(catalog, keep_days=10)
        counts = []
        for minutes in (0, 59, 61, 62, 24 * 60, 25 * 60 + 2):
            self.row_at(statistics, clock, image, 400)
            clock.at(600 + minutes * 60)
            statistics._purge_daily()
            counts.append(len(image_rows(catalog)))
        assert counts == [1, 1, 0, 1, 1, 0]


class TestLoad:
    def test_rows_tell_how_busy_the_machine_was(self, catalog: Catalog, clock: Clock) -> None:
        percents = iter((10.0, 30.0))
        statistics = Statistics(catalog, Settings.of(), cache_percent=lambda: next(percents))
        statistics.flush()
        sum(range(2_000_000))
        statistics.flush()
        (row,) = system_rows(catalog)
        assert row.cache_pc == 30
        assert 0 < row.memory_pc < 100
        assert 0 <= row.cpu_pc <= 100

    def test_percentages_come_from_the_kernel(self, tmp_path: Path) -> None:
        stat, meminfo = tmp_path / "stat", tmp_path / "meminfo"
        stat.write_text("cpu  100 0 100 700 100 0 0 0 55 0\ncpu0 1 2 3\n")
        meminfo.write_text("MemTotal:       1000 kB\nMemFree: 1 kB\nMemAvailable:    250 kB\n")
        load = MachineLoad(stat, meminfo)
        assert load.cpu_percent() == 0
        stat.write_text("cpu  130 0 120 730 120 0 0 0 99 0\n")
        assert load.cpu_percent() == pytest.approx(50)
        assert load.memory_percent() == pytest.approx(75)

    @pytest.mark.parametrize("text", [None, "", "cpu\n", "cpu a b\n", "MemTotal: 0 kB\nMemAvailable: 0 kB\n", "x"])
    def test_elsewhere_they_are_zero(self, tmp_path: Path, text: str | None) -> None:
        file = tmp_path / "proc"
        if text is not None:
            file.write_text(text)
        load = MachineLoad(file, file)
        assert (load.cpu_percent(), load.memory_percent()) == (0, 0)


observations = st.builds(
    Observation,
    image_id=st.integers(1, 3),
    kind=st.sampled_from(Kind),
    size_bytes=st.integers(0, 10**12),
    seconds=st.floats(0, 100).map(lambda seconds: round(seconds * 1024) / 1024),
    record_image=st.booleans(),
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(observations, max_size=6), max_size=4))
def test_the_system_row_is_the_sum_whatever_is_flushed_when(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[Observation]]
) -> None:
    with prepared_catalog(tmp_path_factory.mktemp("sum") / "qis.db") as catalog:
        images = {number: add_image(catalog, f"{number}.jpg") for number in (1, 2, 3)}
        assert list(images.values()) == [1, 2, 3]
        statistics = statistics_on(catalog)
        for batch in batches:
            for one in batch:
                statistics.record(one)
            statistics.flush()
        everything = [one for batch in batches for one in batch]
        total = statistics.totals(None, LONG_AGO)
        assert total.requests == len(everything)
        assert total.total_bytes == sum(one.size_bytes for one in everything if one.kind is not Kind.NOT_MODIFIED)
        assert total.request_seconds == sum(one.seconds for one in everything)
        assert total.max_request_seconds == max((one.seconds for one in everything), default=0)
        assert total.requests == sum(statistics.totals(image, LONG_AGO).requests for image in images)
        recorded = [one for one in everything if one.record_image]
        assert sum(statistics.totals(image, LONG_AGO).views for image in images) == sum(
            one.kind in (Kind.VIEW, Kind.CACHED) for one in recorded
        )


def test_recording_is_quick(catalog: Catalog, caplog: pytest.LogCaptureFixture) -> None:
    """It happens on every answer: far below a tenth of a millisecond, even on a slow machine."""
    statistics = statistics_on(catalog)
    observation = seen(1, Kind.CACHED)
    with caplog.at_level(logging.WARNING):
        started = time.perf_counter()
        for _ in range(10_000):
            statistics.record(observation)
        assert time.perf_counter() - started < 1
