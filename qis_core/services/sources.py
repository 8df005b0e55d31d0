"""Facts of originals: in memory while fresh, from the catalog while the fingerprint holds, else from the file.

This is also where files get registered: the catalog follows reads (spec image-urls §10.3).
"""

import hashlib
import time
from dataclasses import dataclass, replace
from pathlib import Path

from qis_core.catalog.database import Catalog
from qis_core.catalog.images import (
    FileRecord,
    Registration,
    facts_from_json,
    find_image,
    mark_image_deleted,
    register_image,
    source_facts,
)
from qis_core.catalog.models import ImageAction, RecordStatus
from qis_core.catalog.moves import adopt_moved
from qis_core.catalog.vanished import mark_tree_deleted
from qis_core.contracts.storage import FileStat, Storage
from qis_core.domain.access import ANONYMOUS
from qis_core.domain.events import Deleted, Moved, Uploaded
from qis_core.domain.images import ImageFacts, SourceFacts
from qis_core.domain.paths import RepositoryPath
from qis_core.errors import Busy, NotFound, OversizedImage, UnsupportedImage
from qis_core.imaging.formats import codec_of_extension, sniff_codec
from qis_core.imaging.settings import ImagesSettings
from qis_core.plugins import PluginRegistry
from qis_core.services.generation_settings import GenerationSettings
from qis_core.services.lru import LruDict
from qis_core.services.pool import Pool
from qis_core.services.single_flight import SingleFlight
from qis_core.services.worker import ProbeJob

_KEPT = 50_000
_HEAD_BYTES = 64
_HASHED_BYTES = 1024 * 1024
_UNREADABLE = "invalid or unsupported image format"


@dataclass(frozen=True, slots=True)
class _Known:
    """What was found at one moment; ``facts`` None: the file is no image we can decode."""

    facts: SourceFacts | None
    fingerprint: str
    checked_at: float
    read_at: float


@dataclass(frozen=True, slots=True)
class SourceParts:
    """What `Sources` is made of."""

    storage: Storage
    catalog: Catalog
    pool: Pool
    registry: PluginRegistry


class Sources:
    """Finds the facts of images by path. Safe to share between threads; other processes are seen within
    ``fingerprint_seconds``.
    """

    def __init__(self, parts: SourceParts) -> None:
        self._parts = parts
        self._settings = parts.registry.settings[ImagesSettings]
        self._wait_seconds = parts.registry.settings[GenerationSettings].wait_seconds
        self._flights: SingleFlight[_Known] = SingleFlight()
        self._known: LruDict[RepositoryPath, _Known] = LruDict(_KEPT)

    def get(self, path: RepositoryPath) -> SourceFacts:
        """The facts of an image.

        Raises `NotFound` when there is no such file, `UnsupportedImage` when it is no image we can decode,
        `OversizedImage` when it is over ``max_source_bytes``. Rights are the caller's business, and come first.
        """
        known = self._known.find(path)
        if known is not None and time.monotonic() - known.checked_at < self._settings.fingerprint_seconds:
            return _facts_of(known)
        try:
            fresh, _ = self._flights.run(path, lambda: self._check(path, known), wait_seconds=self._wait_seconds)
        except TimeoutError:
            raise Busy("the picture is still being looked at") from None
        return _facts_of(fresh)

    def forget(self, path: RepositoryPath) -> None:
        """Look at the file again at the next request."""
        self._known.remove(path)

    def _check(self, path: RepositoryPath, known: _Known | None) -> _Known:
        stat = None if path.is_hidden or path.is_root else self._parts.storage.find(path)
        if stat is None:
            self._vanished(path)
            raise NotFound(f"{path} does not exist or is not a file")
        now = time.monotonic()
        if known is not None and known.fingerprint == stat.fingerprint.text and not self._is_stale_failure(known, now):
            fresh = replace(known, checked_at=now)
        else:
            fresh = _Known(self._load(path, stat), stat.fingerprint.text, now, now)
        self._known.put(path, fresh)
        return fresh

    def _is_stale_failure(self, known: _Known, now: float) -> bool:
        return known.facts is None and now - known.read_at >= self._settings.negative_seconds

    def _load(self, path: RepositoryPath, stat: FileStat) -> SourceFacts | None:
        if codec_of_extension(path.extension, self._parts.registry.codecs) is None:
            raise UnsupportedImage(f"{path.name} is not a supported image format")
        if stat.size_bytes > self._settings.max_source_bytes:
            limit = self._settings.max_source_bytes
            raise OversizedImage(f"{stat.size_bytes} bytes; this server reads files of up to {limit}")
        with self._parts.catalog.read(single=True) as session:
            image = find_image(session, path)
            if image and image.status is RecordStatus.ACTIVE and image.fingerprint == stat.fingerprint.text:
                facts = source_facts(image)
                if facts is not None:
                    return facts
        return self._register(path, stat)

    def _register(self, path: RepositoryPath, stat: FileStat) -> SourceFacts | None:
        with self._parts.storage.local_file(path) as file:
            record = FileRecord(stat, self._probe(file), content_hash(file))
        with self._parts.catalog.begin(together=True) as session:
            old = adopt_moved(session, path, record.content_hash, self._is_gone) if record.facts else None
            registration = register_image(session, path, record)
            found = source_facts(registration.image)
        if old is not None:
            self._parts.registry.notify("qis_after_move", Moved(source=old, target=path, identity=ANONYMOUS))
        self._announce(path, registration)
        return found

    def _is_gone(self, path: RepositoryPath) -> bool:
        return self._parts.storage.find(path) is None

    def _probe(self, file: Path) -> ImageFacts | None:
        with file.open("rb") as stream:
            codec = sniff_codec(stream.read(_HEAD_BYTES), self._parts.registry.codecs)
        if codec is None:
            return None
        try:
            return facts_from_json(dict(self._parts.pool.run(ProbeJob(file, codec.name)).facts))
        except UnsupportedImage:
            return None

    def _announce(self, path: RepositoryPath, registration: Registration) -> None:
        if registration.action in (ImageAction.CREATED, ImageAction.REPLACED):
            replaced = registration.action is ImageAction.REPLACED
            event = Uploaded(path=path, image_id=registration.image.id, identity=ANONYMOUS, replaced=replaced)
            self._parts.registry.notify("qis_after_upload", event)

    def _vanished(self, path: RepositoryPath) -> None:
        self.forget(path)
        with self._parts.catalog.read(single=True) as session:
            image = find_image(session, path)
            if image is None or image.status is RecordStatus.DELETED:
                return
        folder = self._vanished_folder(path.parent)
        if folder is not None:
            self._known.remove_where(lambda known: known.is_within(folder))
        with self._parts.catalog.begin(together=True) as session:
            deleted = mark_image_deleted(session, path)
            if folder is not None:
                mark_tree_deleted(session, folder)
        if deleted:
            self._parts.registry.notify("qis_after_delete", Deleted(path=path, identity=ANONYMOUS))

    def _vanished_folder(self, folder: RepositoryPath) -> RepositoryPath | None:
        """The highest folder at or above *folder* that is gone, if any is."""
        gone = None
        for ancestor in folder.lineage():
            if ancestor.is_root or self._parts.storage.is_folder(ancestor):
                break
            gone = ancestor
        return gone


def _facts_of(known: _Known) -> SourceFacts:
    if known.facts is None:
        raise UnsupportedImage(_UNREADABLE)
    return known.facts


def content_hash(file: Path) -> str:
    """SHA-256 of the size, the first and the last mebibyte: enough to know a moved file by, whatever its size."""
    size_bytes = file.stat().st_size
    digest = hashlib.sha256(str(size_bytes).encode())
    with file.open("rb") as stream:
        digest.update(stream.read(_HASHED_BYTES))
        if size_bytes > _HASHED_BYTES:
            stream.seek(max(_HASHED_BYTES, size_bytes - _HASHED_BYTES))
            digest.update(stream.read(_HASHED_BYTES))
    return digest.hexdigest()
