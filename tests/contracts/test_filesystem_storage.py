"""The filesystem storage keeps the contract, whatever lies in its folder."""

import fcntl
import os
import resource
import shutil
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from qis_core.contracts.storage import Entry
from qis_core.domain.paths import ROOT, RepositoryPath
from qis_core.errors import AccessDenied, BackendError, Conflict, NotFound, QisError, SettingsError
from qis_core.settings import Settings, load_settings
from qis_core.testing.folder_storage_contract import FolderStorageContract
from qis_core.testing.processes import child
from qis_core.testing.storage_contract import at, content, put
from qis_plugins.filesystem import FilesystemSettings, open_filesystem, qis_settings, qis_storage_backends
from qis_plugins.filesystem.storage import FilesystemStorage


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    return folder


@pytest.fixture
def storage(root: Path) -> FilesystemStorage:
    return FilesystemStorage(root)


class TestFilesystemStorage(FolderStorageContract):
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        folder = tmp_path / "images"
        folder.mkdir()
        return folder

    @pytest.fixture
    def open_storage(self, root: Path) -> Callable[[], FilesystemStorage]:
        return partial(FilesystemStorage, root)


class TestRoot:
    def test_may_be_a_link_itself(self, root: Path, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(root)
        (root / "a.jpg").write_bytes(b"value")
        assert content(FilesystemStorage(tmp_path / "link"), at("a.jpg")) == b"value"

    def test_may_be_relative(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(root.parent)
        storage = FilesystemStorage(Path("images"))
        monkeypatch.chdir("/")
        put(storage, "a.jpg")
        assert (root / "a.jpg").exists()

    def test_may_have_a_trailing_slash_and_dots(self, root: Path) -> None:
        (root / "a.jpg").write_bytes(b"value")
        assert content(FilesystemStorage(Path(f"{root}/../images/")), at("a.jpg")) == b"value"

    def test_may_be_the_whole_disk(self, root: Path) -> None:
        (root / "a.jpg").write_bytes(b"value")
        assert content(FilesystemStorage(Path("/")), at(f"{root}/a.jpg")) == b"value"

    def test_escape_is_logged(self, storage: FilesystemStorage, root: Path, caplog: pytest.LogCaptureFixture) -> None:
        (root / "link").symlink_to("/etc")
        with pytest.raises(AccessDenied):
            storage.open(at("link/passwd"))
        assert [(record.name, record.levelname) for record in caplog.records] == [("qis.security", "WARNING")]
        assert "link/passwd" in caplog.text


class TestSymbolicLinks:
    @pytest.fixture
    def outside(self, tmp_path: Path) -> Path:
        (tmp_path / "outside").mkdir()
        (tmp_path / "outside" / "a.jpg").write_bytes(b"outside")
        return tmp_path / "outside"

    def test_none_is_followed_when_set_to_no(self, root: Path) -> None:
        storage = FilesystemStorage(root, follow_symlinks="no")
        put(storage, "real/a.jpg")
        (root / "link").symlink_to("real")
        (root / "real" / "b.jpg").symlink_to("a.jpg")
        for text in ("link/a.jpg", "real/b.jpg"):
            with pytest.raises(AccessDenied):
                storage.find(at(text))
        assert list(storage.entries(ROOT)) == [Entry("real", True)]
        assert content(storage, at("real/a.jpg")) == b"content"

    def test_all_are_followed_when_set_to_anywhere(self, root: Path, outside: Path) -> None:
        storage = FilesystemStorage(root, follow_symlinks="anywhere")
        (root / "link").symlink_to(outside)
        (root / "file.jpg").symlink_to(outside / "a.jpg")
        assert content(storage, at("link/a.jpg")) == b"outside"
        assert list(storage.entries(ROOT)) == [Entry("file.jpg", False), Entry("link", True)]
        put(storage, "link/new.jpg")
        assert (outside / "new.jpg").exists()
        with pytest.raises(AccessDenied):
            storage.find(RepositoryPath(("..", "outside", "a.jpg")))

    def test_link_that_leads_out_and_back_in_is_inside(self, root: Path, tmp_path: Path) -> None:
        (root / "a.jpg").write_bytes(b"value")
        (tmp_path / "way").symlink_to(root)
        (root / "round.jpg").symlink_to(tmp_path / "way" / "a.jpg")
        assert content(FilesystemStorage(root), at("round.jpg")) == b"value"


class TestNames:
    def test_both_unicode_forms_are_used_as_given(self, storage: FilesystemStorage, root: Path) -> None:
        for form in ("NFC", "NFD"):
            put(storage, unicodedata.normalize(form, "é.jpg"), form.encode())
        assert sorted(os.listdir(root)) == sorted(unicodedata.normalize(form, "é.jpg") for form in ("NFC", "NFD"))
        assert content(storage, at(unicodedata.normalize("NFD", "é.jpg"))) == b"NFD"

    def test_percent_signs_mean_nothing(self, storage: FilesystemStorage, root: Path) -> None:
        (root.parent / "secret.jpg").write_bytes(b"secret")
        for text in ("%2e%2e/secret.jpg", "..%2fsecret.jpg", "%2e%2e%2fsecret.jpg", "..\\secret.jpg"):
            assert storage.find(at(text)) is None

    def test_path_of_240_characters_is_found(self, storage: FilesystemStorage) -> None:
        path = put(storage, "/".join(["d" * 47] * 4) + "/" + "n" * 44 + ".jpg")
        assert len(path.src) == 240
        assert content(storage, path) == b"content"

    def test_path_longer_than_the_system_takes_is_absent(self, storage: FilesystemStorage) -> None:
        assert storage.find(RepositoryPath(("d" * 200,) * 50)) is None


class TestModes:
    def test_files_and_folders_get_theirs_whatever_the_umask(self, root: Path) -> None:
        storage = FilesystemStorage(root, file_mode=0o664, dir_mode=0o2775)
        old = os.umask(0o077)
        try:
            put(storage, "a/b/c.jpg")
        finally:
            os.umask(old)
        assert (root / "a" / "b" / "c.jpg").stat().st_mode & 0o7777 == 0o664
        assert [(root / name).stat().st_mode & 0o7777 for name in ("a", "a/b")] == [0o2775, 0o2775]

    def test_existing_folders_keep_theirs(self, storage: FilesystemStorage, root: Path) -> None:
        (root / "a").mkdir(mode=0o700)
        put(storage, "a/b.jpg")
        assert (root / "a").stat().st_mode & 0o777 == 0o700


class TestLeftovers:
    def test_of_killed_uploads_are_removed_later(self, root: Path) -> None:
        (root / "a").mkdir()
        old, young = root / "a" / ".qis-incoming-0000", root / "a" / ".qis-incoming-1111"
        for path in (old, young):
            path.write_bytes(b"part")
        deleted = root / "a" / ".qis-incoming-2222"
        (deleted / "deleted").mkdir(parents=True)
        for path in (old, deleted):
            os.utime(path, (1, 1))
        put(FilesystemStorage(root), "a/b.jpg")
        assert (old.exists(), deleted.exists(), young.exists()) == (False, False, True)

    def test_of_living_uploads_are_spared(self, root: Path) -> None:
        held = root / ".qis-incoming-0000"
        held.write_bytes(b"part")
        os.utime(held, (1, 1))
        with held.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            put(FilesystemStorage(root), "a.jpg")
        assert held.exists()

    def test_are_looked_for_once_per_folder(self, storage: FilesystemStorage, root: Path) -> None:
        put(storage, "a.jpg")
        late = root / ".qis-incoming-0000"
        late.write_bytes(b"part")
        os.utime(late, (1, 1))
        put(storage, "b.jpg")
        assert late.exists()


class TestOtherFileSystems:
    """Folders mounted below the root: told from each other by a link, where this machine has a second file system."""

    @pytest.fixture
    def elsewhere(self) -> Iterator[Path]:
        base = Path("/dev/shm")
        folder = Path(tempfile.mkdtemp(dir=base if base.is_dir() else None))
        yield folder
        shutil.rmtree(folder)

    @pytest.fixture
    def storage(self, root: Path, elsewhere: Path) -> FilesystemStorage:
        (root / "mount").symlink_to(elsewhere)
        return FilesystemStorage(root, follow_symlinks="anywhere")

    def test_files_and_folders_move_between_them(self, storage: FilesystemStorage, root: Path) -> None:
        put(storage, "a.jpg", b"file")
        put(storage, "folder/deep/b.jpg", b"in folder")
        (root / "folder" / "link").symlink_to("deep")
        storage.move(at("a.jpg"), at("mount/a.jpg"))
        storage.move(at("folder"), at("mount/folder"))
        assert content(storage, at("mount/a.jpg")) == b"file"
        assert content(storage, at("mount/folder/link/b.jpg")) == b"in folder"
        assert os.listdir(root) == ["mount"]
        assert sorted(os.listdir(root / "mount")) == ["a.jpg", "folder"]

    def test_nothing_is_replaced(self, storage: FilesystemStorage) -> None:
        put(storage, "a.jpg", b"1")
        put(storage, "mount/a.jpg", b"2")
        with pytest.raises(Conflict):
            storage.move(at("a.jpg"), at("mount/a.jpg"))
        assert [content(storage, at(text)) for text in ("a.jpg", "mount/a.jpg")] == [b"1", b"2"]


class TestFaults:
    @pytest.fixture
    def open_to_all(self) -> Iterator[Path]:
        """A root another user can reach, which below pytest's own folder is not sure."""
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            yield Path(folder)

    def test_forbidden_folder_is_a_failure_of_the_storage(self, open_to_all: Path) -> None:
        root = open_to_all
        (root / "closed").mkdir()
        (root / "closed" / "a.jpg").write_bytes(b"value")
        (root / "shut.jpg").write_bytes(b"value")
        (root / "closed").chmod(0)
        (root / "shut.jpg").chmod(0)
        with child(_act_as_nobody, partial(FilesystemStorage, root)) as nobody:
            answers = nobody.receive()
        (root / "closed").chmod(0o700)
        assert answers == [
            "BackendError: closed/a.jpg: storage failed: Permission denied",
            "BackendError: shut.jpg: storage failed: Permission denied",
            "BackendError: closed: storage failed: Permission denied",
            "BackendError: closed/new.jpg: storage failed: Permission denied",
        ]

    def test_full_disk_is_a_failure_and_leaves_the_old_file(self, storage: FilesystemStorage, root: Path) -> None:
        path = put(storage, "a.jpg", b"old")
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))
        try:
            with pytest.raises(BackendError, match=r"^a\.jpg: storage failed: File too large$") as caught:
                storage.write(path, [bytes(4000)] * 3, replace=True)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert isinstance(caught.value.__cause__, OSError)
        assert content(storage, path) == b"old"
        assert os.listdir(root) == ["a.jpg"]

    def test_error_of_the_uploader_is_passed_on(self, storage: FilesystemStorage) -> None:
        def upload() -> Iterator[bytes]:
            yield b"part"
            raise ConnectionResetError("the client went away")

        with pytest.raises(ConnectionResetError):
            storage.write(at("a.jpg"), upload(), replace=False)

    def test_descriptors_do_not_leak(self, storage: FilesystemStorage, root: Path) -> None:
        path = put(storage, "a.jpg")
        os.mkfifo(root / "pipe.jpg")
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(20):
            storage.write(path, [b"value"], replace=True)
            list(storage.entries(ROOT))
            for text in ("absent.jpg", "pipe.jpg"):
                with pytest.raises(NotFound):
                    storage.open(at(text))
        assert len(os.listdir("/proc/self/fd")) == before


class TestSettings:
    def test_give_root_links_and_modes(self, root: Path) -> None:
        (root / "real.jpg").write_bytes(b"")
        (root / "link.jpg").symlink_to("real.jpg")
        ini = {
            "qis.filesystem.root": str(root),
            "qis.filesystem.follow_symlinks": "no",
            "qis.filesystem.file_mode": "600",
        }
        storage = open_filesystem(load_settings(ini, {}, qis_settings()))
        put(storage, "a.jpg")
        assert (root / "a.jpg").stat().st_mode & 0o777 == 0o600
        with pytest.raises(AccessDenied):
            storage.find(at("link.jpg"))

    def test_root_is_required(self) -> None:
        with pytest.raises(SettingsError, match=r"^qis\.filesystem\.root: required"):
            open_filesystem(Settings.of())

    def test_root_must_exist(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match=r"^qis\.filesystem\.root='.*absent': expected an existing folder$"):
            open_filesystem(Settings.of(FilesystemSettings(root=tmp_path / "absent")))

    def test_mode_must_be_a_sensible_one(self) -> None:
        with pytest.raises(SettingsError, match=r"qis\.filesystem\.file_mode: '777' is not a valid choice"):
            load_settings({"qis.filesystem.file_mode": "777"}, {}, qis_settings())

    def test_plugin_registers_its_storage(self) -> None:
        assert [backend.name for backend in qis_storage_backends()] == ["filesystem"]


def _act_as_nobody(open_storage: Callable[[], FilesystemStorage], pipe: Connection) -> None:
    storage = open_storage()
    if os.getuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
    acts: tuple[Callable[[], object], ...] = (
        lambda: storage.find(at("closed/a.jpg")),
        lambda: storage.open(at("shut.jpg")),
        lambda: storage.entries(at("closed")),
        lambda: storage.write(at("closed/new.jpg"), [b""], replace=False),
    )
    pipe.send([_answer(act) for act in acts])


def _answer(act: Callable[[], object]) -> str:
    try:
        return f"no error: {act()}"
    except QisError as error:
        return f"{type(error).__name__}: {error}"
