"""Making room: what was not used for longest goes first."""

import os
from collections.abc import Iterator

from qis_plugins.disk.files import unlink
from qis_plugins.disk.ledger import SHARDS, Ledger, OldEntry

#: Enough entries to judge age by; a larger cache is looked at in parts, so that making room never takes long.
_SAMPLE_ENTRIES = 20_000
#: Make room for more than is needed now, so that it is rarely needed.
_KEPT_SHARE = 0.9


class Evictor:
    """Goes round the shards; each process starts at another one."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._next = int.from_bytes(os.urandom(1), "big")

    def make_room(self, ledger: Ledger, charge: int) -> None:
        """Remove old entries until *charge* more bytes fit; does nothing when they fit already."""
        if ledger.size_bytes + charge <= self._max_bytes:
            return
        goal = int(self._max_bytes * _KEPT_SHARE) - charge
        shards = self._round()
        while ledger.size_bytes > goal:
            sample, is_all = _sample(ledger, shards)
            if not sample:
                return
            _drop_oldest(ledger, sample if is_all else sample[: len(sample) // 2], goal)

    def _round(self) -> Iterator[str]:
        for _ in SHARDS:
            self._next = (self._next + 1) % len(SHARDS)
            yield SHARDS[self._next]


def _sample(ledger: Ledger, shards: Iterator[str]) -> tuple[list[OldEntry], bool]:
    """Entries of the next shards, oldest first, and whether they are all there are."""
    sample: list[OldEntry] = []
    looked_at = 0
    for shard in shards:
        sample += ledger.look_at(shard)
        looked_at += 1
        if len(sample) >= _SAMPLE_ENTRIES:
            break
    return sorted(sample), looked_at == len(SHARDS)


def _drop_oldest(ledger: Ledger, entries: list[OldEntry], goal: int) -> None:
    for entry in entries:
        if ledger.size_bytes <= goal:
            return
        unlink(entry.name)
        ledger.count(os.path.basename(os.path.dirname(entry.name)), -1, -entry.charge)
