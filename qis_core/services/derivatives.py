"""Derivatives: from the cache, or made once by one worker while equal requests wait (spec image-urls §7.2)."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from qis_core.contracts.cache import Cache
from qis_core.contracts.storage import Storage
from qis_core.domain.events import Generated
from qis_core.domain.paths import RepositoryPath
from qis_core.errors import Busy, NotFound, QisError, TooLarge, UnsupportedImage
from qis_core.imaging.executor import RenderJob
from qis_core.imaging.plan import ImagePlan
from qis_core.imaging.settings import ImagesSettings
from qis_core.plugins import PluginRegistry
from qis_core.services.generation_settings import GenerationSettings
from qis_core.services.pool import Pool
from qis_core.services.single_flight import SingleFlight
from qis_core.services.worker import decode_error, encode_error

_CONTENT, _FAILURE = b"+", b"-"
_POLL_SECONDS = 0.05
_LASTING = (UnsupportedImage, TooLarge)


class SourceChanged(Exception):
    """The file is not the one that was planned for any more: forget its facts, and plan again."""


@dataclass(frozen=True, slots=True)
class Derivative:
    """Finished bytes. ``from_cache``: this request did not make them."""

    content: bytes
    from_cache: bool


@dataclass(frozen=True, slots=True)
class Order:
    """A derivative asked for. ``key`` is the plan's, salted by purges; ``tags`` serve later purges; without ``store``
    the result is made for this request alone.
    """

    plan: ImagePlan
    key: str
    tags: tuple[str, ...] = ()
    store: bool = True


@dataclass(frozen=True, slots=True)
class DerivativeParts:
    """What `Derivatives` is made of."""

    cache: Cache
    storage: Storage
    pool: Pool
    registry: PluginRegistry


class Derivatives:
    """Serves and makes derivatives; one generation per key across threads, and across processes by the cache's lock."""

    def __init__(self, parts: DerivativeParts) -> None:
        self._parts = parts
        self._settings = parts.registry.settings[GenerationSettings]
        self._negative_seconds = parts.registry.settings[ImagesSettings].negative_seconds
        self._flights: SingleFlight[tuple[bytes, bool]] = SingleFlight()

    def get(self, order: Order) -> Derivative:
        """The bytes of a derivative.

        Raises `UnsupportedImage` (also a remembered one), `Busy` when a wait or the queue runs over, `SourceChanged`
        when the file was replaced or has gone meanwhile.
        """
        content = self.find(order.key)
        if content is not None:
            return Derivative(content, True)
        if not order.store:
            return Derivative(self._generate(order), False)
        return self._once_here(order)

    def find(self, key: str) -> bytes | None:
        """The cached bytes, or None; raises the failure that is cached instead."""
        value = self._parts.cache.get(key)
        if value is None:
            return None
        if value[:1] == _FAILURE:
            raise decode_error(json.loads(value[1:]))
        return value[1:]

    def _once_here(self, order: Order) -> Derivative:
        try:
            (content, from_cache), is_mine = self._flights.run(
                order.key, lambda: self._once_everywhere(order), wait_seconds=self._settings.wait_seconds
            )
        except TimeoutError:
            return Derivative(self._out_of_patience(order), False)
        return Derivative(content, from_cache or not is_mine)

    def _once_everywhere(self, order: Order) -> tuple[bytes, bool]:
        deadline = time.monotonic() + self._settings.wait_seconds
        while time.monotonic() < deadline:
            with self._parts.cache.lock(order.key, ttl_seconds=self._settings.timeout_seconds) as is_mine:
                content = self.find(order.key)
                if content is not None:
                    return content, True
                if is_mine:
                    return self._generate_and_store(order), False
            time.sleep(_POLL_SECONDS)
        return self._out_of_patience(order), False

    def _out_of_patience(self, order: Order) -> bytes:
        if self._settings.on_busy == "duplicate":
            return self._generate(order)
        raise Busy("the picture is still being made")

    def _generate_and_store(self, order: Order) -> bytes:
        try:
            content = self._generate(order)
        except _LASTING as error:
            self._store_failure(order, error)
            raise
        self._parts.cache.set(order.key, _CONTENT + content, tags=order.tags)
        return content

    def _store_failure(self, order: Order, error: QisError) -> None:
        if self._negative_seconds:
            value = _FAILURE + json.dumps(encode_error(error)).encode()
            self._parts.cache.set(order.key, value, ttl_seconds=self._negative_seconds, tags=order.tags)

    def _generate(self, order: Order) -> bytes:
        started = time.perf_counter()
        with self._files(order.plan) as job:
            content = job.source.read_bytes() if order.plan.is_passthrough else self._parts.pool.run(job).content
            self._check_unchanged(order.plan)
        self._parts.registry.notify("qis_after_generate", _event(order.plan, content, time.perf_counter() - started))
        return content

    @contextmanager
    def _files(self, plan: ImagePlan) -> Iterator[RenderJob]:
        """The plan with its files at hand."""
        self._check_unchanged(plan)
        with ExitStack() as files:

            def at_hand(src: str) -> Path:
                return files.enter_context(self._parts.storage.local_file(RepositoryPath.parse(src)))

            try:
                job = RenderJob(
                    plan, at_hand(plan.source.src), {other.src: at_hand(other.src) for other in plan.others}
                )
            except NotFound as error:
                raise SourceChanged from error
            yield job

    def _check_unchanged(self, plan: ImagePlan) -> None:
        planned = {plan.source.src: plan.source.fingerprint, **{other.src: other.fingerprint for other in plan.others}}
        for src, fingerprint in planned.items():
            stat = self._parts.storage.find(RepositoryPath.parse(src))
            if stat is None or stat.fingerprint != fingerprint:
                raise SourceChanged


def _event(plan: ImagePlan, content: bytes, seconds: float) -> Generated:
    return Generated(
        path=RepositoryPath.parse(plan.source.src),
        image_id=plan.source.image_id,
        key=plan.key,
        size=plan.size,
        size_bytes=len(content),
        seconds=seconds,
    )
