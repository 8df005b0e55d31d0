"""The planner: checked values and facts of the source in, an `ImagePlan` out. No pixel is decoded (design §2.2)."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from qis_core.contracts.operation import Canvas, Operation, Output
from qis_core.domain.images import Size, SourceFacts
from qis_core.errors import InvalidRequest, NotFound, OversizedImage
from qis_core.imaging.formats import ChosenFormat, choose_output, negotiated, working_mode
from qis_core.imaging.params import build
from qis_core.imaging.plan import DecodeSpec, EncodeSpec, ImagePlan, OtherSource, Step
from qis_core.imaging.settings import ImagesSettings
from qis_core.imaging.toolbox import Toolbox

#: (repository path) → facts of another image; raises `NotFound`.
FindSource = Callable[[str], SourceFacts]


@dataclass(frozen=True, slots=True)
class PlanInput:
    """All that planning needs.

    ``values`` are merged, checked values by URL name; ``from_url`` names those that the URL gave. ``template_named``:
    the request named a template. ``accept`` holds media types that the client names, best first.
    """

    source: SourceFacts
    values: Mapping[str, object]
    from_url: frozenset[str] = frozenset()
    template_named: bool = False
    accept: tuple[str, ...] = ()


@dataclass(slots=True)
class _Draft:
    """The state of planning as it walks along the operations."""

    canvas: Canvas
    steps: list[Step] = field(default_factory=list)
    sizes: list[Size] = field(default_factory=list)
    cost: float = 0.0


class Planner:
    """Turns requests into plans. Stateless; safe to share between threads."""

    def __init__(self, toolbox: Toolbox) -> None:
        self._toolbox = toolbox
        self._settings = toolbox.settings
        self._images = toolbox.settings[ImagesSettings]

    def plan(self, given: PlanInput, find_source: FindSource) -> ImagePlan:
        """The plan of a request.

        Raises `InvalidRequest` for values that do not fit the picture, `NotFound` for a page past the end or a missing
        overlay, `OversizedImage` for a source over the limits.
        """
        self._check_source(given.source)
        output = choose_output(
            _text(given.values.get("format")),
            given.source,
            self._toolbox.codecs,
            lambda: self._negotiate(given.accept, given.source),
        )
        decode, frames = self._decode_spec(given, output)
        draft = self._walk(given, decode, output)
        others = self._others(draft, find_source)
        plan = ImagePlan(
            source=given.source,
            decode=decode,
            steps=tuple(draft.steps),
            encode=self._encode_spec(given, output),
            size=draft.canvas.size,
            frames=frames,
            others=others,
            cost=draft.cost * frames + _decode_cost(given.source, frames),
        )
        return self._passthrough(plan, given) or self._reduced(plan, draft)

    def _negotiate(self, accept: tuple[str, ...], source: SourceFacts) -> str:
        chosen = self._toolbox.choose_format(accept, source)
        return chosen or negotiated(accept, source, self._toolbox.codecs)

    def _check_source(self, source: SourceFacts) -> None:
        pixels = source.image.size.width * source.image.size.height
        if pixels > self._images.max_source_pixels:
            raise OversizedImage(f"{pixels} pixels; this server reads images of up to {self._images.max_source_pixels}")
        if source.size_bytes > self._images.max_source_bytes:
            raise OversizedImage(
                f"{source.size_bytes} bytes; this server reads files of up to {self._images.max_source_bytes}"
            )

    def _decode_spec(self, given: PlanInput, output: ChosenFormat) -> tuple[DecodeSpec, int]:
        image = given.source.image
        page = max(1, _integer(given.values.get("page")))
        if page > image.pages:
            raise NotFound(f"page: {page} does not exist; {given.source.src} has {image.pages}")
        orientation = image.orientation if self._images.auto_orient else 1
        animated = (
            image.is_animated
            and output.encoder.can_animate
            and _integer(given.values.get("page")) == 0
            and image.total_pixels <= self._images.animation_pixels
        )
        return DecodeSpec(page, animated, orientation), image.pages if animated else 1

    def _walk(self, given: PlanInput, decode: DecodeSpec, output: ChosenFormat) -> _Draft:
        size = _oriented(given.source.image.size_of_page(decode.page), decode.orientation)
        draft = _Draft(
            Canvas(
                size=size,
                source=given.source,
                source_size=size,
                output=Output(output.codec.name, output.encoder.modes, output.encoder.can_animate),
                settings=self._settings,
                values=given.values,
                has_alpha=given.source.image.has_alpha,
                mode=working_mode(given.source.image),
            )
        )
        for operation in self._toolbox.operations:
            value = operation.resolve(build(operation.params, given.values), draft.canvas)
            if value is not None:
                self._append(draft, operation, value)
        return draft

    def _append(self, draft: _Draft, operation: Operation[object], value: object) -> None:
        before = draft.canvas.size
        while draft.steps and (merged := operation.absorb(draft.steps[-1].value, value)) is not None:
            draft.steps.pop()
            before, value = draft.sizes.pop(), merged
        size = operation.output_size(before, value)
        self._check_size(operation, size)
        draft.steps.append(Step(operation.name, operation.revision, value, size))
        draft.sizes.append(before)
        draft.cost += operation.cost(before, value)
        draft.canvas = replace(draft.canvas, size=size, has_alpha=operation.output_alpha(draft.canvas.has_alpha, value))

    def _check_size(self, operation: Operation[object], size: Size) -> None:
        pixels = size.width * size.height
        if pixels > self._images.max_source_pixels:
            raise InvalidRequest(
                f"a result of {size.width}×{size.height} px is out of range; this server makes pictures of up to "
                f"{self._images.max_source_pixels} pixels",
                parameter=operation.name,
            )

    def _others(self, draft: _Draft, find_source: FindSource) -> tuple[OtherSource, ...]:
        others = []
        for step in draft.steps:
            for src in self._toolbox.operation[step.operation].sources(step.value):
                facts = find_source(src)
                self._check_source(facts)
                others.append(OtherSource(facts.src, facts.fingerprint, facts.image.codec))
        return tuple(others)

    def _encode_spec(self, given: PlanInput, output: ChosenFormat) -> EncodeSpec:
        encoder = output.encoder
        quality = _integer(given.values.get("quality")) or encoder.default_quality
        canonical = encoder.canonical_quality
        return EncodeSpec(
            codec=output.codec.name,
            name=next(name for name, variant in encoder.names.items() if variant == output.variant),
            media_type=output.codec.media_type,
            variant=output.variant,
            quality=canonical(quality) if canonical and quality else None,
            dpi=_integer(given.values.get("dpi")) or None,
        )

    def _passthrough(self, plan: ImagePlan, given: PlanInput) -> ImagePlan | None:
        """The plan that sends the file as it is, when nothing would change (spec image-urls §3.4)."""
        codec = self._toolbox.codecs[given.source.image.codec]
        wanted = _text(given.values.get("format"))
        if (
            plan.steps
            or plan.decode.page > 1
            or plan.encode.dpi
            or self._quality_counts(given)
            or not codec.is_web
            or (wanted is not None and plan.encode.codec != codec.name)
            or (plan.encode.variant == "progressive" and not given.source.image.is_progressive)
            or (plan.decode.orientation != 1 and _asks_for_pixels(given))
        ):
            return None
        encode = EncodeSpec(codec.name, codec.extensions[0], codec.media_type)
        stored = given.source.image  # sent unturned, with its orientation tag
        return replace(plan, is_passthrough=True, encode=encode, size=stored.size, frames=stored.pages, cost=0.0)

    def _quality_counts(self, given: PlanInput) -> bool:
        """A quality that only the default template gives is no change by itself."""
        return "quality" in given.values and ("quality" in given.from_url or given.template_named)

    def _reduced(self, plan: ImagePlan, draft: _Draft) -> ImagePlan:
        """Shrink on load: how much smaller the first reducing step lets the source be decoded."""
        for step, before in zip(plan.steps, draft.sizes, strict=True):
            operation = self._toolbox.operation[step.operation]
            reduction = operation.reduction(step.value, before)
            if reduction > 1:
                return replace(plan, decode=replace(plan.decode, reduction=math.floor(reduction * 1000) / 1000))
            if operation.rescale(step.value, 0.5, 0.5) is None:
                break
        return plan


def _asks_for_pixels(given: PlanInput) -> bool:
    """Whether the request asks for any change of the picture, even one that comes to nothing."""
    handling = {"attach", "xref", "stats", "expires", "cache", "recache", "quality"}
    return any(bool(value) and name not in handling for name, value in given.values.items())


def _oriented(size: Size, orientation: int) -> Size:
    return Size(size.height, size.width) if orientation >= 5 else size


def _decode_cost(source: SourceFacts, frames: int) -> float:
    return source.image.size.width * source.image.size.height * frames / 1e6


def _integer(value: object) -> int:
    return value if isinstance(value, int) else 0


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
