"""Originals in the memory of this process: for tests and demonstrations."""

import io
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from qis_core.contracts.storage import Entry, FileStat
from qis_core.domain.images import Fingerprint
from qis_core.domain.paths import ROOT, RepositoryPath
from qis_core.errors import AccessDenied, Conflict, InvalidRequest, NotFound

_MAX_NAME_LENGTH = 255


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    modified_ns: int


class MemoryStorage:
    """A `Storage` that forgets everything when it goes away."""

    def __init__(self) -> None:
        self._mutex = threading.RLock()
        self._files: dict[RepositoryPath, _File] = {}
        self._folders: set[RepositoryPath] = {ROOT}
        self._last_ns = 0

    def find(self, path: RepositoryPath) -> FileStat | None:
        file = self._files.get(_checked(path))
        return None if file is None else _file_stat(file)

    def is_folder(self, path: RepositoryPath) -> bool:
        return _checked(path) in self._folders

    def entries(self, folder: RepositoryPath) -> Iterator[Entry]:
        with self._mutex:
            if _checked(folder) not in self._folders:
                raise NotFound(f"{folder}: not found")
            found = [Entry(path.name, False) for path in self._files if path.parent == folder]
            found += [Entry(path.name, True) for path in self._folders if path.parent == folder and path != ROOT]
        shown = (entry for entry in found if not entry.name.startswith("."))
        return iter(sorted(shown, key=lambda entry: entry.name))

    def open(self, path: RepositoryPath) -> BinaryIO:
        return io.BytesIO(self._get(path).content)

    @contextmanager
    def local_file(self, path: RepositoryPath) -> Iterator[Path]:
        content = self._get(path).content
        with tempfile.TemporaryDirectory(prefix="qis-") as folder:
            name = Path(folder, f"original.{path.extension}" if path.extension else "original")
            name.write_bytes(content)
            yield name

    def write(self, path: RepositoryPath, chunks: Iterable[bytes], *, replace: bool) -> FileStat:
        self._refuse_taken(path, replace)
        content = b"".join(chunks)
        with self._mutex:
            self._refuse_taken(path, replace)
            self.make_folder(path.parent)
            self._last_ns = max(self._last_ns + 1, time.time_ns())
            file = self._files[path] = _File(content, self._last_ns)
        return _file_stat(file)

    def move(self, source: RepositoryPath, target: RepositoryPath) -> None:
        with self._mutex:
            self._get_kind(source)
            if target.is_within(source):
                raise Conflict(f"{target}: exists already, or lies inside {source}")
            self._refuse_taken(target, replace=False)
            self.make_folder(target.parent)
            moved = {path: _moved(path, source, target) for path in (*self._files, *self._folders)}
            self._files = {moved[path]: file for path, file in self._files.items()}
            self._folders = {moved[path] for path in self._folders}

    def delete(self, path: RepositoryPath) -> None:
        with self._mutex:
            self._get_kind(path)
            self._files = {key: file for key, file in self._files.items() if not key.is_within(path)}
            self._folders = {key for key in self._folders if not key.is_within(path)}

    def make_folder(self, folder: RepositoryPath) -> None:
        with self._mutex:
            lineage = tuple(_checked(folder).lineage())
            if any(path in self._files for path in lineage):
                raise Conflict(f"{folder}: a file is in the way")
            self._folders.update(lineage)

    def _get(self, path: RepositoryPath) -> _File:
        file = self._files.get(_checked(path))
        if file is None:
            raise NotFound(f"{path}: not found")
        return file

    def _get_kind(self, path: RepositoryPath) -> None:
        if _checked(path).is_root:
            raise AccessDenied("the root folder stays where it is")
        if path not in self._files and path not in self._folders:
            raise NotFound(f"{path}: not found")

    def _refuse_taken(self, path: RepositoryPath, replace: bool) -> None:
        if _checked(path).is_root:
            raise AccessDenied("the root folder stays where it is")
        if any(len(part.encode()) > _MAX_NAME_LENGTH for part in path.parts):
            raise InvalidRequest(f"name too long; expected at most {_MAX_NAME_LENGTH} bytes")
        if path in self._folders or (not replace and path in self._files):
            raise Conflict(f"{path}: exists already")
        if any(parent in self._files for parent in path.parent.lineage()):
            raise Conflict(f"{path}: a file is in the way")


def _checked(path: RepositoryPath) -> RepositoryPath:
    if any(part in ("", ".", "..") or "/" in part for part in path.parts):
        raise AccessDenied("access denied")
    if not all(_is_plain(part) for part in path.parts):
        raise InvalidRequest("control characters and broken Unicode are not allowed in a path")
    return path


def _is_plain(part: str) -> bool:
    return not any(ord(c) < 32 or ord(c) == 127 or 0xD800 <= ord(c) <= 0xDFFF for c in part)


def _moved(path: RepositoryPath, source: RepositoryPath, target: RepositoryPath) -> RepositoryPath:
    if not path.is_within(source):
        return path
    return RepositoryPath(target.parts + path.parts[len(source.parts) :])


def _file_stat(file: _File) -> FileStat:
    size = len(file.content)
    return FileStat(size, file.modified_ns, Fingerprint.of_file(file.modified_ns, size))
