"""The bytes of one entry: checksum, expiry, tags and the whole key, so that a torn or foreign file is a miss."""

import json
import struct
import time
import zlib
from collections.abc import Collection
from typing import NamedTuple

from qis_core.contracts.cache import CacheEntry

_MAGIC = b"QIS1"
_HEADER = struct.Struct("<4sIdQII")  # magic, checksum of what follows it, expiry, bytes of value, key, tags
_CHECKED_FROM = 8
_NEVER = 0.0


class Parsed(NamedTuple):
    """An entry in memory: ``data`` whole, and where its value starts."""

    data: bytes
    value_at: int
    tags_at: int
    expires: float


def pack(key: bytes, value: bytes, ttl_seconds: float | None, tags: Collection[str]) -> bytes:
    """One entry as it lies on the disk; *ttl_seconds* counts from now."""
    expires = _NEVER if ttl_seconds is None else time.time() + ttl_seconds
    tag_bytes = json.dumps(list(dict.fromkeys(tags))).encode() if tags else b""
    header = _HEADER.pack(_MAGIC, 0, expires, len(value), len(key), len(tag_bytes))
    checksum = zlib.crc32(value, zlib.crc32(tag_bytes, zlib.crc32(key, zlib.crc32(header[_CHECKED_FROM:]))))
    return b"".join((_MAGIC, struct.pack("<I", checksum), header[_CHECKED_FROM:], key, tag_bytes, value))


def parse(data: bytes, key: bytes | None) -> Parsed | None:
    """The entry in *data*, or None when it is broken, expired or of another key; *key* None takes any."""
    if len(data) < _HEADER.size:
        return None
    magic, checksum, expires, value_size, key_size, tags_size = _HEADER.unpack_from(data)
    tags_at = _HEADER.size + key_size
    value_at = tags_at + tags_size
    if (
        magic != _MAGIC
        or len(data) != value_at + value_size
        or zlib.crc32(memoryview(data)[_CHECKED_FROM:]) != checksum
    ):
        return None
    if key is not None and data[_HEADER.size : tags_at] != key:
        return None
    if expires != _NEVER and expires <= time.time():
        return None
    return Parsed(data, value_at, tags_at, expires)


def tags_of(parsed: Parsed) -> tuple[str, ...]:
    """The tags the entry was stored with."""
    text = parsed.data[parsed.tags_at : parsed.value_at]
    return tuple(json.loads(text)) if text else ()


def to_cache_entry(parsed: Parsed) -> CacheEntry:
    """The entry as the contract has it."""
    left = None if parsed.expires == _NEVER else parsed.expires - time.time()
    return CacheEntry(parsed.data[parsed.value_at :], left, tags_of(parsed))
