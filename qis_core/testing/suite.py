"""The contracts of all that a plugin gives, run with no code: see ``pytest_plugin``."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from qis_core.contracts.auth import Authenticator, AuthProvider
from qis_core.contracts.cache import Cache
from qis_core.contracts.codec import Codec
from qis_core.contracts.operation import Operation
from qis_core.contracts.storage import Storage
from qis_core.settings import Settings
from qis_core.testing import (
    auth_contract,
    cache_contract,
    codec_contract,
    codec_samples,
    database_contract,
    durable_storage_contract,
    operation_contract,
    shared_cache_contract,
    storage_contract,
)
from qis_core.testing.subjects import (
    SMALL_BYTES,
    Subject,
    is_bounded_cache,
    is_durable_storage,
    is_shared_cache,
    open_backend,
)


class TestOperation(operation_contract.OperationContract):
    @staticmethod
    def qis_subjects(subject: Subject) -> bool:
        return subject.kind == "operations"

    @pytest.fixture
    def settings(self, subject: Subject, tmp_path: Path) -> Settings:
        return subject.registry(tmp_path).settings

    @pytest.fixture
    def operation(self, subject: Subject, tmp_path: Path) -> Operation[Any]:
        operation: Operation[Any] = subject.value(subject.registry(tmp_path))
        return operation


def codec_of(subject: Subject, folder: Path) -> Codec:
    """The codec, registered anew."""
    codec: Codec = subject.value(subject.registry(folder))
    return codec


def sample_files(subject: Subject) -> dict[str, bytes]:
    """The files of ``--qis-samples`` whose names begin with the codec's."""
    folder = Path(subject.samples) if subject.samples else None
    files = sorted(folder.glob(f"{subject.name}[-.]*")) if folder else []
    return {path.name: path.read_bytes() for path in files}


class TestDecoder(codec_contract.DecoderContract):
    """Codecs that write are read in what they write; the others in what ``--qis-samples`` has of them."""

    @staticmethod
    def qis_subjects(subject: Subject) -> bool:
        if subject.kind != "codecs":
            return False
        codec = codec_of(subject, Path())
        return codec.decoder is not None and (codec.encoder is not None or bool(sample_files(subject)))

    @pytest.fixture
    def codec(self, subject: Subject, tmp_path: Path) -> Codec:
        return codec_of(subject, tmp_path)

    @pytest.fixture
    def samples(self, subject: Subject, codec: Codec) -> codec_contract.Samples:
        return sample_files(subject) or codec_samples.samples_by_encoder(codec)


class TestEncoder(codec_contract.EncoderContract):
    @staticmethod
    def qis_subjects(subject: Subject) -> bool:
        return subject.kind == "codecs" and codec_of(subject, Path()).encoder is not None

    @pytest.fixture
    def codec(self, subject: Subject, tmp_path: Path) -> Codec:
        return codec_of(subject, tmp_path)


class TestStorage(storage_contract.StorageContract):
    @staticmethod
    def qis_subjects(subject: Subject) -> bool:
        return subject.kind == "storage_backends" and not is_durable_storage(subject)

    @pytest.fixture
    def storage(self, subject: Subject, tmp_path: Path) -> Storage:
        storage: Storage = open_backend(subject, str(tmp_path))
        return storage


class TestDurableStorage(durable_storage_contract.DurableStorageContract):
    @staticmethod
    def qis_subjects(subject: Subject) -> bool:
        return subject.kind == "storage_backends" and is_durable_storage(subject)

    @pytest.fixture
    def open_storage(self, subject: Subject, tmp_path: Path) -> Callable[[], Storage]:
        return partial(open_backend, subject, str(tmp_path))


class TestCache(cache_contract.CacheContract):
    @staticmethod
    def qis_subjects(subject: Subject) -> bool:
        return subject.kind == "cache_backends" and not is_shared_cache(subject)

    @pytest.fixture
    def cache(self, subject: Subject, tmp_path: Path) -> Iterator[Cache]:
        cache: Cache = open_backend(subject, str(tmp_path))
        yield cache
        cache.close()


class TestSharedCache(shared_cache_contract.SharedCacheContract):
    @staticmethod
    def qis_subjects(subject: Subject) -> bool:
        return subject.kind == "cache_backends" and is_shared_cache(subject)

    @pytest.fixture
    def open_cache(self, subject: Subject, tmp_path: Path) -> Callable[[], Cache]:
        return partial(open_backend, subject, str(tmp_path))


class TestBoundedCache(cache_contract.BoundedCacheContract):
    @staticmethod
    def qis_subjects(subject: Subject) -> bool:
        return subject.kind == "cache_backends" and is_bounded_cache(subject)

    @pytest.fixture
    def small_cache(self, subject: Subject, tmp_path: Path) -> Iterator[Cache]:
        registry = subject.registry(tmp_path, size_bytes=SMALL_BYTES)
        cache: Cache = subject.value(registry).open(registry.settings)
        yield cache
        cache.close()


class TestDatabase(database_contract.DatabaseContract):
    @staticmethod
    def qis_subjects(subject: Subject) -> bool:
        return subject.kind == "database_backends"

    @pytest.fixture
    def open_database(self, subject: Subject, tmp_path: Path) -> database_contract.Opener:
        return partial(open_backend, subject, str(tmp_path))


class TestSignIn(auth_contract.AuthContract):
    """A provider that hashes gets the users of the contract; any other must know them already."""

    @staticmethod
    def qis_subjects(subject: Subject) -> bool:
        return subject.kind == "auth_providers"

    @pytest.fixture
    def authenticator(self, subject: Subject, tmp_path: Path) -> Authenticator:
        registry = subject.registry(tmp_path)
        provider: AuthProvider = subject.value(registry)
        hashed = provider.hash_password
        hashes = (
            {}
            if hashed is None
            else {name: hashed(registry.settings, password) for name, password in auth_contract.KNOWN_USERS.items()}
        )
        return provider.open(registry.settings, auth_contract.MemoryRecords(hashes))
