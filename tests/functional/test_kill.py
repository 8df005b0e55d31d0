"""After a ``kill -9`` in the middle of anything, a restart serves everything correctly."""

import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.support import pictures, slow_plugin
from tests.support.answers import Answer
from tests.support.cases import Folder
from tests.support.catalog import records_of
from tests.support.checks import is_ok, size
from tests.support.server import RunningServer, StartServer, children_of, eventually

Ask = Callable[[str], Answer]


class Hammer:
    """Threads that keep asking until the server is gone; what came through whole is kept."""

    def __init__(self, ask: Ask, requests: Sequence[str], threads: int = 6) -> None:
        self.answers: dict[str, Answer] = {}
        self._ask = ask
        self._threads = [
            threading.Thread(target=self._work, args=(list(requests[start::threads]),)) for start in range(threads)
        ]

    def __enter__(self) -> "Hammer":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        for thread in self._threads:
            thread.join()

    def wait_for(self, count: int) -> None:
        """Until so many answers are there; the next ones are under way then."""

        def has_come() -> None:
            assert len(self.answers) >= count

        eventually(has_come, seconds=30, step_seconds=0.001)

    def _work(self, requests: list[str]) -> None:
        for request in requests:
            try:
                self.answers[request] = self._ask(request)
            except (OSError, HTTPException):
                return


@pytest.fixture
def slow_server(start_server: StartServer, tmp_path: Path) -> RunningServer:
    plugin = slow_plugin.install(tmp_path / "site-packages")
    return start_server({"qis.generation.wait_seconds": 30}, (plugin,), SLOW_LOG=str(tmp_path / "log"))


@pytest.fixture
def killable(slow_server: RunningServer, fixtures: Path) -> Folder:
    return Folder(slow_server, fixtures)


def kill_and_restart(server: RunningServer) -> None:
    """Kill the main process; its helpers must end by themselves; start again on the same data."""
    server.kill9()

    def helpers_end() -> None:
        assert not server.has_helpers(), "worker processes outlive their server"

    eventually(helpers_end)
    server.start()


def ask_in_background(folder: Folder, request: str) -> Hammer:
    folder.target(request)
    return Hammer(folder.ask, [request], threads=1)


def wait_for_use(log: Path) -> None:
    def is_used() -> None:
        assert slow_plugin.uses(log) > 0

    eventually(is_used, step_seconds=0.05)


def test_killed_while_generating(killable: Folder, tmp_path: Path) -> None:
    request = "l.jpg&width=77&slow=2500"
    with ask_in_background(killable, request):
        wait_for_use(tmp_path / "log")
        kill_and_restart(killable.server)
    started = time.monotonic()
    size(77, 47)(killable.ask(request))
    assert time.monotonic() - started < 15, "the lock of the dead generator is still held"
    assert killable.ask(request).from_cache == "True"
    assert slow_plugin.uses(tmp_path / "log") == 2


@pytest.mark.parametrize("answers", [1, 11, 37])
def test_killed_while_caching(killable: Folder, answers: int) -> None:
    requests = [f"q.png&width={width}" for width in range(40, 240)]
    killable.target(requests[0])
    with Hammer(killable.ask, requests) as before:
        before.wait_for(answers)
        killable.server.kill9()
    killable.server.start()
    for request in requests[:: 1 + len(requests) // 60]:
        answer = killable.ask(request)
        is_ok(answer)
        again = killable.ask(request)
        assert (again.from_cache, again.body) == ("True", answer.body)
    for request, answer in before.answers.items():
        is_ok(answer)
        assert killable.ask(request).body == answer.body, request


@pytest.mark.parametrize("answers", [1, 11, 37])
def test_killed_while_registering(killable: Folder, answers: int) -> None:
    names = [f"n{number:03}.jpg" for number in range(120)]
    for name in names:
        pictures.gradient((40, 30)).save(killable.path / name)
    with Hammer(killable.ask, [f"{name}&width=20" for name in names] * 2) as before:
        before.wait_for(answers)
        killable.server.kill9()
    killable.server.start()
    for name in names:
        size(20, 15)(killable.ask(f"{name}&width=20"))
        assert killable.info(name)["size"] == [40, 30]
        (record,) = records_of(killable.server.site.data, f"{killable.name}/{name}")
        assert (record.size, record.is_active, record.actions) == ((40, 30), True, (1,))


def test_killed_while_rights_change(killable: Folder) -> None:
    is_ok(killable.ask("l.jpg&width=20"))
    killable.allow("Public", "none")
    killable.server.kill9()
    killable.server.start()
    assert killable.ask("l.jpg&width=20").status == 403


def test_a_worker_that_dies_is_replaced(killable: Folder, tmp_path: Path) -> None:
    request = "l.jpg&width=78&slow=1500"
    with ask_in_background(killable, request):
        wait_for_use(tmp_path / "log")
        for child in children_of(killable.server.pid):
            os.kill(child, signal.SIGKILL)
    eventually(lambda: is_ok(killable.ask("q.png&width=21")))
    eventually(lambda: size(78, 47)(killable.ask(request)))
