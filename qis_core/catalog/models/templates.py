"""Image templates: named parameter sets (spec management §2, image-urls §6)."""

from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column, validates

from qis_core.catalog.models.base import KEEP_IDS, Base, SmallKey
from qis_core.domain.accounts import MAX_NAME_KEY_LENGTH, name_key


class Template(Base):
    """A template; ``template`` maps a parameter name to ``{"value": …}``. Names are unique ignoring case."""

    __tablename__ = "templates"
    __table_args__ = (KEEP_IDS,)

    id: Mapped[SmallKey]
    name: Mapped[str] = mapped_column(String(120))
    name_key: Mapped[str] = mapped_column(String(MAX_NAME_KEY_LENGTH), unique=True)
    description: Mapped[str] = mapped_column(Text, default="")
    template: Mapped[dict[str, Any]] = mapped_column(default=dict)

    @validates("name")
    def _keep_key(self, _key: str, name: str) -> str:
        self.name_key = name_key(name)
        return name
