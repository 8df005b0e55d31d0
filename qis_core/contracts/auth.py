"""What a sign-in provider promises: it says whether a name and a password belong together (spec management §5)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from qis_core.domain.accounts import AuthType

if TYPE_CHECKING:
    from qis_core.settings import Settings


@dataclass(frozen=True, slots=True)
class AuthenticatedUser:
    """Whom a provider recognised. ``username`` is as the provider spells it; ``groups`` are names in its directory."""

    username: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    groups: frozenset[str] = frozenset()


class PasswordRecords(Protocol):
    """The hashes kept in the catalog, for the provider that checks them. Names are found ignoring case."""

    def find_hash(self, username: str) -> str | None:
        """The hash of an active user whose password is kept here, or None."""
        ...

    def replace_hash(self, username: str, old_hash: str, new_hash: str) -> None:
        """Store a better hash of the same password; nothing happens when it was changed meanwhile."""
        ...


class Authenticator(Protocol):
    """An opened provider. Safe to use from many threads."""

    def authenticate(self, username: str, password: str) -> AuthenticatedUser | None:
        """Whom the two belong to, or None: wrong password, unknown name, closed account, all alike and equally slow.

        An empty password is None before anybody is asked. Names are matched ignoring case; any character may be in
        both. Raises `BackendError` when a directory cannot be asked.
        """
        ...


@dataclass(frozen=True, slots=True)
class AuthProvider:
    """A way to sign in that can be chosen by name in the settings.

    ``auth_type`` says whose passwords it checks. A provider whose passwords are kept in the catalog gives
    ``hash_password``; where it is None, passwords cannot be set here.
    """

    name: str
    auth_type: AuthType
    open: Callable[["Settings", PasswordRecords], Authenticator]
    summary: str
    hash_password: Callable[["Settings", str], str] | None = None
