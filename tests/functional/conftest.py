"""Servers for the conformance cases: the environment of spec image-urls §15."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import pictures
from tests.support.answers import Credentials
from tests.support.cases import Folder
from tests.support.server import RunningServer, Site, StartServer, add_user

#: short times, so that no test waits for what a production server would
QUICK: dict[str, object] = {"qis.images.fingerprint_seconds": 1, "qis.statistics.flush_seconds": 1}
DEFAULT_TEMPLATE = ("quality=75", "strip=false", "record_stats=true", "expiry_secs=604800")
SMALL_JPEG = ("format=jpg", "quality=80", "width=200", "height=200", "strip=true", "colorspace=rgb")


@pytest.fixture(scope="session")
def member() -> Credentials:
    """A user without special rights, known to every server."""
    return "member", "member-password"


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root folder, with the fixtures in ``t`` and a picture in a sibling folder beside it."""
    root = tmp_path_factory.mktemp("repository") / "images"
    pictures.draw_all(root)
    return root


@pytest.fixture(scope="session")
def fixtures(repository: Path) -> Path:
    return repository / "t"


@pytest.fixture(scope="session")
def seed(repository: Path, member: Credentials, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with the environment of the cases, to be copied for each server."""
    site = Site(repository, tmp_path_factory.mktemp("seed") / "data", QUICK)
    site.cli("init")
    site.cli("permission", "set", "/", "Public", "Download")
    site.cli("template", "set", "Default", *DEFAULT_TEMPLATE)
    site.cli("template", "set", "smalljpeg", *SMALL_JPEG)
    add_user(site, member, "Members")
    return site.data


@pytest.fixture(scope="session")
def session_servers(repository: Path, seed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartServer]:
    with ExitStack() as running:
        yield Starter(running, repository, seed, tmp_path_factory).start


@pytest.fixture(scope="module")
def module_servers(repository: Path, seed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartServer]:
    """Start servers with settings of their own; they stop after the module."""
    with ExitStack() as running:
        yield Starter(running, repository, seed, tmp_path_factory).start


@pytest.fixture
def start_server(repository: Path, seed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartServer]:
    """Start servers with settings of their own; they stop after the test."""
    with ExitStack() as running:
        yield Starter(running, repository, seed, tmp_path_factory).start


@dataclass(frozen=True)
class Starter:
    """Starts servers on copies of the seed and stops them when its stack closes."""

    running: ExitStack
    repository: Path
    seed: Path
    folders: pytest.TempPathFactory

    def start(
        self, settings: Mapping[str, object] | None = None, python_path: tuple[Path, ...] = (), **environment: str
    ) -> RunningServer:
        data = self.folders.mktemp("server") / "data"
        shutil.copytree(self.seed, data)
        site = Site(self.repository, data, QUICK | dict(settings or {}), python_path, environment)
        return self.running.enter_context(RunningServer(site))


@pytest.fixture(scope="session")
def server(session_servers: StartServer) -> RunningServer:
    """The environment of the cases; tests change nothing in it but their own folders."""
    return session_servers()


@pytest.fixture
def folder(server: RunningServer, fixtures: Path) -> Folder:
    """The ``t`` of one test on the common server, cold."""
    return Folder(server, fixtures)
