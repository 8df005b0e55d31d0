"""Worker processes: bounded, limited, replaced when they die (design §9)."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from qis_core.application import Application, Origin
from qis_core.errors import Busy, InvalidRequest, Unavailable, UnsupportedImage
from qis_core.imaging.executor import RenderJob
from qis_core.services.generation_settings import GenerationSettings
from qis_core.services.pool import InlinePool, RegistrySource, WorkerPool
from qis_core.services.worker import ProbeJob, decode_error, encode_error
from tests.support import misbehaving_plugin
from tests.support.application import call, put_picture

LIMITS = {"workers": 1, "queue_size": 2, "timeout_seconds": 3.0, "cpu_seconds": 1, "memory_bytes": 1024**3}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pool")
    put_picture(path, "a.jpg", (100, 60))
    (path / "pictures" / "text.jpg").write_text("no picture")
    misbehaving_plugin.install(path / "plugins")
    return path


@pytest.fixture(scope="module")
def application(folder: Path) -> Iterator[Application]:
    """Plans are made here, where the plugin must be known too; the jobs go to the pool under test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder / "plugins")
        opened = Application(Origin({}, environment(folder), None))
        opened.prepare()
        yield opened
        opened.close()


def environment(folder: Path) -> dict[str, str]:
    return {
        **{name: text for name, text in os.environ.items() if not name.startswith("QIS_")},
        "PYTHONPATH": str(folder / "plugins"),
        "QIS_FILESYSTEM_ROOT": str(folder / "pictures"),
        "QIS_SQLITE_PATH": str(folder / "catalog.sqlite3"),
        "QIS_CACHE_TIERS": "memory",
        "QIS_ADMIN_PASSWORD": "long enough",
        "QIS_GENERATION_MEMORY_BYTES": str(LIMITS["memory_bytes"]),
        "QIS_GENERATION_CPU_SECONDS": str(LIMITS["cpu_seconds"]),
        "QIS_GENERATION_WORKERS": "1",
    }


@pytest.fixture
def pool(folder: Path) -> Iterator[WorkerPool]:
    opened = WorkerPool(RegistrySource({}, environment(folder)), GenerationSettings(**LIMITS))  # type: ignore[arg-type]
    yield opened
    opened.close()


def job(application: Application, folder: Path, query: str) -> RenderJob:
    plan = application.delivery.prepare(call(application, "a.jpg", query)).plan
    return RenderJob(plan, folder / "pictures" / "a.jpg", {})


def test_a_worker_renders_what_the_same_process_would(application: Application, folder: Path, pool: WorkerPool) -> None:
    wanted = job(application, folder, "width=50&angle=10&format=png")
    assert pool.run(wanted).content == InlinePool(application.registry).run(wanted).content


def test_facts_come_from_a_worker(folder: Path, pool: WorkerPool) -> None:
    assert pool.run(ProbeJob(folder / "pictures" / "a.jpg", "jpeg")).facts["size"] == [100, 60]


def test_a_fault_of_the_file_is_told_without_paths(folder: Path, pool: WorkerPool) -> None:
    with pytest.raises(UnsupportedImage) as refused:
        pool.run(ProbeJob(folder / "pictures" / "text.jpg", "jpeg"))
    assert str(folder) not in str(refused.value)


def test_a_fault_of_a_plugin_is_told_without_details(application: Application, folder: Path, pool: WorkerPool) -> None:
    with pytest.raises(UnsupportedImage) as refused:
        pool.run(job(application, folder, "misbehave=raise"))
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(("how", "longest_seconds"), [("sleep", 9), ("burn", 9), ("die", 5)])
def test_a_worker_that_misbehaves_is_replaced(
    application: Application, folder: Path, pool: WorkerPool, how: str, longest_seconds: float
) -> None:
    pool.run(job(application, folder, "width=10"))
    started = time.monotonic()
    with pytest.raises(Unavailable) as refused:
        pool.run(job(application, folder, f"misbehave={how}"))
    assert time.monotonic() - started < longest_seconds
    assert refused.value.retry_after_seconds > 0
    assert pool.run(job(application, folder, "width=10")).content


def test_memory_is_limited(application: Application, folder: Path, pool: WorkerPool) -> None:
    with pytest.raises(UnsupportedImage, match="more memory"):
        pool.run(job(application, folder, "misbehave=eat"))
    assert pool.run(job(application, folder, "width=10")).content


def test_a_full_queue_is_refused_at_once(application: Application, folder: Path, pool: WorkerPool) -> None:
    pool.run(job(application, folder, "width=10"))
    resting = job(application, folder, "misbehave=rest")
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(lambda _: outcome(pool, resting), range(8)))
    assert outcomes.count("busy") >= 4
    assert outcomes.count("done") >= 3
    assert pool.load == 0


def outcome(pool: WorkerPool, wanted: RenderJob) -> str:
    started = time.monotonic()
    try:
        pool.run(wanted)
    except Busy:
        assert time.monotonic() - started < 0.9
        return "busy"
    return "done"


def test_a_plan_of_another_picture_does_not_crash_a_worker(
    application: Application, folder: Path, pool: WorkerPool
) -> None:
    wanted = job(application, folder, "width=10")
    with pytest.raises(UnsupportedImage):
        pool.run(replace(wanted, source=folder / "pictures" / "text.jpg"))
    assert pool.run(wanted).content


def test_closing_sends_waiting_jobs_away(application: Application, folder: Path) -> None:
    pool = WorkerPool(RegistrySource({}, environment(folder)), GenerationSettings(workers=1, queue_size=4))
    resting = job(application, folder, "misbehave=rest")
    with ThreadPoolExecutor(3) as threads:
        jobs = [threads.submit(pool.run, resting) for _ in range(3)]
        time.sleep(0.2)
        pool.close()
        outcomes = [one.exception() for one in jobs]
    assert sum(isinstance(error, Unavailable) for error in outcomes) >= 2


@pytest.mark.parametrize(
    "error", [InvalidRequest("is wrong", parameter="width"), UnsupportedImage("no"), Busy("later")]
)
def test_errors_cross_the_process_border(error: InvalidRequest | UnsupportedImage | Busy) -> None:
    back = decode_error(encode_error(error))
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert getattr(back, "parameter", None) == getattr(error, "parameter", None)


def test_an_unknown_error_class_is_a_fault_of_the_file() -> None:
    for name in ("Sequence", "no_such_class", "SystemExit"):
        assert type(decode_error({"error": name, "message": "x"})) is UnsupportedImage
