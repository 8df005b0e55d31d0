"""Tell what every process keeps in memory that the database moved on (design §6, spec management §4.5)."""

import logging
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from qis_core.catalog.database import Catalog, after_commit
from qis_core.catalog.properties import Counter, move_counter, read_counters
from qis_core.errors import BackendError

_LOG = logging.getLogger(__name__)

#: Every process sees a change within this time, plus the time of one query.
POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class _Subscription:
    counters: frozenset[Counter]
    call: Callable[[], object]


class Changes:
    """Polls the change counters and calls the subscribers of those that moved. Safe to use from many threads.

    `start` begins polling in a daemon thread; without it `poll` can be called by hand. Subscribers run in the polling
    thread, or in the thread that committed a change; they must bear being called twice for one change.
    """

    def __init__(self, catalog: Catalog, *, interval_seconds: float = POLL_SECONDS) -> None:
        self._catalog = catalog
        self._interval_seconds = interval_seconds
        self._subscriptions: tuple[_Subscription, ...] = ()
        self._seen = self._read()
        self._polling = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_down = False

    def subscribe(self, counters: Collection[Counter], call: Callable[[], object]) -> None:
        """Have *call* run whenever one of *counters* moved, in this process or another."""
        self._subscriptions = (*self._subscriptions, _Subscription(frozenset(counters), call))

    def touch(self, session: Session, *counters: Counter) -> None:
        """Move *counters* within the transaction of a change; subscribers here hear of it once it is committed."""
        for counter in counters:
            move_counter(session, counter)
        after_commit(session, self.poll)

    def poll(self) -> None:
        """Compare once, and call whom it concerns. A database that is down is tried again next time."""
        with self._polling:
            now = self._read_if_up()
            if now is None:
                return
            moved = {counter for counter in Counter if now[counter] != self._seen[counter]}
            heard = [self._notify(subscription, moved) for subscription in self._subscriptions]
            if all(heard):
                self._seen = now

    def start(self) -> None:
        """Poll in the background from now on; call it in each process, after any fork."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="qis-changes", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End the polling; returns when the thread is gone."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._stop.clear()

    def _read(self) -> dict[Counter, int]:
        with self._catalog.read(single=True) as session:
            return dict(read_counters(session))

    def _read_if_up(self) -> dict[Counter, int] | None:
        try:
            now = self._read()
        except BackendError:
            if not self._is_down:
                _LOG.warning("the change counters cannot be read; keeping what is in memory", exc_info=True)
            self._is_down = True
            return None
        self._is_down = False
        return now

    def _run(self) -> None:
        while not self._stop.wait(self._interval_seconds):
            self.poll()

    def _notify(self, subscription: _Subscription, moved: Collection[Counter]) -> bool:
        """Whether the subscriber has nothing left to hear; one that failed is called again at the next poll."""
        if not subscription.counters.intersection(moved):
            return True
        try:
            subscription.call()
        except Exception:
            _LOG.exception("a subscriber of changes failed; it is called again")
            return False
        return True
