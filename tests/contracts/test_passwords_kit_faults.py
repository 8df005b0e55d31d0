"""The kit of sign-in providers catches what providers get wrong: each fault fails the test that is there for it."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from qis_core.contracts.auth import AuthenticatedUser, Authenticator, AuthProvider, PasswordRecords
from qis_core.domain.accounts import AuthType
from qis_core.settings import Settings
from qis_core.testing.auth_contract import KNOWN_USERS, AuthContract, MemoryRecords, PasswordProviderContract
from qis_plugins.passwords import qis_auth_providers
from qis_plugins.passwords.argon import PasswordSettings

SETTINGS = Settings.of(PasswordSettings(time_cost=1, memory_kib=256, parallelism=1))
STRONGER = Settings.of(PasswordSettings(time_cost=2, memory_kib=256, parallelism=1))
KIT = AuthContract()
HASH_KIT = PasswordProviderContract()

#: Says whether a name and a password belong together, wrongly.
Answer = Callable[[str, str], bool]


@dataclass
class Faulty:
    answer: Answer

    def authenticate(self, username: str, password: str) -> AuthenticatedUser | None:
        return AuthenticatedUser(username) if self.answer(username, password) else None


def is_right(username: str, password: str) -> bool:
    return bool(password) and password == {name.lower(): text for name, text in KNOWN_USERS.items()}.get(
        username.lower()
    )


def test_a_right_one_passes() -> None:
    right = Faulty(is_right)
    for username in KNOWN_USERS:
        KIT.test_right_password_is_accepted(right, username)
        KIT.test_empty_password_is_refused(right, username)
        KIT.test_other_passwords_are_refused(right, username)
    KIT.test_name_is_found_in_any_case(right, "alice")
    KIT.test_every_character_of_a_long_password_counts(right)
    KIT.test_passwords_belong_to_their_user(right)
    KIT.test_hostile_password_is_refused(right)
    KIT.test_unknown_name_is_refused(right, "alice\0")


FAULTS: dict[str, tuple[Answer, Callable[[Authenticator], None]]] = {
    "an empty password binds anonymously": (
        lambda name, password: not password or is_right(name, password),
        lambda one: KIT.test_empty_password_is_refused(one, "alice"),
    ),
    "the password is cut at 72 bytes": (
        lambda name, password: any(is_right(name, text) for text in KNOWN_USERS.values() if text[:72] == password[:72]),
        KIT.test_every_character_of_a_long_password_counts,
    ),
    "the password ends at NUL": (
        lambda name, password: is_right(name, password.split("\0")[0]),
        lambda one: KIT.test_other_passwords_are_refused(one, "alice"),
    ),
    "spaces around the password are dropped": (
        lambda name, password: is_right(name, password.strip()),
        lambda one: KIT.test_other_passwords_are_refused(one, "alice"),
    ),
    "the name is a pattern": (
        lambda name, password: password in KNOWN_USERS.values() and ("*" in name or is_right(name, password)),
        lambda one: KIT.test_unknown_name_is_refused(one, "al*"),
    ),
    "the name ends at NUL": (
        lambda name, password: is_right(name.split("\0")[0], password),
        lambda one: KIT.test_unknown_name_is_refused(one, "alice\0"),
    ),
    "names differ by case": (
        lambda name, password: name in KNOWN_USERS and is_right(name, password),
        lambda one: KIT.test_name_is_found_in_any_case(one, "alice"),
    ),
    "any known password opens any account": (
        lambda name, password: name in KNOWN_USERS and password in KNOWN_USERS.values(),
        KIT.test_passwords_belong_to_their_user,
    ),
    "letters outside ASCII are lost": (
        lambda name, password: is_right(name, password.encode("ascii", "ignore").decode("ascii")),
        lambda one: KIT.test_right_password_is_accepted(one, "Bob"),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_caught(fault: str) -> None:
    answer, check = FAULTS[fault]
    with pytest.raises(AssertionError):
        check(Faulty(answer))


def test_exception_on_hostile_input_is_caught() -> None:
    with pytest.raises(UnicodeEncodeError):
        KIT.test_hostile_password_is_refused(Faulty(lambda name, password: not password.encode("utf-8")))


def test_answers_mixed_up_between_threads_are_caught() -> None:
    last: list[tuple[str, str]] = [("", "")]

    def answer(name: str, password: str) -> bool:
        last[0] = (name, password)
        time.sleep(0.01)
        return is_right(*last[0])

    with pytest.raises(AssertionError):
        KIT.test_many_at_once_get_their_own_answer(Faulty(answer))


def unsalted(_settings: Settings, password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()


class Hurried:
    """Says no to unknown names without any work, and never renews a hash."""

    def __init__(self, settings: Settings, records: PasswordRecords) -> None:
        self._records = records
        self._right = argon().open(settings, MemoryRecords({}))

    def authenticate(self, username: str, password: str) -> AuthenticatedUser | None:
        if self._records.find_hash(username) is None:
            return None
        return self._right.authenticate(username, password)


def argon() -> AuthProvider:
    return qis_auth_providers()[0]


def records() -> MemoryRecords:
    provider = argon()
    assert provider.hash_password is not None
    return MemoryRecords({"alice": provider.hash_password(SETTINGS, KNOWN_USERS["alice"])})


def test_unsalted_hash_is_caught() -> None:
    with pytest.raises(AssertionError):
        HASH_KIT.test_equal_passwords_have_different_hashes(unsalted, SETTINGS)


def test_unknown_names_answered_faster_are_caught() -> None:
    with pytest.raises(AssertionError):
        HASH_KIT.test_unknown_name_costs_as_much_as_a_known_one(Hurried(SETTINGS, records()))


def test_hash_that_is_never_renewed_is_caught() -> None:
    def open_forever(_settings: Settings, stored: PasswordRecords) -> Authenticator:
        return argon().open(SETTINGS, stored)

    provider = replace(argon(), open=open_forever)
    HASH_KIT.test_hash_is_renewed_when_its_owner_signs_in(argon(), STRONGER, records())
    with pytest.raises(AssertionError):
        HASH_KIT.test_hash_is_renewed_when_its_owner_signs_in(provider, STRONGER, records())


def test_plain_text_is_caught() -> None:
    with pytest.raises(AssertionError):
        HASH_KIT.test_hashes_are_salted_and_tell_nothing(MemoryRecords(KNOWN_USERS), SETTINGS)


def test_provider_that_cannot_hash_is_caught() -> None:
    provider = AuthProvider("directory", AuthType.LDAP, argon().open, "for tests")
    with pytest.raises(AssertionError):
        HASH_KIT.test_composed_and_decomposed_accents_are_one_password(provider, SETTINGS)
