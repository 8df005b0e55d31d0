"""Other processes for the conformance kit: started fresh, so that nothing is shared but the back end itself."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

_CONTEXT = multiprocessing.get_context("spawn")
_START_SECONDS = 60.0

#: What a child runs: it gets the opener of the back end and a pipe to the test.
Work = Callable[[Callable[[], Any], Connection], None]


@contextmanager
def child(work: Work, opener: Callable[[], Any]) -> Iterator["Child"]:
    """A process running *work*; it is killed at the end. Both arguments must be importable by name (pickle)."""
    here, there = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=work, args=(opener, there), daemon=True)
    process.start()
    there.close()
    try:
        yield Child(process, here)
    finally:
        process.kill()
        process.join()
        process.close()
        here.close()


class Child:
    """A running process, seen from the test."""

    def __init__(self, process: Any, pipe: Connection) -> None:
        self._process = process
        self._pipe = pipe

    def receive(self) -> Any:
        """The next message of the process; fails the test when none comes."""
        assert self._pipe.poll(_START_SECONDS), "the other process does not answer"
        return self._pipe.recv()

    def send(self, message: object) -> None:
        self._pipe.send(message)

    def kill(self) -> None:
        """``kill -9``, and wait until it is gone."""
        self._process.kill()
        self._process.join()


def start_together(children: Sequence[Child]) -> None:
    """Let *children*, each waiting for a message, go on at the same moment."""
    for one in children:
        one.receive()
    for one in children:
        one.send("go")
