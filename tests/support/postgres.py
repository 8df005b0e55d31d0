"""A real PostgreSQL server on a free port, its data in a temporary folder; it ends with the process that started it.

Tests get it from ``tests.support.postgres_fixtures``.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg2
import pytest

from tests.support.server import children_of, free_port

PASSWORD = "p@ss/wörd"
_INSTALL = "PostgreSQL is not installed: apt-get install postgresql"
_START_SECONDS = 20
#: What is written need not survive the machine; nobody else reads it.
_OPTIONS = ("fsync=off", "full_page_writes=off", "unix_socket_directories=", "max_connections=200", "jit=off")
_SORTED_BY_RULES = ("--locale-provider=icu", "--icu-locale=en-US")


@dataclass
class PostgresServer:
    """A cluster of its own. `start`, `kill9`, `start` again; text sorts as in a language, not by code point."""

    folder: Path
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def create(self) -> None:
        """Make the cluster; PASSWORD is the password of its user ``qis``."""
        password = self.folder / "password"
        password.write_text(PASSWORD, encoding="utf-8")
        _give_away(self.folder)
        _give_away(password)
        options = ("-U", "qis", f"--pwfile={password}", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8")
        command = [*_as_other_user(), str(_binary("initdb")), "-D", str(self._data), *options, "--no-sync"]
        subprocess.run([*command, *_SORTED_BY_RULES], check=True, capture_output=True, timeout=100)

    def start(self) -> "PostgresServer":
        """Start it and come back when it accepts connections."""
        options = [part for option in _OPTIONS for part in ("-c", option)]
        command = [str(_binary("postgres")), "-D", str(self._data), "-p", str(self.port), *options]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen([*_as_other_user(), *command], stdout=log, stderr=log)
        deadline = time.monotonic() + _START_SECONDS
        while not self._accepts():
            assert self._process.poll() is None, self.log.read_text(encoding="utf-8", errors="replace")
            assert time.monotonic() < deadline, "PostgreSQL does not accept connections"
            time.sleep(0.05)
        return self

    def kill9(self) -> None:
        """The server and all its processes are gone at once, as in a crash of the machine."""
        assert self._process is not None
        _send(signal.SIGKILL, self._pids)
        self._process.wait()
        self._process = None

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """It takes connections and bytes, and answers nothing."""
        stopped = self._pids
        _send(signal.SIGSTOP, stopped)
        try:
            yield
        finally:
            _send(signal.SIGCONT, stopped)

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)  # what it holds is not needed again
            self._process.wait(_START_SECONDS)
            self._process = None

    def url(self, database: str) -> str:
        return f"postgresql://qis:p%40ss%2Fw%C3%B6rd@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The URL of an empty database."""
        name = f"qis_{next(self._numbers)}"
        self.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """Run a statement as the administrator of the server."""
        with closing(self._connect()) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []

    @property
    def _pids(self) -> list[int]:
        """The process that accepts connections, and those that serve them."""
        assert self._process is not None
        return [self._process.pid, *children_of(self._process.pid)]

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _accepts(self) -> bool:
        try:
            self._connect().close()
        except psycopg2.OperationalError:
            return False
        return True

    def _connect(self) -> "psycopg2.extensions.connection":
        return psycopg2.connect(self.url("postgres"), connect_timeout=5)


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """A new server; the test is skipped where there is none to run, and fails in CI."""
    if _binaries() is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(_INSTALL)
    folder = Path(tempfile.mkdtemp(prefix="qis-postgres-"))
    server = PostgresServer(folder)
    try:
        server.create()
        yield server.start()
    finally:
        server.stop()
        shutil.rmtree(folder)


def _send(number: signal.Signals, pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):  # it ended meanwhile
            os.kill(pid, number)


def _binaries() -> Path | None:
    """The folder of the newest installed server."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    on_path = shutil.which("initdb")
    return found[-1] if found else Path(on_path).resolve().parent if on_path else None


def _binary(name: str) -> Path:
    folder = _binaries()
    assert folder is not None
    return folder / name


def _as_other_user() -> list[str]:
    """Root may not run PostgreSQL; the server ends when we do."""
    other = ["--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    return ["setpriv", *other, "--pdeathsig=QUIT"]


def _give_away(path: Path) -> None:
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(path, user.pw_uid, user.pw_gid)
