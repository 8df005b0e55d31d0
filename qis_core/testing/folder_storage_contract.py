"""What a storage in a folder of this machine must do besides: subclass and give ``open_storage`` and ``root``."""

import os
import socket
from pathlib import Path

import pytest

from qis_core.contracts.storage import Entry, Storage
from qis_core.domain.paths import ROOT
from qis_core.errors import AccessDenied, BackendError, NotFound, QisError
from qis_core.testing.durable_storage_contract import DurableStorageContract
from qis_core.testing.storage_contract import Interrupted, at, broken_upload, content, put, refused


class FolderStorageContract(DurableStorageContract):
    """For a storage in a real folder, following symbolic links inside it only. Fixtures: ``open_storage``, ``root``."""

    @pytest.fixture
    def outside(self, root: Path) -> Path:
        """A folder beside the root whose name begins with the root's."""
        sibling = root.with_name(root.name + "2")
        sibling.mkdir()
        (sibling / "leak.jpg").write_bytes(b"secret")
        return sibling

    def test_files_lie_in_the_folder(self, storage: Storage, root: Path) -> None:
        put(storage, "a/b.jpg", b"value")
        assert (root / "a" / "b.jpg").read_bytes() == b"value"
        (root / "a" / "c.jpg").write_bytes(b"from outside")
        assert content(storage, at("a/c.jpg")) == b"from outside"

    def test_change_from_outside_changes_the_fingerprint(self, storage: Storage, root: Path) -> None:
        path = put(storage, "a.jpg", b"old")
        before = storage.find(path)
        assert before is not None
        (root / "a.jpg").write_bytes(b"new")
        os.utime(root / "a.jpg", ns=(before.modified_ns, before.modified_ns + 1000))
        after = storage.find(path)
        assert after is not None
        assert (after.size_bytes, after.fingerprint != before.fingerprint) == (before.size_bytes, True)

    def test_link_to_the_outside_is_denied(self, storage: Storage, root: Path, outside: Path) -> None:
        put(storage, "inside.jpg")
        (root / "file.jpg").symlink_to(outside / "leak.jpg")
        (root / "folder").symlink_to(outside)
        (root / "relative.jpg").symlink_to(f"../{outside.name}/leak.jpg")
        (root / "chain.jpg").symlink_to("relative.jpg")
        for text in ("file.jpg", "folder/leak.jpg", "relative.jpg", "chain.jpg", "folder/absent.jpg"):
            _assert_denied(storage, text)
        for denied in ("folder", "folder/new"):
            with pytest.raises(AccessDenied):
                storage.entries(at(denied))
            with pytest.raises(AccessDenied):
                storage.make_folder(at(denied))
        assert list(storage.entries(ROOT)) == [Entry("inside.jpg", False)]
        assert [path.name for path in outside.iterdir()] == ["leak.jpg"]
        assert (outside / "leak.jpg").read_bytes() == b"secret"

    def test_link_inside_is_followed(self, storage: Storage, root: Path) -> None:
        put(storage, "real/a.jpg", b"value")
        (root / "link").symlink_to("real")
        (root / "real" / "b.jpg").symlink_to("a.jpg")
        assert content(storage, at("link/a.jpg")) == b"value"
        assert content(storage, at("link/b.jpg")) == b"value"
        assert Entry("link", True) in list(storage.entries(ROOT))
        assert Entry("b.jpg", False) in list(storage.entries(at("real")))

    def test_writing_to_a_link_leaves_what_it_points_to(self, storage: Storage, root: Path) -> None:
        put(storage, "real/a.jpg", b"original")
        (root / "link.jpg").symlink_to("real/a.jpg")
        storage.write(at("link.jpg"), [b"new"], replace=True)
        assert (content(storage, at("link.jpg")), content(storage, at("real/a.jpg"))) == (b"new", b"original")

    def test_deleting_or_moving_a_link_leaves_what_it_points_to(self, storage: Storage, root: Path) -> None:
        put(storage, "real/a.jpg", b"original")
        (root / "folder").symlink_to("real")
        (root / "link.jpg").symlink_to("real/a.jpg")
        storage.move(at("link.jpg"), at("deep/down/link.jpg"))
        assert content(storage, at("deep/down/link.jpg")) == b"original"
        storage.delete(at("deep/down/link.jpg"))
        storage.delete(at("folder"))
        assert content(storage, at("real/a.jpg")) == b"original"
        assert [entry.name for entry in storage.entries(ROOT)] == ["deep", "real"]

    def test_deleting_a_folder_follows_no_link(self, storage: Storage, root: Path, outside: Path) -> None:
        put(storage, "folder/a.jpg")
        (root / "folder" / "link").symlink_to(outside)
        storage.delete(at("folder"))
        assert (outside / "leak.jpg").read_bytes() == b"secret"

    def test_broken_and_circular_links_are_absent(self, storage: Storage, root: Path) -> None:
        (root / "broken.jpg").symlink_to("absent.jpg")
        (root / "circle.jpg").symlink_to("circle.jpg")
        for text in ("broken.jpg", "circle.jpg"):
            assert storage.find(at(text)) is None
            with pytest.raises(NotFound):
                storage.open(at(text))
        assert list(storage.entries(ROOT)) == []

    def test_what_is_no_plain_file_is_absent(self, storage: Storage, root: Path) -> None:
        os.mkfifo(root / "pipe.jpg")
        with socket.socket(socket.AF_UNIX) as server:
            _bind_in(root, server, "socket.jpg")
            for text in ("pipe.jpg", "socket.jpg"):
                assert storage.find(at(text)) is None
                for act in (storage.open, storage.delete):
                    with pytest.raises(NotFound):
                        act(at(text))
                with pytest.raises(NotFound), storage.local_file(at(text)):
                    pytest.fail("not a plain file")
        assert list(storage.entries(ROOT)) == []

    def test_names_no_path_can_have_are_not_shown(self, storage: Storage, root: Path) -> None:
        for name in (b"line\nbreak.jpg", b"not utf-8 \xff.jpg", b"plain.jpg"):
            Path(os.fsdecode(os.path.join(os.fsencode(root), name))).write_bytes(b"")
        assert list(storage.entries(ROOT)) == [Entry("plain.jpg", False)]

    def test_nothing_is_left_beside_the_files(self, storage: Storage, root: Path) -> None:
        put(storage, "folder/a.jpg")
        with pytest.raises(Interrupted):
            storage.write(at("folder/b.jpg"), broken_upload(b"part"), replace=False)
        put(storage, "gone/c.jpg")
        storage.delete(at("gone"))
        storage.move(at("folder/a.jpg"), at("moved.jpg"))
        assert sorted(path.name for path in root.rglob("*")) == ["folder", "moved.jpg"]

    def test_root_that_went_away_is_a_failure_not_an_empty_folder(self, storage: Storage, root: Path) -> None:
        put(storage, "a.jpg")
        os.rename(root, root.with_name("elsewhere"))
        for act in (
            lambda: storage.find(at("a.jpg")),
            lambda: storage.is_folder(at("a")),
            lambda: storage.entries(ROOT),
            lambda: storage.open(at("a.jpg")),
            lambda: storage.write(at("a.jpg"), [b""], replace=True),
            lambda: storage.delete(at("a.jpg")),
        ):
            with pytest.raises(BackendError):
                act()
        assert not root.exists()

    def test_errors_never_tell_where_the_folder_is(self, storage: Storage, root: Path, outside: Path) -> None:
        put(storage, "a.jpg")
        (root / "link.jpg").symlink_to(outside / "leak.jpg")
        for act in (
            lambda: storage.open(at("absent.jpg")),
            lambda: storage.open(at("link.jpg")),
            lambda: storage.entries(at("a.jpg")),
            lambda: storage.make_folder(at("a.jpg/b")),
            lambda: storage.write(at("a.jpg"), [b""], replace=False),
            lambda: storage.move(at("absent.jpg"), at("b.jpg")),
        ):
            with pytest.raises(QisError) as caught:
                act()
            assert str(root.parent) not in str(caught.value)


def _assert_denied(storage: Storage, text: str) -> None:
    for act in (
        lambda: storage.find(at(text)),
        lambda: storage.open(at(text)),
        lambda: storage.local_file(at(text)).__enter__(),
        lambda: storage.write(at(text), [b"escaped"], replace=True),
        lambda: storage.move(at("inside.jpg"), at(text)),
        lambda: storage.move(at(text), at("stolen.jpg")),
        lambda: storage.delete(at(text)),
    ):
        assert refused(act, AccessDenied), f"{text} leaves the root"


def _bind_in(folder: Path, server: socket.socket, name: str) -> None:
    """Bind by a short name: a socket's path holds 107 bytes only."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        server.bind(f"/proc/self/fd/{descriptor}/{name}")
    finally:
        os.close(descriptor)
