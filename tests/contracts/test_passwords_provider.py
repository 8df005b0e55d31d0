"""The Argon2 provider keeps the contract of sign-in."""

import pytest
from argon2 import extract_parameters
from argon2.low_level import Type

from qis_core.contracts.auth import AuthProvider
from qis_core.domain.accounts import AuthType
from qis_core.errors import SettingsError
from qis_core.settings import Settings, load_settings
from qis_core.testing.auth_contract import MemoryRecords, PasswordProviderContract
from qis_plugins.passwords import qis_auth_providers, qis_settings
from qis_plugins.passwords.argon import PasswordSettings, hash_password

CHEAP = Settings.of(PasswordSettings(time_cost=1, memory_kib=256, parallelism=1))


class TestPasswords(PasswordProviderContract):
    @pytest.fixture
    def provider(self) -> AuthProvider:
        (provider,) = qis_auth_providers()
        return provider

    @pytest.fixture
    def settings(self) -> Settings:
        return CHEAP

    @pytest.fixture
    def stronger(self) -> Settings:
        return Settings.of(PasswordSettings(time_cost=2, memory_kib=512, parallelism=1))


def test_is_registered_for_local_accounts() -> None:
    (provider,) = qis_auth_providers()
    assert (provider.name, provider.auth_type) == ("passwords", AuthType.LOCAL)


def test_defaults_are_memory_hard() -> None:
    found = extract_parameters(hash_password(load_settings({}, {}, qis_settings()), "secret text"))
    assert (found.type, found.time_cost, found.memory_cost, found.parallelism) == (Type.ID, 3, 65536, 4)


def test_cost_follows_the_settings() -> None:
    settings = load_settings({"qis.passwords.time_cost": "2"}, {"QIS_PASSWORDS_MEMORY_KIB": "1024"}, qis_settings())
    found = extract_parameters(hash_password(settings, "secret text"))
    assert (found.time_cost, found.memory_cost) == (2, 1024)


@pytest.mark.parametrize("name", ["time_cost", "memory_kib", "parallelism"])
def test_senseless_cost_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=f"qis.passwords.{name}: 0"):
        load_settings({f"qis.passwords.{name}": "0"}, {}, qis_settings())


def test_memory_must_suffice_for_the_lanes() -> None:
    with pytest.raises(SettingsError, match=r"qis\.passwords\.memory_kib: 31 .* at least 32 KiB"):
        hash_password(Settings.of(PasswordSettings(memory_kib=31, parallelism=4)), "secret text")


def test_password_changed_meanwhile_is_not_overwritten() -> None:
    (provider,) = qis_auth_providers()

    class ChangedMeanwhile(MemoryRecords):
        def find_hash(self, username: str) -> str | None:
            old = super().find_hash(username)
            self.hashes["alice"] = "the new one"
            return old

    records = ChangedMeanwhile({"alice": hash_password(CHEAP, "old password")})
    stronger = Settings.of(PasswordSettings(time_cost=2, memory_kib=512, parallelism=1))
    assert provider.open(stronger, records).authenticate("alice", "old password") is not None
    assert records.hashes == {"alice": "the new one"}
