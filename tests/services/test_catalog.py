"""The catalog's queries: registration and history, folders, templates, statistics, audit, the first run."""

import string
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qis_core.catalog import first_run, folders, image_history, images, properties, statistics, templates
from qis_core.catalog._insert import insert_or_find
from qis_core.catalog.audit import Actor, add_audit, list_audit
from qis_core.catalog.database import Catalog
from qis_core.catalog.image_history import Cause
from qis_core.catalog.images import FileRecord, facts_from_json, facts_to_json, register_image, source_facts
from qis_core.catalog.models import (
    Folder,
    Group,
    Image,
    ImageAction,
    ImageStatistics,
    Portfolio,
    PortfolioExport,
    Property,
    RecordStatus,
    SystemStatistics,
    Task,
    TaskPriority,
    TaskStatus,
    Template,
    User,
)
from qis_core.catalog.models.properties import DEFAULT_TEMPLATE, INSTALLATION_ID
from qis_core.catalog.permissions import load_rules
from qis_core.catalog.statistics import Counts, Load, Period
from qis_core.catalog.templates import TemplateRecord
from qis_core.contracts.storage import FileStat
from qis_core.domain.access import AccessLevel
from qis_core.domain.images import Fingerprint, ImageFacts, Size, SourceFacts
from qis_core.domain.paths import ROOT, RepositoryPath
from qis_core.errors import Conflict, SettingsError
from qis_core.settings import Settings
from qis_plugins.sqlite.database import SqliteSettings, open_sqlite

PATH = RepositoryPath.parse("a/b/picture.jpg")
FACTS = ImageFacts(codec="jpeg", size=Size(400, 300), mode="CMYK", orientation=6, pages=2, is_animated=True, dpi=72.5)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    catalog = Catalog(open_sqlite(Settings.of(SqliteSettings(path=tmp_path / "qis.db"))))
    first_run.prepare(catalog, lambda password: f"hash of {password}", "first password")
    yield catalog
    catalog.close()


@pytest.fixture
def session(catalog: Catalog) -> Iterator[Session]:
    with catalog.begin() as session:
        yield session


def file_of(text: str = "1-1", facts: ImageFacts | None = FACTS) -> FileRecord:
    return FileRecord(FileStat(len(text), 17, Fingerprint(text)), facts)


def actions_of(session: Session, image: Image) -> list[tuple[int, str]]:
    return [(entry.action, entry.info) for entry in image_history.list_history(session, image.id)]


class TestRegistration:
    def test_first_sight_makes_record_folders_and_history(self, session: Session) -> None:
        found = register_image(session, PATH, file_of())
        assert found.action is ImageAction.CREATED
        assert actions_of(session, found.image) == [(1, "found on disk: a/b/picture.jpg")]
        lineage = folders.find_lineage(session, PATH.parent)
        assert [(folder.path, folder.name) for folder in lineage] == [("/a/b", "b"), ("/a", "a"), ("/", "")]
        assert [folder.parent_id for folder in lineage] == [lineage[1].id, lineage[2].id, None]
        assert found.image.folder_id == lineage[0].id

    def test_record_holds_the_facts_after_orientation(self, session: Session) -> None:
        image = register_image(session, PATH, file_of()).image
        assert (image.width, image.height, image.codec, image.mode, image.pages) == (300, 400, "jpeg", "CMYK", 2)
        assert (image.is_animated, image.orientation, image.has_alpha) == (True, 6, False)
        session.expire(image)
        assert source_facts(image) == SourceFacts(image.id, PATH.src, Fingerprint("1-1"), Size(300, 400), FACTS, 3, 17)

    def test_same_file_again_changes_nothing(self, session: Session) -> None:
        first = register_image(session, PATH, file_of()).image
        again = register_image(session, PATH, file_of())
        assert (again.image.id, again.action) == (first.id, None)
        assert len(actions_of(session, first)) == 1

    def test_changed_file_keeps_its_id(self, session: Session) -> None:
        image = register_image(session, PATH, file_of()).image
        image.title = "kept"
        image.content_hash = "of the old bytes"
        changed = register_image(session, PATH, file_of("2-2", replace(FACTS, orientation=1, codec="png")))
        assert (changed.image.id, changed.action) == (image.id, ImageAction.REPLACED)
        assert (image.width, image.height, image.codec, image.title) == (400, 300, "png", "kept")
        assert image.content_hash is None
        assert [action for action, _ in actions_of(session, image)] == [1, 2]

    def test_vanished_file_comes_back_with_its_id(self, session: Session) -> None:
        image = register_image(session, PATH, file_of()).image
        assert images.mark_image_deleted(session, PATH)
        assert not images.mark_image_deleted(session, PATH)
        assert image.status is RecordStatus.DELETED
        for folder in folders.find_lineage(session, PATH.parent):
            folders.mark_folder_deleted(session, folder)
        back = register_image(session, PATH, file_of("3-3"))
        assert (back.image.id, back.action, back.image.status) == (image.id, ImageAction.CREATED, RecordStatus.ACTIVE)
        assert [action for action, _ in actions_of(session, image)] == [1, 0, 1]
        assert {folder.status for folder in folders.find_lineage(session, PATH.parent)} == {RecordStatus.ACTIVE}

    def test_same_bytes_coming_back_are_a_return_too(self, session: Session) -> None:
        register_image(session, PATH, file_of())
        images.mark_image_deleted(session, PATH)
        assert register_image(session, PATH, file_of()).action is ImageAction.CREATED

    def test_unknown_image_cannot_be_deleted(self, session: Session) -> None:
        assert not images.mark_image_deleted(session, PATH)
        assert images.find_image(session, PATH) is None

    def test_file_that_is_no_image_is_kept_as_0_by_0(self, session: Session) -> None:
        image = register_image(session, PATH, file_of(facts=None)).image
        assert (image.width, image.height, image.codec, image.facts) == (0, 0, "", None)
        assert source_facts(image) is None
        register_image(session, PATH, file_of("2-2"))
        assert (image.width, image.codec) == (300, "jpeg")

    def test_cause_names_user_and_words(self, session: Session) -> None:
        image = register_image(session, PATH, file_of(), Cause(1, "by upload")).image
        images.mark_image_deleted(session, PATH, Cause(1, "containing folder deleted"))
        entries = image_history.list_history(session, image.id)
        assert [(one.user_id, one.info) for one in entries] == [(1, "by upload"), (1, "containing folder deleted")]
        assert all(abs(one.time - datetime.now(UTC)) < timedelta(minutes=1) for one in entries)

    def test_facts_can_be_read_again_without_history(self, session: Session) -> None:
        image = register_image(session, PATH, file_of(facts=None)).image
        images.refresh_facts(session, image, file_of())
        assert (image.width, len(actions_of(session, image))) == (300, 1)

    def test_images_of_the_root_belong_to_the_root(self, session: Session) -> None:
        image = register_image(session, RepositoryPath.parse("top.jpg"), file_of()).image
        assert image.folder_id == first_run.ROOT_FOLDER_ID


class TestFacts:
    def test_come_back_as_they_were(self) -> None:
        assert facts_from_json(facts_to_json(FACTS)) == FACTS

    def test_fields_of_other_versions_do_no_harm(self) -> None:
        stored = facts_to_json(FACTS)
        del stored["pages"]
        assert facts_from_json({**stored, "later": [1, 2]}) == replace(FACTS, pages=1)

    def test_stored_lists_become_tuples(self, session: Session) -> None:
        register_image(session, PATH, file_of())
        session.expire_all()
        image = images.find_image(session, PATH)
        assert image is not None
        assert image.facts is not None
        assert image.facts["size"] == [400, 300]
        assert facts_from_json(image.facts).size == Size(400, 300)


class TestFolders:
    def test_ensure_gives_the_same_record_again(self, session: Session) -> None:
        assert folders.ensure_folder(session, PATH).id == folders.ensure_folder(session, PATH).id
        assert folders.ensure_folder(session, ROOT).id == first_run.ROOT_FOLDER_ID

    def test_missing_folder_is_none(self, session: Session) -> None:
        assert folders.find_folder(session, PATH) is None
        assert [folder.path for folder in folders.find_lineage(session, PATH)] == ["/"]

    def test_subfolders_are_the_active_ones_by_name(self, session: Session) -> None:
        for name in ("b", "a", "gone", "b/deep"):
            folders.ensure_folder(session, RepositoryPath.parse(name))
        gone = folders.find_folder(session, RepositoryPath.parse("gone"))
        root = folders.find_folder(session, ROOT)
        assert gone is not None
        assert root is not None
        folders.mark_folder_deleted(session, gone)
        assert [folder.name for folder in folders.list_subfolders(session, root)] == ["a", "b"]

    def test_deepest_path_is_kept(self, session: Session) -> None:
        deep = RepositoryPath(("x",) * 512)
        assert folders.ensure_folder(session, deep).path == "/" + "/".join("x" * 512)
        assert len(folders.find_lineage(session, deep)) == 513


class TestInsertOrFind:
    def test_loser_reads_what_the_winner_wrote(self, session: Session) -> None:
        session.add(Property(key="raced", value="winner"))
        session.flush()
        session.expunge_all()
        answers: Iterator[Property | None] = iter([None, session.get(Property, "raced")])
        session.expunge_all()
        found, is_new = insert_or_find(session, Property(key="raced", value="loser"), lambda: next(answers))
        assert (found.value, is_new) == ("winner", False)
        properties.set_property(session, "after", "the transaction lives on")

    def test_other_broken_keys_are_not_hidden(self, session: Session) -> None:
        with pytest.raises(IntegrityError):
            insert_or_find(session, Image(src="x.jpg", folder_id=10**9), lambda: None)


class TestTemplates:
    def test_shipped_ones(self, session: Session) -> None:
        found = {
            one.id: (one.name, {key: value["value"] for key, value in one.template.items()}) for one in all_of(session)
        }
        web = {"quality": 80, "strip": True, "colorspace": "rgb", "record_stats": True, "expiry_secs": 604800}
        assert found == {
            1: ("Default", web),
            2: ("SmallJpeg", {**web, "format": "jpg", "width": 200, "height": 200}),
            3: ("Precache", {"width": 800, "height": 600, "size_fit": True, "record_stats": False}),
        }
        assert templates.default_template_name(session) == "default"

    def test_are_found_ignoring_case(self, session: Session) -> None:
        template = templates.find_template(session, "SMALLJPEG")
        assert template is not None
        assert template.id == 2
        assert templates.find_template(session, "small") is None

    @pytest.mark.parametrize("name", ["Default", "DEFAULT"])
    def test_names_are_taken_ignoring_case(self, session: Session, name: str) -> None:
        with pytest.raises(Conflict, match=f"'{name}' exists already"):
            templates.add_template(session, TemplateRecord(name, {}))
        assert len(all_of(session)) == 3

    def test_renaming_the_default_keeps_it_the_default(self, session: Session) -> None:
        default = templates.find_template(session, "default")
        assert default is not None
        templates.change_template(session, default, TemplateRecord("Main", {"quality": {"value": 50}}, "the main one"))
        assert templates.default_template_name(session) == "Main"
        assert (default.description, default.template) == ("the main one", {"quality": {"value": 50}})

    def test_renaming_another_leaves_the_default(self, session: Session) -> None:
        small = templates.find_template(session, "smalljpeg")
        assert small is not None
        templates.change_template(session, small, TemplateRecord("Small", {}))
        assert properties.find_property(session, DEFAULT_TEMPLATE) == "default"
        with pytest.raises(Conflict):
            templates.change_template(session, small, TemplateRecord("default", {}))

    def test_default_cannot_be_deleted(self, session: Session) -> None:
        default, small = templates.find_template(session, "default"), templates.find_template(session, "smalljpeg")
        assert default is not None
        assert small is not None
        with pytest.raises(Conflict, match="default template"):
            templates.delete_template(session, default)
        templates.delete_template(session, small)
        assert [one.name for one in all_of(session)] == ["Default", "Precache"]


def all_of(session: Session) -> list[Template]:
    return list(templates.list_templates(session))


class TestStatistics:
    START = datetime(2026, 1, 1, tzinfo=UTC)
    PERIOD = Period(START, START + timedelta(hours=1))
    NEXT = Period(START + timedelta(hours=1), START + timedelta(hours=2))
    ONE = Counts(1, 1, 1, 1, 1000, 0.5, 0.5)

    def test_counts_are_added_up_per_period(self, session: Session) -> None:
        image = register_image(session, PATH, file_of()).image
        for period in (self.PERIOD, self.PERIOD, self.NEXT):
            statistics.add_image_counts(session, period, {image.id: self.ONE})
        statistics.add_image_counts(session, self.PERIOD, {image.id: Counts(2, 0, 0, 0, 5, 2.0, 0.25)})
        session.expire_all()
        rows = session.scalars(select(ImageStatistics).order_by(ImageStatistics.from_time)).all()
        assert [(row.requests, row.views, row.total_bytes, row.request_seconds) for row in rows] == [
            (4, 2, 2005, 3.0),
            (1, 1, 1000, 0.5),
        ]
        assert [row.max_request_seconds for row in rows] == [0.5, 0.5]
        assert rows[0].to_time == rows[1].from_time == self.NEXT.start

    def test_counts_of_purged_images_are_dropped(self, session: Session) -> None:
        image = register_image(session, PATH, file_of()).image
        statistics.add_image_counts(session, self.PERIOD, {10**12: self.ONE, image.id: self.ONE})
        assert session.scalars(select(ImageStatistics.image_id)).all() == [image.id]

    def test_system_row_keeps_the_latest_load(self, session: Session) -> None:
        statistics.add_system_counts(session, self.PERIOD, self.ONE, Load(10, 20, 30))
        statistics.add_system_counts(session, self.PERIOD, Counts(), Load(50, 60, 70))
        session.expire_all()
        row = session.scalars(select(SystemStatistics)).one()
        assert (row.requests, row.cpu_pc, row.memory_pc, row.cache_pc) == (1, 50, 60, 70)

    def test_purge_removes_what_ended_before(self, session: Session) -> None:
        image = register_image(session, PATH, file_of()).image
        for period in (self.PERIOD, self.NEXT):
            statistics.add_image_counts(session, period, {image.id: self.ONE})
            statistics.add_system_counts(session, period, self.ONE, Load())
        assert statistics.purge_statistics(session, self.NEXT.end) == 2
        assert statistics.purge_statistics(session, self.NEXT.end) == 0
        assert session.scalars(select(ImageStatistics.from_time)).all() == [self.NEXT.start]

    def test_purging_an_image_takes_statistics_and_history(self, session: Session) -> None:
        image = register_image(session, PATH, file_of()).image
        statistics.add_image_counts(session, self.PERIOD, {image.id: self.ONE})
        session.delete(image)
        session.flush()
        assert session.scalars(select(ImageStatistics)).all() == []
        assert image_history.list_history(session, image.id) == []


class TestModels:
    def test_moments_may_be_missing(self, session: Session) -> None:
        task = Task(funcname="scan", params_key="x")
        session.add(task)
        session.flush()
        session.expire(task)
        assert (task.keep_until, task.status, task.priority, task.result) == (
            None,
            TaskStatus.WAITING,
            TaskPriority.NORMAL,
            None,
        )

    def test_equal_task_cannot_stand_beside_another(self, session: Session) -> None:
        session.add(Task(funcname="scan", params_key="x"))
        session.add(Task(funcname="scan", params_key="y"))
        session.flush()
        with pytest.raises(IntegrityError), session.begin_nested():
            session.add(Task(funcname="scan", params_key="x"))

    def test_finished_task_can_go_while_an_export_names_it(self, session: Session) -> None:
        task = Task(funcname="export_portfolio", params_key="x")
        portfolio = Portfolio(human_id="birds", owner_id=1)
        session.add_all([task, portfolio])
        session.flush()
        export = PortfolioExport(portfolio_id=portfolio.id, task_id=task.id, keep_until=datetime.now(UTC))
        session.add(export)
        session.flush()
        session.delete(task)
        session.flush()
        session.expire(export)
        assert export.task_id is None

    def test_unfinished_exports_share_the_empty_file_name(self, session: Session) -> None:
        portfolio = Portfolio(human_id="birds", owner_id=1)
        session.add(portfolio)
        session.flush()
        for name in ("", "", "a.zip"):
            session.add(PortfolioExport(portfolio_id=portfolio.id, filename=name, keep_until=datetime.now(UTC)))
        session.flush()
        with pytest.raises(IntegrityError), session.begin_nested():
            session.add(PortfolioExport(portfolio_id=portfolio.id, filename="a.zip", keep_until=datetime.now(UTC)))


class TestAudit:
    def test_newest_first_and_by_subject(self, session: Session) -> None:
        for number in range(5):
            add_audit(session, Actor(1, "admin", "192.0.2.1"), "edit", f"user:{number % 2}", f"number {number}")
        session.flush()
        assert [entry.info for entry in list_audit(session, limit=2)] == ["number 4", "number 3"]
        assert [entry.info for entry in list_audit(session, subject="user:1")] == ["number 3", "number 1"]

    def test_overlong_texts_are_cut(self, session: Session) -> None:
        add_audit(session, Actor(None, "u" * 5000, "a" * 5000), "sign_in_failed", "s" * 5000)
        session.flush()
        entry = list_audit(session)[0]
        assert (len(entry.username), len(entry.address), len(entry.subject)) == (120, 64, 1100)


class TestFirstRun:
    def test_admin_is_as_specified(self, session: Session) -> None:
        admin = session.scalars(select(User)).one()
        assert (admin.id, admin.username, admin.first_name) == (1, "admin", "Administrator")
        assert (admin.password_hash, admin.allow_api, admin.must_change_password) == (
            "hash of first password",
            False,
            False,
        )

    def test_generated_password_is_given_once_and_must_be_changed(self, tmp_path: Path) -> None:
        catalog = Catalog(open_sqlite(Settings.of(SqliteSettings(path=tmp_path / "new.db"))))
        password = first_run.prepare(catalog, lambda text: f"hash of {text}")
        assert password is not None
        assert len(password) == 16
        assert set(password) <= set(string.ascii_letters + string.digits)
        assert first_run.prepare(catalog, lambda text: f"hash of {text}") is None
        with catalog.read() as session:
            admin = session.get_one(User, 1)
            assert (admin.password_hash, admin.must_change_password) == (f"hash of {password}", True)
        catalog.close()

    @pytest.mark.parametrize("password", ["", "seven77", "x" * 121])
    def test_given_password_must_be_a_good_one(self, tmp_path: Path, password: str) -> None:
        catalog = Catalog(open_sqlite(Settings.of(SqliteSettings(path=tmp_path / "new.db"))))
        with pytest.raises(SettingsError, match=r"^qis\.admin_password: \d+ characters, expected 8 to 120"):
            first_run.prepare(catalog, lambda text: f"hash of {text}", password)
        assert not first_run.is_prepared(catalog)
        catalog.close()

    def test_generated_passwords_differ(self) -> None:
        assert len({first_run.generate_password() for _ in range(100)}) == 100

    def test_nothing_is_logged(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        catalog = Catalog(open_sqlite(Settings.of(SqliteSettings(path=tmp_path / "new.db"))))
        with caplog.at_level(0):
            password = first_run.prepare(catalog, lambda text: f"hash of {text}")
        assert password is not None
        assert password not in caplog.text
        catalog.close()

    def test_what_an_administrator_removed_stays_removed(self, catalog: Catalog) -> None:
        with catalog.begin() as session:
            session.delete(session.get_one(Template, 3))
            session.get_one(Group, 3).description = "ours"
        assert first_run.prepare(catalog, lambda text: "other") is None
        with catalog.read() as session:
            assert session.get(Template, 3) is None
            assert session.get_one(Group, 3).description == "ours"

    def test_installation_has_an_id_of_its_own(self, catalog: Catalog, tmp_path: Path) -> None:
        other = Catalog(open_sqlite(Settings.of(SqliteSettings(path=tmp_path / "other.db"))))
        first_run.prepare(other, lambda text: "hash")
        ids = set()
        for one in (catalog, other):
            with one.read() as session:
                ids.add(properties.find_property(session, INSTALLATION_ID))
        assert len(ids) == 2
        assert None not in ids
        other.close()

    def test_root_is_open_to_viewers(self, session: Session) -> None:
        assert session.scalar(select(func.count()).select_from(Folder)) == 1
        assert load_rules(session) == {ROOT: {1: AccessLevel.VIEW, 2: AccessLevel.VIEW}}
