"""What every storage must do, as tests: subclass and give a ``storage`` fixture.

::

    class TestMyStorage(StorageContract):
        @pytest.fixture
        def storage(self):
            return MyStorage(...)      # empty

One that outlives its process takes `DurableStorageContract` (module ``durable_storage_contract``); one whose files lie
in a folder of this machine takes `FolderStorageContract` (``folder_storage_contract``).
"""

import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from qis_core.contracts.storage import Entry, Storage
from qis_core.domain.paths import ROOT, RepositoryPath
from qis_core.errors import AccessDenied, Conflict, NotFound, RequestError
from qis_core.testing.threads import run_together

#: Names that are unusual and right.
NAMES = (
    "plain.jpg",
    "Plain.JPG",
    "blue bells.jpg",
    "q'uo\"te.jpg",
    "naïve — é.jpg",
    "日本語 🖼.png",
    "~root",
    "back\\slash.jpg",
    "100%25.jpg",
    "a.b.c",
    "...dots",
    "no extension",
    "-dash",
    "*?[x]",
    "n" * 240 + ".jpg",
)
#: Paths that no parser would make and that must never reach a file.
ESCAPES = (
    ("..",),
    ("..", "outside.jpg"),
    ("a", "..", "..", "outside.jpg"),
    ("../outside.jpg",),
    ("/etc/passwd",),
    ("a/../../outside.jpg",),
    ("", "etc", "passwd"),
    (".",),
    ("a\0b",),
    ("line\nbreak",),
    ("\udcff.jpg",),
)


def at(text: str) -> RepositoryPath:
    """Short for `RepositoryPath.parse`."""
    return RepositoryPath.parse(text)


def content(storage: Storage, path: RepositoryPath) -> bytes:
    """All bytes of a file."""
    with storage.open(path) as stream:
        return stream.read()


def put(storage: Storage, text: str, value: bytes = b"content") -> RepositoryPath:
    """Write a small file; its path."""
    path = at(text)
    storage.write(path, [value], replace=True)
    return path


class Interrupted(Exception):
    """What the kit raises between two chunks."""


def broken_upload(*chunks: bytes) -> Iterator[bytes]:
    """Chunks that end in an error."""
    yield from chunks
    raise Interrupted


class StorageContract:
    """For every storage. Fixture: ``storage``, empty."""

    def test_absent_file_is_none(self, storage: Storage) -> None:
        assert storage.find(at("absent.jpg")) is None
        assert storage.find(at("absent/absent.jpg")) is None
        assert not storage.is_folder(at("absent"))

    def test_what_is_written_is_read(self, storage: Storage) -> None:
        chunks = [b"", b"first ", bytes(range(256)) * 5000, b"", b"last"]
        stat = storage.write(at("a/b/c.jpg"), iter(chunks), replace=False)
        assert content(storage, at("a/b/c.jpg")) == b"".join(chunks)
        assert stat.size_bytes == len(b"".join(chunks))
        assert storage.find(at("a/b/c.jpg")) == stat
        assert abs(stat.modified_ns - time.time_ns()) < 60_000_000_000

    def test_empty_file_is_a_file(self, storage: Storage) -> None:
        assert storage.write(at("empty.jpg"), [], replace=False).size_bytes == 0
        assert content(storage, at("empty.jpg")) == b""

    def test_keeps_any_name_apart(self, storage: Storage) -> None:
        for number, name in enumerate(NAMES):
            storage.write(RepositoryPath((name, name)), [b"%d" % number], replace=False)
        for number, name in enumerate(NAMES):
            assert content(storage, RepositoryPath((name, name))) == b"%d" % number, name
        shown = [Entry(name, True) for name in sorted(NAMES) if not name.startswith(".")]
        assert list(storage.entries(ROOT)) == shown

    def test_stream_can_seek(self, storage: Storage) -> None:
        with storage.open(put(storage, "a.jpg", b"0123456789")) as stream:
            assert stream.seek(4) == 4
            assert stream.read(2) == b"45"
            assert stream.seek(0, 2) == 10

    def test_absent_file_cannot_be_opened(self, storage: Storage) -> None:
        storage.make_folder(at("folder"))
        for text in ("absent.jpg", "absent/a.jpg", "folder"):
            with pytest.raises(NotFound, match=text):
                storage.open(at(text))
            with pytest.raises(NotFound, match=text), storage.local_file(at(text)):
                pytest.fail("there is no such file")

    def test_local_file_has_the_bytes(self, storage: Storage) -> None:
        with storage.local_file(put(storage, "folder/a.jpg", b"local")) as name:
            assert name.read_bytes() == b"local"

    def test_file_is_no_folder_and_folder_is_no_file(self, storage: Storage) -> None:
        put(storage, "folder/a.jpg")
        assert storage.is_folder(at("folder"))
        assert storage.is_folder(ROOT)
        assert storage.find(at("folder")) is None
        assert storage.find(ROOT) is None
        assert not storage.is_folder(at("folder/a.jpg"))
        assert storage.find(at("folder/a.jpg/b.jpg")) is None
        assert not storage.is_folder(at("folder/a.jpg/b"))

    def test_very_long_names_are_absent_and_cannot_be_made(self, storage: Storage) -> None:
        path = RepositoryPath(("n" * 300,))
        assert storage.find(path) is None
        assert not storage.is_folder(path)
        with pytest.raises(RequestError):
            storage.write(path, [b""], replace=False)

    def test_entries_are_sorted_and_not_hidden(self, storage: Storage) -> None:
        for text in ("z.jpg", "Z.jpg", "é.jpg", "10.jpg", "9.jpg", "sub/below.jpg", ".hidden/x.jpg"):
            put(storage, text)
        storage.write(RepositoryPath((".hidden.jpg",)), [b""], replace=False)
        storage.make_folder(at("empty"))
        names = sorted(["z.jpg", "Z.jpg", "é.jpg", "10.jpg", "9.jpg", "sub", "empty"])
        assert list(storage.entries(ROOT)) == [Entry(name, name in ("sub", "empty")) for name in names]
        assert list(storage.entries(at("sub"))) == [Entry("below.jpg", False)]
        assert list(storage.entries(at("empty"))) == []

    def test_only_a_folder_has_entries(self, storage: Storage) -> None:
        put(storage, "a.jpg")
        for text in ("absent", "a.jpg", "a.jpg/below"):
            with pytest.raises(NotFound):
                storage.entries(at(text))

    def test_existing_file_is_kept_unless_replaced(self, storage: Storage) -> None:
        path = put(storage, "a.jpg", b"old")
        with pytest.raises(Conflict, match=r"a\.jpg"):
            storage.write(path, [b"new"], replace=False)
        assert content(storage, path) == b"old"
        storage.write(path, [b"new"], replace=True)
        assert content(storage, path) == b"new"

    def test_folder_is_never_replaced_by_a_file(self, storage: Storage) -> None:
        put(storage, "folder/a.jpg")
        for replace in (True, False):
            with pytest.raises(Conflict):
                storage.write(at("folder"), [b"new"], replace=replace)
        with pytest.raises(RequestError):
            storage.write(ROOT, [b"new"], replace=True)
        assert content(storage, at("folder/a.jpg")) == b"content"

    def test_file_cannot_be_a_parent(self, storage: Storage) -> None:
        path = put(storage, "a.jpg")
        for act in (
            lambda: storage.write(at("a.jpg/b.jpg"), [b""], replace=True),
            lambda: storage.make_folder(at("a.jpg/b")),
            lambda: storage.make_folder(at("a.jpg")),
        ):
            with pytest.raises(Conflict):
                act()
        assert content(storage, path) == b"content"

    def test_broken_upload_leaves_the_old_file(self, storage: Storage) -> None:
        path = put(storage, "folder/a.jpg", b"old")
        before = storage.find(path)
        with pytest.raises(Interrupted):
            storage.write(path, broken_upload(b"new", bytes(100_000)), replace=True)
        assert content(storage, path) == b"old"
        assert storage.find(path) == before

    def test_broken_upload_leaves_no_new_file(self, storage: Storage) -> None:
        for replace in (True, False):
            with pytest.raises(Interrupted):
                storage.write(at("folder/new.jpg"), broken_upload(b"part", bytes(100_000)), replace=replace)
            assert storage.find(at("folder/new.jpg")) is None
            assert not storage.is_folder(at("folder")) or list(storage.entries(at("folder"))) == []
        storage.write(at("folder/new.jpg"), [b"whole"], replace=False)

    def test_part_of_a_file_is_never_seen(self, storage: Storage) -> None:
        path = put(storage, "folder/a.jpg", b"old")
        seen: list[object] = []

        def upload() -> Iterator[bytes]:
            for _ in range(3):
                yield b"new" * 50_000
                seen.append(content(storage, path))
                seen.append(storage.find(at("folder/b.jpg")))
                seen.append([entry.name for entry in storage.entries(at("folder"))])

        storage.write(path, upload(), replace=True)
        storage.write(at("folder/b.jpg"), [b"x"], replace=True)
        assert seen == [b"old", None, ["a.jpg"]] * 3

    def test_open_stream_keeps_the_old_bytes(self, storage: Storage) -> None:
        path = put(storage, "a.jpg", b"old")
        with storage.open(path) as stream:
            storage.write(path, [b"new"], replace=True)
            assert stream.read() in (b"old", b"new")

    def test_fingerprint_changes_with_the_bytes(self, storage: Storage) -> None:
        path = at("a.jpg")
        stats = [storage.write(path, [b"%02d" % number], replace=True) for number in range(20)]
        assert len({stat.fingerprint for stat in stats}) == 20, "same size, other bytes: another fingerprint"

    def test_fingerprint_stays_with_the_bytes(self, storage: Storage) -> None:
        path = put(storage, "a.jpg")
        before = storage.find(path)
        content(storage, path)
        put(storage, "b.jpg")
        list(storage.entries(ROOT))
        assert storage.find(path) == before

    def test_one_of_several_writers_wins(self, storage: Storage) -> None:
        for number in range(10):
            path = at(f"race/{number}.jpg")
            won = run_together(8, partial(_try_write, storage, path))
            assert sum(won) == 1, "exactly one writer that must not replace may win"
            assert content(storage, path) == _whole(won.index(True))

    def test_writers_never_mix(self, storage: Storage) -> None:
        path = put(storage, "a.jpg", _whole(0))

        def work(me: int) -> list[bytes]:
            seen = []
            for _ in range(10):
                storage.write(path, (_whole(me)[:1000], _whole(me)[1000:]), replace=True)
                seen.append(content(storage, path))
            return seen

        for values in run_together(6, work):
            assert all(value == _whole(value[0]) for value in values)

    def test_move_renames_a_file(self, storage: Storage) -> None:
        source = put(storage, "a/b.jpg", b"moved")
        storage.move(source, at("c/d/e.png"))
        assert storage.find(source) is None
        assert content(storage, at("c/d/e.png")) == b"moved"
        assert storage.is_folder(at("a"))

    def test_move_takes_a_folder_with_all_in_it(self, storage: Storage) -> None:
        put(storage, "a/b/c.jpg", b"1")
        put(storage, "a/d.jpg", b"2")
        put(storage, "ab/e.jpg", b"3")
        storage.make_folder(at("a/empty"))
        storage.move(at("a"), at("x/y"))
        assert [content(storage, at(text)) for text in ("x/y/b/c.jpg", "x/y/d.jpg", "ab/e.jpg")] == [b"1", b"2", b"3"]
        assert storage.is_folder(at("x/y/empty"))
        assert not storage.is_folder(at("a"))

    def test_move_never_replaces(self, storage: Storage) -> None:
        put(storage, "a.jpg", b"a")
        put(storage, "b.jpg", b"b")
        put(storage, "folder/c.jpg", b"c")
        storage.make_folder(at("empty"))
        for source, target in (("a.jpg", "b.jpg"), ("a.jpg", "empty"), ("folder", "empty"), ("folder", "a.jpg")):
            with pytest.raises(Conflict):
                storage.move(at(source), at(target))
        assert [content(storage, at(text)) for text in ("a.jpg", "b.jpg", "folder/c.jpg")] == [b"a", b"b", b"c"]

    def test_move_refuses_what_cannot_be(self, storage: Storage) -> None:
        put(storage, "folder/a.jpg")
        for source, target, error in (
            ("absent.jpg", "b.jpg", NotFound),
            ("folder", "folder/inner", Conflict),
            ("folder", "folder", Conflict),
            ("", "elsewhere", RequestError),
            ("folder", "", RequestError),
            ("folder", "folder/a.jpg/x", Conflict),
        ):
            with pytest.raises(error):
                storage.move(at(source), at(target))
        assert content(storage, at("folder/a.jpg")) == b"content"

    def test_delete_removes_a_file_or_a_folder(self, storage: Storage) -> None:
        put(storage, "a/b.jpg")
        put(storage, "a/c/d.jpg")
        put(storage, "ab.jpg")
        storage.delete(at("a/b.jpg"))
        assert storage.find(at("a/b.jpg")) is None
        storage.delete(at("a"))
        assert storage.find(at("a/c/d.jpg")) is None
        assert list(storage.entries(ROOT)) == [Entry("ab.jpg", False)]

    def test_delete_refuses_what_is_absent_and_the_root(self, storage: Storage) -> None:
        put(storage, "a.jpg")
        for path, error in ((at("absent.jpg"), NotFound), (at("a.jpg/b"), NotFound), (ROOT, RequestError)):
            with pytest.raises(error):
                storage.delete(path)
        assert content(storage, at("a.jpg")) == b"content"

    def test_make_folder_makes_parents_and_can_be_repeated(self, storage: Storage) -> None:
        for _ in range(2):
            storage.make_folder(at("a/b/c"))
            storage.make_folder(ROOT)
        assert [storage.is_folder(at(text)) for text in ("a", "a/b", "a/b/c")] == [True] * 3

    def test_folders_are_made_by_many_at_once(self, storage: Storage) -> None:
        run_together(8, lambda me: put(storage, f"a/b/c/{me}.jpg"))
        assert len(list(storage.entries(at("a/b/c")))) == 8

    def test_no_path_leaves_the_root(self, storage: Storage) -> None:
        put(storage, "a/inside.jpg")
        for parts in ESCAPES:
            for name, act in _every_act(storage, RepositoryPath(parts)):
                assert refused(act, RequestError), f"{name} took {parts}"
        assert content(storage, at("a/inside.jpg")) == b"content"

    def test_climbing_out_is_denied(self, storage: Storage) -> None:
        with pytest.raises(AccessDenied):
            storage.find(RepositoryPath(("..", "outside.jpg")))


def refused(act: Callable[[], object], error: type[Exception]) -> bool:
    """Whether *act* raises *error*."""
    try:
        act()
    except error:
        return True
    return False


def _every_act(storage: Storage, path: RepositoryPath) -> Iterator[tuple[str, Callable[[], object]]]:
    inside = at("a/inside.jpg")
    yield "find", lambda: storage.find(path)
    yield "is_folder", lambda: storage.is_folder(path)
    yield "entries", lambda: storage.entries(path)
    yield "open", lambda: storage.open(path)
    yield "local_file", lambda: storage.local_file(path).__enter__()
    yield "write", lambda: storage.write(path, [b"escaped"], replace=True)
    yield "write", lambda: storage.write(path, [b"escaped"], replace=False)
    yield "move from", lambda: storage.move(path, at("stolen.jpg"))
    yield "move to", lambda: storage.move(inside, path)
    yield "delete", lambda: storage.delete(path)
    yield "make_folder", lambda: storage.make_folder(path)


def _whole(byte: int) -> bytes:
    return bytes([byte]) * (20_000 + 1000 * byte)


def _try_write(storage: Storage, path: RepositoryPath, me: int) -> bool:
    try:
        storage.write(path, (_whole(me)[:1000], _whole(me)[1000:]), replace=False)
    except Conflict:
        return False
    return True
