"""The worker pool: a bounded number of processes behind a bounded queue (design §9, "where generation runs").

Request threads never compute; they hand a job over and wait. A worker that takes too long or dies is replaced, and its
job gets `Unavailable`.
"""

import json
import logging
import pickle
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Protocol

from qis_core.errors import Busy, Unavailable
from qis_core.plugins import PluginRegistry
from qis_core.services.generation_settings import GenerationSettings
from qis_core.services.worker import Job, JobRunner, Reply, decode_error

_log = logging.getLogger(__name__)
#: Not ``-m``: jobs are unpickled by the name of their module, which must not be ``__main__``.
_WORKER = "import sys; from qis_core.services.worker import main; main(int(sys.argv[1]))"
_START_SECONDS = 60.0
_ANSWER_SLACK_SECONDS = 5.0


class Pool(Protocol):
    """Runs jobs somewhere. Safe to call from many threads."""

    def run(self, job: Job) -> Reply:
        """The reply; raises what the job raised, `Busy` when the queue is full, `Unavailable` when it was killed."""
        ...

    @property
    def load(self) -> float:
        """Jobs waiting, as a fraction of what the queue takes."""
        ...

    def close(self) -> None: ...


class InlinePool:
    """Runs jobs in the calling thread, without limits; for tests and one-off commands."""

    def __init__(self, registry: PluginRegistry) -> None:
        self._runner = JobRunner(registry)
        self.load = 0.0

    def run(self, job: Job) -> Reply:
        return self._runner.run(job)

    def close(self) -> None:
        """Nothing to stop."""


@dataclass(frozen=True, slots=True)
class RegistrySource:
    """What a worker needs to load the same plugins and settings as its parent."""

    ini: Mapping[str, str]
    environ: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Ticket:
    job: Job
    future: "Future[Reply]"


class WorkerPool:
    """Worker processes, each with a thread here that starts and feeds it."""

    def __init__(self, source: RegistrySource, settings: GenerationSettings) -> None:
        count = settings.worker_count
        self._queue: queue.Queue[_Ticket | None] = queue.Queue(settings.queue_length)
        self._settings = settings
        self._source = source
        self._threads = [threading.Thread(target=self._feed, name=f"qis-worker-{n}", daemon=True) for n in range(count)]
        for thread in self._threads:
            thread.start()

    @property
    def load(self) -> float:
        return self._queue.qsize() / self._queue.maxsize

    def run(self, job: Job) -> Reply:
        ticket = _Ticket(job, Future())
        try:
            self._queue.put_nowait(ticket)
        except queue.Full:
            raise Busy("too many pictures are being made at the moment") from None
        return ticket.future.result()

    def close(self) -> None:
        """Stop when the jobs at hand are done; those still waiting get `Unavailable`."""
        self._refuse_waiting()
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join(timeout=self._settings.timeout_seconds)

    def _refuse_waiting(self) -> None:
        while True:
            try:
                ticket = self._queue.get_nowait()
            except queue.Empty:
                return
            if ticket is not None:
                ticket.future.set_exception(Unavailable("the server is stopping"))

    def _feed(self) -> None:
        worker = _started(self._source)
        while (ticket := self._queue.get()) is not None:
            try:
                worker = worker if worker and worker.is_alive else _Worker(self._source)
                ticket.future.set_result(worker.run(ticket.job, self._settings.timeout_seconds))
            except _WorkerLostError as error:
                _dismiss(worker)
                worker = None
                ticket.future.set_exception(Unavailable(str(error), retry_after_seconds=10))
            except BaseException as error:
                ticket.future.set_exception(error)
        _dismiss(worker)


class _WorkerLostError(Exception):
    """The process was killed by us, by a limit, or by a fault."""


class _Worker:
    """One process, used by one thread."""

    def __init__(self, source: RegistrySource) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  our own module
                [sys.executable, "-c", _WORKER, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env={**source.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            )
        self._connection = Connection(ours.detach())
        self._connection.send_bytes(pickle.dumps((dict(source.ini), dict(source.environ))))
        self._receive(_START_SECONDS)

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def run(self, job: Job, timeout_seconds: float) -> Reply:
        try:
            self._connection.send_bytes(pickle.dumps(job))
        except OSError:
            raise _WorkerLostError("the worker process died") from None
        facts = json.loads(self._receive(timeout_seconds))
        reply = Reply(facts, self._receive(_ANSWER_SLACK_SECONDS))
        if "error" in facts:
            raise decode_error(facts)
        return reply

    def _receive(self, timeout_seconds: float) -> bytes:
        try:
            if not self._connection.poll(timeout_seconds):
                raise _WorkerLostError(f"the picture took longer than {timeout_seconds:g} seconds")
            return self._connection.recv_bytes()
        except (EOFError, OSError):
            raise _WorkerLostError("the worker process died") from None

    def stop(self) -> None:
        self._connection.close()
        self._process.kill()
        self._process.wait()


def _started(source: RegistrySource) -> "_Worker | None":
    """A worker made ahead of its first job; a fault shows when that job needs one."""
    try:
        return _Worker(source)
    except _WorkerLostError:
        _log.exception("a worker process did not start")
        return None


def _dismiss(worker: _Worker | None) -> None:
    if worker is not None:
        worker.stop()
