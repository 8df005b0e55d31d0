"""A catalog with its accounts and rights, as one process has them, on a SQLite file with cheap hashes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from qis_core.catalog import first_run
from qis_core.catalog.audit import SYSTEM, list_audit
from qis_core.catalog.database import Catalog
from qis_core.contracts.auth import AuthProvider
from qis_core.domain.accounts import GroupChanges, NewUser
from qis_core.domain.events import SignedIn
from qis_core.services.accounts import Accounts
from qis_core.services.changes import Changes
from qis_core.services.rights import Rights
from qis_core.services.sign_in import SignInProviders
from qis_core.settings import Settings
from qis_plugins.passwords import qis_auth_providers
from qis_plugins.passwords.argon import PasswordSettings
from qis_plugins.sqlite import qis_database_backends
from qis_plugins.sqlite.database import SqliteSettings

ADMIN_PASSWORD = "first password"
CHEAP = PasswordSettings(time_cost=1, memory_kib=8, parallelism=1)


@dataclass
class Office:
    """The services of one process; ``told`` holds the sign-in events."""

    catalog: Catalog
    changes: Changes
    rights: Rights
    accounts: Accounts
    told: list[SignedIn] = field(default_factory=list)

    def add_user(self, name: str, *groups: str, password: str = "long enough") -> int:
        """Make a user; groups are made when they are missing."""
        user = self.accounts.add_user(SYSTEM, NewUser(username=name, password=password))
        for group in groups:
            if group not in [one.name for one in self.accounts.groups.list()]:
                self.accounts.groups.add(SYSTEM, GroupChanges(name=group))
            self.accounts.groups.add_member(SYSTEM, group, name)
        return user.id

    def audited(self) -> list[tuple[str, str]]:
        """Action and subject of every audit entry, oldest first."""
        with self.catalog.read() as session:
            return [(entry.action, entry.subject) for entry in reversed(list_audit(session, limit=1000))]


@contextmanager
def open_office(path: Path, *more_providers: AuthProvider, time_cost: int = 1) -> Iterator[Office]:
    """Open a new or existing installation; polling is by hand until ``changes.start``."""
    settings = Settings.of(SqliteSettings(path=path), replace(CHEAP, time_cost=time_cost))
    told: list[SignedIn] = []
    providers = SignInProviders((*qis_auth_providers(), *more_providers), settings, told.append)
    catalog = Catalog.open(settings, qis_database_backends()[0])
    first_run.prepare(catalog, providers.hash_password, ADMIN_PASSWORD)
    changes = Changes(catalog, interval_seconds=0.1)
    rights = Rights(catalog, changes)
    try:
        yield Office(catalog, changes, rights, Accounts(catalog, rights, changes, providers), told)
    finally:
        changes.close()
        catalog.close()
