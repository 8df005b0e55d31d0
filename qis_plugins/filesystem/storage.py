"""Originals in a folder of this machine: every write atomic, nothing outside the folder ever touched."""

import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from errno import EXDEV
from pathlib import Path
from typing import BinaryIO

from qis_core.contracts.storage import Entry, FileStat
from qis_core.domain.images import Fingerprint
from qis_core.domain.paths import RepositoryPath
from qis_core.errors import AccessDenied, Conflict, NotFound
from qis_plugins.filesystem.incoming import hidden_folder, incoming_file, sweep, sync_folder
from qis_plugins.filesystem.root import (
    FollowSymlinks,
    RootFolder,
    is_plain_name,
    is_regular,
    refuse_long_names,
    storage_errors,
)

_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


class FilesystemStorage:
    """A `Storage` in *root*, which must exist. ``file_mode`` and ``dir_mode`` are given to what it makes.

    Names are used exactly as given: ``é`` in one code point and in two are two names where the file system says so.
    """

    def __init__(
        self, root: Path, *, follow_symlinks: FollowSymlinks = "inside", file_mode: int = 0o644, dir_mode: int = 0o755
    ) -> None:
        self._root = RootFolder(os.path.realpath(root), follow_symlinks)
        self._file_mode = file_mode
        self._dir_mode = dir_mode
        self._swept: set[str] = set()

    def find(self, path: RepositoryPath) -> FileStat | None:
        try:
            with storage_errors(path):
                status = os.stat(self._root.resolve(path))
        except NotFound:
            self._root.check()
            return None
        return _file_stat(status) if is_regular(status.st_mode) else None

    def is_folder(self, path: RepositoryPath) -> bool:
        try:
            with storage_errors(path):
                return stat.S_ISDIR(os.stat(self._root.resolve(path)).st_mode)
        except NotFound:
            self._root.check()
            return False

    def entries(self, folder: RepositoryPath) -> Iterator[Entry]:
        with self._errors(folder), os.scandir(self._root.resolve(folder)) as listing:
            found = [entry for entry in map(self._find_entry, listing) if entry is not None]
            return iter(sorted(found, key=lambda entry: entry.name))

    def open(self, path: RepositoryPath) -> BinaryIO:
        with self._errors(path):
            stream = os.fdopen(os.open(self._root.resolve(path), _READ), "rb")
            if not is_regular(os.fstat(stream.fileno()).st_mode):
                stream.close()
                raise NotFound(f"{path}: not found")
            return stream

    @contextmanager
    def local_file(self, path: RepositoryPath) -> Iterator[Path]:
        with self._errors(path):
            name = self._root.resolve(path)
            if not is_regular(os.stat(name).st_mode):
                raise NotFound(f"{path}: not found")
        yield Path(name)

    def write(self, path: RepositoryPath, chunks: Iterable[bytes], *, replace: bool) -> FileStat:
        target = self._target(path, replace)
        folder = os.path.dirname(target)
        with ExitStack() as stack:
            with self._errors(path):
                self._sweep_once(folder)
                descriptor, name = stack.enter_context(incoming_file(folder, self._file_mode))
            for chunk in chunks:  # an error of the caller's own is passed on as it is
                with self._errors(path):
                    _write_all(descriptor, chunk)
            with self._errors(path):
                os.fsync(descriptor)
                _put_in_place(descriptor, name, (target, path, replace))
                return _file_stat(os.fstat(descriptor))

    def move(self, source: RepositoryPath, target: RepositoryPath) -> None:
        self._refuse_root(source, target)
        if target.is_within(source):
            raise Conflict(f"{target}: lies inside {source}" if target != source else f"{target}: exists already")
        with self._errors(source):
            old = self._place_of_existing(source)
        new = self._target(target, replace=False)
        with self._errors(source):
            _move(old, new, target)
            sync_folder(os.path.dirname(new))
            sync_folder(os.path.dirname(old))

    def delete(self, path: RepositoryPath) -> None:
        self._refuse_root(path)
        with self._errors(path):
            name = self._place_of_existing(path)
            _remove(name)
            sync_folder(os.path.dirname(name))

    def make_folder(self, folder: RepositoryPath) -> None:
        self._root.check()
        name = self._root.resolve(folder)
        refuse_long_names(folder)
        try:
            with storage_errors(folder):
                self._make_folders(name)
        except NotFound as error:
            raise Conflict(f"{folder}: a file is in the way") from error

    @contextmanager
    def _errors(self, path: RepositoryPath) -> Iterator[None]:
        try:
            with storage_errors(path):
                yield
        except NotFound:
            self._root.check()
            raise

    def _find_entry(self, entry: "os.DirEntry[str]") -> Entry | None:
        if entry.name.startswith(".") or not is_plain_name(entry.name):
            return None
        if entry.is_symlink():
            return self._find_linked(entry)
        return Entry(entry.name, entry.is_dir()) if entry.is_dir() or entry.is_file() else None

    def _find_linked(self, link: "os.DirEntry[str]") -> Entry | None:
        is_folder = os.path.isdir(link.path)
        is_there = is_folder or os.path.isfile(link.path)
        return Entry(link.name, is_folder) if is_there and self._root.allows_link(link.path) else None

    def _refuse_root(self, *paths: RepositoryPath) -> None:
        if any(path.is_root for path in paths):
            raise AccessDenied("the root folder stays where it is")

    def _target(self, path: RepositoryPath, replace: bool) -> str:
        """The place of a file about to be made, its folder included."""
        self._refuse_root(path)
        target = self._root.place(path)
        refuse_long_names(path)
        self.make_folder(path.parent)
        with self._errors(path):
            if os.path.isdir(target) or (not replace and os.path.lexists(target)):
                raise Conflict(f"{path}: exists already")
        return target

    def _place_of_existing(self, path: RepositoryPath) -> str:
        status = os.stat(self._root.resolve(path))
        if not is_regular(status.st_mode) and not stat.S_ISDIR(status.st_mode):
            raise NotFound(f"{path}: not found")
        return self._root.place(path)

    def _make_folders(self, name: str) -> None:
        if os.path.isdir(name):
            return
        self._make_folders(os.path.dirname(name))
        try:
            os.mkdir(name)
            os.chmod(name, self._dir_mode)
        except FileExistsError:
            if not os.path.isdir(name):
                raise NotADirectoryError(name) from None

    def _sweep_once(self, folder: str) -> None:
        if folder not in self._swept:
            sweep(folder)
            self._swept.add(folder)


def _file_stat(status: os.stat_result) -> FileStat:
    fingerprint = Fingerprint.of_file(status.st_mtime_ns, status.st_size)
    return FileStat(status.st_size, status.st_mtime_ns, fingerprint)


def _write_all(descriptor: int, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _put_in_place(descriptor: int, name: str, destination: tuple[str, RepositoryPath, bool]) -> None:
    target, path, replace = destination
    if replace:
        _differ_from(target, descriptor)
        os.replace(name, target)
    else:
        _link(name, target, path)
    sync_folder(os.path.dirname(target))


def _link(name: str, target: str, path: RepositoryPath) -> None:
    try:
        os.link(name, target, follow_symlinks=False)
    except FileExistsError as error:
        raise Conflict(f"{path}: exists already") from error


def _differ_from(target: str, descriptor: int) -> None:
    """Give the new file another time than the one it replaces: clocks of file systems tick in milliseconds."""
    try:
        old, new = os.lstat(target), os.fstat(descriptor)
    except FileNotFoundError:
        return
    if old.st_mtime_ns == new.st_mtime_ns:
        os.utime(descriptor, ns=(new.st_atime_ns, new.st_mtime_ns + 1_000_000))


def _move(old: str, new: str, target: RepositoryPath) -> None:
    try:
        if os.path.islink(old):
            os.symlink(os.path.relpath(os.path.realpath(old), os.path.dirname(new)), new)
            os.unlink(old)
        elif os.path.isdir(old):
            os.rename(old, new)
        else:
            _link(old, new, target)
            os.unlink(old)
    except OSError as error:
        if error.errno != EXDEV:
            raise
        _copy_across(old, new, target)


def _copy_across(old: str, new: str, target: RepositoryPath) -> None:
    """Move between file systems mounted below the root: all is there under the new name before the old one goes."""
    with hidden_folder(os.path.dirname(new), 0o700) as staging:
        copy = os.path.join(staging, os.path.basename(new))
        if os.path.isdir(old):
            shutil.copytree(old, copy, symlinks=True)
        else:
            shutil.copy2(old, copy)
        _move(copy, new, target)
    _remove(old)


def _remove(name: str) -> None:
    """A folder vanishes at once, then is emptied under a hidden name."""
    if os.path.isdir(name) and not os.path.islink(name):
        with hidden_folder(os.path.dirname(name), 0o700) as bin_folder:
            os.rename(name, os.path.join(bin_folder, "deleted"))
    else:
        os.unlink(name)
