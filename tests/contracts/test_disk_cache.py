"""The disk cache keeps the contract, and survives what happens to files."""

import os
import re
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qis_core.errors import SettingsError
from qis_core.settings import Settings
from qis_core.testing.cache_contract import BoundedCacheContract
from qis_core.testing.processes import child
from qis_core.testing.shared_cache_contract import SharedCacheContract
from qis_core.testing.threads import run_together
from qis_plugins.disk import DiskCacheSettings, open_disk_cache, qis_cache_backends, qis_settings
from qis_plugins.disk.cache import DiskCache
from qis_plugins.disk.entry import pack, parse, tags_of


class TestDiskCache(SharedCacheContract, BoundedCacheContract):
    @pytest.fixture
    def open_cache(self, tmp_path: Path) -> Callable[[], DiskCache]:
        return partial(DiskCache, tmp_path / "cache", 64_000_000)

    @pytest.fixture
    def small_cache(self, tmp_path: Path) -> DiskCache:
        return DiskCache(tmp_path / "small", 1_000_000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def cache(folder: Path) -> DiskCache:
    return DiskCache(folder, 64_000_000, touch_after_seconds=0)


def entry_files(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "v1" / "entries").rglob("*") if path.is_file())


def disk_bytes(folder: Path) -> int:
    return sum(-(-path.stat().st_size // 4096) * 4096 for path in entry_files(folder))


def only_file(folder: Path) -> Path:
    (file,) = entry_files(folder)
    return file


class TestBrokenFiles:
    @pytest.mark.parametrize("keep", [0, 1, 20, 31, 40, 1000])
    def test_torn_file_is_a_miss(self, cache: DiskCache, folder: Path, keep: int) -> None:
        cache.set("key", bytes(5000))
        os.truncate(only_file(folder), keep)
        assert cache.get("key") is None
        assert cache.find_entry("key") is None
        assert cache.add("key", b"new")
        assert cache.get("key") == b"new"

    def test_zeroed_file_is_a_miss(self, cache: DiskCache, folder: Path) -> None:
        cache.set("key", bytes(5000))
        only_file(folder).write_bytes(bytes(only_file(folder).stat().st_size))
        assert cache.get("key") is None

    def test_hole_in_the_value_is_a_miss(self, cache: DiskCache, folder: Path) -> None:
        cache.set("key", b"\xff" * 9000)
        with only_file(folder).open("r+b") as stream:
            stream.seek(4096)
            stream.write(bytes(100))
        assert cache.get("key") is None

    def test_longer_file_is_a_miss(self, cache: DiskCache, folder: Path) -> None:
        cache.set("key", b"value")
        with only_file(folder).open("ab") as stream:
            stream.write(b"more")
        assert cache.get("key") is None

    def test_file_of_another_key_is_a_miss(self, cache: DiskCache, folder: Path) -> None:
        cache.set("mine", b"mine")
        mine = only_file(folder)
        cache.set("other", b"other")
        (other,) = set(entry_files(folder)) - {mine}
        os.replace(other, mine)
        assert cache.get("mine") is None

    def test_foreign_file_is_a_miss(self, cache: DiskCache, folder: Path) -> None:
        cache.set("key", b"value")
        only_file(folder).write_bytes(b"GIF89a" + bytes(1000))
        assert cache.get("key") is None

    def test_purge_passes_over_broken_files(self, cache: DiskCache, folder: Path) -> None:
        cache.set("broken", b"1", tags=("tag",))
        only_file(folder).write_bytes(b"broken")
        cache.set("whole", b"2", tags=("tag",))
        assert cache.purge("tag") == 1
        assert cache.get("whole") is None

    @given(st.binary(max_size=60), st.binary(max_size=60), st.lists(st.text(), max_size=3), st.data())
    def test_any_changed_byte_is_noticed(self, key: bytes, value: bytes, tags: list[str], data: st.DataObject) -> None:
        packed = bytearray(pack(key, value, None, tags))
        at = data.draw(st.integers(0, len(packed) - 1))
        packed[at] ^= data.draw(st.integers(1, 255))
        assert parse(bytes(packed), key) is None

    @given(st.binary(max_size=60), st.binary(max_size=60), st.lists(st.text(), max_size=3))
    def test_what_is_packed_is_parsed(self, key: bytes, value: bytes, tags: list[str]) -> None:
        parsed = parse(pack(key, value, 60, tags), key)
        assert parsed is not None
        assert parsed.data[parsed.value_at :] == value
        assert list(tags_of(parsed)) == list(dict.fromkeys(tags))
        assert parse(pack(key, value, 60, tags), key + b"x") is None


class TestFiles:
    def test_names_are_digests_never_keys(self, cache: DiskCache, folder: Path) -> None:
        for key in ("../../etc/passwd", "/etc/passwd", "a/b", "n\0l", "x" * 10_000):
            cache.set(key, b"value", tags=("../../tag",))
            with cache.lock(key, ttl_seconds=5):
                pass
        names = [path.relative_to(folder / "v1").as_posix() for path in (folder / "v1").rglob("*") if path.is_file()]
        allowed = re.compile(r"entries/[0-9a-f]{2}/[0-9a-f]{62}|tags/[0-9a-f]{2}|locks/guard|ledger")
        assert [name for name in names if not allowed.fullmatch(name)] == []
        assert len(names) > 5

    def test_nobody_else_may_read_them(self, cache: DiskCache, folder: Path) -> None:
        cache.set("key", b"secret")
        assert only_file(folder).stat().st_mode & 0o077 == 0
        assert only_file(folder).parent.stat().st_mode & 0o077 == 0

    def test_nothing_is_left_after_writing(self, cache: DiskCache, folder: Path) -> None:
        cache.set("key", bytes(100_000))
        assert not cache.add("key", b"no")
        with cache.lock("key", ttl_seconds=5):
            pass
        assert list((folder / "v1" / "incoming").iterdir()) == []
        assert [path.name for path in (folder / "v1" / "locks").iterdir()] == ["guard"]

    def test_clear_leaves_no_files(self, cache: DiskCache, folder: Path) -> None:
        for number in range(50):
            cache.set(f"{number}", bytes(5000), tags=("tag",))
        cache.clear()
        assert entry_files(folder) == []
        assert list((folder / "v1" / "incoming").iterdir()) == []
        assert list((folder / "v1" / "tags").iterdir()) == []

    def test_old_leftovers_are_cleared_away_at_the_start(self, cache: DiskCache, folder: Path) -> None:
        incoming = folder / "v1" / "incoming"
        for name in ("old", "young"):
            (incoming / name).write_bytes(bytes(100))
        (incoming / "cleared" / "ab").mkdir(parents=True)
        for name in ("old", "cleared"):
            os.utime(incoming / name, (1, 1))
        DiskCache(folder, 64_000_000)
        assert [path.name for path in incoming.iterdir()] == ["young"]

    def test_locks_of_the_dead_are_cleared_away_at_the_start(self, cache: DiskCache, folder: Path) -> None:
        (folder / "v1" / "locks" / "dead").write_bytes(b"")
        with cache.lock("living", ttl_seconds=30):
            DiskCache(folder, 64_000_000)
            assert cache.is_locked("living")
            assert not (folder / "v1" / "locks" / "dead").exists()

    def test_tag_records_do_not_pile_up(self, cache: DiskCache, folder: Path) -> None:
        for number in range(3_000):
            cache.set(f"{number % 5}", b"value", tags=("tag",))
        assert sum(path.stat().st_blocks * 512 for path in (folder / "v1" / "tags").iterdir()) < 120_000
        assert cache.purge("tag") == 5

    def test_torn_tag_record_hides_no_other(self, cache: DiskCache, folder: Path) -> None:
        cache.set("first", b"1", tags=("tag",))
        (index,) = (folder / "v1" / "tags").iterdir()
        with index.open("ab") as stream:
            stream.write(b"part of a record")
        cache.set("second", b"2", tags=("tag",))
        assert cache.purge("tag") == 2


class TestSize:
    def test_ledger_is_what_lies_on_the_disk(self, cache: DiskCache, folder: Path) -> None:
        for number in range(100):
            cache.set(f"{number % 60}", bytes(number * 100), tags=(f"tag {number % 3}",))
        cache.purge("tag 1")
        cache.delete("3")
        assert cache.stats().size_bytes == disk_bytes(folder)
        assert cache.stats().entries == len(entry_files(folder))

    def test_size_and_values_survive_a_restart(self, cache: DiskCache, folder: Path) -> None:
        cache.set("key", bytes(100_000), tags=("tag",))
        again = DiskCache(folder, 64_000_000)
        assert again.stats() == cache.stats()
        assert again.get("key") == bytes(100_000)
        assert again.purge("tag") == 1

    @pytest.mark.parametrize("content", [None, b"", b"short", b"\xff" * 4096, bytes(5000)])
    def test_lost_or_broken_ledger_is_made_again(self, cache: DiskCache, folder: Path, content: bytes | None) -> None:
        for number in range(20):
            cache.set(f"{number}", bytes(10_000))
        ledger = folder / "v1" / "ledger"
        ledger.unlink() if content is None else ledger.write_bytes(content)
        assert cache.stats().size_bytes == disk_bytes(folder)
        assert cache.stats().entries == 20

    def test_wrong_numbers_are_corrected_when_room_is_made(self, folder: Path) -> None:
        cache = DiskCache(folder, 1_000_000)
        for number in range(40):
            cache.set(f"{number}", bytes(16_000))
        for file in entry_files(folder)[::2]:
            file.unlink()
        for number in range(40, 120):
            cache.set(f"{number}", bytes(16_000))
        assert disk_bytes(folder) <= 1_000_000
        assert cache.stats().size_bytes >= disk_bytes(folder)

    def test_foreign_files_are_counted_and_pushed_out(self, folder: Path) -> None:
        cache = DiskCache(folder, 1_000_000)
        cache.set("key", b"value")
        foreign = only_file(folder).parent / "foreign"
        foreign.write_bytes(bytes(900_000))
        os.utime(foreign, (1, 1))
        for number in range(70):
            cache.set(f"{number}", bytes(16_000))
        assert disk_bytes(folder) <= 1_000_000
        assert not foreign.exists()

    def test_smaller_bound_holds_from_the_start(self, cache: DiskCache, folder: Path) -> None:
        for number in range(100):
            cache.set(f"{number}", bytes(16_000))
        DiskCache(folder, 500_000)
        assert 0 < disk_bytes(folder) <= 500_000

    def test_least_recently_used_goes_first(self, folder: Path) -> None:
        cache = DiskCache(folder, 1_000_000, touch_after_seconds=0)
        cache.set("hot", bytes(16_000))
        cache.set("cold", bytes(16_000))
        for number in range(120):
            time.sleep(0.005)  # the clock of the file system ticks
            cache.set(f"{number}", bytes(16_000))
            assert cache.get("hot") is not None
        assert cache.get("cold") is None

    def test_last_use_is_noted_now_and_then_only(self, folder: Path) -> None:
        cache = DiskCache(folder, 1_000_000, touch_after_seconds=60)
        cache.set("key", b"value")
        for age_seconds, is_touched in ((30, False), (90, True)):
            past = time.time() - age_seconds
            os.utime(only_file(folder), (past, past))
            cache.get("key")
            assert (only_file(folder).stat().st_mtime > past + 10) is is_touched

    def test_making_room_in_a_large_cache_looks_at_a_part(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("qis_plugins.disk.eviction._SAMPLE_ENTRIES", 40)
        cache = DiskCache(folder, 1_500_000, touch_after_seconds=0)
        for number in range(600):
            cache.set(f"{number}", b"value")
        assert 1_000_000 < disk_bytes(folder) <= 1_500_000
        assert cache.stats().size_bytes == disk_bytes(folder)

    def test_killed_writers_do_not_break_the_bound(self, folder: Path) -> None:
        for _ in range(3):
            with child(_fill_for_ever, partial(DiskCache, folder, 2_000_000)) as writer:
                writer.receive()
                time.sleep(0.05)
                writer.kill()
        cache = DiskCache(folder, 2_000_000)
        for number in range(200):
            cache.set(f"after {number}", bytes(16_000))
        assert disk_bytes(folder) <= 2_000_000


class TestFaults:
    def test_full_disk_is_a_lost_set(self, cache: DiskCache, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
        cache.set("key", b"old")
        with no_file_over(8192):
            assert not cache.set("key", bytes(50_000))
            assert not cache.add("other", bytes(50_000))
        assert cache.get("key") is None
        assert list((folder / "v1" / "incoming").iterdir()) == []
        assert [record.message for record in caplog.records] == ["disk cache: set failed: File too large"]
        assert cache.set("key", bytes(50_000))

    def test_full_disk_stops_no_work_that_takes_a_lock(self, cache: DiskCache) -> None:
        before = len(os.listdir("/proc/self/fd"))
        with no_file_over(0), cache.lock("job", ttl_seconds=30) as taken:
            assert taken, "work goes on, at worst done twice"
        assert len(os.listdir("/proc/self/fd")) == before
        with cache.lock("job", ttl_seconds=30) as taken:
            assert taken

    def test_folder_that_went_away_comes_back(self, cache: DiskCache, folder: Path) -> None:
        cache.set("key", b"value")
        os.rename(folder / "v1", folder / "gone")
        assert cache.get("key") is None
        assert cache.purge("tag") is None
        assert cache.set("key", b"value") or cache.set("key", b"value")
        assert cache.get("key") == b"value"

    def test_broken_folder_fails_nobody(self, cache: DiskCache, folder: Path) -> None:
        os.rename(folder / "v1", folder / "gone")
        (folder / "v1").write_bytes(b"a file")
        assert cache.get("key") is None
        assert not cache.set("key", b"value")
        assert not cache.add("key", b"value")
        assert cache.purge("tag") is None
        cache.delete("key")
        cache.clear()
        assert not cache.is_locked("key")
        with cache.lock("key", ttl_seconds=5) as taken:
            assert taken, "work goes on, at worst done twice"
        assert (cache.stats().entries, cache.stats().max_bytes) == (0, 64_000_000)

    @pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
    def test_forked_child_does_not_keep_a_lock(self, cache: DiskCache) -> None:
        with cache.lock("job", ttl_seconds=60):
            pid = os.fork()
            if pid == 0:
                time.sleep(30)
                os._exit(0)
        try:
            assert not cache.is_locked("job")
            with cache.lock("job", ttl_seconds=5) as taken:
                assert taken
        finally:
            os.kill(pid, 9)
            os.waitpid(pid, 0)

    @pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
    def test_child_leaving_the_block_does_not_free_the_parents_lock(self, cache: DiskCache) -> None:
        with cache.lock("job", ttl_seconds=60):
            pid = os.fork()
            if pid:
                os.waitpid(pid, 0)
                assert cache.is_locked("job")
        if pid == 0:
            os._exit(0)
        assert not cache.is_locked("job")

    def test_lock_whose_time_ran_out_is_taken_over_once(self, cache: DiskCache) -> None:
        with ExitStack() as stack:
            stack.enter_context(cache.lock("job", ttl_seconds=0.01))
            time.sleep(0.05)

            def take(_: int) -> bool:
                lock = cache.lock("job", ttl_seconds=60)
                taken = lock.__enter__()
                stack.callback(lock.__exit__, None, None, None)
                return taken

            assert sum(run_together(8, take)) == 1
        assert not cache.is_locked("job")

    def test_stopped_process_stops_nobody_for_long(
        self, cache: DiskCache, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("qis_plugins.disk.files._LOCK_TIMEOUT_SECONDS", 0.2)
        with cache._ledger():
            assert not cache.set("key", b"value")
        assert cache.set("key", b"value")


class TestSettings:
    def test_give_folder_and_size(self, tmp_path: Path) -> None:
        cache = open_disk_cache(Settings.of(DiskCacheSettings(path=tmp_path / "a" / "b", size_bytes=123_456)))
        assert cache.stats().max_bytes == 123_456
        assert (tmp_path / "a" / "b" / "v1" / "entries").is_dir()

    def test_default_size(self) -> None:
        assert DiskCacheSettings().size_bytes == 2_000_000_000

    def test_folder_is_required(self) -> None:
        with pytest.raises(SettingsError, match=r"^qis\.disk\.path: required"):
            open_disk_cache(Settings.of())

    def test_folder_that_cannot_be_made_stops_the_start(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(SettingsError, match=r"^qis\.disk\.path=.*: cannot be used: Not a directory$"):
            open_disk_cache(Settings.of(DiskCacheSettings(path=tmp_path / "file" / "cache")))

    def test_plugin_registers_its_parts(self) -> None:
        assert [backend.name for backend in qis_cache_backends()] == ["disk"]
        assert qis_settings() == (DiskCacheSettings,)


def test_keys_that_are_not_unicode_are_kept(cache: DiskCache) -> None:
    assert cache.set("\udcff", b"value", tags=("\udcfe",))
    assert cache.get("\udcff") == b"value"
    assert cache.purge("\udcfe") == 1


@contextmanager
def no_file_over(size_bytes: int) -> Iterator[None]:
    """Let the kernel refuse to grow files, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _fill_for_ever(open_cache: Callable[[], DiskCache], pipe: Connection) -> None:
    cache, number = open_cache(), 0
    pipe.send("ready")
    while True:
        cache.set(f"{os.getpid()} {number}", bytes(100_000), tags=("all",))
        number += 1
