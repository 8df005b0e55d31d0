"""Numbers of rows that were stored with ids of their own must not be given again."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qis_core.catalog.models import Folder, Group, Template, User

Numbered = type[User] | type[Group] | type[Folder] | type[Template]


def skip_used_ids(session: Session, *tables: Numbered) -> None:
    """Have new rows of *tables* numbered from above the greatest id; where that goes by itself, nothing happens."""
    if not session.get_bind().dialect.supports_sequences:
        return
    for table in tables:
        sequence = func.pg_get_serial_sequence(table.__tablename__, "id")
        session.execute(select(func.setval(sequence, select(func.max(table.id)).scalar_subquery())))
