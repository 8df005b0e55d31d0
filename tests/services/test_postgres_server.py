"""``qis serve`` on PostgreSQL: pictures, sign-in and rights work, and go on working when the database comes back."""

import time
from collections.abc import Iterator

import pytest

from tests.support import pictures
from tests.support.answers import Answer, Credentials
from tests.support.postgres import PostgresServer
from tests.support.server import ADMIN_PASSWORD, RunningServer, Site, eventually

pytest_plugins = ["tests.support.postgres_fixtures"]

ADMIN: Credentials = ("admin", ADMIN_PASSWORD)
NAMES = ("one.jpg", "two.jpg", "three.jpg")


@pytest.fixture(scope="module")
def server(own_postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server on a database that was empty."""
    root = tmp_path_factory.mktemp("site") / "pictures"
    for name in NAMES:
        (root / "a").mkdir(parents=True, exist_ok=True)
        pictures.gradient((120, 80)).save(root / "a" / name)
    settings = {
        "qis.database.backend": "postgres",
        "qis.postgres.url": own_postgres.new_database(),
        "qis.postgres.statement_timeout_seconds": 2,
        "qis.images.fingerprint_seconds": 1,
    }
    with RunningServer(Site(root, root.with_name("data"), settings)) as server:
        yield server


def shows(answer: Answer, size: tuple[int, int]) -> None:
    assert answer.status == 200, str(answer)
    assert answer.size == size


def is_refused(answer: Answer) -> None:
    assert answer.status == 403, str(answer)


def test_pictures_sign_in_and_rights(server: RunningServer) -> None:
    shows(server.get("/image?src=a/one.jpg&width=60"), (60, 40))
    assert server.get("/image?src=a/one.jpg&width=60", auth=("admin", "wrong password")).status == 401
    server.cli("permission", "set", "/a", "Public", "none")
    eventually(lambda: is_refused(server.get("/image?src=a/one.jpg&width=60")))
    shows(server.get("/image?src=a/one.jpg&width=60", auth=ADMIN), (60, 40))
    server.cli("permission", "set", "/a", "Public", "download")
    eventually(lambda: shows(server.get("/image?src=a/one.jpg&width=60"), (60, 40)))
    assert not list(server.site.data.rglob("*.sqlite3"))


def test_database_may_crash_and_come_back(server: RunningServer, own_postgres: PostgresServer) -> None:
    shows(server.get("/image?src=a/two.jpg&width=60"), (60, 40))
    own_postgres.kill9()
    try:
        time.sleep(1.2)  # longer than the fingerprint is trusted
        shows(server.get("/image?src=a/two.jpg&width=60", timeout_seconds=5), (60, 40))
        shows(server.get("/image?src=a/two.jpg&width=30", timeout_seconds=5), (30, 20))
        unknown = server.get("/image?src=a/three.jpg&width=60", timeout_seconds=5)
        ready = server.get("/health/ready", timeout_seconds=5)
    finally:
        own_postgres.start()
    assert unknown.status == 503, str(unknown)
    assert int(unknown.headers["Retry-After"]) > 0
    assert "postgres" not in unknown.text.lower()
    assert (ready.status, "database: failing" in ready.text) == (503, True)
    shows(server.get("/image?src=a/three.jpg&width=60"), (60, 40))
    assert server.get("/health/ready").status == 200
