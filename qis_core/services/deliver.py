"""Delivering an image: the steps from a request to its bytes, in their documented order (spec image-urls §1.1)."""

import hashlib
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field

from qis_core.catalog.audit import SYSTEM
from qis_core.contracts.storage import Storage
from qis_core.domain.access import AccessLevel, Identity
from qis_core.domain.image_templates import ImageTemplate, merge
from qis_core.domain.images import Fingerprint, SourceFacts
from qis_core.domain.paths import RepositoryPath
from qis_core.errors import Busy, InvalidRequest, NotFound, RequestError
from qis_core.imaging.limits import FinalSize, PublicLimits, check_final_size, with_limits
from qis_core.imaging.plan import ImagePlan, ImageRequest
from qis_core.imaging.planner import PlanInput, Planner
from qis_core.imaging.request_params import DEFAULT_EXPIRY_SECONDS
from qis_core.imaging.settings import ImagesSettings
from qis_core.plugins import PluginRegistry
from qis_core.services.derivatives import Derivatives, Order, SourceChanged
from qis_core.services.epochs import Epochs, Subject, image_scope
from qis_core.services.lru import LruDict
from qis_core.services.rights import Rights
from qis_core.services.sources import Sources
from qis_core.services.templates import Templates

#: Unchanged files up to this size are kept in the cache; larger ones are streamed from the storage.
MAX_CACHED_ORIGINAL_BYTES = 4_000_000
_MAX_PLANS = 20_000
_MAX_SRC_LENGTH = 1024


@dataclass(frozen=True, slots=True)
class Validators:
    """What conditional requests compare with: a strong entity tag without quotes, and the file's time."""

    etag: str
    modified_ns: int


@dataclass(frozen=True, slots=True)
class ImageCall:
    """A request and who makes it. ``is_benchmark`` honours ``cache`` and ``recache`` for everybody."""

    request: ImageRequest
    identity: Identity
    is_benchmark: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything about an answer but its bytes."""

    path: RepositoryPath
    plan: ImagePlan
    validators: Validators
    key: str
    tags: tuple[str, ...]
    is_public: bool
    handling: "Handling"


@dataclass(frozen=True, slots=True)
class Handling:
    """What the merged values say of the answer, besides the picture (spec image-urls §3.2)."""

    expires_seconds: int = DEFAULT_EXPIRY_SECONDS
    attach: bool = False
    stats: bool = True
    xref: str = ""
    store: bool = True
    format_word: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The bytes, or None for "not modified", or None with ``stream`` for a file to be sent from the storage."""

    prepared: Prepared
    content: bytes | None = None
    from_cache: bool = False
    stream: bool = False


@dataclass(frozen=True, slots=True)
class OriginalAnswer:
    """An original to be sent as it is; ``media_type`` is of the real format."""

    path: RepositoryPath
    facts: SourceFacts
    validators: Validators
    media_type: str
    is_public: bool
    handling: Handling


@dataclass(frozen=True, slots=True)
class DeliveryParts:
    """What `Delivery` is made of."""

    registry: PluginRegistry
    storage: Storage
    sources: Sources
    derivatives: Derivatives
    rights: Rights
    templates: Templates
    epochs: Epochs


@dataclass(frozen=True, slots=True)
class _Merged:
    """The values of a request after template and limits."""

    given: Mapping[str, object]
    values: Mapping[str, object]
    template: ImageTemplate
    limits: PublicLimits = field(default_factory=PublicLimits)


@dataclass(frozen=True, slots=True)
class _Planned:
    """A plan with what follows from it."""

    plan: ImagePlan
    validators: Validators
    subject: Subject
    tags: tuple[str, ...]

    @classmethod
    def of(cls, plan: ImagePlan, template: str) -> "_Planned":
        source = plan.source
        subject = Subject(source.image_id, RepositoryPath.parse(source.src).parent, template)
        return cls(plan, Validators(plan.key[:40], source.modified_ns), subject, tuple(subject.scopes()))


class Delivery:
    """The use case behind every image URL. Safe to share between threads."""

    def __init__(self, parts: DeliveryParts) -> None:
        self._parts = parts
        self._planner = Planner(parts.registry)
        images = parts.registry.settings[ImagesSettings]
        self._limits = PublicLimits(images.public_max_width, images.public_max_height)
        self._plans: LruDict[Hashable, _Planned] = LruDict(_MAX_PLANS)

    def image(self, call: ImageCall, is_current: Callable[[Validators], bool]) -> Answer:
        """The answer to an image request; *is_current* tells whether the client has it already.

        Raises the errors of every step: `InvalidRequest`, `AccessDenied`, `NotFound`, `TooLarge`, `UnsupportedImage`,
        `Unavailable`.
        """
        recache = call.is_benchmark and bool(call.request.values.get("recache"))
        if recache:
            self._forget_derivatives(call)
        for _ in range(3):
            prepared = self.prepare(call)
            if not recache and is_current(prepared.validators):
                return Answer(prepared)
            try:
                return self._bytes(prepared)
            except SourceChanged:
                self._parts.sources.forget(prepared.path)
        raise Busy("the picture is being replaced", retry_after_seconds=1)

    def prepare(self, call: ImageCall) -> Prepared:
        """All steps up to the plan and the rights; no pixel is decoded and no derivative read."""
        merged = self._merge(call)
        path = self._find_path(call)
        self._require_view(call.identity, path)
        facts = self._parts.sources.get(path)
        planned = self._plan(merged, facts, call)
        if merged.limits.is_active:
            check_final_size(merged.limits, FinalSize(planned.plan.size, merged.given, merged.template))
        return self._prepared(path, planned, merged, call)

    def original(self, call: ImageCall) -> OriginalAnswer:
        """An original for a caller with Download; raises `AccessDenied`, `NotFound`, `UnsupportedImage`."""
        path = self._parse_src(call.request.src)
        self._parts.rights.require(call.identity, path.parent, AccessLevel.DOWNLOAD)
        facts = self._parts.sources.get(path)
        given = self._parts.registry.parameters.check(call.request.values)
        expires = self._parts.templates.get(None).get("expires", DEFAULT_EXPIRY_SECONDS)
        return OriginalAnswer(
            path=path,
            facts=facts,
            validators=Validators(_digest(facts.fingerprint, "original"), facts.modified_ns),
            media_type=self._parts.registry.codecs[facts.image.codec].media_type,
            is_public=self._parts.rights.public_can(path.parent, AccessLevel.DOWNLOAD),
            handling=_handling({"stats": True, **given, "expires": expires}, store=False),
        )

    def facts(self, identity: Identity, path: RepositoryPath) -> SourceFacts:
        """The facts of an image for a caller with View."""
        self._require_view(identity, path)
        return self._parts.sources.get(path)

    def _merge(self, call: ImageCall) -> _Merged:
        given = self._parts.registry.parameters.check(call.request.values)
        template = self._parts.templates.get(call.request.template)
        limits = self._limits if call.identity.is_anonymous else PublicLimits()
        if limits.is_active:
            given = with_limits(limits, given, template)
        return _Merged(given, merge(given, template), template, limits)

    def _find_path(self, call: ImageCall) -> RepositoryPath:
        path = self._parse_src(call.request.src)
        fallback = call.request.fallback_src
        if fallback is not None and self._parts.storage.find(path) is None:
            return RepositoryPath.parse(fallback)
        return path

    def _parse_src(self, src: str) -> RepositoryPath:
        path = RepositoryPath.parse(src)
        if path.is_root:
            raise InvalidRequest(f"0 is out of range; expected 1 to {_MAX_SRC_LENGTH} characters", parameter="src")
        return path

    def _require_view(self, identity: Identity, path: RepositoryPath) -> None:
        self._parts.rights.require(identity, path.parent, AccessLevel.VIEW)

    def _plan(self, merged: _Merged, facts: SourceFacts, call: ImageCall) -> _Planned:
        accept = call.request.accept if merged.values.get("format") == "auto" else ()
        given = PlanInput(facts, merged.values, frozenset(merged.given), call.request.template is not None, accept)
        name = merged.template.name
        key = (facts, frozenset(merged.values.items()), given.from_url, given.template_named, name, accept)
        planned = self._plans.find(key)
        if planned is None:
            named = frozenset(_as_src(value) for value in merged.given.values() if isinstance(value, str))
            plan = self._planner.plan(given, lambda src: self._find_overlay(src, call.identity, named))
            planned = _Planned.of(plan, name)
            if not plan.others:  # those are checked for rights and freshness each time
                self._plans.put(key, planned)
        return planned

    def _find_overlay(self, src: str, identity: Identity, named: frozenset[str]) -> SourceFacts:
        path = RepositoryPath.parse(src, parameter="overlay")
        if path.src in named:
            self._require_view(identity, path)
        try:
            return self._parts.sources.get(path)
        except NotFound:
            raise NotFound(f"overlay: {path} not found") from None

    def _prepared(self, path: RepositoryPath, planned: _Planned, merged: _Merged, call: ImageCall) -> Prepared:
        others = (RepositoryPath.parse(other.src) for other in planned.plan.others)
        can = self._parts.rights.public_can
        may_skip_cache = call.is_benchmark or not call.identity.is_anonymous
        epoch = self._parts.epochs.salt(planned.subject)
        return Prepared(
            path=path,
            plan=planned.plan,
            validators=planned.validators,
            key=f"{planned.plan.key}:{epoch}" if epoch else planned.plan.key,
            tags=planned.tags,
            is_public=all(can(one.parent, AccessLevel.VIEW) for one in (path, *others)),
            handling=_handling(merged.values, store=not may_skip_cache or merged.given.get("cache") is not False),
        )

    def _forget_derivatives(self, call: ImageCall) -> None:
        """``recache=1``: look at the file again, and leave no derivative of it valid."""
        prepared = self.prepare(call)
        self._parts.sources.forget(prepared.path)
        self._parts.epochs.move(SYSTEM, image_scope(prepared.plan.source.image_id))

    def _bytes(self, prepared: Prepared) -> Answer:
        plan = prepared.plan
        if plan.is_passthrough and plan.source.size_bytes > MAX_CACHED_ORIGINAL_BYTES:
            return Answer(prepared, stream=True)
        order = Order(plan, prepared.key, prepared.tags, prepared.handling.store)
        derivative = self._parts.derivatives.get(order)
        return Answer(prepared, derivative.content, derivative.from_cache)


def _handling(values: Mapping[str, object], *, store: bool) -> Handling:
    expires, xref, word = values.get("expires"), values.get("xref"), values.get("format")
    return Handling(
        expires_seconds=expires if isinstance(expires, int) else DEFAULT_EXPIRY_SECONDS,
        attach=values.get("attach") is True,
        stats=values.get("stats") is not False,
        xref=xref if isinstance(xref, str) else "",
        store=store,
        format_word=word if isinstance(word, str) else None,
    )


def _as_src(value: str) -> str:
    """A text as the path it may be; texts that are none stay themselves."""
    try:
        return RepositoryPath.parse(value).src
    except RequestError:
        return value


def _digest(fingerprint: Fingerprint, what: str) -> str:
    return hashlib.sha256(f"{what}:{fingerprint.text}".encode()).hexdigest()[:40]
