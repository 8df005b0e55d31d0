"""Signed URLs: only those who know a key can make new image URLs (spec image-urls §14, security §3).

The signature is the last parameter, ``&sig=``: 43 characters of unpadded base64url. It is the HMAC-SHA256 of

    ``qis1`` newline, path, ``?``, query

where the path is percent-decoded and then encoded again with only letters, digits and ``_.-~/`` left as they are,
because servers hand over decoded paths; the query is exactly what was sent before ``&sig=``, an expiry in ``until=``
(Unix seconds) included. Host and method are not signed. A signature gives no rights: folder permissions hold as ever.
"""

import hashlib
import hmac
import re
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import SplitResult, quote, unquote, unquote_plus, unquote_to_bytes, urlsplit

from qis_core.errors import AccessDenied, InvalidRequest, SettingsError
from qis_core.settings import Secret, Settings, section, setting

SIGNATURE = "sig"
EXPIRY = "until"
#: No operation may use these names: they belong to the signature.
RESERVED_PARAMETERS = (SIGNATURE, EXPIRY)
MIN_KEY_LENGTH = 16

_VERSION = b"qis1\n"
_SIGNATURE_FORM = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_EXPIRY_FORM = re.compile(r"\d{1,11}", re.ASCII)
_SAFE_IN_PATH = "/%:@!$&()*+,;=~"
_SAFE_IN_QUERY = "/%:@!$&()*+,;=~?"


@section("signing")
@dataclass(frozen=True, kw_only=True)
class SigningSettings:
    """Whether image URLs carry signatures."""

    mode: Literal["off", "optional", "required"] = setting(
        "off",
        help="off: signatures are ignored; optional: one that is there must be right; "
        "required: callers who are not signed in need one",
    )
    keys: tuple[Secret, ...] = setting((), help=f"Keys of {MIN_KEY_LENGTH} characters or more; the first one signs")


@dataclass(frozen=True, slots=True)
class SignedParts:
    """A URL as a server sees it: the decoded path from the root of the host, and the query as it was sent."""

    path: bytes
    query: str

    @classmethod
    def of_encoded(cls, path: str, query: str) -> "SignedParts":
        """From a path as it is written in a URL."""
        return cls(unquote_to_bytes(path), query)

    @property
    def signed(self) -> bytes:
        return _VERSION + quote(self.path, safe="/").encode("ascii") + b"?" + self.query.encode("utf-8")


class UrlSigner:
    """Signs and checks URLs. Immutable; safe to share between threads."""

    def __init__(self, settings: Settings) -> None:
        """Raises `SettingsError` when keys are needed and missing, or too short."""
        options = settings[SigningSettings]
        self.mode = options.mode
        self._keys = tuple(key.reveal().encode("utf-8") for key in options.keys)
        faults = []
        if self.mode != "off" and not self._keys:
            faults.append(f"qis.signing.keys: required; qis.signing.mode is {self.mode}")
        if any(len(key.reveal()) < MIN_KEY_LENGTH for key in options.keys):
            faults.append(f"qis.signing.keys: a key is too short; expected {MIN_KEY_LENGTH} characters or more")
        if faults:
            raise SettingsError(faults)

    def sign(self, url: str, *, expires_at: int | None = None) -> str:
        """*url*, absolute or relative, with a signature of the newest key; *expires_at* in Unix seconds.

        Characters that clients would encode are encoded first. Raises `InvalidRequest` for a URL that has a signature
        or an expiry already, for a path that clients would change, and when there is no key.
        """
        if not self._keys:
            raise InvalidRequest("no key to sign with; set qis.signing.keys")
        parts = _split_url(url)
        query = quote(parts.query, safe=_SAFE_IN_QUERY)
        for name in _names(query):
            if name in RESERVED_PARAMETERS:
                raise InvalidRequest("is in the URL already; sign the URL without it", parameter=name)
        if expires_at is not None:
            query = f"{query}&{EXPIRY}={expires_at}" if query else f"{EXPIRY}={expires_at}"
        path = quote(parts.path, safe=_SAFE_IN_PATH)
        signature = _signature(self._keys[0], SignedParts.of_encoded(path, query))
        ending = f"&{SIGNATURE}={signature}" if query else f"{SIGNATURE}={signature}"
        return parts._replace(path=path, query=query + ending, fragment="").geturl()

    def check(self, parts: SignedParts, *, is_signed_in: bool = False, now: float | None = None) -> None:
        """Raises `AccessDenied` when the URL must not be served as `mode` says; *now* in Unix seconds."""
        if self.mode == "off":
            return
        if SIGNATURE in _names(parts.query):
            self._check_signature(parts, time.time() if now is None else now)
        elif self.mode == "required" and not is_signed_in:
            raise AccessDenied("this server answers signed URLs only")

    def _check_signature(self, parts: SignedParts, now: float) -> None:
        query, signature = _split(parts.query)
        unsigned = SignedParts(parts.path, query)
        # every key is tried, so that the time does not tell which one was right
        matches = [hmac.compare_digest(_signature(key, unsigned), signature) for key in self._keys]
        if not any(matches):
            raise AccessDenied("sig: the signature does not belong to this URL")
        expiry = _expiry(query)
        if expiry is not None and now >= expiry:
            when = datetime.fromtimestamp(expiry, UTC).isoformat().replace("+00:00", "Z")
            raise AccessDenied(f"until: the URL expired at {when}")


def _split_url(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise InvalidRequest(f"{url!r} is not a URL", parameter="url") from None
    if not parts.path.startswith("/"):
        raise InvalidRequest(f"{url!r} has no path; expected one such as /image?src=a.jpg", parameter="url")
    if any(part in (".", "..") for part in unquote(parts.path).split("/")):
        raise InvalidRequest(f"{url!r} has dots for folders in its path; leave them out", parameter="url")
    return parts


def _split(query: str) -> tuple[str, str]:
    """The query before the signature, and the signature, which comes once and last; raises `AccessDenied`."""
    before, found, signature = query.rpartition(f"&{SIGNATURE}=")
    if not found and query.startswith(f"{SIGNATURE}="):
        signature = query[len(SIGNATURE) + 1 :]
    if not _SIGNATURE_FORM.fullmatch(signature) or SIGNATURE in _names(before):
        raise AccessDenied("sig: expected 43 characters, once, as the last parameter")
    return before, signature


def _expiry(query: str) -> int | None:
    """The first ``until`` of a query; raises `AccessDenied` when it is no time."""
    for part in query.split("&"):
        name, _, text = part.partition("=")
        if unquote_plus(name) == EXPIRY:
            if not _EXPIRY_FORM.fullmatch(text):
                raise AccessDenied("until: expected Unix seconds")
            return int(text)
    return None


def _names(query: str) -> Iterator[str]:
    return (unquote_plus(part.partition("=")[0]) for part in query.split("&"))


def _signature(key: bytes, parts: SignedParts) -> str:
    digest = hmac.new(key, parts.signed, hashlib.sha256).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
