"""Plan and render operations without server, codecs or files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from PIL import Image

from qis_core.contracts.codec import Metadata
from qis_core.contracts.operation import WORKING_MODES, Canvas, Operation, Output, RenderContext
from qis_core.domain.images import Fingerprint, ImageFacts, Size, SourceFacts
from qis_core.imaging.params import build, declared
from qis_core.imaging.settings import ImagesSettings
from qis_core.settings import Settings
from qis_plugins.operations import GEOMETRY

OPAQUE_MODES = ("L", "RGB", "CMYK")
DEFAULTS = Settings.of(ImagesSettings())
PNG = Output("png", ("L", "LA", "RGB", "RGBA"))
JPEG = Output("jpeg", OPAQUE_MODES)
ANY = Output("tiff", WORKING_MODES)


@dataclass(frozen=True)
class Planned:
    """One step, and the picture's size and alpha around it."""

    operation: Operation[Any]
    value: Any
    before: Size
    after: Size


@dataclass(frozen=True)
class World:
    """What is around a request: the output format, the settings, the picture's mode, the operations there are."""

    output: Output = PNG
    settings: Settings = DEFAULTS
    mode: str = "RGB"
    operations: tuple[Operation[Any], ...] = GEOMETRY

    def images(self, **changes: Any) -> "World":
        """The same world with some image settings changed."""
        return replace(self, settings=self.settings.replace(replace(self.settings[ImagesSettings], **changes)))


def values_of(query: Mapping[str, str], world: World = World()) -> dict[str, object]:
    """Parsed and checked values, as a URL gives them; raises `InvalidRequest`."""
    values: dict[str, object] = {}
    for operation in world.operations:
        for info in declared(operation.params):
            bound = replace(info, kind=info.kind.bind(world.settings))
            if info.name in query and (value := bound.parse(query[info.name])) is not None:
                values[info.name] = bound.check(value)
    return values


def canvas_of(size: Size, query: Mapping[str, str], world: World = World()) -> Canvas:
    """What planning knows at the beginning."""
    has_alpha = world.mode in ("LA", "RGBA")
    facts = SourceFacts(1, "a.png", Fingerprint("f"), size, ImageFacts("png", size, world.mode, has_alpha), 1, 1)
    return Canvas(size, facts, size, world.output, world.settings, values_of(query, world), has_alpha, world.mode)


def plan(size: Size, query: Mapping[str, str], world: World = World()) -> list[Planned]:
    """The steps of a request, merged where operations absorb one another."""
    canvas, steps = canvas_of(size, query, world), list[Planned]()
    for operation in sorted(world.operations, key=lambda one: (one.stage, one.name)):
        value = operation.resolve(build(operation.params, canvas.values), canvas)
        if value is None:
            continue
        before = canvas.size
        while steps and (merged := operation.absorb(steps[-1].value, value)) is not None:
            before, value = steps.pop().before, merged
        after = operation.output_size(before, value)
        steps.append(Planned(operation, value, before, after))
        canvas = replace(canvas, size=after, has_alpha=operation.output_alpha(canvas.has_alpha, value))
    return steps


def values(size: Size, query: Mapping[str, str], world: World = World()) -> list[Any]:
    """Only the step values: what makes the cache key."""
    return [step.value for step in plan(size, query, world)]


def planned_size(size: Size, query: Mapping[str, str], world: World = World()) -> Size:
    steps = plan(size, query, world)
    return steps[-1].after if steps else size


def context_of(world: World = World(), metadata: Metadata | None = None) -> RenderContext:
    def no_other(src: str) -> Image.Image:
        raise LookupError(src)

    return RenderContext(world.settings, metadata or Metadata(), no_other)


def render(image: Image.Image, query: Mapping[str, str], world: World = World()) -> Image.Image:
    """The picture that a request makes of *image*; its mode is the world's."""
    world = replace(world, mode=image.mode)
    return run(plan(Size(*image.size), query, world), image, context_of(world))


def run(steps: Iterable[Planned], image: Image.Image, context: RenderContext) -> Image.Image:
    """Apply steps to a picture that may have been decoded smaller than planned."""
    for step in steps:
        value = step.value
        if image.size != step.before:
            value = step.operation.rescale(value, image.width / step.before.width, image.height / step.before.height)
            assert value is not None, f"{step.operation.name} needs every pixel"
        image = step.operation(image, value, context)
    return image
