"""Image templates: named parameter sets, found ignoring case."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qis_core.catalog.models import Template
from qis_core.catalog.models.properties import DEFAULT_TEMPLATE
from qis_core.catalog.properties import find_property, set_property
from qis_core.domain.accounts import name_key
from qis_core.errors import Conflict


@dataclass(frozen=True, slots=True)
class TemplateRecord:
    """A template to be stored: ``parameters`` maps a parameter name to ``{"value": …}``."""

    name: str
    parameters: dict[str, Any]
    description: str = ""


def list_templates(session: Session) -> Sequence[Template]:
    """All templates, by name."""
    return session.scalars(select(Template).order_by(Template.name_key)).all()


def find_template(session: Session, name: str) -> Template | None:
    """The template of that name, ignoring case."""
    return session.scalar(select(Template).where(Template.name_key == name_key(name)))


def add_template(session: Session, record: TemplateRecord) -> Template:
    """Store a new template; raises `Conflict` when the name is taken."""
    template = Template(name=record.name, description=record.description, template=record.parameters)
    with _name_free(session, record.name):
        session.add(template)
    return template


def change_template(session: Session, template: Template, record: TemplateRecord) -> Template:
    """Give *template* the values of *record*; renaming the default template keeps it the default."""
    is_default = name_key(template.name) == name_key(default_template_name(session))
    with _name_free(session, record.name):
        template.name, template.description = record.name, record.description
        template.template = record.parameters
    if is_default:
        set_property(session, DEFAULT_TEMPLATE, record.name)
    return template


def delete_template(session: Session, template: Template) -> None:
    """Remove *template*; raises `Conflict` for the default one."""
    if name_key(template.name) == name_key(default_template_name(session)):
        raise Conflict(f"template {template.name!r} is the default template; choose another default first")
    session.delete(template)
    session.flush()


def default_template_name(session: Session) -> str:
    """The name the system property gives, whether such a template exists or not."""
    return find_property(session, DEFAULT_TEMPLATE) or "default"


@contextmanager
def _name_free(session: Session, name: str) -> Iterator[None]:
    """A part of the transaction that is undone alone when the name is taken."""
    try:
        with session.begin_nested():
            yield
            session.flush()
    except IntegrityError:
        raise Conflict(f"name: a template named {name!r} exists already") from None
