"""A real server: its own process, its own port, its own data directory, spoken to over HTTP and by its command line."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.answers import Answer, Call, Credentials, send

PROJECT = Path(__file__).parents[2]
START_SECONDS = 60
STOP_SECONDS = 15
COMMAND_SECONDS = 60
ADMIN_PASSWORD = "conformance-admin"

#: servers that run now, so that a failing test can show their logs
RUNNING: list["RunningServer"] = []


#: start another server on a copy of the common data directory: settings by dotted names, folders for PYTHONPATH
StartServer = Callable[..., "RunningServer"]


class CommandFailed(AssertionError):
    """A ``qis`` command ended with something else than 0."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.exit_code = done.returncode
        super().__init__(f"{' '.join(done.args[3:])} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")


#: one worker process each, as several servers run at once, and a queue that holds all that a test asks for
_BASIC = {"QIS_ADMIN_PASSWORD": ADMIN_PASSWORD, "QIS_GENERATION_WORKERS": "1", "QIS_GENERATION_QUEUE_SIZE": "32"}


@dataclass(frozen=True)
class Site:
    """A repository, a data directory and the settings they are served with; settings by their dotted names."""

    root: Path
    data: Path
    settings: Mapping[str, object] = field(default_factory=dict)
    python_path: Sequence[Path] = ()
    variables: Mapping[str, str] = field(default_factory=dict)

    def cli(self, *arguments: str, stdin: str = "") -> str:
        """Run ``qis ARGUMENTS`` on this data directory and give what it printed; raises `CommandFailed`."""
        done = self.try_cli(*arguments, stdin=stdin)
        if done.returncode != 0:
            raise CommandFailed(done)
        return done.stdout

    def try_cli(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(*arguments),
            input=stdin,
            env=self.environment(),
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )

    def json(self, *arguments: str) -> Any:
        return json.loads(self.cli("--json", *arguments))

    def spawn(self, port: int, log: Path) -> subprocess.Popen[bytes]:
        """Start ``qis serve`` in a process group of its own."""
        command = self._command("serve", str(self.root), "--host", "127.0.0.1", "--port", str(port))
        with log.open("ab") as output:
            return subprocess.Popen(
                command, env=self.environment(), cwd=PROJECT, stdout=output, stderr=output, start_new_session=True
            )

    def environment(self) -> dict[str, str]:
        """The environment of this process without its QIS settings, with ours."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("QIS_")}
        ours = {setting_variable(name): _setting_text(value) for name, value in self.settings.items()}
        path = os.pathsep.join(str(part) for part in (*self.python_path, PROJECT))
        return inherited | {**_BASIC, "PYTHONPATH": path} | ours | dict(self.variables)

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "qis_web.cli", "--data", str(self.data), *arguments]


class RunningServer:
    """``qis serve`` as a child process. `start`, then `get`; `stop` or `kill9`, and `start` again on the same data."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.log = site.data.with_name(site.data.name + ".log")
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "RunningServer":
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def root(self) -> Path:
        return self.site.root

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> "RunningServer":
        """Start on a free port and come back when ``/health/live`` answers; a port lost to somebody is tried again."""
        for _attempt in range(3):
            self.port = free_port()
            self._process = self.site.spawn(self.port, self.log)
            RUNNING.append(self)
            if self._becomes_live():
                return self
            self.stop()
        raise AssertionError(f"the server did not start\n{self.log_tail()}")

    def stop(self) -> None:
        """End the server as an administrator does (SIGTERM), and whatever is left of its process group."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._forget()

    def kill9(self) -> None:
        """End the main process at once; its helpers notice by themselves."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        RUNNING.remove(self)

    def has_helpers(self) -> bool:
        """Whether any process of the group is left."""
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def get(self, target: str, **options: Any) -> Answer:
        """``GET target``; options: headers, auth, timeout_seconds."""
        return self.ask(Call(target, **options))

    def ask(self, call: Call, files: Path | None = None) -> Answer:
        return send(self.port, call, files)

    def cli(self, *arguments: str, stdin: str = "") -> str:
        return self.site.cli(*arguments, stdin=stdin)

    def log_tail(self, lines: int = 60) -> str:
        if not self.log.exists():
            return "(no log)"
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def _becomes_live(self) -> bool:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            if self._is_live():
                return True
            time.sleep(0.1)
        return False

    def _is_live(self) -> bool:
        try:
            return self.get("/health/live", timeout_seconds=5).status == 200
        except OSError:
            return False

    def _forget(self) -> None:
        if self in RUNNING:
            RUNNING.remove(self)
        if self.has_helpers():
            os.killpg(self.pid, signal.SIGKILL)
        self._process = None


def add_user(site: Site, credentials: Credentials, *groups: str) -> None:
    """Make a user; groups are made when they are missing."""
    name, password = credentials
    for group in groups:
        site.try_cli("group", "add", group)
    options = [option for group in groups for option in ("--group", group)]
    site.cli("user", "add", name, "--password-stdin", *options, stdin=password + "\n")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def children_of(pid: int) -> list[int]:
    """The child processes of the server: its workers."""
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for thread in threads for child in thread.read_text(encoding="ascii").split()]


def setting_variable(name: str) -> str:
    """``qis.images.linear_light`` as the environment spells it."""
    return name.upper().replace(".", "_")


def eventually(check: Callable[[], None], *, seconds: float = 20, step_seconds: float = 0.2) -> None:
    """Call *check* until it raises no AssertionError any more, for at most *seconds*."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            check()
        except AssertionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(step_seconds)
        else:
            return


def _setting_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
