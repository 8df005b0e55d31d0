"""Accounts and rights across real processes: revocations arrive in time, and ``kill -9`` leaves no half change."""

import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from qis_core.catalog.audit import SYSTEM
from qis_core.domain.access import ANONYMOUS, AccessLevel
from qis_core.domain.paths import RepositoryPath
from qis_core.errors import NotAuthenticated
from qis_core.testing.processes import child
from tests.support.accounts import open_office

HR = RepositoryPath.parse("/hr")
PUBLIC = 1
Opener = Callable[[], Path]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "qis.db"


def watch_closing(opener: Opener, pipe: Connection) -> None:
    """A server process: says when the public loses View on /hr, and when carla's password stops working."""
    with open_office(opener()) as office:
        office.changes.start()
        office.accounts.sign_in("carla", "long enough")
        pipe.send("watching")
        while office.rights.public_can(HR, AccessLevel.VIEW):
            time.sleep(0.005)
        pipe.send(time.time())
        try:
            while office.accounts.sign_in("carla", "long enough"):
                time.sleep(0.005)
        except NotAuthenticated:
            pipe.send(time.time())


def set_rules_for_ever(opener: Opener, pipe: Connection) -> None:
    with open_office(opener()) as office:
        pipe.send("begun")
        for number in range(1_000_000):
            office.rights.set_rule(SYSTEM, HR / f"{number}", PUBLIC, AccessLevel.NONE)


def test_revocations_reach_other_processes_within_a_second(path: Path) -> None:
    with open_office(path) as office:
        office.add_user("carla")
        with child(watch_closing, partial(Path, path)) as server:
            assert server.receive() == "watching"
            changed = time.time()
            office.rights.set_rule(SYSTEM, HR, PUBLIC, AccessLevel.NONE)
            assert server.receive() - changed < 1
            changed = time.time()
            office.accounts.set_active(SYSTEM, "carla", active=False)
            assert server.receive() - changed < 1


@pytest.mark.parametrize("seconds", [0.05, 0.21])
def test_killed_writer_leaves_rules_folders_and_audit_in_step(path: Path, seconds: float) -> None:
    with open_office(path) as office, child(set_rules_for_ever, partial(Path, path)) as writer:
        assert writer.receive() == "begun"
        time.sleep(seconds)
        writer.kill()
        office.rights.set_rule(SYSTEM, HR, PUBLIC, AccessLevel.DOWNLOAD)
        closed = [folder for folder in office.rights.rules() if folder.is_within(HR) and folder != HR]
        audited = [subject for action, subject in office.audited() if action == "set_permission"]
        assert sorted(audited) == sorted(f"permission:{folder.folder_path}" for folder in (*closed, HR))[-1000:]
        assert all(office.rights.level(ANONYMOUS, folder) is AccessLevel.NONE for folder in closed)
        assert office.rights.level(ANONYMOUS, HR / "other") is AccessLevel.DOWNLOAD
