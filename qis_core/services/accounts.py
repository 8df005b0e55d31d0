"""Users: sign in, make, change, close (spec management §3, §5). Groups are in `qis_core.services.groups`.

Who may call what is decided above: these functions hold the rules that nobody may break.
"""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qis_core.catalog import accounts as queries
from qis_core.catalog.audit import SYSTEM, Actor, add_audit
from qis_core.catalog.database import Catalog
from qis_core.catalog.models import Membership, RecordStatus, User
from qis_core.catalog.properties import Counter
from qis_core.contracts.auth import AuthenticatedUser, AuthProvider
from qis_core.domain.access import NORMAL_USERS_GROUP_ID, Identity
from qis_core.domain.accounts import (
    SUPER_USER_ID,
    AuthType,
    NewUser,
    UserAccount,
    UserChanges,
    check_name,
    check_password,
    check_text,
)
from qis_core.domain.events import SignedIn
from qis_core.errors import Conflict, InvalidRequest, NotAuthenticated, NotFound
from qis_core.services.changes import Changes
from qis_core.services.groups import Groups
from qis_core.services.rights import Rights
from qis_core.services.sign_in import Door, Recognised, SignInProviders

_REFUSED = "wrong user name or password"
_MAX_PASSWORD_SENT = 1024


class Accounts:
    """The accounts of the installation. Safe to use from many threads.

    The first of *providers* that checks passwords of an account's type is asked for it.
    """

    def __init__(self, catalog: Catalog, rights: Rights, changes: Changes, providers: SignInProviders) -> None:
        self._catalog = catalog
        self._rights = rights
        self._changes = changes
        self._providers = providers
        records = _Records(catalog)
        self._opened = tuple((one, one.open(providers.settings, records)) for one in providers.chosen)
        self._door = Door()
        self.groups = Groups(catalog, changes)
        changes.subscribe((Counter.ACCOUNTS,), self._door.recent.clear)

    def sign_in(self, username: str, password: str, address: str = "") -> Identity:
        """Who these credentials belong to; good ones are remembered for a minute, until an account changes.

        Raises `NotAuthenticated`, which never says what was wrong, and `Unavailable` while attempts for the account or
        from *address* must wait.
        """
        username, recent = username.strip(), self._door.recent
        user = recent.find(username, password)
        if user is None:
            epoch = recent.epoch
            user = self._check(username, password, address)
            recent.remember(username, password, user=user, epoch=epoch)
        identity = self._rights.find_identity(user.user_id)
        if identity is None:
            raise NotAuthenticated(_REFUSED)
        if self._door.is_news(user.user_id, address):
            self._audit_sign_in("sign_in", Actor(user.user_id, identity.username, address))
            self._providers.tell(SignedIn(identity=identity, address=address, provider=user.provider))
        return identity

    def list_users(self) -> Sequence[UserAccount]:
        """All users, closed accounts too, by name."""
        with self._catalog.read() as session:
            return [queries.user_account(user) for user in queries.list_users(session)]

    def get_user(self, username: str) -> UserAccount:
        """The user of that name, ignoring case; raises `NotFound`."""
        with self._catalog.read() as session:
            return queries.user_account(_get_user(session, username))

    def add_user(self, actor: Actor, new: NewUser) -> UserAccount:
        """Make an active account in group 2; raises `InvalidRequest`, and `Conflict` for a name already used."""
        name, password_hash = check_name(new.username, parameter="username"), self._hash_of_new(new)
        user = User(username=name, password_hash=password_hash, auth_type=new.auth_type, allow_api=new.allow_api)
        _apply(user, UserChanges(first_name=new.first_name, last_name=new.last_name, email=new.email))
        with self._changing() as session:
            session.add(user)
            session.flush()
            session.add(Membership(user_id=user.id, group_id=NORMAL_USERS_GROUP_ID))
            self._record(session, actor, "create", user)
        return queries.user_account(user)

    def edit_user(self, actor: Actor, username: str, changes: UserChanges) -> UserAccount:
        """Change what *changes* names; a user of a directory keeps the name."""
        with self._changing() as session:
            user = _get_user(session, username)
            if changes.username is not None:
                _require_local(user)
            _apply(user, changes)
            self._record(session, actor, "edit", user)
        return queries.user_account(user)

    def set_password(self, actor: Actor, username: str, password: str) -> None:
        """Give a local user a new password; all their sessions end."""
        password_hash = self._providers.hash_password(check_password(password))
        with self._changing() as session:
            user = _get_user(session, username)
            _require_local(user)
            user.password_hash, user.must_change_password = password_hash, False
            user.session_epoch += 1
            self._record(session, actor, "set_password", user)

    def set_active(self, actor: Actor, username: str, *, active: bool) -> UserAccount:
        """Open or close (softly delete) an account; user 1 stays open. Closing ends all sessions."""
        with self._changing() as session:
            user = _get_user(session, username)
            if user.id == SUPER_USER_ID and not active:
                raise InvalidRequest("the first user cannot be deleted", parameter="username")
            user.status = RecordStatus.ACTIVE if active else RecordStatus.DELETED
            user.session_epoch += 0 if active else 1
            self._record(session, actor, "enable" if active else "delete", user)
        return queries.user_account(user)

    def _check(self, username: str, password: str, address: str) -> Recognised:
        """Whom a provider recognises; failures are counted and audited."""
        door = self._door
        door.backoff.check(username, address)
        with door.gate.enter():
            door.backoff.check(username, address)
            found = self._authenticate(username, password)
            if found is None:
                door.backoff.failed(username, address)
        if found is None:
            self._audit_sign_in("sign_in_failed", Actor(None, username, address))
            raise NotAuthenticated(_REFUSED)
        door.backoff.succeeded(username, address)
        return found

    def _authenticate(self, username: str, password: str) -> Recognised | None:
        if not password or len(password) > _MAX_PASSWORD_SENT or not username:
            return None
        with self._catalog.read() as session:
            user = queries.find_user(session, username)
        for provider, authenticator in self._opened:
            if user is None or provider.auth_type is user.auth_type:
                known = authenticator.authenticate(username, password)
                if known is not None and (user is not None or provider.auth_type is not AuthType.LOCAL):
                    return self._found(user, provider, known)
        return None

    def _found(self, user: User | None, provider: AuthProvider, known: AuthenticatedUser) -> Recognised | None:
        if user is None:
            user_id = self._add_from_directory(known, provider.auth_type)
            return None if user_id is None else Recognised(user_id, provider.name)
        return Recognised(user.id, provider.name) if user.status is RecordStatus.ACTIVE else None

    def _add_from_directory(self, known: AuthenticatedUser, auth_type: AuthType) -> int | None:
        """Make the account at the first sign-in; a local or closed account of that name is never taken over."""
        new = NewUser(
            username=known.username,
            first_name=known.first_name,
            last_name=known.last_name,
            email=known.email,
            auth_type=auth_type,
        )
        try:
            return self.add_user(SYSTEM, new).id
        except Conflict:
            user = self.get_user(known.username)
            return user.id if user.auth_type is auth_type and user.is_active else None

    def _audit_sign_in(self, action: str, actor: Actor) -> None:
        with self._catalog.begin() as session:
            add_audit(session, actor, action, f"user:{actor.user_id}" if actor.user_id else "user")

    def _hash_of_new(self, new: NewUser) -> str:
        if new.auth_type is not AuthType.LOCAL:
            return f"!{secrets.token_hex()}"
        return self._providers.hash_password(check_password(new.password or ""))

    @contextmanager
    def _changing(self) -> Iterator[Session]:
        """A transaction in which a name may turn out to be taken."""
        try:
            with self._catalog.begin() as session:
                yield session
        except IntegrityError:
            raise Conflict("username: this name is taken, or was by a deleted account") from None

    def _record(self, session: Session, actor: Actor, action: str, user: User) -> None:
        session.flush()
        add_audit(session, actor, action, f"user:{user.id}", user.username)
        self._changes.touch(session, Counter.ACCOUNTS)


class _Records:
    """The hashes of the catalog, for the provider that checks them."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def find_hash(self, username: str) -> str | None:
        with self._catalog.read() as session:
            return queries.find_password_hash(session, username)

    def replace_hash(self, username: str, old_hash: str, new_hash: str) -> None:
        with self._catalog.begin() as session:
            queries.replace_password_hash(session, username, old_hash, new_hash)


def _get_user(session: Session, username: str) -> User:
    user = queries.find_user(session, username.strip())
    if user is None:
        raise NotFound(f"there is no user {username!r}")
    return user


def _require_local(user: User) -> None:
    if user.auth_type is not AuthType.LOCAL:
        raise InvalidRequest("name and password of a directory user cannot be changed here", parameter="username")


def _apply(user: User, changes: UserChanges) -> None:
    if changes.username is not None:
        user.username = check_name(changes.username, parameter="username")
    if changes.allow_api is not None:
        user.allow_api = changes.allow_api
    for field in ("first_name", "last_name", "email"):
        text: str | None = getattr(changes, field)
        if text is not None:
            setattr(user, field, check_text(text, parameter=field))
