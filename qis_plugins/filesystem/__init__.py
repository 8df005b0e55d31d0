"""Storage in a folder of this machine."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from qis_core import hookimpl, section, setting
from qis_core.contracts.storage import StorageBackend
from qis_core.errors import SettingsError
from qis_core.settings import Settings
from qis_plugins.filesystem.storage import FilesystemStorage


@section("filesystem")
@dataclass(frozen=True, kw_only=True)
class FilesystemSettings:
    """Where the originals are."""

    root: Path | None = setting(None, help="Folder of the pictures; must exist")
    follow_symlinks: Literal["inside", "no", "anywhere"] = setting(
        "inside", help="Symbolic links to follow: those that stay inside the root, none, or all"
    )
    file_mode: Literal["600", "640", "644", "660", "664"] = setting("644", help="Permissions of new files, octal")
    dir_mode: Literal["700", "750", "755", "770", "775", "2770", "2775"] = setting(
        "755", help="Permissions of new folders, octal"
    )


def open_filesystem(settings: Settings) -> FilesystemStorage:
    """Open the folder; raises `SettingsError` when it is not set or not there."""
    chosen = settings[FilesystemSettings]
    if chosen.root is None:
        raise SettingsError(["qis.filesystem.root: required; folder of the pictures"])
    if not chosen.root.is_dir():
        raise SettingsError([f"qis.filesystem.root={str(chosen.root)!r}: expected an existing folder"])
    return FilesystemStorage(
        chosen.root,
        follow_symlinks=chosen.follow_symlinks,
        file_mode=int(chosen.file_mode, 8),
        dir_mode=int(chosen.dir_mode, 8),
    )


@hookimpl
def qis_settings() -> tuple[type, ...]:
    return (FilesystemSettings,)


@hookimpl
def qis_storage_backends() -> tuple[StorageBackend, ...]:
    return (StorageBackend("filesystem", open_filesystem, "a folder of this machine"),)
