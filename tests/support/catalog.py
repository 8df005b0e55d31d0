"""What a server wrote into its database, read past it: records of images and their history."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DELETED, CREATED = 0, 1


@dataclass(frozen=True)
class Record:
    """A row of the catalog's images, with the actions of its history, oldest first."""

    id: int
    size: tuple[int, int]
    is_active: bool
    actions: tuple[int, ...]


def records_of(data: Path, src: str) -> list[Record]:
    """Every record for an image path; none, or one."""
    with closing(_open(data)) as database:
        found = database.execute("SELECT id, width, height, status FROM images WHERE src = ?", (src,)).fetchall()
        return [Record(row[0], (row[1], row[2]), row[3] == 1, _actions(database, row[0])) for row in found]


def all_sources(data: Path) -> list[str]:
    with closing(_open(data)) as database:
        return [row[0] for row in database.execute("SELECT src FROM images ORDER BY src")]


def _actions(database: sqlite3.Connection, image_id: int) -> tuple[int, ...]:
    history = database.execute("SELECT action FROM image_history WHERE image_id = ? ORDER BY id", (image_id,))
    return tuple(row[0] for row in history)


def _open(data: Path) -> sqlite3.Connection:
    for path in _database_files(data):
        database = sqlite3.connect(path.as_uri() + "?mode=ro", uri=True, timeout=10)
        if _value(database, "SELECT count(*) FROM sqlite_master WHERE name = 'images'"):
            return database
        database.close()
    raise AssertionError(f"no catalog below {data}")


def _database_files(data: Path) -> Iterator[Path]:
    for path in sorted(data.rglob("*")):
        if path.is_file() and _first_bytes(path) == b"SQLite format 3":
            yield path


def _value(database: sqlite3.Connection, query: str) -> Any:
    return database.execute(query).fetchone()[0]


def _first_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(15)
