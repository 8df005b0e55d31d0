"""Single values of the installation (spec management §2)."""

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from qis_core.catalog.models.base import Base

INSTALLATION_ID = "installation_id"
SCHEMA_VERSION = "schema_version"
DEFAULT_TEMPLATE = "pubimage_default_template"


class Property(Base):
    """One value by name; change counters live here too, as decimal text."""

    __tablename__ = "properties"

    key: Mapped[str] = mapped_column(String(50), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
