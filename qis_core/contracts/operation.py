"""What an operation promises: parameters in, a changed picture out, its size known beforehand (design §4, §5).

Planning never sees pixels: `Operation.resolve` turns parameters into a *step value* with concrete numbers, or None when
nothing would change; equal pictures have equal step values, because they make the cache key. Rendering calls the
operation with the picture and that value.

Pictures arrive in one of `WORKING_MODES`; the operation returns one of them too and leaves its argument untouched.
"""

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from PIL import Image

from qis_core.contracts.codec import Metadata
from qis_core.domain.images import Box, Size, SourceFacts

if TYPE_CHECKING:
    from qis_core.settings import Settings

P = TypeVar("P")

#: The Pillow modes a picture can have between decode and encode.
WORKING_MODES = ("L", "LA", "RGB", "RGBA", "CMYK")


class Stage(IntEnum):
    """Where in the fixed order an operation runs (spec image-urls §4.1); gaps leave room for plugins."""

    FLIP = 100
    ROTATE = 200
    CROP = 300
    RESIZE = 400
    EFFECT = 500
    OVERLAY = 600
    TILE = 700
    PROFILE = 800
    COLORSPACE = 900
    FLATTEN = 950
    STRIP = 1000


@dataclass(frozen=True, slots=True)
class Output:
    """What the chosen output format can hold."""

    codec: str
    modes: tuple[str, ...] = WORKING_MODES
    can_animate: bool = False

    @property
    def can_alpha(self) -> bool:
        return "RGBA" in self.modes


@dataclass(frozen=True, slots=True)
class Canvas:
    """What planning knows when an operation is asked to resolve its parameters.

    ``size`` is the picture before this operation. ``values`` holds every typed value of the request by URL name, those
    of other operations too; a name that nobody gave is missing. ``is_rotated`` and the like are read from ``values``.
    """

    size: Size
    source: SourceFacts
    source_size: Size
    output: Output
    settings: "Settings"
    values: Mapping[str, object] = field(default_factory=dict)
    has_alpha: bool = False
    mode: str = "RGB"

    def get(self, name: str, default: Any = None) -> Any:
        """A parameter of the request, or *default* when it was not given."""
        value = self.values.get(name)
        return default if value is None else value


@dataclass(slots=True)
class RenderContext:
    """What operations may use while they work on a picture, one frame after the other. Not shared between threads.

    ``metadata`` travels with the picture; an operation that changes the colour profile replaces it. ``fill`` is the
    colour sensed for ``fill=auto``. ``open_source`` gives a decoded, oriented image that the step named in `sources`,
    with its ICC profile as ``info["icc_profile"]``. ``found`` keeps what an operation found out from the first frame
    and has to be the same for all.
    """

    settings: "Settings"
    metadata: Metadata
    open_source: Callable[[str], Image.Image]
    fill: tuple[int, int, int, int] | None = None
    found: dict[object, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Operation(Generic[P]):
    """One operation. Make it with the `operation` decorator; calling it renders."""

    name: str
    stage: int
    params: type[P]
    function: Callable[..., Image.Image]
    #: (parameters, canvas) → step value, or None when the picture would stay as it is
    resolve: Callable[[Any, Canvas], object | None]
    #: (size before, step value) → size after
    output_size: Callable[[Size, Any], Size]
    #: step value → repository paths of other images it reads
    sources: Callable[[Any], tuple[str, ...]]
    #: (step value, x factor, y factor) → the same step for a picture decoded smaller; None when it needs every pixel
    rescale: Callable[[Any, float, float], object | None]
    #: (step before, own step value) → one step value that does both, or None
    absorb: Callable[[object, Any], object | None]
    #: step value → whether the picture has an alpha channel afterwards, given whether it had one before
    output_alpha: Callable[[bool, Any], bool]
    #: (step value, size before) → how many times smaller per axis the picture may be decoded for it, 1.0 for not at all
    reduction: Callable[[Any, Size], float]
    #: relative cost in megapixels of plain work, from the size before and the step value
    cost: Callable[[Size, Any], float]
    revision: int = 1
    summary: str = ""

    def __call__(self, image: Image.Image, step: object, context: RenderContext) -> Image.Image:
        """Render one frame."""
        return self.function(image, step, context)


def operation(
    name: str, *, stage: int, params: type[P], **details: Any
) -> Callable[[Callable[..., Image.Image]], Operation[P]]:
    """Declare an operation by decorating ``function(image, step)`` or ``function(image, step, context)``.

    *stage* orders it, see `Stage`. All else has a default that suits an effect which changes colours only:

    ``resolve``       the parameters themselves, or None when all have their default
    ``output_size``   the size stays
    ``sources``       none
    ``rescale``       None: the effect sees every pixel of the source when it runs before a resize
    ``output_alpha``  alpha stays
    ``revision``      1; raise it when the same step gives other pixels than before
    """

    def declare(function: Callable[..., Image.Image]) -> Operation[P]:
        summary = (inspect.getdoc(function) or "").partition("\n")[0]
        return Operation(
            name=name,
            stage=int(stage),
            params=params,
            function=_with_context(function),
            summary=details.pop("summary", summary),
            **{**_defaults(), **details},
        )

    return declare


def _defaults() -> dict[str, Any]:
    return {
        "resolve": _resolve_changed,
        "output_size": lambda size, _step: size,
        "sources": lambda _step: (),
        "rescale": lambda _step, _x, _y: None,
        "absorb": lambda _before, _step: None,
        "output_alpha": lambda has_alpha, _step: has_alpha,
        "reduction": lambda _step, _size: 1.0,
        "cost": lambda size, _step: size.width * size.height / 1e6,
    }


def _resolve_changed(params: object, canvas: Canvas) -> object | None:
    changed = any(getattr(params, field.name) != field.default for field in dataclasses.fields(cast(Any, params)))
    return params if changed else None


def _with_context(function: Callable[..., Image.Image]) -> Callable[..., Image.Image]:
    if len(inspect.signature(function).parameters) >= 3:
        return function

    def without_context(image: Image.Image, step: object, _context: RenderContext) -> Image.Image:
        return function(image, step)

    return without_context


__all__ = ["WORKING_MODES", "Box", "Canvas", "Operation", "Output", "RenderContext", "Stage", "operation"]
