"""Image templates: all of them in memory, saved with the same checks as URL values (spec image-urls §6)."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from qis_core.catalog import templates as queries
from qis_core.catalog.audit import Actor, add_audit
from qis_core.catalog.database import Catalog
from qis_core.catalog.models import Template
from qis_core.catalog.models.properties import DEFAULT_TEMPLATE
from qis_core.catalog.properties import Counter, set_property
from qis_core.catalog.templates import TemplateRecord
from qis_core.domain.accounts import MAX_DESCRIPTION_LENGTH, check_name, check_text, name_key
from qis_core.domain.image_templates import ImageTemplate, Lock
from qis_core.errors import InvalidRequest, NotFound
from qis_core.imaging.parameters import ParameterTable
from qis_core.imaging.params import one_of
from qis_core.services.changes import Changes

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """Everything as the database had it at one moment; templates by name key."""

    templates: Mapping[str, ImageTemplate] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    default_name: str = ""


class Templates:
    """The templates of the installation. Safe to use from many threads; reading touches no database.

    A change is seen at once by the process that made it, by others when *changes* polls.
    """

    def __init__(self, catalog: Catalog, parameters: ParameterTable, changes: Changes) -> None:
        self._catalog = catalog
        self._parameters = parameters
        self._changes = changes
        self._snapshot = _Snapshot()
        changes.subscribe((Counter.TEMPLATES,), self.reload)
        self.reload()

    @property
    def default_name(self) -> str:
        """The name that requests without ``tmp`` use, whether such a template exists or not."""
        return self._snapshot.default_name

    @property
    def faults(self) -> Mapping[str, str]:
        """Stored templates that cannot be used, by name, each with the reason."""
        return self._snapshot.faults

    def names(self) -> tuple[str, ...]:
        """The names that ``tmp`` takes, as they were given, in alphabetical order."""
        return tuple(template.name for template in self.all())

    def all(self) -> tuple[ImageTemplate, ...]:
        """Every template that can be used, by name."""
        return tuple(self._snapshot.templates.values())

    def get(self, name: str | None = None) -> ImageTemplate:
        """The template called *name* in any case; without a name the default one. Raises `InvalidRequest`."""
        snapshot = self._snapshot
        template = snapshot.templates.get(name_key(snapshot.default_name if name is None else name))
        if template is not None:
            return template
        if name is None:
            raise InvalidRequest(f"the default template {snapshot.default_name!r} does not exist", parameter="tmp")
        shown = name if len(name) <= 40 else name[:40] + "…"
        raise InvalidRequest(f"{shown!r} is not a valid choice; expected {one_of(self.names())}", parameter="tmp")

    def save(self, actor: Actor, record: TemplateRecord) -> ImageTemplate:
        """Make the template of that name, or replace all it holds.

        Raises `InvalidRequest` naming the attribute whose value could not stand in a URL.
        """
        template = self._checked(record)
        clean = TemplateRecord(template.name, self._parameters.stored(template), template.description)
        with self._catalog.begin() as session:
            stored = queries.find_template(session, template.name)
            if stored is None:
                queries.add_template(session, clean)
            else:
                queries.change_template(session, stored, clean)
            add_audit(session, actor, "edit" if stored else "create", f"template:{template.name}")
            self._changes.touch(session, Counter.TEMPLATES)
        return template

    def delete(self, actor: Actor, name: str) -> None:
        """Raises `NotFound`, and `Conflict` for the default template."""
        with self._catalog.begin() as session:
            stored = queries.find_template(session, name)
            if stored is None:
                raise NotFound(f"template {name!r} does not exist")
            queries.delete_template(session, stored)
            add_audit(session, actor, "delete", f"template:{stored.name}")
            self._changes.touch(session, Counter.TEMPLATES)

    def set_default(self, actor: Actor, name: str) -> ImageTemplate:
        """Let requests without ``tmp`` use this template; raises `InvalidRequest` unless it exists and can be used."""
        template = self.get(name)
        with self._catalog.begin() as session:
            set_property(session, DEFAULT_TEMPLATE, template.name)
            add_audit(session, actor, "edit", f"property:{DEFAULT_TEMPLATE}", template.name)
            self._changes.touch(session, Counter.TEMPLATES)
        return template

    def reload(self) -> None:
        """Read everything anew; a template that fails to load is skipped and logged."""
        with self._catalog.read() as session:
            records = queries.list_templates(session)
            default_name = queries.default_template_name(session)
        templates: dict[str, ImageTemplate] = {}
        faults: dict[str, str] = {}
        for record in records:
            try:
                templates[record.name_key] = self._loaded(record)
            except InvalidRequest as error:
                faults[record.name] = str(error)
                _LOG.warning("template %r is skipped: %s", record.name, error)
        self._snapshot = _Snapshot(templates, faults, default_name)

    def _loaded(self, record: Template) -> ImageTemplate:
        stored = _entries(record.template)
        return replace(self._parameters.template(record.name, stored, record.description), id=record.id)

    def _checked(self, record: TemplateRecord) -> ImageTemplate:
        name = check_name(record.name, parameter="name")
        description = check_text(record.description, parameter="description", max_length=MAX_DESCRIPTION_LENGTH)
        template = self._parameters.template(name, _entries(record.parameters), description)
        for parameter, lock in template.locks.items():
            _check_lock(parameter, lock, template.values[parameter])
        return template


def _entries(stored: object) -> Mapping[str, Mapping[str, object]]:
    if not isinstance(stored, dict):
        raise InvalidRequest('expected an object such as {"width": {"value": 200}}', parameter="template")
    for key, entry in stored.items():
        if not isinstance(entry, dict):
            raise InvalidRequest('expected an object such as {"value": 200}', parameter=key)
    return cast("dict[str, dict[str, object]]", stored)


def _check_lock(parameter: str, lock: Lock, value: object) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if lock is not Lock.FIXED and not is_number:
        raise InvalidRequest(f"override {lock.value!r} needs a number, not {value!r}; expected no", parameter=parameter)
