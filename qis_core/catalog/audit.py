"""The general audit log: who did what, when and from where."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from qis_core.catalog.models import AuditEntry


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: ``user_id`` None is the system or the shell; ``address`` is the caller's, if any."""

    user_id: int | None = None
    username: str = ""
    address: str = ""


SYSTEM = Actor()


def add_audit(session: Session, actor: Actor, action: str, subject: str, info: str = "") -> None:
    """Append one entry; over-long texts are cut, never refused."""
    session.add(
        AuditEntry(
            user_id=actor.user_id,
            username=actor.username[:120],
            action=action,
            subject=subject[:1100],
            info=info,
            address=actor.address[:64],
        )
    )


def list_audit(session: Session, *, subject: str | None = None, limit: int = 100) -> Sequence[AuditEntry]:
    """The latest entries, newest first; of one *subject* when it is given."""
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if subject is not None:
        query = query.where(AuditEntry.subject == subject)
    return session.scalars(query).all()
