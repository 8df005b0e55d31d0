"""Locks by key that die with their holder: the kernel frees them on ``kill -9``."""

import fcntl
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from qis_plugins.disk.files import locked_file, try_lock, unlink

_STAMP = struct.Struct("<d")
#: Somebody who only looks (`is_locked`) may be in the way for microseconds: ask again before giving up.
_PAUSES_SECONDS = (0.0, 0.001, 0.002)
_held: set[int] = set()


class LockFolder:
    """One file per lock taken, removed when the lock is free."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._guard = os.path.join(folder, "guard")

    @contextmanager
    def hold(self, digest: str, ttl_seconds: float) -> Iterator[bool]:
        """Whether the lock named *digest* is ours. When the disk fails it is: work goes on, at worst done twice."""
        name = os.path.join(self._folder, digest)
        try:
            descriptor = self._take(name, time.time() + ttl_seconds)
        except OSError:
            yield True
            return
        try:
            yield descriptor is not None
        finally:
            if descriptor is not None:
                self._release(name, descriptor)

    def is_held(self, digest: str) -> bool:
        """Whether a living holder has the lock and its time is not over."""
        try:
            descriptor = os.open(os.path.join(self._folder, digest), os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            return not try_lock(descriptor, fcntl.LOCK_SH) and not _is_over(descriptor)
        finally:
            os.close(descriptor)

    def sweep(self) -> None:
        """Remove the files of holders that died."""
        for entry in os.listdir(self._folder):
            name = os.path.join(self._folder, entry)
            if name != self._guard:
                with suppress(OSError):
                    self._remove_if_free(name)

    def _take(self, name: str, expires: float) -> int | None:
        for pause in _PAUSES_SECONDS:
            time.sleep(pause)
            descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if self._is_taken_with(descriptor, (name, expires)):
                return descriptor
            is_over = _is_over(descriptor)
            os.close(descriptor)
            if is_over:
                self._remove_if_over(name)
        return None

    def _is_taken_with(self, descriptor: int, lock: tuple[str, float]) -> bool:
        name, expires = lock
        try:
            if not try_lock(descriptor, fcntl.LOCK_EX) or not _is_file(descriptor, name):
                return False
            os.pwrite(descriptor, _STAMP.pack(expires), 0)
        except OSError:
            os.close(descriptor)
            raise
        _held.add(descriptor)
        return True

    def _release(self, name: str, descriptor: int) -> None:
        if descriptor not in _held:  # in a child made by fork: the lock is the parent's
            return
        _held.discard(descriptor)
        with suppress(OSError), locked_file(self._guard):
            if _is_file(descriptor, name):
                unlink(name)
        os.close(descriptor)

    def _remove_if_over(self, name: str) -> None:
        with suppress(FileNotFoundError), locked_file(self._guard):
            descriptor = os.open(name, os.O_RDWR | os.O_CLOEXEC)
            try:
                if _is_over(descriptor):
                    os.unlink(name)
            finally:
                os.close(descriptor)

    def _remove_if_free(self, name: str) -> None:
        with locked_file(self._guard):
            descriptor = os.open(name, os.O_RDWR | os.O_CLOEXEC)
            try:
                if try_lock(descriptor, fcntl.LOCK_EX):
                    os.unlink(name)
            finally:
                os.close(descriptor)


def _is_over(descriptor: int) -> bool:
    stamp = os.pread(descriptor, _STAMP.size, 0)
    return len(stamp) == _STAMP.size and _STAMP.unpack(stamp)[0] <= time.time()


def _is_file(descriptor: int, name: str) -> bool:
    """Whether *name* still is the file that is open: its last holder may have removed it."""
    try:
        there = os.stat(name)
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(descriptor), there)


def _let_go_in_child() -> None:
    """A forked child shares its parent's locks; it must not keep them when the parent is killed."""
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_let_go_in_child)
