"""Paths of the repository: relative, normalised, never outside the root (spec image-urls §10.1)."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from qis_core.errors import AccessDenied, InvalidRequest

MAX_PATH_LENGTH = 1024


@dataclass(frozen=True, order=True)
class RepositoryPath:
    """A folder or image of the repository, named by its parts below the root.

    Make one with :meth:`parse`; ``RepositoryPath(())`` is the root folder. Parts are never empty, ``.`` or ``..``.
    """

    parts: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str, *, parameter: str = "src") -> "RepositoryPath":
        """Normalise *text*: a leading slash, duplicate slashes, ``.`` and inner ``..`` collapse; ``~`` is literal.

        Raises `InvalidRequest` for control characters, lone surrogates and for more than 1024 characters,
        `AccessDenied` when ``..`` climbs over the root.
        """
        _refuse_control_characters(text, parameter)
        parts: list[str] = []
        for part in text.removeprefix("\\").split("/"):
            if part == "..":
                if not parts:
                    raise AccessDenied("access denied")
                parts.pop()
            elif part not in ("", "."):
                parts.append(part)
        path = cls(tuple(parts))
        if len(path.src) > MAX_PATH_LENGTH:
            raise InvalidRequest(f"{len(path.src)} is out of range 1-{MAX_PATH_LENGTH} characters", parameter=parameter)
        return path

    @cached_property
    def src(self) -> str:
        """The stored form of an image path: no leading slash; empty for the root. `parse` gives the same path again.

        A name at the top that begins with a backslash keeps a slash before it, or `parse` would drop the backslash.
        """
        joined = "/".join(self.parts)
        return f"/{joined}" if joined.startswith("\\") else joined

    @cached_property
    def folder_path(self) -> str:
        """The stored form of a folder path: a leading slash; ``/`` for the root."""
        return "/" + "/".join(self.parts)

    @property
    def name(self) -> str:
        """The last part, or an empty string for the root."""
        return self.parts[-1] if self.parts else ""

    @property
    def extension(self) -> str:
        """Lower-case extension without its dot, or an empty string."""
        _, dot, extension = self.name.rpartition(".")
        return extension.lower() if dot else ""

    @property
    def is_root(self) -> bool:
        return not self.parts

    @property
    def is_hidden(self) -> bool:
        """Whether any part starts with a dot; such paths are never served (spec image-urls §10.1)."""
        return any(part.startswith(".") for part in self.parts)

    @property
    def parent(self) -> "RepositoryPath":
        """The containing folder; the root is its own parent."""
        return RepositoryPath(self.parts[:-1])

    def lineage(self) -> Iterator["RepositoryPath"]:
        """This path, then each parent, up to and including the root."""
        for length in range(len(self.parts), -1, -1):
            yield RepositoryPath(self.parts[:length])

    def is_within(self, folder: "RepositoryPath") -> bool:
        """Whether this path is *folder* or lies below it, compared part by part."""
        return self.parts[: len(folder.parts)] == folder.parts

    def __truediv__(self, name: str) -> "RepositoryPath":
        return RepositoryPath.parse(f"{self.folder_path}/{name}")

    def __str__(self) -> str:
        return self.src or "/"


ROOT = RepositoryPath()


def _refuse_control_characters(text: str, parameter: str) -> None:
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise InvalidRequest("control characters are not allowed in a path", parameter=parameter)
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidRequest("broken Unicode is not allowed in a path", parameter=parameter)
