"""The memory storage keeps the contract: it stands in for real ones in tests."""

import pytest

from qis_core.domain.paths import ROOT
from qis_core.settings import Settings
from qis_core.testing.storage_contract import StorageContract, at, put
from qis_plugins.memory import open_memory_storage, qis_storage_backends
from qis_plugins.memory.storage import MemoryStorage


class TestMemoryStorage(StorageContract):
    @pytest.fixture
    def storage(self) -> MemoryStorage:
        return MemoryStorage()


def test_each_one_is_empty() -> None:
    put(open_memory_storage(Settings.of()), "a.jpg")
    assert list(open_memory_storage(Settings.of()).entries(ROOT)) == []


def test_local_file_goes_away_and_keeps_the_extension() -> None:
    storage = MemoryStorage()
    with storage.local_file(put(storage, "folder/a.b.TIF")) as name:
        assert name.suffix == ".tif"
    assert not name.parent.exists()
    with storage.local_file(put(storage, "plain")) as name:
        assert name.suffix == ""


def test_times_always_move() -> None:
    storage = MemoryStorage()
    times = [storage.write(at("a.jpg"), [], replace=True).modified_ns for _ in range(100)]
    assert times == sorted(set(times))


def test_plugin_registers_its_storage() -> None:
    assert [backend.name for backend in qis_storage_backends()] == ["memory"]
