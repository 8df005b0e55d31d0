"""What lies under one key: head, tags and a small value, or the name of the pieces that a large one is in."""

import json
import secrets
import struct
import time
import zlib
from collections.abc import Collection, Mapping
from typing import NamedTuple

from qis_core.contracts.cache import CacheEntry

_MAGIC = b"QISM"
_HEADER = struct.Struct("<4sId16sIII")  # magic, checksum, expiry, generation, pieces, bytes of value, tags
_CHECKED_FROM = 8
_NEVER = 0.0
_NO_PIECES = bytes(16)
_MONTH_SECONDS = 30 * 86_400
_LATEST = 2**31 - 1
_TAG = "#"
#: The version that `clear` changes.
ALL = "*"


class Head(NamedTuple):
    """An entry without its value. ``versions`` are those that held when it was stored, by `version_names`."""

    checksum: int
    expires: float
    generation: bytes
    pieces: int
    size_bytes: int
    versions: Mapping[str, str]


class Packed(NamedTuple):
    """An entry ready to be stored: its item, and the pieces to store before it."""

    item: bytes
    generation: bytes
    pieces: tuple[memoryview, ...]


def expiry_of(ttl_seconds: float | None) -> float:
    """When a life that begins now is over; 0 for never."""
    return _NEVER if ttl_seconds is None else time.time() + ttl_seconds


def is_over(expires: float) -> bool:
    return expires != _NEVER and expires <= time.time()


def memcached_expiry(expires: float) -> int:
    """The end of life as Memcached counts it: in whole seconds, not too early, and from 1970 for more than a month."""
    if expires == _NEVER:
        return 0
    left = int(max(expires - time.time(), 0)) + 2
    return left if left < _MONTH_SECONDS else min(int(expires) + 2, _LATEST)


def pack(value: bytes, expires: float, versions: Mapping[str, str], *, piece_bytes: int) -> Packed:
    """One entry; a value of more than *piece_bytes* in pieces, under a name that no other writer has."""
    fits = len(value) <= piece_bytes
    generation = _NO_PIECES if fits else secrets.token_bytes(16)
    view = memoryview(value)
    pieces = () if fits else tuple(view[at : at + piece_bytes] for at in range(0, len(value), piece_bytes))
    tags = json.dumps(versions).encode()
    header = _HEADER.pack(_MAGIC, 0, expires, generation, len(pieces), len(value), len(tags))
    checksum = zlib.crc32(value, zlib.crc32(tags, zlib.crc32(header[_CHECKED_FROM:])))
    parts = (_MAGIC, struct.pack("<I", checksum), header[_CHECKED_FROM:], tags, value if fits else b"")
    return Packed(b"".join(parts), generation, pieces)


def parse(item: bytes) -> Head | None:
    """The head of an entry; None when it is none of ours, or its life is over."""
    if len(item) < _HEADER.size:
        return None
    magic, checksum, expires, generation, pieces, size_bytes, tags_bytes = _HEADER.unpack_from(item)
    if magic != _MAGIC or len(item) < _HEADER.size + tags_bytes or is_over(expires):
        return None
    try:
        versions = json.loads(item[_HEADER.size : _HEADER.size + tags_bytes])
    except ValueError:
        return None
    return Head(checksum, expires, generation, pieces, size_bytes, versions)


def join(item: bytes, pieces: list[bytes]) -> bytes | None:
    """The value from the item and its pieces; None when a byte is wrong or missing."""
    *_, size_bytes, tags_bytes = _HEADER.unpack_from(item)
    value_at = _HEADER.size + tags_bytes
    value = b"".join(pieces) if pieces else item[value_at:]
    checked = zlib.crc32(value, zlib.crc32(memoryview(item)[_CHECKED_FROM:value_at]))
    return value if len(value) == size_bytes and checked == _HEADER.unpack_from(item)[1] else None


def version_names(tags: Collection[str]) -> tuple[str, ...]:
    """The versions an entry depends on: one of all entries, and one of each tag."""
    return (ALL, *dict.fromkeys(_TAG + tag for tag in tags))


def version_name(tag: str) -> str:
    return _TAG + tag


def to_cache_entry(head: Head, value: bytes) -> CacheEntry:
    """The entry as the contract has it."""
    left = None if head.expires == _NEVER else head.expires - time.time()
    return CacheEntry(value, left, tuple(name.removeprefix(_TAG) for name in head.versions if name != ALL))
