"""HTTP details of image answers: validators, caching headers, file names (spec image-urls §8; RFC 9110, 9111, 6266)."""

import time
from datetime import UTC
from email.utils import formatdate, parsedate_to_datetime
from typing import Any
from urllib.parse import quote

from pyramid.response import Response

from qis_core.services.deliver import Handling, Validators

_EPOCH = formatdate(0, usegmt=True)


def is_current(request: Any, validators: Validators) -> bool:
    """Whether the client's copy is still right: ``If-None-Match`` decides, else ``If-Modified-Since``."""
    tags = request.headers.get("If-None-Match")
    if tags is not None:
        return _matches(tags, validators.etag)
    since = request.headers.get("If-Modified-Since")
    return since is not None and _not_modified_since(since, validators.modified_ns)


def set_validators(response: Response, validators: Validators) -> None:
    """Add ``ETag`` (strong, quoted) and ``Last-Modified`` to a response that has neither."""
    response.headerlist += [("ETag", f'"{validators.etag}"'), ("Last-Modified", http_date(validators.modified_ns))]


def set_caching(response: Response, handling: Handling, *, is_public: bool) -> None:
    """Add ``Cache-Control`` and ``Expires`` by the template's expiry; shared caches never keep what is not public."""
    response.headerlist += _caching(handling.expires_seconds, "public" if is_public else "private")


def _caching(seconds: int, scope: str) -> list[tuple[str, str]]:
    if seconds > 0:
        expires = formatdate(time.time() + seconds, usegmt=True)
        return [("Cache-Control", f"{scope}, max-age={seconds}"), ("Expires", expires)]
    if seconds < 0:
        return [("Cache-Control", f"{scope}, no-cache"), ("Expires", _EPOCH)]
    return [] if scope == "public" else [("Cache-Control", scope)]


def disposition(kind: str, name: str) -> str:
    """A ``Content-Disposition`` value: an ASCII name, and the exact one as RFC 8187 text when that differs."""
    ascii_name = "".join(c if " " <= c <= "~" else "_" for c in name)
    escaped = ascii_name.replace("\\", "\\\\").replace('"', '\\"')
    value = f'{kind}; filename="{escaped}"'
    return value if ascii_name == name else f"{value}; filename*=UTF-8''{quote(name, safe='')}"


def download_name(name: str, wanted: str | None, extensions: tuple[str, ...]) -> str:
    """The file name of a derivative: the source's, with the extension of the output where that differs.

    *wanted* is the ``format=`` word, None for the source's own format; *extensions* are those of the output's codec.
    """
    stem, dot, extension = name.rpartition(".")
    is_same_type = bool(dot) and extension.lower() in extensions
    if wanted in extensions:
        return name if extension.lower() == wanted else f"{stem if dot else name}.{wanted}"
    return name if is_same_type else f"{stem if dot else name}.{extensions[0]}"


def http_date(time_ns: int) -> str:
    """Nanoseconds since the epoch as an HTTP date."""
    return formatdate(time_ns // 1_000_000_000, usegmt=True)


def _matches(header: str, etag: str) -> bool:
    """Weak comparison with each tag of a list (RFC 9110 §8.8.3.2); unquoted tags of old clients count too."""
    for part in header.split(","):
        tag = part.strip()
        if tag == "*" or tag.removeprefix("W/").strip('"') == etag:
            return True
    return False


def _not_modified_since(since: str, modified_ns: int) -> bool:
    try:
        moment = parsedate_to_datetime(since)
        in_utc = (
            moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        )  # the asctime form names no zone (RFC 9110 §5.6.7)
        return modified_ns // 1_000_000_000 <= in_utc.timestamp()
    except (ValueError, TypeError, OverflowError):
        return False
