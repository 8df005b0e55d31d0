"""Plans: equal pictures have equal keys, different ones do not (spec image-urls §7.1)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from qis_core.application import Application
from qis_core.catalog.audit import SYSTEM
from qis_core.catalog.templates import TemplateRecord
from qis_core.errors import InvalidRequest, NotFound, TooLarge
from tests.support.application import call, key_of, open_application, put_picture


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plans")
    put_picture(path, "a.jpg", (1000, 600))
    put_picture(path, "a.png", (1000, 600))
    put_picture(path, "alpha.png", (100, 60), mode="RGBA")
    put_picture(path, "other.jpg", (1000, 600))
    return path


@pytest.fixture(scope="module")
def application(folder: Path) -> Iterator[Application]:
    with open_application(folder) as opened:
        opened.templates.save(SYSTEM, TemplateRecord("default", {}))
        yield opened


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("width=100", "width=100&angle=360&format=jpg&left=0&right=1"),
        ("width=100", "width=100&page=1&dpi=0&sharpen=0&quality=80"),
        ("width=100", "width=100&format=jpeg"),
        ("width=100", "width=0100"),
        ("width=100", "width=100&fill=red"),
        ("width=100", "width=100&halign=L0.1"),
        ("width=100", "width=100&intent=relative&bpc=1"),
        ("width=100", "width=100&ovsize=0.5&ovpos=n"),
        ("width=100", "width=100&tile=1:1"),
        ("width=2000", "width=3000"),
        ("angle=-90", "angle=270"),
        ("angle=180&flip=v", "flip=h"),
        ("angle=180&flip=h", "flip=v"),
        ("width=100&height=100&fill=red", "width=100&height=100&fill=%23F00".replace("%23", "#")),
        ("width=100&height=100&fill=white", "width=100&height=100"),
        ("width=100&height=100&fill=ff0000", "width=100&height=100&fill=rgb(255,0,0)"),
        ("width=100&height=100&halign=c0.50", "width=100&height=100"),
        ("width=100&height=100&autosizefit=1", "width=100&autosizefit=1"),
        ("width=100&format=gif&quality=10", "width=100&format=gif&quality=90"),
        ("width=100&format=tif&quality=10", "width=100&format=tiff"),
        ("width=100&colorspace=srgb", "width=100&colorspace=rgb"),
        ("width=100&colorspace=grey", "width=100&colorspace=gray"),
        ("width=100&attach=1&xref=x&stats=0", "width=100"),
    ],
)
def test_equal_pictures_have_equal_keys(application: Application, one: str, two: str) -> None:
    assert key_of(application, "a.jpg", one) == key_of(application, "a.jpg", two)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("width=100", "width=101"),
        ("width=100", "width=100&strip=1"),
        ("width=100", "width=100&format=png"),
        ("width=100", "width=100&format=pjpg"),
        ("width=100&quality=50", "width=100&quality=51"),
        ("angle=90", "angle=270"),
        ("flip=h", "flip=v"),
        ("left=0.1", "left=0.2"),
        ("width=100&height=100&fill=red", "width=100&height=100&fill=blue"),
        ("width=100&tile=1:4", "width=100&tile=2:4"),
        ("width=100&dpi=72", "width=100&dpi=300"),
        ("width=100&sharpen=10", "width=100&sharpen=-10"),
        ("width=100&text=a", "width=100&text=b"),
    ],
)
def test_different_pictures_have_different_keys(application: Application, one: str, two: str) -> None:
    assert key_of(application, "a.jpg", one) != key_of(application, "a.jpg", two)


def test_another_file_has_another_key(application: Application) -> None:
    assert key_of(application, "a.jpg", "width=100") != key_of(application, "other.jpg", "width=100")


def test_png_quality_counts_by_tens(application: Application) -> None:
    assert key_of(application, "a.png", "quality=41") == key_of(application, "a.png", "quality=49")
    assert key_of(application, "a.png", "quality=41") != key_of(application, "a.png", "quality=51")


def test_a_new_file_under_the_name_has_another_key(tmp_path: Path) -> None:
    with open_application(tmp_path) as application:
        put_picture(tmp_path, "a.jpg", (100, 60))
        before = key_of(application, "a.jpg", "width=50")
        put_picture(tmp_path, "a.jpg", (60, 100))
        assert key_of(application, "a.jpg", "width=50") != before


def test_key_survives_a_restart(tmp_path: Path) -> None:
    put_picture(tmp_path, "a.jpg")
    with open_application(tmp_path) as application:
        before = key_of(application, "a.jpg", "width=50&fill=red&angle=10")
    with open_application(tmp_path) as application:
        assert key_of(application, "a.jpg", "width=50&fill=red&angle=10") == before


def test_crop_and_resize_are_one_step(application: Application) -> None:
    plan = application.delivery.prepare(call(application, "a.jpg", "left=0.5&width=10")).plan
    assert [step.operation for step in plan.steps] == ["resize"]


@pytest.mark.parametrize(
    ("query", "is_reduced"), [("width=10", True), ("left=0.5&width=10&flip=h", True), ("angle=9", False)]
)
def test_shrink_on_load_in_the_pictures_own_numbers(folder: Path, query: str, is_reduced: bool) -> None:
    with open_application(folder, images_linear_light="no") as application:
        plan = application.delivery.prepare(call(application, "a.jpg", query)).plan
        assert (plan.decode.reduction > 1) is is_reduced


def test_linear_light_sees_every_pixel(application: Application) -> None:
    assert application.delivery.prepare(call(application, "a.jpg", "width=10")).plan.decode.reduction == 1


def test_a_step_that_needs_every_pixel_prevents_shrink_on_load(application: Application) -> None:
    plan = application.delivery.prepare(call(application, "a.jpg", "width=10&height=10&fill=auto&left=0.1")).plan
    assert plan.size == (10, 10)


def test_page_past_the_end_is_not_found(application: Application) -> None:
    with pytest.raises(NotFound, match="page: 2 does not exist"):
        application.delivery.prepare(call(application, "a.jpg", "page=2"))


def test_a_derived_size_has_a_bound_too(application: Application) -> None:
    with pytest.raises(InvalidRequest, match="out of range"):
        application.delivery.prepare(call(application, "a.jpg", "left=0.999&width=1000"))


def test_sources_have_bounds(tmp_path: Path) -> None:
    put_picture(tmp_path, "a.jpg", (100, 60))
    with (
        open_application(tmp_path, images_max_source_pixels=5999) as application,
        pytest.raises(TooLarge, match="6000"),
    ):
        application.delivery.prepare(call(application, "a.jpg", "width=10"))
    with open_application(tmp_path, images_max_source_bytes=100) as application, pytest.raises(TooLarge, match="bytes"):
        application.delivery.prepare(call(application, "a.jpg", "width=10"))


def test_animation_over_its_budget_becomes_a_still(tmp_path: Path) -> None:
    put_picture(tmp_path, "still.png")
    first = Image.new("RGB", (50, 40), "red")
    rest = [Image.new("RGB", (50, 40), colour) for colour in ("green", "blue")]
    first.save(tmp_path / "pictures" / "a.gif", save_all=True, append_images=rest)
    with open_application(tmp_path) as application:
        assert application.delivery.prepare(call(application, "a.gif", "width=20")).plan.frames == 3
        assert application.delivery.prepare(call(application, "a.gif", "width=20&page=2")).plan.frames == 1
        assert application.delivery.prepare(call(application, "a.gif", "width=20&format=jpg")).plan.frames == 1
    with open_application(tmp_path, images_animation_pixels=5999) as application:
        assert application.delivery.prepare(call(application, "a.gif", "width=20")).plan.frames == 1


def test_an_unchanged_file_is_planned_as_it_is_stored(tmp_path: Path) -> None:
    """It is sent unturned, and viewers obey its tag; whatever is asked of it is asked of the upright picture."""
    exif = Image.Exif()
    exif[0x0112] = 6
    put_picture(tmp_path, "a.jpg", (100, 60), exif=exif)
    with open_application(tmp_path) as application:
        application.templates.save(SYSTEM, TemplateRecord("default", {"strip": {"value": False}}))
        plan = application.delivery.prepare(call(application, "a.jpg")).plan
        assert (plan.is_passthrough, plan.size, plan.source.size) == (True, (100, 60), (60, 100))
        assert application.delivery.prepare(call(application, "a.jpg", "width=30")).plan.size == (30, 50)
        assert application.delivery.prepare(call(application, "a.jpg", "width=60")).plan.is_passthrough is False
