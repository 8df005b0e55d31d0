"""What a storage that outlives its process must do besides: subclass and give an ``open_storage`` fixture."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from multiprocessing.connection import Connection

import pytest

from qis_core.contracts.storage import Storage
from qis_core.domain.paths import RepositoryPath
from qis_core.errors import Conflict
from qis_core.testing.processes import child, start_together
from qis_core.testing.storage_contract import StorageContract, at, content, put

_CHUNK = 100_000
_RACES = 20


class DurableStorageContract(StorageContract):
    """For a storage that outlives its process. Fixture: ``open_storage``, which opens it again; it is pickled."""

    @pytest.fixture
    def storage(self, open_storage: Callable[[], Storage]) -> Storage:
        return open_storage()

    def test_another_opening_sees_everything(self, storage: Storage, open_storage: Callable[[], Storage]) -> None:
        path = put(storage, "a/b.jpg", b"value")
        other = open_storage()
        assert content(other, path) == b"value"
        assert other.find(path) == storage.find(path)
        other.delete(at("a"))
        assert storage.find(path) is None

    def test_killed_upload_leaves_the_old_file(self, storage: Storage, open_storage: Callable[[], Storage]) -> None:
        path = put(storage, "folder/a.jpg", b"old")
        before = storage.find(path)
        with child(_upload_in_part, open_storage) as writer:
            writer.receive()
            writer.kill()
        again = open_storage()
        assert content(again, path) == b"old"
        assert again.find(path) == before
        assert [entry.name for entry in again.entries(at("folder"))] == ["a.jpg"]

    def test_killed_upload_can_be_repeated(self, storage: Storage, open_storage: Callable[[], Storage]) -> None:
        with child(_upload_in_part, open_storage) as writer:
            writer.receive()
            assert storage.find(at("folder/a.jpg")) is None
            writer.kill()
        assert storage.find(at("folder/a.jpg")) is None
        storage.write(at("folder/a.jpg"), [b"whole"], replace=False)
        assert content(storage, at("folder/a.jpg")) == b"whole"

    def test_killed_writers_leave_whole_files(self, storage: Storage, open_storage: Callable[[], Storage]) -> None:
        for delay_seconds in (0.0, 0.01, 0.03):
            with child(_replace_for_ever, open_storage) as writer:
                writer.receive()
                time.sleep(delay_seconds)
                writer.kill()
            if storage.find(at("folder/a.jpg")) is not None:
                found = content(storage, at("folder/a.jpg"))
                assert (len(found), len(set(found))) == (3 * _CHUNK, 1)

    def test_one_of_several_processes_wins(self, storage: Storage, open_storage: Callable[[], Storage]) -> None:
        with ExitStack() as stack:
            children = [stack.enter_context(child(_race, open_storage)) for _ in range(3)]
            start_together(children)
            won = [one.receive() for one in children]
        assert [sum(column) for column in zip(*won, strict=True)] == [1] * _RACES


def _upload_in_part(open_storage: Callable[[], Storage], pipe: Connection) -> None:
    def upload() -> Iterator[bytes]:
        yield bytes(_CHUNK)
        pipe.send("in the middle")
        pipe.recv()

    open_storage().write(RepositoryPath(("folder", "a.jpg")), upload(), replace=True)


def _replace_for_ever(open_storage: Callable[[], Storage], pipe: Connection) -> None:
    storage = open_storage()
    pipe.send("ready")
    byte = 0
    while True:
        storage.write(at("folder/a.jpg"), [bytes([byte]) * _CHUNK] * 3, replace=True)
        byte = (byte + 1) % 256


def _race(open_storage: Callable[[], Storage], pipe: Connection) -> None:
    storage = open_storage()
    pipe.send("ready")
    pipe.recv()
    pipe.send([_writes(storage, at(f"race/{number}.jpg")) for number in range(_RACES)])
    pipe.recv()


def _writes(storage: Storage, path: RepositoryPath) -> bool:
    try:
        storage.write(path, [b"value"], replace=False)
    except Conflict:
        return False
    return True
