"""What a plugin under test gives: found by name, so that it can be found again in another process."""

import importlib
import importlib.metadata
import tempfile
import types
import typing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from qis_core.discovery import GROUP
from qis_core.domain.paths import RepositoryPath
from qis_core.plugins import PluginRegistry
from qis_core.settings import section_name

Kind = Literal["operations", "codecs", "storage_backends", "cache_backends", "database_backends", "auth_providers"]
KINDS: tuple[Kind, ...] = typing.get_args(Kind)
#: What a setting may say for a new folder of each test.
FOLDER = "{tmp}"
SMALL_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Subject:
    """One operation, codec or back end. ``ini`` are settings given by hand; ``samples`` a folder of files to read."""

    plugin: str
    kind: Kind
    name: str
    ini: tuple[tuple[str, str], ...] = ()
    samples: str | None = None

    def registry(self, folder: Path, **values: int) -> PluginRegistry:
        """The plugin alone, set up to keep its files in *folder*; *values* are for settings of these names."""
        ini = {**_own_settings(self, folder, values), **dict(self.ini)}
        return load(self.plugin, {name: value.replace(FOLDER, str(folder)) for name, value in ini.items()})

    def value(self, registry: PluginRegistry) -> Any:
        """What the plugin registered under the name."""
        return named(registry, self.plugin, self.kind)[self.name]


def find_subjects(plugin: str, ini: Iterable[tuple[str, str]], samples: str | None) -> Iterator[Subject]:
    """All that a plugin gives and a contract exists for."""
    given = tuple(ini)
    with tempfile.TemporaryDirectory() as folder:
        registry = load(plugin, {name: value.replace(FOLDER, folder) for name, value in given})
        for kind in KINDS:
            for name in named(registry, plugin, kind):
                yield Subject(plugin, kind, name, given, samples)


def load(plugin: str, ini: dict[str, str]) -> PluginRegistry:
    """The registry with one plugin: the name of an entry point, or of a module that is none yet."""
    if plugin in {point.name for point in importlib.metadata.entry_points(group=GROUP)}:
        return PluginRegistry.load({**ini, "qis.plugins": plugin}, {})
    extra = {plugin: importlib.import_module(plugin)}
    return PluginRegistry.load({**ini, "qis.plugins": ","}, {}, extra)


def named(registry: PluginRegistry, plugin: str, kind: Kind) -> dict[str, Any]:
    """What a plugin registers, by name."""
    return {value.name: value for value in registry.given_by(plugin, f"qis_{kind}")}


def open_backend(subject: Subject, folder: str) -> Any:
    """Open a storage, cache or database in *folder*; importable by name, for other processes."""
    registry = subject.registry(Path(folder))
    return subject.value(registry).open(registry.settings)


def is_shared_cache(subject: Subject) -> bool:
    """Whether the cache says that other processes see it."""
    with tempfile.TemporaryDirectory() as folder:
        cache = open_backend(subject, folder)
        try:
            return bool(cache.shared)
        finally:
            cache.close()


def is_bounded_cache(subject: Subject) -> bool:
    """Whether the cache knows its bound, and a setting ``size_bytes`` sets it."""
    with tempfile.TemporaryDirectory() as folder:
        registry = subject.registry(Path(folder), size_bytes=SMALL_BYTES)
        cache = subject.value(registry).open(registry.settings)
        try:
            return bool(cache.stats().max_bytes == SMALL_BYTES)
        finally:
            cache.close()


def is_durable_storage(subject: Subject) -> bool:
    """Whether what one opening wrote is there at the next."""
    with tempfile.TemporaryDirectory() as folder:
        path = RepositoryPath(("probe.bin",))
        open_backend(subject, folder).write(path, [b"probe"], replace=True)
        return open_backend(subject, folder).find(path) is not None


def _own_settings(subject: Subject, folder: Path, values: dict[str, int]) -> dict[str, str]:
    """Settings that a back end cannot do without: places for its files, and those of *values* that it has."""
    if not subject.kind.endswith("_backends"):
        return {}
    hook_values = load(subject.plugin, dict(subject.ini)).given_by(subject.plugin, "qis_settings")
    found: dict[str, str] = {}
    for kind in hook_values:
        hints = typing.get_type_hints(kind)
        for entry in fields(kind):
            name = f"qis.{section_name(kind)}.{entry.name}"
            if _is_path(hints[entry.name]):
                found[name] = str(_place(subject, folder, entry.name))
            elif entry.name in values:
                found[name] = str(values[entry.name])
    return found


def _is_path(hint: object) -> bool:
    return hint is Path or (isinstance(hint, types.UnionType) and Path in hint.__args__)


def _place(subject: Subject, folder: Path, name: str) -> Path:
    """A folder for files; for databases a file that is not there yet."""
    place = folder / subject.name / name
    (place.parent if subject.kind == "database_backends" else place).mkdir(parents=True, exist_ok=True)
    return place
