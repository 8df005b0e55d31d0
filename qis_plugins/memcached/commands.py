"""What the cache does on one server, which has an entry with its pieces, its lock and the versions it depends on."""

import hashlib
import secrets
import struct
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pymemcache.client.base import Client
from pymemcache.exceptions import MemcacheClientError, MemcacheServerError, MemcacheUnexpectedCloseError

from qis_plugins.memcached import entry
from qis_plugins.memcached.entry import Head, Packed

_LOCK = struct.Struct("<16sd")
_AT_ONCE = -1


@dataclass(frozen=True, slots=True)
class Names:
    """Keys of Memcached: short, and without anything a key must not have."""

    prefix: str

    def of(self, kind: str, text: str) -> str:
        """The key of a thing of one *kind*: entry ``e``, version ``v``, lock ``l``."""
        return f"{self.prefix}{kind}:{digest(text)}"

    def piece(self, generation: bytes, number: int) -> str:
        return f"{self.prefix}p:{generation.hex()}:{number}"


@dataclass(frozen=True, slots=True)
class Value:
    """What is to be stored: bytes, end of life and tags; in pieces of *piece_bytes*."""

    content: bytes
    expires: float
    tags: Collection[str]
    piece_bytes: int


def digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


def read(client: Client, names: Names, key: str) -> tuple[Head, bytes] | None:
    """The living entry of *key* with its whole value."""
    item = client.get(names.of("e", key))
    return None if item is None else _read_item(client, names, item)


def store(client: Client, names: Names, pair: tuple[str, Value]) -> bool:
    """Store a value; when the server refuses it, the key is absent afterwards."""
    key, value = pair
    name = names.of("e", key)
    packed = _pack(client, names, value)
    try:
        _store_pieces(client, names, (packed, value.expires))
        kept = client.set(name, packed.item, expire=entry.memcached_expiry(value.expires))
    except MemcacheUnexpectedCloseError:
        raise
    except (MemcacheClientError, MemcacheServerError):
        client.delete(name)
        raise
    return bool(kept)


def add(client: Client, names: Names, pair: tuple[str, Value]) -> bool:
    """Store a value where no living entry is; the server lets one of several callers win."""
    key, value = pair
    name = names.of("e", key)
    present, token = client.gets(name)
    if present is not None and _read_item(client, names, present) is not None:
        return False
    packed = _pack(client, names, value)
    _store_pieces(client, names, (packed, value.expires))
    expire = entry.memcached_expiry(value.expires)
    if present is None:
        return bool(client.add(name, packed.item, expire=expire))
    return client.cas(name, packed.item, token, expire=expire) is True


def forget_version(client: Client, names: Names, version: str) -> None:
    """Entries that depend on *version* are absent from now on: the next one is another."""
    client.delete(names.of("v", version))


def new_claim(ttl_seconds: float) -> bytes:
    """What the holder of a lock writes into it: who it is, and until when."""
    return _LOCK.pack(secrets.token_bytes(16), entry.expiry_of(ttl_seconds))


def take_lock(client: Client, name: str, claim: bytes) -> bool:
    """Put *claim* into the lock unless somebody's is in it whose time is not over."""
    expire = entry.memcached_expiry(_LOCK.unpack(claim)[1])
    if client.add(name, claim, expire=expire):
        return True
    held, token = client.gets(name)
    if held is None:
        return bool(client.add(name, claim, expire=expire))
    if held == claim:  # stored before the connection broke
        return True
    return not _is_claimed(held) and client.cas(name, claim, token, expire=expire) is True


def release_lock(client: Client, name: str, claim: bytes) -> None:
    """Free the lock if *claim* still is in it; somebody else's stays."""
    held, token = client.gets(name)
    if held == claim:
        client.cas(name, b"", token, expire=_AT_ONCE)


def is_locked(client: Client, name: str) -> bool:
    held = client.get(name)
    return held is not None and _is_claimed(held)


def count(client: Client, names: Names) -> tuple[int, int, int]:
    """Items, bytes and bound of the whole server, whoever stored them."""
    told, own = client.stats(), _find_versions(client, names, (entry.ALL,))
    return int(told[b"curr_items"]) - len(own), int(told[b"bytes"]), int(told[b"limit_maxbytes"])


def _read_item(client: Client, names: Names, item: bytes) -> tuple[Head, bytes] | None:
    head = entry.parse(item)
    if head is None or _find_versions(client, names, head.versions) != head.versions:
        return None
    pieces = []
    for number in range(head.pieces):
        piece = client.get(names.piece(head.generation, number))
        if piece is None:
            return None
        pieces.append(piece)
    value = entry.join(item, pieces)
    return None if value is None else (head, value)


def _pack(client: Client, names: Names, value: Value) -> Packed:
    versions = _current_versions(client, names, entry.version_names(value.tags))
    return entry.pack(value.content, value.expires, versions, piece_bytes=value.piece_bytes)


def _store_pieces(client: Client, names: Names, written: tuple[Packed, float]) -> None:
    packed, expires = written
    for number, piece in enumerate(packed.pieces):
        client.set(names.piece(packed.generation, number), bytes(piece), expire=entry.memcached_expiry(expires))


def _find_versions(client: Client, names: Names, versions: Collection[str]) -> dict[str, str]:
    keys = {names.of("v", version): version for version in versions}
    return {keys[key]: text.decode("latin-1") for key, text in client.get_many(list(keys)).items()}


def _current_versions(client: Client, names: Names, wanted: tuple[str, ...]) -> Mapping[str, str]:
    """The versions that hold now; those that were purged or forgotten begin anew."""
    found = _find_versions(client, names, wanted)
    begun = {version: secrets.token_hex(8) for version in wanted if version not in found}
    lost = [version for version, text in begun.items() if not client.add(names.of("v", version), text.encode())]
    return {**found, **begun, **(_find_versions(client, names, lost) if lost else {})}


def _is_claimed(held: bytes) -> bool:
    return len(held) == _LOCK.size and not entry.is_over(_LOCK.unpack(held)[1])
