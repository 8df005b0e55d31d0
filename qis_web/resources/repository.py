"""The repository as a traversal tree: folders and images, each with its ACL (design §7)."""

from collections.abc import Iterator
from typing import Any

from pyramid.authorization import DENY_ALL, Allow, Everyone

from qis_core.application import Application
from qis_core.domain.access import ANONYMOUS, PUBLIC_GROUP_ID, AccessLevel, SystemPermission
from qis_core.domain.paths import ROOT, RepositoryPath
from qis_core.imaging.formats import codec_of_extension

Ace = tuple[str, str, tuple[str, ...]]

#: access level → the Pyramid permission that it adds
PERMISSIONS = {level: level.name.lower() for level in AccessLevel if level is not AccessLevel.NONE}
_EVERY_FOLDER = (SystemPermission.ADMIN_FILES, SystemPermission.ADMIN_ALL)


class Node:
    """A place in the repository. It need not exist: rights come first, so that nobody can probe for names."""

    def __init__(self, application: Application, path: RepositoryPath, parent: "Node | None" = None) -> None:
        self.application = application
        self.path = path
        self.__parent__ = parent
        self.__name__ = path.name

    def __getitem__(self, name: str) -> "Node":
        path = self.path / name
        if path == self.path:
            return self
        if codec_of_extension(path.extension, self.application.registry.codecs) is not None:
            return Image(self.application, path, self)
        return Folder(self.application, path, self)

    @property
    def folder(self) -> RepositoryPath:
        """The folder whose rules decide."""
        return self.path

    def __acl__(self) -> list[Ace]:
        return [*self._allowed(), DENY_ALL]

    def _allowed(self) -> Iterator[Ace]:
        rights = self.application.rights
        for flag in _EVERY_FOLDER:
            yield Allow, f"permission:{flag.name}", permissions_up_to(AccessLevel.DELETE_FOLDER)
        yield Allow, Everyone, permissions_up_to(rights.level(ANONYMOUS, self.folder))
        for group_id in rights.groups():
            if group_id != PUBLIC_GROUP_ID:
                level = rights.group_level(group_id, self.folder)
                yield Allow, f"group:{group_id}", permissions_up_to(level)


class Folder(Node):
    """A folder, judged by its name: whatever has no known image extension."""


class Image(Node):
    """An image, judged by its extension."""

    @property
    def folder(self) -> RepositoryPath:
        return self.path.parent


def folder_root(request: Any) -> Folder:
    """Root factory of every route that walks the repository."""
    return Folder(request.qis, ROOT)


def permissions_up_to(level: AccessLevel) -> tuple[str, ...]:
    """The Pyramid permissions that an access level gives."""
    return tuple(name for step, name in PERMISSIONS.items() if step <= level)
