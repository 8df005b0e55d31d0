"""Local accounts: passwords hashed with Argon2id."""

from qis_core import hookimpl
from qis_core.contracts.auth import AuthProvider
from qis_core.domain.accounts import AuthType
from qis_plugins.passwords.argon import PasswordSettings, hash_password, open_passwords


@hookimpl
def qis_settings() -> tuple[type[object], ...]:
    return (PasswordSettings,)


@hookimpl
def qis_auth_providers() -> tuple[AuthProvider, ...]:
    summary = "Accounts of this installation, with passwords hashed by Argon2id"
    return (AuthProvider("passwords", AuthType.LOCAL, open_passwords, summary, hash_password),)
