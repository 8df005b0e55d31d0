"""Column types that the databases spell differently. Revisions depend on them: never change what they mean."""

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine


def text_type(length: int | None = None) -> TypeEngine[str]:
    """Text that compares and sorts by code point whatever the locale of the database; *length* in characters."""
    if length is None:
        return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")
