"""Templates in memory, saved with the checks of URLs, followed by every process (spec image-urls §6)."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, update

from qis_core.catalog.audit import SYSTEM, Actor
from qis_core.catalog.database import Catalog
from qis_core.catalog.models import Template
from qis_core.catalog.models.properties import DEFAULT_TEMPLATE
from qis_core.catalog.properties import Counter, find_property, set_property
from qis_core.catalog.templates import TemplateRecord
from qis_core.domain.image_templates import ImageTemplate, Lock
from qis_core.errors import Conflict, InvalidRequest, NotFound
from qis_core.imaging.parameters import ParameterTable
from qis_core.plugins import PluginRegistry
from qis_core.services.changes import Changes
from qis_core.services.templates import Templates
from tests.support.catalogs import audit_of, catalog_at, prepared_catalog

ANNA = Actor(1, "anna", "192.0.2.7")


@pytest.fixture(scope="module")
def parameters() -> ParameterTable:
    return PluginRegistry.load({"qis.plugins": "operations pillow"}, {}).parameters


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "qis.db"


@pytest.fixture
def catalog(path: Path) -> Iterator[Catalog]:
    with prepared_catalog(path) as catalog:
        yield catalog


@pytest.fixture
def templates(catalog: Catalog, parameters: ParameterTable) -> Templates:
    return Templates(catalog, parameters, Changes(catalog))


def record(name: str, /, description: str = "", **values: object) -> TemplateRecord:
    return TemplateRecord(name, {key: {"value": value} for key, value in values.items()}, description)


def store(catalog: Catalog, name: str, template: Any) -> None:
    """Write a template as another version of the software might have."""
    with catalog.begin() as session:
        session.add(Template(name=name, template=template))


class TestReading:
    def test_a_first_run_brings_three(self, templates: Templates) -> None:
        assert templates.names() == ("Default", "Precache", "SmallJpeg")
        assert templates.default_name == "default"
        assert templates.faults == {}

    def test_the_shipped_ones_hold_what_the_specification_says(self, templates: Templates) -> None:
        web = {"quality": 80, "strip": True, "colorspace": "rgb", "stats": True, "expires": 604800}
        assert templates.get().values == web
        assert templates.get("SmallJpeg").values == {**web, "format": "jpg", "width": 200, "height": 200}
        precache = {"width": 800, "height": 600, "autosizefit": True, "stats": False}
        assert templates.get("precache").values == precache

    @pytest.mark.parametrize("name", ["SmallJpeg", "smalljpeg", "SMALLJPEG"])
    def test_names_are_found_in_any_case(self, templates: Templates, name: str) -> None:
        assert templates.get(name).name == "SmallJpeg"

    def test_case_is_more_than_ascii(self, templates: Templates) -> None:
        templates.save(SYSTEM, record("Ströme"))
        assert templates.get("STRÖME").name == "Ströme"
        assert templates.get("Stro\u0308me").name == "Ströme"

    def test_no_name_is_the_default(self, templates: Templates) -> None:
        assert templates.get(None) is templates.get("default")
        assert templates.get(None).id == 1

    def test_an_unknown_name_is_no_choice(self, templates: Templates) -> None:
        with pytest.raises(InvalidRequest) as caught:
            templates.get("nope")
        expected = "tmp: 'nope' is not a valid choice; expected one of Default, Precache, SmallJpeg"
        assert str(caught.value) == expected
        assert caught.value.parameter == "tmp"

    def test_a_long_name_is_not_repeated_in_full(self, templates: Templates) -> None:
        with pytest.raises(InvalidRequest) as caught:
            templates.get("x" * 5000)
        assert len(str(caught.value)) < 150

    def test_a_long_list_of_choices_is_cut(self, templates: Templates) -> None:
        for number in range(20):
            templates.save(SYSTEM, record(f"t{number:02}"))
        with pytest.raises(InvalidRequest, match=r"t16 and 3 more$"):
            templates.get("nope")

    def test_a_missing_default_fails(self, templates: Templates, catalog: Catalog) -> None:
        with catalog.begin() as session:
            set_property(session, DEFAULT_TEMPLATE, "gone")
        templates.reload()
        with pytest.raises(InvalidRequest, match=r"^tmp: the default template 'gone' does not exist$"):
            templates.get()
        assert templates.get("smalljpeg").name == "SmallJpeg"

    def test_reading_touches_no_database(self, templates: Templates, catalog: Catalog) -> None:
        statements: list[str] = []

        def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
            statements.append(statement)

        for engine in (catalog.database.reader, catalog.database.writer):
            event.listen(engine, "before_cursor_execute", note)
        for name in (None, "default", "smalljpeg"):
            templates.get(name)
        templates.names()
        templates.all()
        with pytest.raises(InvalidRequest):
            templates.get("nope")
        assert statements == []
        templates.reload()
        assert statements


class TestBroken:
    @pytest.mark.parametrize(
        ("template", "reason"),
        [
            ({"width": {"value": 99999}}, "width: 99999 is out of range"),
            ({"height": {"value": "wide"}}, "height: 'wide' is not right"),
            ({"magic": {"value": 1}}, "magic: not a template attribute"),
            ({"width": {"value": 5, "override": "perhaps"}}, "width: override 'perhaps' is not a valid choice"),
            ({"width": 5}, "width: expected an object"),
            ({"width": [5]}, "width: expected an object"),
            ([1], "template: expected an object"),
            ("x", "template: expected an object"),
        ],
    )
    def test_one_that_fails_to_load_is_skipped(
        self, templates: Templates, catalog: Catalog, caplog: pytest.LogCaptureFixture, template: Any, reason: str
    ) -> None:
        store(catalog, "Broken", template)
        with caplog.at_level(logging.WARNING):
            templates.reload()
        assert templates.names() == ("Default", "Precache", "SmallJpeg")
        assert templates.faults["Broken"].startswith(reason)
        assert f"template 'Broken' is skipped: {reason}" in caplog.text
        with pytest.raises(InvalidRequest, match="'Broken' is not a valid choice"):
            templates.get("Broken")

    def test_it_can_be_replaced(self, templates: Templates, catalog: Catalog) -> None:
        store(catalog, "Broken", {"magic": {"value": 1}})
        templates.reload()
        templates.save(SYSTEM, record("broken", width=5))
        assert templates.get("Broken").values == {"width": 5}
        assert templates.faults == {}

    def test_it_can_be_deleted(self, templates: Templates, catalog: Catalog) -> None:
        store(catalog, "Broken", {"magic": {"value": 1}})
        templates.reload()
        templates.delete(SYSTEM, "BROKEN")
        assert templates.faults == {}

    def test_it_cannot_become_the_default(self, templates: Templates, catalog: Catalog) -> None:
        store(catalog, "Broken", {"magic": {"value": 1}})
        templates.reload()
        with pytest.raises(InvalidRequest, match="not a valid choice"):
            templates.set_default(SYSTEM, "Broken")
        assert templates.default_name == "default"


class TestSaving:
    def test_a_new_one_works_at_once(self, templates: Templates) -> None:
        saved = templates.save(SYSTEM, record("Wall", "For walls", width=800, rotation=90, fill="#ff0000"))
        assert templates.get("wall").values == {"width": 800, "angle": 90.0, "fill": templates.get("wall").get("fill")}
        assert saved.values == templates.get("wall").values
        assert templates.get("wall").description == "For walls"
        assert templates.names() == ("Default", "Precache", "SmallJpeg", "Wall")

    def test_saving_replaces_all_values(self, templates: Templates) -> None:
        templates.save(SYSTEM, record("Wall", width=800, height=600))
        number = templates.get("wall").id
        templates.save(SYSTEM, record("WALL", height=5))
        assert templates.get("wall").values == {"height": 5}
        assert templates.get("wall").name == "WALL"
        assert templates.get("wall").id == number

    def test_the_default_stays_the_default_when_it_changes(self, templates: Templates) -> None:
        templates.save(SYSTEM, record("DEFAULT", quality=75))
        assert templates.get().values == {"quality": 75}
        assert templates.get().name == "DEFAULT"

    def test_locks_are_kept(self, templates: Templates, catalog: Catalog) -> None:
        parameters = {
            "width": {"value": 800, "override": "lte"},
            "overlay_src": {"value": "logo.png", "override": "no"},
            "overlay_opacity": {"value": 0.5, "override": "gte"},
        }
        templates.save(SYSTEM, TemplateRecord("Wall", parameters))
        locks = {"width": Lock.AT_MOST, "overlay": Lock.FIXED, "ovopacity": Lock.AT_LEAST}
        assert templates.get("wall").locks == locks

    @pytest.mark.parametrize(
        ("key", "value", "rule"), [("format", "jpg", "lte"), ("strip", True, "gte"), ("overlay_src", "a.png", "lte")]
    )
    def test_upper_and_lower_limits_need_numbers(
        self, templates: Templates, key: str, value: object, rule: str
    ) -> None:
        locked = TemplateRecord("Wall", {key: {"value": value, "override": rule}})
        with pytest.raises(InvalidRequest, match=f"override '{rule}' needs a number, not .*; expected no"):
            templates.save(SYSTEM, locked)

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("width", 99999),
            ("quality", 0),
            ("expiry_secs", -2),
            ("expiry_secs", 31_536_001),
            ("width", "200"),
            ("format", "eggs"),
            ("xref", "abc"),
            ("nonsense", 1),
        ],
    )
    def test_case_107_wrong_values_are_refused_and_nothing_is_stored(
        self, templates: Templates, catalog: Catalog, key: str, value: object
    ) -> None:
        with pytest.raises(InvalidRequest, match="expected"):
            templates.save(SYSTEM, record("Wall", height=5, **{key: value}))
        templates.reload()
        assert "Wall" not in templates.names()
        assert audit_of(catalog) == []

    @pytest.mark.parametrize("name", ["", "   ", "x" * 121, "a\nb", "a\x00b"])
    def test_wrong_names_are_refused(self, templates: Templates, name: str) -> None:
        with pytest.raises(InvalidRequest) as caught:
            templates.save(SYSTEM, record(name))
        assert caught.value.parameter == "name"

    def test_names_lose_the_space_around(self, templates: Templates) -> None:
        assert templates.save(SYSTEM, record("  Wall ")).name == "Wall"
        assert templates.save(SYSTEM, record("x" * 120)).name == "x" * 120

    def test_a_description_has_a_limit(self, templates: Templates) -> None:
        with pytest.raises(InvalidRequest, match=r"^description: 5121 characters, expected at most 5120$"):
            templates.save(SYSTEM, record("Wall", "x" * 5121))

    @pytest.mark.parametrize("entries", [[1], "x", {"width": 5}])
    def test_something_else_than_entries_is_refused(self, templates: Templates, entries: Any) -> None:
        with pytest.raises(InvalidRequest, match="expected an object such as"):
            templates.save(SYSTEM, TemplateRecord("Wall", entries))

    def test_an_empty_one_is_fine(self, templates: Templates) -> None:
        templates.save(SYSTEM, record("Plain"))
        assert templates.get("plain") == ImageTemplate("Plain", id=templates.get("plain").id)

    def test_values_are_stored_in_canonical_form(self, templates: Templates, catalog: Catalog) -> None:
        templates.save(SYSTEM, record("Wall", rotation=90, colorspace="sRGB", dpi_y=72, format=None, flip=""))
        with catalog.read() as session:
            stored = session.get_one(Template, templates.get("wall").id)
        assert stored.template == {
            "rotation": {"value": 90.0}, "colorspace": {"value": "rgb"}, "dpi_x": {"value": 72},
        }  # fmt: skip


class TestDeleting:
    def test_it_is_gone_at_once(self, templates: Templates) -> None:
        templates.delete(SYSTEM, "smallJPEG")
        assert templates.names() == ("Default", "Precache")

    def test_the_default_cannot_be_deleted(self, templates: Templates, catalog: Catalog) -> None:
        message = "^template 'Default' is the default template; choose another default first$"
        with pytest.raises(Conflict, match=message):
            templates.delete(SYSTEM, "DEFAULT")
        assert templates.get().name == "Default"
        assert audit_of(catalog) == []

    def test_the_former_default_can(self, templates: Templates) -> None:
        templates.set_default(SYSTEM, "precache")
        templates.delete(SYSTEM, "default")
        assert templates.names() == ("Precache", "SmallJpeg")

    def test_an_unknown_one_is_not_found(self, templates: Templates) -> None:
        with pytest.raises(NotFound, match=r"^template 'nope' does not exist$"):
            templates.delete(SYSTEM, "nope")


class TestDefault:
    def test_another_can_be_chosen(self, templates: Templates, catalog: Catalog) -> None:
        assert templates.set_default(SYSTEM, "smalljpeg").name == "SmallJpeg"
        assert templates.default_name == "SmallJpeg"
        assert templates.get().name == "SmallJpeg"
        with catalog.read() as session:
            assert find_property(session, DEFAULT_TEMPLATE) == "SmallJpeg"

    def test_an_unknown_one_is_refused(self, templates: Templates) -> None:
        with pytest.raises(InvalidRequest, match="'nope' is not a valid choice"):
            templates.set_default(SYSTEM, "nope")
        assert templates.get().name == "Default"


def test_every_change_is_audited(templates: Templates, catalog: Catalog) -> None:
    templates.save(ANNA, record("Wall", width=5))
    templates.save(ANNA, record("wall", width=6))
    templates.set_default(ANNA, "wall")
    templates.delete(ANNA, "precache")
    assert audit_of(catalog) == [
        ("anna", "create", "template:Wall", ""),
        ("anna", "edit", "template:wall", ""),
        ("anna", "edit", f"property:{DEFAULT_TEMPLATE}", "wall"),
        ("anna", "delete", "template:Precache", ""),
    ]


class TestOtherProcesses:
    @pytest.fixture
    def changes(self, path: Path, catalog: Catalog) -> Iterator[Changes]:
        """The poller of another process, which shares only the file."""
        other = catalog_at(path)
        yield Changes(other)
        other.close()

    @pytest.fixture
    def others(self, changes: Changes, path: Path, parameters: ParameterTable) -> Iterator[Templates]:
        other = catalog_at(path)
        yield Templates(other, parameters, changes)
        other.close()

    @pytest.mark.parametrize(
        ("change", "names"),
        [
            (lambda one: one.save(SYSTEM, record("Aa")), ("Aa", "Default", "Precache", "SmallJpeg")),
            (lambda one: one.delete(SYSTEM, "precache"), ("Default", "SmallJpeg")),
        ],
    )
    def test_they_follow_when_they_poll(
        self, templates: Templates, others: Templates, changes: Changes, change: Any, names: tuple[str, ...]
    ) -> None:
        change(templates)
        assert others.names() == ("Default", "Precache", "SmallJpeg")
        changes.poll()
        assert others.names() == names

    def test_they_follow_the_default(self, templates: Templates, others: Templates, changes: Changes) -> None:
        templates.set_default(SYSTEM, "precache")
        assert others.get().name == "Default"
        changes.poll()
        assert others.get().name == "Precache"

    def test_other_counters_do_not_make_them_read(self, catalog: Catalog, others: Templates, changes: Changes) -> None:
        with catalog.begin() as session:
            session.execute(update(Template).values(description="changed"))
        with catalog.begin() as session:
            Changes(catalog).touch(session, Counter.ACCOUNTS)
        changes.poll()
        assert others.get().description != "changed"
