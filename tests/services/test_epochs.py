"""Purges by epoch: which keys change, for whom, and when (issue §3)."""

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from qis_core.catalog.audit import SYSTEM, Actor
from qis_core.catalog.database import Catalog
from qis_core.domain.paths import ROOT, RepositoryPath
from qis_core.services.changes import Changes
from qis_core.services.epochs import (
    EVERYTHING,
    Epochs,
    Subject,
    folder_scope,
    image_scope,
    template_scope,
)
from tests.support.catalogs import audit_of, catalog_at, prepared_catalog

NASA = RepositoryPath.parse("nasa/apollo")
EARTH = Subject(7, NASA, "Wall")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "qis.db"


@pytest.fixture
def catalog(path: Path) -> Iterator[Catalog]:
    with prepared_catalog(path) as catalog:
        yield catalog


@pytest.fixture
def epochs(catalog: Catalog) -> Epochs:
    return Epochs(catalog, Changes(catalog))


def test_scopes_are_also_the_tags() -> None:
    assert list(EARTH.scopes()) == ["image:7", "folder:/nasa/apollo", "folder:/nasa", "folder:/", "template:wall"]
    assert list(Subject(7, ROOT).scopes()) == ["image:7", "folder:/"]
    assert (image_scope(7), folder_scope(NASA), folder_scope(ROOT)) == ("image:7", "folder:/nasa/apollo", "folder:/")
    assert template_scope("SmallJpeg") == template_scope("SMALLJPEG") == "template:smalljpeg"


def test_nothing_is_added_before_the_first_purge(epochs: Epochs) -> None:
    assert epochs.salt(EARTH) == ""


@pytest.mark.parametrize(
    ("scope", "concerned"),
    [
        ("image:7", True),
        ("image:70", False),
        ("folder:/nasa/apollo", True),
        ("folder:/nasa", True),
        ("folder:/", True),
        ("folder:/nas", False),
        ("folder:/nasa/apollo/11", False),
        ("folder:nasa", False),
        ("template:wall", True),
        ("template:other", False),
        (EVERYTHING, True),
    ],
)
def test_a_purge_concerns_what_belongs_to_its_scope(epochs: Epochs, scope: str, concerned: bool) -> None:
    epochs.move(SYSTEM, scope)
    assert epochs.salt(EARTH) == (f"{scope}=1" if concerned else "")


def test_each_purge_gives_another_salt(epochs: Epochs) -> None:
    salts = [epochs.salt(EARTH)]
    for scope in ("image:7", "folder:/nasa", "image:7", EVERYTHING, "template:wall", "folder:/", EVERYTHING):
        epochs.move(SYSTEM, scope)
        salts.append(epochs.salt(EARTH))
    assert len(set(salts)) == len(salts)


def test_a_purge_is_remembered_and_audited(epochs: Epochs, catalog: Catalog) -> None:
    epochs.move(Actor(1, "anna"), "image:7")
    assert audit_of(catalog) == [("anna", "purge", "cache:image:7", "")]
    assert Epochs(catalog, Changes(catalog)).salt(EARTH) == "image:7=1"


def test_other_processes_follow_when_they_poll(epochs: Epochs, path: Path) -> None:
    with closing(catalog_at(path)) as other_catalog:
        changes = Changes(other_catalog)
        others = Epochs(other_catalog, changes)
        epochs.move(SYSTEM, "image:7")
        assert others.salt(EARTH) == ""
        changes.poll()
        assert others.salt(EARTH) == epochs.salt(EARTH) == "image:7=1"


def test_no_purge_is_lost_between_threads(catalog: Catalog, path: Path) -> None:
    def purge() -> None:
        with closing(catalog_at(path)) as own:
            epochs = Epochs(own, Changes(own))
            for _ in range(5):
                epochs.move(SYSTEM, "image:7")

    threads = [threading.Thread(target=purge) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Epochs(catalog, Changes(catalog)).salt(EARTH) == "image:7=20"


def test_asking_touches_no_database(epochs: Epochs, catalog: Catalog) -> None:
    epochs.move(SYSTEM, "image:7")
    statements: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        statements.append(statement)

    for engine in (catalog.database.reader, catalog.database.writer):
        event.listen(engine, "before_cursor_execute", note)
    assert epochs.salt(EARTH)
    assert statements == []


@given(st.lists(st.sampled_from("abc"), max_size=4), st.lists(st.sampled_from("abc"), max_size=4))
def test_a_folder_is_a_scope_of_exactly_what_is_in_it(folder: list[str], scope: list[str]) -> None:
    inside, purged = RepositoryPath(tuple(folder)), RepositoryPath(tuple(scope))
    assert (folder_scope(purged) in Subject(1, inside).scopes()) == inside.is_within(purged)
