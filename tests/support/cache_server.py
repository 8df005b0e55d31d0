"""A real cache server as a child process: killed, stopped and started again as a test needs it."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest

from tests.support.server import free_port

_START_SECONDS = 10.0
_ATTEMPTS = 3


class CacheServer:
    """`start`, `kill9`, `start` again on the same port."""

    program = ""

    def __init__(self) -> None:
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def arguments(self) -> list[str]:
        """How the program is told what to do."""
        raise AssertionError("each server has its own")

    def start(self) -> None:
        """Come back when it accepts connections."""
        command = ["setpriv", "--pdeathsig=KILL", self.program, *self.arguments()]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + _START_SECONDS
        while not self._accepts():
            assert self._process.poll() is None, f"{self.program} ended with {self._process.returncode}"
            assert time.monotonic() < deadline, f"{self.program} does not accept connections"
            time.sleep(0.01)

    def kill9(self) -> None:
        """Gone at once, with all it held."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @contextmanager
    def killed(self) -> Iterator[None]:
        """It is gone while the body runs, and back, empty, afterwards."""
        self.kill9()
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """It takes connections and bytes, and answers nothing."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._process.pid, signal.SIGCONT)

    def _accepts(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True


Server = TypeVar("Server", bound=CacheServer)


@contextmanager
def running(server: Server, install: str) -> Iterator[Server]:
    """Start *server*, on another port when somebody took the first."""
    if shutil.which(server.program) is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(install)
    try:
        _start(server)
        yield server
    finally:
        server.kill9()


def _start(server: CacheServer) -> None:
    for _ in range(_ATTEMPTS - 1):
        try:
            return server.start()
        except AssertionError:
            server.kill9()
            server.port = free_port()
    return server.start()
