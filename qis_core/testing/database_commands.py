"""Random command sequences for a catalog, and a model in plain dicts that gives the expected answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from qis_core.catalog import folders, image_history, images, permissions, properties, statistics, templates
from qis_core.catalog.models import Folder, Image, ImageAction, ImageStatistics, RecordStatus
from qis_core.catalog.properties import Counter
from qis_core.catalog.statistics import Counts, Period
from qis_core.catalog.templates import TemplateRecord
from qis_core.contracts.storage import FileStat
from qis_core.domain.access import AccessLevel
from qis_core.domain.accounts import name_key
from qis_core.domain.images import Fingerprint, ImageFacts, Size
from qis_core.domain.paths import ROOT, RepositoryPath
from qis_core.errors import Conflict

FIRST_PERIOD = Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 1, tzinfo=UTC))
GROUPS = (1, 2, 3)


@dataclass
class Model:
    """What the catalog must hold; starts as a new installation is."""

    folders: dict[RepositoryPath, bool] = field(default_factory=lambda: {ROOT: True})
    images: dict[RepositoryPath, tuple[str, bool]] = field(default_factory=dict)
    history: dict[RepositoryPath, list[ImageAction]] = field(default_factory=dict)
    rules: dict[tuple[RepositoryPath, int], AccessLevel] = field(
        default_factory=lambda: {(ROOT, 1): AccessLevel.VIEW, (ROOT, 2): AccessLevel.VIEW}
    )
    properties: dict[str, str] = field(default_factory=dict)
    counters: dict[Counter, int] = field(default_factory=lambda: dict.fromkeys(Counter, 1))
    templates: dict[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    counts: dict[RepositoryPath, Counts] = field(default_factory=dict)


#: Runs one command on a session and on the model; the two answers must be equal.
Command = Callable[[Session, Model], tuple[object, object]]


def file_record(text: str) -> images.FileRecord:
    """A file whose facts follow from its fingerprint *text*; an empty one is no image."""
    facts = ImageFacts(codec="png", size=Size(len(text), 7), orientation=6) if text else None
    return images.FileRecord(FileStat(len(text), 2**62 + len(text), Fingerprint(text)), facts)


@dataclass(frozen=True)
class Register:
    """Register a file as it is now."""

    path: RepositoryPath
    fingerprint: str

    def __call__(self, session: Session, model: Model) -> tuple[object, object]:
        found = images.register_image(session, self.path, file_record(self.fingerprint))
        before, was_active = model.images.get(self.path, (None, False))
        expected = ImageAction.REPLACED if was_active else ImageAction.CREATED
        if was_active and before == self.fingerprint:
            return found.action, None
        model.images[self.path] = (self.fingerprint, True)
        model.history.setdefault(self.path, []).append(expected)
        if not was_active:
            model.folders |= dict.fromkeys(self.path.parent.lineage(), True)
        return found.action, expected


@dataclass(frozen=True)
class DeleteImage:
    """A file is gone."""

    path: RepositoryPath

    def __call__(self, session: Session, model: Model) -> tuple[object, object]:
        fingerprint, was_active = model.images.get(self.path, ("", False))
        if was_active:
            model.images[self.path] = (fingerprint, False)
            model.history[self.path].append(ImageAction.DELETED)
        return images.mark_image_deleted(session, self.path), was_active


@dataclass(frozen=True)
class DeleteFolder:
    """A folder is gone; what is below keeps its own records."""

    path: RepositoryPath

    def __call__(self, session: Session, model: Model) -> tuple[object, object]:
        folder = folders.find_folder(session, self.path)
        if folder is not None:
            folders.mark_folder_deleted(session, folder)
        exists = self.path in model.folders
        if exists:
            model.folders[self.path] = False
        return folder is not None, exists


@dataclass(frozen=True)
class SetRule:
    """Give a group a level, or (None) take its record away."""

    path: RepositoryPath
    group_id: int
    level: AccessLevel | None

    def __call__(self, session: Session, model: Model) -> tuple[object, object]:
        folder = folders.ensure_folder(session, self.path)
        model.folders |= dict.fromkeys(self.path.lineage(), True)
        if self.level is not None:
            permissions.set_permission(session, folder, self.group_id, self.level)
            model.rules[self.path, self.group_id] = self.level
            return None, None
        removed = permissions.remove_permission(session, folder, self.group_id)
        return removed, model.rules.pop((self.path, self.group_id), None) is not None


@dataclass(frozen=True)
class SetProperty:
    """Store a text under a key."""

    key: str
    value: str

    def __call__(self, session: Session, model: Model) -> tuple[object, object]:
        properties.set_property(session, self.key, self.value)
        model.properties[self.key] = self.value
        return properties.find_property(session, self.key), self.value


@dataclass(frozen=True)
class MoveCounter:
    """Add one to a counter."""

    counter: Counter

    def __call__(self, session: Session, model: Model) -> tuple[object, object]:
        properties.move_counter(session, self.counter)
        model.counters[self.counter] += 1
        return dict(properties.read_counters(session)), dict(model.counters)


@dataclass(frozen=True)
class AddTemplate:
    """Store a template; names are taken ignoring case."""

    name: str
    parameters: Mapping[str, Any]

    def __call__(self, session: Session, model: Model) -> tuple[object, object]:
        is_free = name_key(self.name) not in model.templates
        if is_free:
            model.templates[name_key(self.name)] = (self.name, self.parameters)
        try:
            templates.add_template(session, TemplateRecord(self.name, dict(self.parameters)))
        except Conflict:
            return False, is_free
        return True, is_free


@dataclass(frozen=True)
class AddCounts:
    """Count requests of an image, known or not."""

    path: RepositoryPath
    counts: Counts

    def __call__(self, session: Session, model: Model) -> tuple[object, object]:
        image = images.find_image(session, self.path)
        statistics.add_image_counts(session, FIRST_PERIOD, {image.id if image else 10**15: self.counts})
        if self.path in model.images:
            old, new = model.counts.get(self.path, Counts()), self.counts
            model.counts[self.path] = replace(
                old,
                requests=old.requests + new.requests,
                total_bytes=old.total_bytes + new.total_bytes,
                max_request_seconds=max(old.max_request_seconds, new.max_request_seconds),
            )
        return image is not None, self.path in model.images


_NAMES = st.sampled_from(("a", "A", "b", "é", "e\u0301", "日本", "%", "_", "a b", "'", "🖼"))
_PATHS = st.lists(_NAMES, min_size=1, max_size=3).map(lambda parts: RepositoryPath(tuple(parts)))
_TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
_LEVELS = st.sampled_from((*AccessLevel, None))
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e6, 1e6) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=5,
)
_COUNTS = st.builds(
    Counts, requests=st.integers(0, 9), total_bytes=st.integers(0, 2**50), max_request_seconds=st.floats(0, 100)
)

COMMANDS: st.SearchStrategy[list[Command]] = st.lists(
    st.one_of(
        st.builds(Register, _PATHS, st.sampled_from(("", "1", "22"))),
        st.builds(DeleteImage, _PATHS),
        st.builds(DeleteFolder, _PATHS),
        st.builds(SetRule, _PATHS, st.sampled_from(GROUPS), _LEVELS),
        st.builds(SetProperty, _NAMES, _TEXTS),
        st.builds(MoveCounter, st.sampled_from(Counter)),
        st.builds(AddTemplate, _NAMES, st.dictionaries(_TEXTS, _VALUES, max_size=3)),
        st.builds(AddCounts, _PATHS, _COUNTS),
    ),
    max_size=25,
)


def state_of(session: Session, model: Model) -> Model:
    """What the database holds, in the model's shape; properties are looked up by the model's keys."""
    session.expire_all()
    records = session.scalars(select(Image)).all()
    paths = {record.id: RepositoryPath.parse(record.src) for record in records}
    return Model(
        folders={
            RepositoryPath.parse(one.path): one.status is RecordStatus.ACTIVE for one in session.scalars(select(Folder))
        },
        images={paths[one.id]: (one.fingerprint, one.status is RecordStatus.ACTIVE) for one in records},
        history={paths[one.id]: _actions(session, one.id) for one in records},
        rules={
            (path, group_id): level
            for path, rules in permissions.load_rules(session).items()
            for group_id, level in rules.items()
        },
        properties={key: properties.find_property(session, key) or "" for key in model.properties},
        counters=dict(properties.read_counters(session)),
        templates={one.name_key: (one.name, one.template) for one in templates.list_templates(session) if one.id > 3},
        counts={paths[row.image_id]: _counts(row) for row in session.scalars(select(ImageStatistics))},
    )


def _actions(session: Session, image_id: int) -> list[ImageAction]:
    return [entry.action for entry in image_history.list_history(session, image_id)]


def _counts(row: ImageStatistics) -> Counts:
    return Counts(requests=row.requests, total_bytes=row.total_bytes, max_request_seconds=row.max_request_seconds)
