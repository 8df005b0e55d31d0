"""Prepared catalogs in SQLite files, with the objects of a first run."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import select

from qis_core.catalog import first_run
from qis_core.catalog.audit import list_audit
from qis_core.catalog.database import Catalog
from qis_core.catalog.folders import ensure_folder
from qis_core.catalog.models import Image
from qis_core.domain.paths import RepositoryPath
from qis_core.settings import Settings
from qis_plugins.sqlite.database import SqliteSettings, open_sqlite


def catalog_at(path: Path, *, busy_timeout_seconds: float = 15.0) -> Catalog:
    """A catalog on a file as it is."""
    settings = SqliteSettings(path=path, busy_timeout_seconds=busy_timeout_seconds)
    return Catalog(open_sqlite(Settings.of(settings)))


@contextmanager
def prepared_catalog(path: Path) -> Iterator[Catalog]:
    """A new catalog as a first run leaves it."""
    path.write_bytes(_prepared())
    catalog = catalog_at(path)
    try:
        yield catalog
    finally:
        catalog.close()


def add_image(catalog: Catalog, src: str) -> int:
    """Register an image without a file; its id."""
    path = RepositoryPath.parse(src)
    with catalog.begin() as session:
        image = Image(src=path.src, folder_id=ensure_folder(session, path.parent).id)
        session.add(image)
        session.flush()
        return image.id


def delete_image_record(catalog: Catalog, image_id: int) -> None:
    with catalog.begin() as session:
        session.delete(session.scalars(select(Image).where(Image.id == image_id)).one())


def audit_of(catalog: Catalog) -> list[tuple[str, str, str, str]]:
    """(user name, action, subject, info) of every entry, oldest first."""
    with catalog.read() as session:
        return [(one.username, one.action, one.subject, one.info) for one in reversed(list_audit(session))]


@cache
def _prepared() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "qis.db"
        catalog = catalog_at(path)
        first_run.prepare(catalog, lambda password: "hash", "password")
        catalog.close()
        return path.read_bytes()
