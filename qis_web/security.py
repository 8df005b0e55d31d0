"""The security policy: who asks (HTTP Basic), and what the ACLs of the tree allow."""

import base64
import binascii
from typing import Any

from pyramid.authorization import ACLHelper, Authenticated, Everyone
from pyramid.config import Configurator

from qis_core.domain.access import ANONYMOUS, Identity, SystemPermission
from qis_core.errors import NotAuthenticated


class SecurityPolicy:
    """Callers are anonymous or name themselves by HTTP Basic (RFC 7617)."""

    def __init__(self) -> None:
        self._acl = ACLHelper()

    def identity(self, request: Any) -> Identity:
        """The caller, found once per request; raises `NotAuthenticated` for credentials that are wrong."""
        found: Identity | None = getattr(request, "qis_identity", None)
        if found is None:
            found = request.qis_identity = self._sign_in(request)
        return found

    def authenticated_userid(self, request: Any) -> int | None:
        return self.identity(request).user_id

    def permits(self, request: Any, context: Any, permission: str) -> Any:
        return self._acl.permits(context, principals(self.identity(request)), permission)

    def remember(self, request: Any, userid: Any, **kw: Any) -> list[tuple[str, str]]:
        """Nothing to remember: each request brings its credentials."""
        return []

    def forget(self, request: Any, **kw: Any) -> list[tuple[str, str]]:
        """Ask the browser for other credentials."""
        return [("WWW-Authenticate", 'Basic realm="QIS", charset="UTF-8"')]

    def _sign_in(self, request: Any) -> Identity:
        header = request.headers.get("Authorization")
        if not header or not header.lower().startswith("basic "):
            return ANONYMOUS
        username, password = _credentials(header[6:])
        found: Identity = request.qis.accounts.sign_in(username, password, request.client_addr or "")
        return found


def principals(identity: Identity) -> list[str]:
    """The principals of a caller; `Everyone` is always one, or ``DENY_ALL`` would match nobody."""
    if identity.is_anonymous:
        return [Everyone]
    groups = [f"group:{group}" for group in sorted(identity.group_ids)]
    flags = [f"permission:{flag.name}" for flag in SystemPermission if flag in identity.permissions]
    return [Everyone, Authenticated, f"user:{identity.user_id}", *groups, *flags]


def _credentials(encoded: str) -> tuple[str, str]:
    try:
        username, colon, password = base64.b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise NotAuthenticated("the Authorization header cannot be read") from None
    if not colon:
        raise NotAuthenticated("the Authorization header has no password")
    return username, password


def includeme(config: Configurator) -> None:
    config.set_security_policy(SecurityPolicy())
