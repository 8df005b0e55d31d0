"""Check and make Argon2id hashes; cost follows the settings, old hashes are renewed when their owner signs in."""

import secrets
import unicodedata
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from qis_core.contracts.auth import AuthenticatedUser, PasswordRecords
from qis_core.errors import SettingsError
from qis_core.settings import Settings, section, setting


@section("passwords")
@dataclass(frozen=True, kw_only=True)
class PasswordSettings:
    """The cost of one hash; the defaults are the second recommendation of RFC 9106."""

    time_cost: int = setting(3, minimum=1, maximum=100, help="Passes over the memory")
    memory_kib: int = setting(65536, minimum=8, maximum=4_194_304, unit="KiB", help="Memory of one hash")
    parallelism: int = setting(4, minimum=1, maximum=64, help="Lanes, and threads, of one hash")


def open_passwords(settings: Settings, records: PasswordRecords) -> "PasswordAuthenticator":
    """The provider on the hashes of *records*."""
    return PasswordAuthenticator(_hasher(settings), records)


def hash_password(settings: Settings, password: str) -> str:
    """A new salted hash; two of one password differ."""
    return _hasher(settings).hash(_normalised(password))


class PasswordAuthenticator:
    """See `qis_core.contracts.auth.Authenticator`. A name without a hash costs as much as one with."""

    def __init__(self, hasher: PasswordHasher, records: PasswordRecords) -> None:
        self._hasher = hasher
        self._records = records
        self._nobody = hasher.hash(secrets.token_hex())

    def authenticate(self, username: str, password: str) -> AuthenticatedUser | None:
        if not password:
            return None
        stored = self._records.find_hash(username)
        if not self._matches(stored or self._nobody, password) or stored is None:
            return None
        if self._hasher.check_needs_rehash(stored):
            self._records.replace_hash(username, stored, self._hasher.hash(_normalised(password)))
        return AuthenticatedUser(username)

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, _normalised(password))
        except (VerificationError, InvalidHashError):
            return False


def _hasher(settings: Settings) -> PasswordHasher:
    options = settings[PasswordSettings]
    if options.memory_kib < 8 * options.parallelism:
        least = f"at least {8 * options.parallelism} KiB, 8 for each lane of qis.passwords.parallelism"
        raise SettingsError([f"qis.passwords.memory_kib: {options.memory_kib} is out of range; expected {least}"])
    return PasswordHasher(time_cost=options.time_cost, memory_cost=options.memory_kib, parallelism=options.parallelism)


def _normalised(password: str) -> bytes:
    """One password, however the keyboard composes its accents; lone surrogates are bytes like others."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
