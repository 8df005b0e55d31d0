"""Files on their way in or out of a folder: under hidden names, locked while in use, swept when their owner died."""

import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EINVAL, ENOTSUP

_PREFIX = ".qis-incoming-"
_SPARED_SECONDS = 60.0


def hidden_name(folder: str) -> str:
    """A new name in *folder* that no listing shows."""
    return os.path.join(folder, _PREFIX + secrets.token_hex(8))


@contextmanager
def incoming_file(folder: str, mode: int) -> Iterator[tuple[int, str]]:
    """A new hidden file in *folder*, as descriptor and name; what is left under the name is removed at the end."""
    name = hidden_name(folder)
    descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        _lock(descriptor)
        os.fchmod(descriptor, mode)
        yield descriptor, name
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)
        os.close(descriptor)


@contextmanager
def hidden_folder(folder: str, mode: int) -> Iterator[str]:
    """A new hidden folder in *folder*; removed at the end with all in it."""
    name = hidden_name(folder)
    os.mkdir(name, 0o700)
    os.chmod(name, mode)
    descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _lock(descriptor)
        yield name
    finally:
        shutil.rmtree(name, ignore_errors=True)
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    with suppress(OSError):  # some network file systems have no locks; nothing is ever swept there
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def sweep(folder: str) -> None:
    """Remove what writers that were killed left in *folder*; those at work hold a lock and are spared."""
    with os.scandir(folder) as entries:
        names = [entry.path for entry in entries if entry.name.startswith(_PREFIX)]
    for name in names:
        with suppress(OSError):
            _remove_if_abandoned(name)


def _remove_if_abandoned(name: str) -> None:
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if time.time() - os.fstat(descriptor).st_mtime < _SPARED_SECONDS:
            return  # perhaps made this moment and not locked yet
        if os.path.isdir(name):
            shutil.rmtree(name)
        else:
            os.unlink(name)
    finally:
        os.close(descriptor)


def sync_folder(folder: str) -> None:
    """Make the names in *folder* survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (EINVAL, ENOTSUP):  # some file systems sync names by themselves
            raise
    finally:
        os.close(descriptor)
