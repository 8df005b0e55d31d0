"""What every sign-in provider must do, as tests.

::

    class TestMyDirectory(AuthContract):
        @pytest.fixture
        def authenticator(self):
            return MyDirectory(...)        # knows the users of KNOWN_USERS, by these names and passwords

    class TestMyHashes(PasswordProviderContract):
        @pytest.fixture
        def provider(self):
            return AuthProvider(...)       # one with hash_password

        @pytest.fixture
        def settings(self):
            return Settings.of(...)        # cheap hashes

        @pytest.fixture
        def stronger(self):
            return Settings.of(...)        # others, to which old hashes are renewed
"""

import time
from collections.abc import Callable
from statistics import median

import pytest

from qis_core.contracts.auth import Authenticator, AuthProvider
from qis_core.domain.accounts import name_key
from qis_core.settings import Settings
from qis_core.testing.threads import run_together

KNOWN_USERS = {
    "alice": "correct horse battery",
    "Bob": "Pa55 wörd ß 日本 🖼",
    "o'brien": "'; DROP TABLE users; --",
    "sm*th (ext)": "*)(uid=*))(|(uid=*",
    "back\\slash": "back\\2a\\slash",
    "a,b=c+d<e>;f#": "percent %s %00 {} ${x}",
    "käse@example.org": " leading and trailing ",
    "long": "x" * 100 + "1",
}

_NOBODY = (
    "",
    " ",
    "nobody",
    "*",
    "al*",
    "alic",
    "alice2",
    "alice)(uid=*",
    "*)(objectClass=*",
    "alice\0",
    "\0",
    "alice' OR '1'='1",
    "a\\6cice",
    "sm_th (ext)",
    "%",
    "u" * 5000,
)


class AuthContract:
    """For every provider. Fixture: ``authenticator``, which knows `KNOWN_USERS`."""

    @pytest.fixture
    def authenticator(self) -> Authenticator:
        raise TypeError("an AuthContract gives the fixture authenticator")

    @pytest.mark.parametrize("username", KNOWN_USERS)
    def test_right_password_is_accepted(self, authenticator: Authenticator, username: str) -> None:
        found = authenticator.authenticate(username, KNOWN_USERS[username])
        assert found is not None
        assert name_key(found.username) == name_key(username)

    @pytest.mark.parametrize("username", [name for name in KNOWN_USERS if name.isascii()])
    def test_name_is_found_in_any_case(self, authenticator: Authenticator, username: str) -> None:
        for spelled in (username.upper(), username.lower(), username.swapcase()):
            assert authenticator.authenticate(spelled, KNOWN_USERS[username]) is not None, spelled

    @pytest.mark.parametrize("username", KNOWN_USERS)
    def test_empty_password_is_refused(self, authenticator: Authenticator, username: str) -> None:
        assert authenticator.authenticate(username, "") is None

    @pytest.mark.parametrize("username", KNOWN_USERS)
    def test_other_passwords_are_refused(self, authenticator: Authenticator, username: str) -> None:
        right = KNOWN_USERS[username]
        others = (
            right + "x",
            right[:-1],
            right.swapcase() + "X",
            f" {right}",
            f"{right}\0",
            f"{right}\0x",
            "*",
            "\0",
            " ",
        )
        for password in others:
            assert authenticator.authenticate(username, password) is None, password

    def test_every_character_of_a_long_password_counts(self, authenticator: Authenticator) -> None:
        assert authenticator.authenticate("long", "x" * 100 + "2") is None
        assert authenticator.authenticate("long", "x" * 72) is None

    def test_passwords_belong_to_their_user(self, authenticator: Authenticator) -> None:
        for username in KNOWN_USERS:
            for other, password in KNOWN_USERS.items():
                if other != username:
                    assert authenticator.authenticate(username, password) is None, (username, other)

    @pytest.mark.parametrize("username", _NOBODY)
    def test_unknown_name_is_refused(self, authenticator: Authenticator, username: str) -> None:
        for password in ("", "*", KNOWN_USERS["alice"], KNOWN_USERS["sm*th (ext)"]):
            assert authenticator.authenticate(username, password) is None, password

    def test_hostile_password_is_refused(self, authenticator: Authenticator) -> None:
        for password in ("x" * 100_000, "\ud800", "\r\n", "\x7f", "e\u0301"):
            assert authenticator.authenticate("alice", password) is None

    def test_many_at_once_get_their_own_answer(self, authenticator: Authenticator) -> None:
        names = list(KNOWN_USERS)

        def sign_in(number: int) -> tuple[bool, bool]:
            name = names[number % len(names)]
            right = authenticator.authenticate(name, KNOWN_USERS[name])
            wrong = authenticator.authenticate(name, KNOWN_USERS[name] + "!")
            return right is not None, wrong is not None

        assert run_together(16, sign_in) == [(True, False)] * 16


class MemoryRecords:
    """Hashes in a dict, as `qis_core.contracts.auth.PasswordRecords` wants them."""

    def __init__(self, hashes: dict[str, str]) -> None:
        self.hashes = {name_key(name): stored for name, stored in hashes.items()}

    def find_hash(self, username: str) -> str | None:
        return self.hashes.get(name_key(username))

    def replace_hash(self, username: str, old_hash: str, new_hash: str) -> None:
        if self.hashes.get(name_key(username)) == old_hash:
            self.hashes[name_key(username)] = new_hash


class PasswordProviderContract(AuthContract):
    """For a provider whose hashes the catalog keeps. Fixtures: ``provider``, ``settings``, ``stronger``."""

    @pytest.fixture
    def provider(self) -> AuthProvider:
        raise TypeError("a PasswordProviderContract gives the fixture provider")

    @pytest.fixture
    def settings(self) -> Settings:
        raise TypeError("a PasswordProviderContract gives the fixture settings")

    @pytest.fixture
    def stronger(self) -> Settings:
        raise TypeError("a PasswordProviderContract gives the fixture stronger")

    @pytest.fixture
    def hash_password(self, provider: AuthProvider) -> Callable[[Settings, str], str]:
        assert provider.hash_password is not None, "hash_password is declared"
        return provider.hash_password

    @pytest.fixture
    def records(self, hash_password: Callable[[Settings, str], str], settings: Settings) -> MemoryRecords:
        return MemoryRecords({name: hash_password(settings, password) for name, password in KNOWN_USERS.items()})

    @pytest.fixture
    def authenticator(self, provider: AuthProvider, settings: Settings, records: MemoryRecords) -> Authenticator:
        return provider.open(settings, records)

    def test_hashes_are_salted_and_tell_nothing(self, records: MemoryRecords, settings: Settings) -> None:
        for name, password in KNOWN_USERS.items():
            assert password not in records.hashes[name_key(name)]
        assert len(set(records.hashes.values())) == len(KNOWN_USERS)

    def test_equal_passwords_have_different_hashes(
        self, hash_password: Callable[[Settings, str], str], settings: Settings
    ) -> None:
        assert hash_password(settings, "the same one") != hash_password(settings, "the same one")

    def test_composed_and_decomposed_accents_are_one_password(self, provider: AuthProvider, settings: Settings) -> None:
        assert provider.hash_password is not None
        records = MemoryRecords({"erik": provider.hash_password(settings, "caf\u00e9 au lait")})
        assert provider.open(settings, records).authenticate("erik", "cafe\u0301 au lait") is not None

    def test_hash_is_renewed_when_its_owner_signs_in(
        self, provider: AuthProvider, stronger: Settings, records: MemoryRecords
    ) -> None:
        authenticator, before = provider.open(stronger, records), dict(records.hashes)
        assert authenticator.authenticate("alice", "wrong password") is None
        assert records.hashes == before
        assert authenticator.authenticate("ALICE", KNOWN_USERS["alice"]) is not None
        renewed = records.hashes["alice"]
        assert renewed != before["alice"]
        assert authenticator.authenticate("alice", KNOWN_USERS["alice"]) is not None
        assert records.hashes == {**before, "alice": renewed}

    @pytest.mark.parametrize("stored", ["!", "x" * 100, "$argon2id$", "", "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8"])
    def test_stored_text_that_is_no_hash_matches_nothing(
        self, provider: AuthProvider, settings: Settings, stored: str
    ) -> None:
        authenticator = provider.open(settings, MemoryRecords({"alice": stored}))
        for password in (stored, "password", "!"):
            assert authenticator.authenticate("alice", password) is None

    def test_unknown_name_costs_as_much_as_a_known_one(self, authenticator: Authenticator) -> None:
        known = median(_seconds(authenticator, "alice") for _ in range(15))
        unknown = median(_seconds(authenticator, f"nobody {number}") for number in range(15))
        assert 0.4 < unknown / known < 2.5


def _seconds(authenticator: Authenticator, username: str) -> float:
    started = time.thread_time()
    authenticator.authenticate(username, "a wrong password")
    return time.thread_time() - started
