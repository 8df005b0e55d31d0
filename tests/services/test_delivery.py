"""From request to bytes, in process: caching, rights, purges, one generation, changed files."""

import shutil
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy.orm import Session

from qis_core import Integer, Stage, hookimpl, operation, param
from qis_core.catalog.audit import SYSTEM
from qis_core.catalog.folders import find_folder
from qis_core.catalog.image_history import list_history
from qis_core.domain.access import PUBLIC_GROUP_ID, AccessLevel
from qis_core.domain.paths import ROOT, RepositoryPath
from qis_core.errors import AccessDenied, Busy, InvalidRequest, NotFound, UnsupportedImage
from qis_core.services.epochs import folder_scope, image_scope, template_scope
from tests.support.application import ADMIN, ask, call, open_application, put_picture


@dataclass(frozen=True, slots=True)
class SlowParams:
    slow: int = param("slow", Integer(0, 60_000), default=0, unit="ms", help="Sleep this long")


class Slow:
    """A plugin with an operation that takes its time, and counts."""

    def __init__(self) -> None:
        self.runs = 0
        self.gate = threading.Event()

    @hookimpl
    def qis_operations(self) -> tuple[Any, ...]:
        @operation("slow", stage=Stage.EFFECT, params=SlowParams)
        def slow(image: Image.Image, params: SlowParams) -> Image.Image:
            """Wait."""
            self.runs += 1
            self.gate.wait(params.slow / 1000)
            return image.copy()

        return (slow,)

    def plugins(self) -> Mapping[str, object]:
        return {"slow": self}


def test_second_answer_comes_from_the_cache_and_is_the_same(tmp_path: Path) -> None:
    put_picture(tmp_path, "a.jpg")
    with open_application(tmp_path) as application:
        first, second = (ask(application, "a.jpg", "width=50") for _ in range(2))
    assert (first.from_cache, second.from_cache) == (False, True)
    assert first.content == second.content
    assert first.prepared.validators == second.prepared.validators


def test_many_threads_make_one_picture(tmp_path: Path) -> None:
    put_picture(tmp_path, "a.jpg")
    slow = Slow()
    with open_application(tmp_path, slow.plugins()) as application, ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda _: ask(application, "a.jpg", "slow=300"), range(12)))
    assert slow.runs == 1
    assert len({answer.content for answer in answers}) == 1
    assert sum(not answer.from_cache for answer in answers) == 1


def test_waiting_has_an_end(tmp_path: Path) -> None:
    put_picture(tmp_path, "a.jpg")
    slow = Slow()
    with open_application(tmp_path, slow.plugins(), generation_wait_seconds=1) as application:
        with ThreadPoolExecutor(1) as threads:
            first = threads.submit(ask, application, "a.jpg", "slow=20000")
            while not slow.runs:
                time.sleep(0.01)
            with pytest.raises(Busy):
                ask(application, "a.jpg", "slow=20000")
            slow.gate.set()
            assert first.result().content
        assert ask(application, "a.jpg", "slow=20000").from_cache


def test_a_wait_may_end_in_a_duplicate(tmp_path: Path) -> None:
    put_picture(tmp_path, "a.jpg")
    slow = Slow()
    how = {"generation_wait_seconds": 1, "generation_on_busy": "duplicate"}
    with open_application(tmp_path, slow.plugins(), **how) as application, ThreadPoolExecutor(1) as threads:
        threads.submit(ask, application, "a.jpg", "slow=2500")
        while not slow.runs:
            time.sleep(0.01)
        assert ask(application, "a.jpg", "slow=2500").content
    assert slow.runs == 2


def test_cache_0_is_for_those_signed_in(tmp_path: Path) -> None:
    put_picture(tmp_path, "a.jpg")
    with open_application(tmp_path) as application:
        assert [ask(application, "a.jpg", "width=9&cache=0", ADMIN).from_cache for _ in range(2)] == [False, False]
        assert [ask(application, "a.jpg", "width=9&cache=0").from_cache for _ in range(2)] == [False, True]


@pytest.mark.parametrize("scope", ["image", "folder", "root", "template"])
def test_a_purge_makes_pictures_anew(tmp_path: Path, scope: str) -> None:
    put_picture(tmp_path, "f/a.jpg")
    put_picture(tmp_path, "g/b.jpg")
    with open_application(tmp_path) as application:
        first = ask(application, "f/a.jpg", "width=50")
        other = ask(application, "g/b.jpg", "width=50&tmp=precache")
        scopes = {
            "image": image_scope(first.prepared.plan.source.image_id),
            "folder": folder_scope(RepositoryPath.parse("f")),
            "root": folder_scope(ROOT),
            "template": template_scope("DEFAULT"),
        }
        application.epochs.move(SYSTEM, scopes[scope])
        again = ask(application, "f/a.jpg", "width=50")
        assert not again.from_cache
        assert again.prepared.validators == first.prepared.validators
        assert ask(application, "g/b.jpg", "width=50&tmp=precache").from_cache is (scope != "root")
    assert other.content


def test_a_file_replaced_on_disk_is_seen(tmp_path: Path) -> None:
    put_picture(tmp_path, "a.jpg", (100, 60))
    with open_application(tmp_path) as application:
        before = ask(application, "a.jpg", "width=50")
        put_picture(tmp_path, "a.jpg", (60, 100))
        after = ask(application, "a.jpg", "width=50")
        assert (before.prepared.plan.size, after.prepared.plan.size) == ((50, 30), (50, 84))
        assert before.prepared.plan.source.image_id == after.prepared.plan.source.image_id


def test_a_file_replaced_within_the_interval_is_never_mixed_up(tmp_path: Path) -> None:
    """Facts are believed for a while, but no derivative is made from other bytes than those planned for."""
    put_picture(tmp_path, "a.jpg", (100, 60))
    with open_application(tmp_path, images_fingerprint_seconds=60) as application:
        ask(application, "a.jpg", "width=50")
        put_picture(tmp_path, "a.jpg", (60, 100))
        assert ask(application, "a.jpg", "width=40").prepared.plan.size == (40, 67)


def test_deleted_and_restored(tmp_path: Path) -> None:
    file = put_picture(tmp_path, "a.jpg")
    content = file.read_bytes()
    with open_application(tmp_path) as application:
        first = ask(application, "a.jpg", "width=50").prepared.plan.source.image_id
        file.unlink()
        with pytest.raises(NotFound, match=r"a\.jpg does not exist"):
            ask(application, "a.jpg", "width=50")
        file.write_bytes(content)
        assert ask(application, "a.jpg", "width=50").prepared.plan.source.image_id == first
        with application.catalog.read() as session:
            actions = [entry.action.name for entry in list_history(session, first)]
    assert actions == ["CREATED", "DELETED", "CREATED"]


def test_a_moved_file_keeps_its_record_and_derivatives(tmp_path: Path) -> None:
    file = put_picture(tmp_path, "a.jpg")
    with open_application(tmp_path) as application:
        first = ask(application, "a.jpg", "width=50")
        (tmp_path / "pictures" / "new").mkdir()
        file.rename(tmp_path / "pictures" / "new" / "b.jpg")
        moved = ask(application, "new/b.jpg", "width=50")
        assert moved.prepared.plan.source.image_id == first.prepared.plan.source.image_id
        assert moved.from_cache
        with application.catalog.read() as session:
            entries = list_history(session, first.prepared.plan.source.image_id)
        assert (entries[-1].action.name, entries[-1].info) == ("MOVED", "a.jpg → new/b.jpg")


def test_a_copy_is_another_image(tmp_path: Path) -> None:
    file = put_picture(tmp_path, "a.jpg")
    with open_application(tmp_path) as application:
        first = ask(application, "a.jpg", "width=50").prepared.plan.source.image_id
        file.with_name("b.jpg").write_bytes(file.read_bytes())
        assert ask(application, "b.jpg", "width=50").prepared.plan.source.image_id != first


def test_failures_are_remembered_until_the_file_changes(tmp_path: Path) -> None:
    file = put_picture(tmp_path, "a.jpg", (400, 300))
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with open_application(tmp_path) as application:
        for _ in range(2):
            with pytest.raises(UnsupportedImage):
                ask(application, "a.jpg", "width=50")
        file.write_bytes(whole)
        assert ask(application, "a.jpg", "width=50").content


class Failing:
    """A plugin whose operation never works, and counts."""

    def __init__(self) -> None:
        self.runs = 0

    @hookimpl
    def qis_operations(self) -> tuple[Any, ...]:
        @operation("slow", stage=Stage.EFFECT, params=SlowParams)
        def slow(image: Image.Image, params: SlowParams) -> Image.Image:
            """Fail."""
            self.runs += 1
            raise UnsupportedImage("never works")

        return (slow,)


@pytest.mark.parametrize(("seconds", "runs"), [(60, 1), (0, 3)])
def test_a_failure_is_not_tried_again_for_a_while(tmp_path: Path, seconds: int, runs: int) -> None:
    put_picture(tmp_path, "a.jpg")
    failing = Failing()
    with open_application(tmp_path, {"failing": failing}, images_negative_seconds=seconds) as application:
        for _ in range(3):
            with pytest.raises(UnsupportedImage, match="never works"):
                ask(application, "a.jpg", "slow=1")
    assert failing.runs == runs


def test_unknown_types_are_not_registered(tmp_path: Path) -> None:
    put_picture(tmp_path, "a.jpg")
    (tmp_path / "pictures" / "notes.txt").write_text("hello")
    with open_application(tmp_path) as application:
        with pytest.raises(UnsupportedImage, match="not a supported image format"):
            ask(application, "notes.txt")
        assert ask(application, "a.jpg", "width=9").prepared.plan.source.image_id == 1


def test_rights_come_before_existence(tmp_path: Path) -> None:
    put_picture(tmp_path, "f/a.jpg")
    with open_application(tmp_path) as application:
        application.rights.set_rule(SYSTEM, RepositoryPath.parse("f"), PUBLIC_GROUP_ID, AccessLevel.NONE)
        for src in ("f/a.jpg", "f/none.jpg", "f/deep/none.jpg", "f/.hidden.jpg", "f/notes.txt"):
            with pytest.raises(AccessDenied, match=r"^access denied$"):
                ask(application, src, "width=9")
        assert not ask(application, "f/a.jpg", "width=9", ADMIN).prepared.is_public


def test_an_overlay_needs_view_when_the_url_names_it(tmp_path: Path) -> None:
    put_picture(tmp_path, "a.png")
    put_picture(tmp_path, "closed/wm.png", (20, 10))
    with open_application(tmp_path) as application:
        application.rights.set_rule(SYSTEM, RepositoryPath.parse("closed"), PUBLIC_GROUP_ID, AccessLevel.NONE)
        for spelling in ("closed/wm.png", "/closed//wm.png", "x/../closed/./wm.png"):
            for _ in range(2):
                with pytest.raises(AccessDenied):
                    ask(application, "a.png", f"overlay={spelling}")
                assert ask(application, "a.png", f"overlay={spelling}", ADMIN).content


def test_a_missing_overlay_is_named(tmp_path: Path) -> None:
    put_picture(tmp_path, "a.png")
    with open_application(tmp_path) as application, pytest.raises(NotFound, match=r"none\.png not found"):
        ask(application, "a.png", "overlay=none.png")


def test_the_root_is_no_image(tmp_path: Path) -> None:
    with open_application(tmp_path) as application:
        for src in ("", ".", "/", "a/.."):
            with pytest.raises(InvalidRequest, match=r"^src: 0 is out of range"):
                ask(application, src)


def test_warm_hits_touch_neither_database_nor_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_picture(tmp_path, "a.jpg")
    with open_application(tmp_path, images_fingerprint_seconds=60) as application:
        ask(application, "a.jpg", "width=50")

        def refuse(*_args: object, **_kwargs: object) -> None:
            raise AssertionError("a warm hit must not come here")

        monkeypatch.setattr(type(application.storage), "find", refuse)
        monkeypatch.setattr(type(application.storage), "local_file", refuse)
        monkeypatch.setattr(type(application.catalog), "read", refuse)
        monkeypatch.setattr(type(application.catalog), "begin", refuse)
        assert ask(application, "a.jpg", "width=50").from_cache


def test_large_unchanged_files_are_streamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qis_core.services.deliver.MAX_CACHED_ORIGINAL_BYTES", 100)
    put_picture(tmp_path, "a.png", (400, 300))
    with open_application(tmp_path) as application:
        answer = ask(application, "a.png", "tmp=precache&width=0&height=0&autosizefit=0")
        assert (answer.stream, answer.content) == (True, None)


def test_recache_makes_every_derivative_of_the_picture_anew(tmp_path: Path) -> None:
    put_picture(tmp_path, "a.jpg")
    with open_application(tmp_path, images_fingerprint_seconds=60) as application:
        for query in ("width=50", "width=60"):
            ask(application, "a.jpg", query)
        benchmark = replace(call(application, "a.jpg", "width=50&recache=1"), is_benchmark=True)
        assert not application.delivery.image(benchmark, lambda _validators: True).from_cache
        assert not ask(application, "a.jpg", "width=60").from_cache
        assert ask(application, "a.jpg", "width=60&recache=1").from_cache


def test_a_folder_that_vanished_takes_all_below_along(tmp_path: Path) -> None:
    for src in ("f/a.jpg", "f/deep/b.jpg", "f_/c.jpg", "d.jpg"):
        put_picture(tmp_path, src)
    with open_application(tmp_path) as application:
        ids = {
            src: ask(application, src, "width=9").prepared.plan.source.image_id
            for src in ("f/a.jpg", "f/deep/b.jpg", "f_/c.jpg", "d.jpg")
        }
        shutil.move(tmp_path / "pictures" / "f", tmp_path / "away")
        with pytest.raises(NotFound):
            ask(application, "f/deep/b.jpg", "width=9")
        with application.catalog.read() as session:
            last = {src: list_history(session, number)[-1] for src, number in ids.items()}
            statuses = {
                path: find_folder(session, RepositoryPath.parse(path)).status.name for path in ("f", "f/deep", "f_")
            }
        assert [last[src].action.name for src in ids] == ["DELETED", "DELETED", "CREATED", "CREATED"]
        assert (last["f/a.jpg"].info, last["f/deep/b.jpg"].info) == (
            "containing folder deleted",
            "file missing: f/deep/b.jpg",
        )
        assert statuses == {"f": "DELETED", "f/deep": "DELETED", "f_": "ACTIVE"}
        shutil.move(tmp_path / "away", tmp_path / "pictures" / "f")
        assert ask(application, "f/a.jpg", "width=9").prepared.plan.source.image_id == ids["f/a.jpg"]
        with application.catalog.read() as session:
            assert folder_status(session, "f") == "ACTIVE"


def folder_status(session: Session, path: str) -> str:
    folder = find_folder(session, RepositoryPath.parse(path))
    assert folder is not None
    return folder.status.name
