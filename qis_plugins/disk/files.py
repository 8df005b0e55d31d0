"""Small helpers on files that several processes share."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import ETIMEDOUT

#: A holder works for milliseconds; one that is stopped for longer than this must not stop everybody else.
_LOCK_TIMEOUT_SECONDS = 10.0
_FIRST_PAUSE_SECONDS = 0.0002
_LONGEST_PAUSE_SECONDS = 0.01


@contextmanager
def locked_file(name: str) -> Iterator[int]:
    """The file, made if missing, under an exclusive lock that dies with this process; yields its descriptor."""
    descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(descriptor, name)
        yield descriptor
    finally:
        os.close(descriptor)


def _lock(descriptor: int, name: str) -> None:
    deadline = time.monotonic() + _LOCK_TIMEOUT_SECONDS
    pause = _FIRST_PAUSE_SECONDS
    while not try_lock(descriptor, fcntl.LOCK_EX):
        if time.monotonic() > deadline:
            raise TimeoutError(ETIMEDOUT, os.strerror(ETIMEDOUT), os.path.basename(name))
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def try_lock(descriptor: int, kind: int) -> bool:
    """Take the lock without waiting; *kind* is ``LOCK_EX`` or ``LOCK_SH``."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def read_file(name: str) -> bytes | None:
    """All bytes, or None when there is no such file."""
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return os.read(descriptor, os.fstat(descriptor).st_size)
    finally:
        os.close(descriptor)


def write_file(name: str, data: bytes) -> None:
    """A new file with *data*; nothing is left when that fails."""
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        finally:
            os.close(descriptor)
    except BaseException:
        unlink(name)
        raise


def unlink(name: str) -> None:
    """Remove the file if it is there."""
    with suppress(FileNotFoundError):
        os.unlink(name)
