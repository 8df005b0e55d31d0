"""Tell a third party which tracked pictures were served: the ``xref`` parameter (spec image-urls §11.1)."""

import logging
import queue
import threading
import time
from dataclasses import dataclass
from urllib.parse import quote

import urllib3

from qis_core.errors import SettingsError
from qis_core.settings import Settings, section, setting

_LOG = logging.getLogger(__name__)
_THREADS = 2
_GRACE_SECONDS = 1.0


@section("tracking")
@dataclass(frozen=True, kw_only=True)
class TrackingSettings:
    """Where tracking references go."""

    url: str = setting("", help="Address that the percent-encoded value of xref is appended to; empty: no tracking")
    timeout_seconds: float = setting(5.0, minimum=0.1, maximum=60, unit="s", help="Longest wait for its answer")
    queue_size: int = setting(1000, minimum=1, help="References that may wait; beyond it they are dropped")


@dataclass(frozen=True, slots=True)
class TrackingCounts:
    """What became of the references: ``failed`` ones were not answered, or with an error; ``dropped`` never sent."""

    sent: int = 0
    failed: int = 0
    dropped: int = 0


class Tracking:
    """Sends references from two threads of its own; `send` never waits and never raises.

    Redirects are not followed, answers are not read, nothing is sent twice. `start` is called in each process, after
    any fork. Raises `SettingsError` for an address that is not http.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings[TrackingSettings]
        self._url = _checked(self._settings.url)
        timeout = urllib3.Timeout(total=self._settings.timeout_seconds)
        self._http = urllib3.PoolManager(num_pools=1, maxsize=_THREADS, retries=False, timeout=timeout)
        self._queue: queue.Queue[str | None] = queue.Queue(self._settings.queue_size)
        self._threads: tuple[threading.Thread, ...] = ()
        self._closed = threading.Event()
        self._counting = threading.Lock()
        self._counts = {"sent": 0, "failed": 0, "dropped": 0}
        self._is_failing = False

    @property
    def is_enabled(self) -> bool:
        """Whether there is anybody to tell."""
        return bool(self._url)

    @property
    def counts(self) -> TrackingCounts:
        with self._counting:
            return TrackingCounts(**self._counts)

    def send(self, xref: str) -> None:
        """Have *xref* sent soon; dropped and counted when too many wait. An empty one is nothing."""
        if not xref or not self._url:
            return
        try:
            self._queue.put_nowait(xref)
        except queue.Full:
            self._count("dropped")

    def start(self) -> None:
        if self._url and not self._threads:
            self._closed.clear()
            names = (f"qis-tracking-{number}" for number in range(_THREADS))
            self._threads = tuple(threading.Thread(target=self._run, name=name, daemon=True) for name in names)
            for thread in self._threads:
                thread.start()

    def close(self) -> None:
        """Send what waits, for as long as one answer may take; drop the rest."""
        deadline = time.monotonic() + self._settings.timeout_seconds
        while not self._queue.empty() and self._threads and time.monotonic() < deadline:
            time.sleep(0.01)
        self._closed.set()
        for _ in self._threads:
            self._wake()
        deadline = time.monotonic() + self._settings.timeout_seconds + _GRACE_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._threads = ()
        self._http.clear()

    def _wake(self) -> None:
        try:
            self._queue.put_nowait(None)
        except queue.Full:
            return  # then nobody sleeps

    def _run(self) -> None:
        while True:
            xref = self._queue.get()
            if self._closed.is_set():
                if xref is not None:
                    self._count("dropped")
                return
            if xref is not None:
                self._send(xref)

    def _send(self, xref: str) -> None:
        try:
            answer = self._http.request("GET", self._url + quote(xref, safe=""), redirect=False, preload_content=False)
            answer.close()
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            self._report("failed", type(error).__name__)
            return
        self._report("sent" if answer.status < 400 else "failed", f"status {answer.status}")

    def _report(self, outcome: str, what: str) -> None:
        """Count, and log when things turn bad or good again, not each time."""
        self._count(outcome)
        failed = outcome == "failed"
        if failed != self._is_failing:
            self._is_failing = failed
            _LOG.log(logging.WARNING if failed else logging.INFO, "tracking: %s", what if failed else "works again")

    def _count(self, outcome: str) -> None:
        with self._counting:
            self._counts[outcome] += 1


def _checked(url: str) -> str:
    if url and not url.startswith(("http://", "https://")):
        raise SettingsError([f"qis.tracking.url: {url!r} is not right; expected an address that begins with http"])
    return url
