"""How many entries and bytes the cache holds, kept in one file under one lock by all processes together.

Entries lie in 256 shards by the first byte of their digest. The ledger has two numbers for each, so that looking at one
shard corrects that shard exactly: a process that was killed between two steps leaves at most one entry miscounted, and
only until its shard is next looked at.
"""

import os
from array import array
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from qis_plugins.disk.files import locked_file

SHARDS = tuple(f"{number:02x}" for number in range(256))
_BLOCK_BYTES = 4096
_EMPTY = bytes(16 * len(SHARDS))


class OldEntry(NamedTuple):
    """An entry as eviction sees it; sorts by last use."""

    used_ns: int
    charge: int
    name: str


def charge_of(size_bytes: int) -> int:
    """What a file takes from the disk: whole blocks."""
    return -(-size_bytes // _BLOCK_BYTES) * _BLOCK_BYTES


class Ledger:
    """The numbers, valid and writable while the lock is held."""

    def __init__(self, descriptor: int, folder: str) -> None:
        self._descriptor = descriptor
        self._folder = folder
        self._numbers = array("q", os.pread(descriptor, len(_EMPTY), 0).ljust(len(_EMPTY), b"\0"))
        #: What all entries take together.
        self.size_bytes = sum(self._numbers[1::2])
        if os.fstat(descriptor).st_size != len(_EMPTY) or min(self._numbers) < 0:
            self.rebuild()

    @property
    def entries(self) -> int:
        return sum(self._numbers[0::2])

    def count(self, shard: str, entries: int, size_bytes: int) -> None:
        """Add to a shard's numbers; they never go below zero."""
        at = 2 * int(shard, 16)
        self._set(shard, max(0, self._numbers[at] + entries), max(0, self._numbers[at + 1] + size_bytes))

    def look_at(self, shard: str) -> list[OldEntry]:
        """What is in a shard; its numbers are right afterwards."""
        found: list[OldEntry] = []
        with suppress(FileNotFoundError), os.scandir(os.path.join(self._folder, shard)) as listing:
            for entry in listing:
                with suppress(FileNotFoundError):
                    status = entry.stat(follow_symlinks=False)
                    found.append(OldEntry(status.st_mtime_ns, charge_of(status.st_size), entry.path))
        self._set(shard, len(found), sum(entry.charge for entry in found))
        return found

    def rebuild(self) -> None:
        """Look at everything."""
        self.reset()
        for shard in SHARDS:
            self.look_at(shard)

    def reset(self) -> None:
        """Everything is gone."""
        os.pwrite(self._descriptor, _EMPTY, 0)
        self._numbers = array("q", _EMPTY)
        self.size_bytes = 0

    def _set(self, shard: str, entries: int, size_bytes: int) -> None:
        at = 2 * int(shard, 16)
        self.size_bytes += size_bytes - self._numbers[at + 1]
        self._numbers[at : at + 2] = array("q", (entries, size_bytes))
        os.pwrite(self._descriptor, self._numbers[at : at + 2].tobytes(), 8 * at)


@contextmanager
def open_ledger(name: str, folder: str) -> Iterator[Ledger]:
    """The ledger in file *name* of the shards in *folder*, locked against every other thread and process."""
    with locked_file(name) as descriptor:
        yield Ledger(descriptor, folder)
