"""Where a repository path lies on the disk, and the refusal of every path that leaves the root (security §1)."""

import logging
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from errno import ELOOP, ENAMETOOLONG, ENODEV, ENXIO
from typing import Literal

from qis_core.domain.paths import RepositoryPath
from qis_core.errors import AccessDenied, BackendError, InvalidRequest, NotFound

FollowSymlinks = Literal["inside", "no", "anywhere"]

_security_log = logging.getLogger("qis.security")
_ABSENT = frozenset({ELOOP, ENAMETOOLONG, ENODEV, ENXIO})
_MAX_NAME_BYTES = 255


@dataclass(frozen=True, slots=True)
class RootFolder:
    """The folder everything must stay in. ``folder`` is absolute and free of symbolic links."""

    folder: str
    follow_symlinks: FollowSymlinks

    def resolve(self, path: RepositoryPath) -> str:
        """The real file or folder of *path*, whether it exists or not; raises `AccessDenied` outside the root."""
        spelled = os.path.join(self.folder, *checked_parts(path))
        if self.follow_symlinks == "anywhere":
            return spelled
        real = os.path.realpath(spelled)
        if not self._allows(spelled, real):
            _security_log.warning("path %r leaves the root", path.src)
            raise AccessDenied("access denied")
        return real

    def place(self, path: RepositoryPath) -> str:
        """The name *path* has in its real folder: a symbolic link itself, not what it points to."""
        self.resolve(path)
        return os.path.join(self.resolve(path.parent), path.name)

    def allows_link(self, link: str) -> bool:
        """Whether the symbolic link at *link*, below the root, may be followed."""
        return self.follow_symlinks == "anywhere" or self._allows(link, os.path.realpath(link))

    def check(self) -> None:
        """Raise `BackendError` when the root itself is gone: a lost mount must not look like deleted pictures."""
        if not os.path.isdir(self.folder):
            raise BackendError("storage: the root folder cannot be reached")

    def _allows(self, spelled: str, real: str) -> bool:
        if self.follow_symlinks == "no":
            return real == spelled
        return os.path.commonpath((self.folder, real)) == self.folder


def checked_parts(path: RepositoryPath) -> tuple[str, ...]:
    """The parts, each safe to be a file name; a path not made by ``RepositoryPath.parse`` may hold anything."""
    for part in path.parts:
        if part in ("", ".", "..") or "/" in part:
            raise AccessDenied("access denied")
        if not is_plain_name(part):
            raise InvalidRequest("control characters and broken Unicode are not allowed in a path")
    return path.parts


def is_plain_name(name: str) -> bool:
    """Whether *name* has no control characters and can be written as UTF-8."""
    return not any(ord(c) < 32 or ord(c) == 127 or 0xD800 <= ord(c) <= 0xDFFF for c in name)


def refuse_long_names(path: RepositoryPath) -> None:
    """Raise `InvalidRequest` when no file system could hold a name of *path*."""
    for part in path.parts:
        if len(part.encode()) > _MAX_NAME_BYTES:
            raise InvalidRequest(f"name of {len(part.encode())} bytes; expected at most {_MAX_NAME_BYTES}")


@contextmanager
def storage_errors(path: RepositoryPath) -> Iterator[None]:
    """Turn the operating system's errors into `NotFound` or `BackendError`, without any path of the machine."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise NotFound(f"{path}: not found") from error
    except OSError as error:
        if error.errno in _ABSENT:
            raise NotFound(f"{path}: not found") from error
        raise BackendError(f"{path}: storage failed: {error.strerror or type(error).__name__}") from error


def is_regular(mode: int) -> bool:
    """Whether a stat mode is that of a plain file: no folder, pipe, socket or device."""
    return stat.S_ISREG(mode)
