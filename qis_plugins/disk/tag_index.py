"""Which entries carry a tag: 256 files of fixed records, so that `purge` reads one small file and not the cache.

Every call is made under the ledger's lock. A record may outlive its entry; it never goes missing before it.
"""

import hashlib
import os
from collections.abc import Collection, Iterable, Iterator

from qis_plugins.disk.files import read_file, unlink, write_file

_TAG_BYTES = 16
_ENTRY_BYTES = 32
_RECORD_BYTES = _TAG_BYTES + _ENTRY_BYTES
_COMPACT_FROM_BYTES = 1024 * _RECORD_BYTES


class TagIndex:
    """Records in *folder* for entries in the shards of *entries_folder*."""

    def __init__(self, folder: str, entries_folder: str) -> None:
        self._folder = folder
        self._entries_folder = entries_folder

    def record(self, tags: Collection[str], digest: str) -> None:
        """Note that the entry named *digest* (hexadecimal) carries *tags*."""
        for tag in tags:
            tag_digest = _digest_of(tag)
            self._append(self._name(tag_digest), tag_digest + bytes.fromhex(digest))

    def find(self, tag: str) -> tuple[str, ...]:
        """Digests of the entries that had the tag when they were recorded."""
        tag_digest = _digest_of(tag)
        records = _records(read_file(self._name(tag_digest)) or b"")
        return tuple(dict.fromkeys(r[_TAG_BYTES:].hex() for r in records if r.startswith(tag_digest)))

    def forget(self, tag: str) -> None:
        """Drop every record of the tag."""
        tag_digest = _digest_of(tag)
        name = self._name(tag_digest)
        self._rewrite(name, [r for r in _records(read_file(name) or b"") if not r.startswith(tag_digest)])

    def clear(self) -> None:
        for name in os.listdir(self._folder):
            unlink(os.path.join(self._folder, name))

    def _name(self, tag_digest: bytes) -> str:
        return os.path.join(self._folder, tag_digest[:1].hex())

    def _append(self, name: str, record: bytes) -> None:
        descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            whole = os.fstat(descriptor).st_size // _RECORD_BYTES * _RECORD_BYTES
            os.ftruncate(descriptor, whole)  # a part of a record, left by a crash
            os.write(descriptor, record)
        finally:
            os.close(descriptor)
        if whole >= self._compact_from(name):
            self._compact(name)

    def _compact_from(self, name: str) -> int:
        """Twice what was alive at the last compaction, told by the size of a sparse file beside the index."""
        try:
            return max(_COMPACT_FROM_BYTES, 2 * os.stat(f"{name}.alive").st_size)
        except FileNotFoundError:
            return _COMPACT_FROM_BYTES

    def _compact(self, name: str) -> None:
        records = dict.fromkeys(_records(read_file(name) or b""))
        alive = [r for r in records if os.path.exists(self._entry(r[_TAG_BYTES:].hex()))]
        self._rewrite(name, alive)
        with open(f"{name}.alive", "wb") as stream:
            stream.truncate(len(alive) * _RECORD_BYTES)

    def _entry(self, digest: str) -> str:
        return os.path.join(self._entries_folder, digest[:2], digest[2:])

    def _rewrite(self, name: str, records: Iterable[bytes]) -> None:
        unlink(f"{name}.new")
        write_file(f"{name}.new", b"".join(records))
        os.replace(f"{name}.new", name)


def _digest_of(tag: str) -> bytes:
    return hashlib.blake2b(tag.encode("utf-8", "surrogatepass"), digest_size=_TAG_BYTES).digest()


def _records(data: bytes) -> Iterator[bytes]:
    return (data[at : at + _RECORD_BYTES] for at in range(0, len(data) - _RECORD_BYTES + 1, _RECORD_BYTES))
