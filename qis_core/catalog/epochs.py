"""Epochs of the derivative cache: how often each scope was purged."""

from collections.abc import Mapping

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from qis_core.catalog._insert import insert_or_find
from qis_core.catalog.models import CacheEpoch


def load_epochs(session: Session) -> Mapping[str, int]:
    """Every scope that was ever purged, by one query."""
    rows = session.execute(select(CacheEpoch.scope, CacheEpoch.epoch)).all()
    return {row.scope: row.epoch for row in rows}


def move_epoch(session: Session, scope: str) -> None:
    """Count one more purge of *scope*; of several processes at once none is lost."""
    if not _add_one(session, scope):
        fresh = CacheEpoch(scope=scope, epoch=0)
        insert_or_find(session, fresh, lambda: session.scalar(select(CacheEpoch).where(CacheEpoch.scope == scope)))
        _add_one(session, scope)


def _add_one(session: Session, scope: str) -> bool:
    moved = update(CacheEpoch).where(CacheEpoch.scope == scope).values(epoch=CacheEpoch.epoch + 1)
    moved = moved.execution_options(synchronize_session=False)
    return session.scalar(moved.returning(CacheEpoch.id)) is not None
