"""What the operation contract tries: values of any parameter, pictures of any mode, canvases for any output."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
from hypothesis import strategies as st
from PIL import Image

from qis_core.contracts.codec import Metadata
from qis_core.contracts.operation import WORKING_MODES, Canvas, Operation, Output, RenderContext
from qis_core.domain.images import Fingerprint, ImageFacts, Size, SourceFacts
from qis_core.errors import RequestError
from qis_core.imaging.params import Boolean, Choice, Integer, Kind, Number, ParamInfo, Text, build, declared
from qis_core.settings import Settings

ALPHA_MODES = ("LA", "RGBA")
#: The smallest ones are where divisions by zero and empty boxes hide.
SIZES = (Size(1, 1), Size(1, 50), Size(50, 1), Size(37, 23), Size(48, 64))
OUTPUTS = (
    Output("jpeg", ("L", "RGB", "CMYK")),
    Output("png", ("L", "LA", "RGB", "RGBA")),
    Output("tiff", WORKING_MODES),
    Output("gif", ("L", "RGB", "RGBA"), can_animate=True),
)
MAX_TEXT_LENGTH = 60
#: A value of many parameters beside this many others: what one parameter does is seen while others have any value.
MAX_EXAMPLES_PER_PARAMETER = 12


def strategy_for(kind: Kind) -> st.SearchStrategy[Any]:
    """Values that a kind, bound to settings, takes; texts for kinds of a plugin's own.

    Those are read from ``kind.examples()``, a tuple of right texts, or else from ``kind.schema()``.
    """
    if isinstance(kind, Integer):
        low, high = int(cast(float, kind.minimum)), int(cast(float, kind.maximum))
        return st.one_of(_edges(low, high), st.integers(low, high))
    if isinstance(kind, Number):
        return _numbers(float(cast(float, kind.minimum)), float(cast(float, kind.maximum)), kind.decimals)
    if isinstance(kind, Boolean):
        return st.booleans()
    if isinstance(kind, Choice):
        choices = cast(tuple[str, ...], kind.choices)
        return st.sampled_from(choices) if choices else st.none()
    if isinstance(kind, Text):
        return st.text(st.characters(codec="utf-8"), min_size=kind.min_length, max_size=_longest(kind))
    return _texts(kind).map(lambda text: kind.check(kind.parse(text)))


def values_of(operation: Operation[Any], settings: Settings) -> st.SearchStrategy[dict[str, object]]:
    """Checked values of an operation's parameters by URL name; some are left out."""
    bound = bound_params(operation, settings)
    return st.fixed_dictionaries({}, optional={info.name: strategy_for(info.kind) for info in bound}).map(_given)


def examples_of(operation: Operation[Any], settings: Settings) -> Iterator[dict[str, object]]:
    """The same sets of values each time: one parameter after the other at its notable values, alone and with others."""
    notable = {info.name: _notable(info) for info in bound_params(operation, settings)}
    usual = {name: values[0] for name, values in notable.items() if values}
    yield {}
    yield usual
    for name, values in notable.items():
        for value in values:
            yield _given({**usual, name: value})
            yield _given({name: value})


def bound_params(operation: Operation[Any], settings: Settings) -> tuple[ParamInfo, ...]:
    """The operation's parameters, with bounds and choices from the settings filled in."""
    return tuple(replace(info, kind=info.kind.bind(settings)) for info in declared(operation.params))


@dataclass(frozen=True)
class Scene:
    """One picture and what is asked of it."""

    mode: str
    size: Size
    output: Output
    settings: Settings
    values: Mapping[str, object] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"{self.mode} {self.size.width}×{self.size.height} as {self.output.codec} with {dict(self.values)}"

    @property
    def has_alpha(self) -> bool:
        return self.mode in ALPHA_MODES

    def canvas(self) -> Canvas:
        """What planning would know."""
        facts = ImageFacts(self.output.codec, self.size, self.mode, self.has_alpha)
        source = SourceFacts(1, "a/b.png", Fingerprint("1-1"), self.size, facts, 1000, 1)
        return Canvas(
            size=self.size,
            source=source,
            source_size=self.size,
            output=self.output,
            settings=self.settings,
            values=self.values,
            has_alpha=self.has_alpha,
            mode=self.mode,
        )

    def picture(self) -> Image.Image:
        """Colours of all kinds, transparent in parts where the mode can be."""
        return picture(self.mode, self.size)

    def resolved(self, operation: Operation[Any]) -> object | None:
        """The step; None also when the values do not fit this picture, which an operation may say."""
        try:
            return operation.resolve(build(operation.params, self.values), self.canvas())
        except RequestError:
            return None

    def rendered(self, operation: Operation[Any], step: object, image: Image.Image | None = None) -> Image.Image:
        """The operation's result for the scene's picture, or for *image*."""
        return operation(image or self.picture(), step, self.context(operation.sources(step)))

    def context(self, sources: tuple[str, ...]) -> RenderContext:
        """A context that opens the declared sources and no others."""

        def open_source(src: str) -> Image.Image:
            assert src in sources, f"opens {src!r}, which its `sources` does not name"
            return picture("RGBA", Size(40, 30))

        return RenderContext(self.settings, Metadata(dpi=(72.0, 72.0)), open_source)


def scenes(settings: Settings) -> Iterator[Scene]:
    """Every mode, size and output."""
    for mode in WORKING_MODES:
        for size in SIZES:
            for output in OUTPUTS:
                yield Scene(mode, size, output, settings)


def scene_strategy(operation: Operation[Any], settings: Settings) -> st.SearchStrategy[Scene]:
    """Any scene for an operation."""
    return st.builds(
        Scene,
        st.sampled_from(WORKING_MODES),
        st.sampled_from(SIZES),
        st.sampled_from(OUTPUTS),
        st.just(settings),
        values_of(operation, settings),
    )


def picture(mode: str, size: Size) -> Image.Image:
    """The same gradients, edges and transparency each time."""
    y, x = np.mgrid[0 : size.height, 0 : size.width]
    planes = [(x * 5 + y * 3) % 256, (x * 2 + y * 7 + 80) % 256, np.where((x // 4 + y // 4) % 2, 230, 20), x * 0 + 60]
    bands = len(Image.new(mode, (1, 1)).getbands())
    if mode in ALPHA_MODES:
        planes = [*planes[: bands - 1], (x * 11 + y * 4) % 256]
    layers = [Image.fromarray(plane.astype(np.uint8)) for plane in planes[:bands]]
    return layers[0] if bands == 1 else Image.merge(mode, layers)


def _given(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}


def _edges(low: int, high: int) -> st.SearchStrategy[int]:
    return st.sampled_from(sorted({low, high, *(number for number in (-1, 0, 1, 2) if low <= number <= high)}))


def _numbers(low: float, high: float, decimals: int) -> st.SearchStrategy[float]:
    anywhere = st.floats(low, high, allow_nan=False).map(lambda number: round(number, decimals) + 0.0)
    return st.one_of(st.sampled_from((low, high)), anywhere.filter(lambda number: low <= number <= high))


def _longest(kind: Text) -> int:
    return min(kind.max_length, max(kind.min_length, MAX_TEXT_LENGTH))


def _texts(kind: Kind) -> st.SearchStrategy[str]:
    given = _example_texts(kind)
    if given:
        return st.sampled_from(given)
    schema = kind.schema()
    low, high = cast(float, schema.get("minimum", 0)), cast(float, schema.get("maximum", 100))
    by_type: dict[object, Callable[[], st.SearchStrategy[str]]] = {
        "integer": lambda: st.integers(int(low), int(high)).map(str),
        "number": lambda: st.floats(low, high).map(lambda number: f"{number:.4f}"),
        "boolean": lambda: st.sampled_from(("1", "0")),
    }
    if schema.get("type") not in by_type:
        raise AssertionError(f"{type(kind).__name__} needs examples(): a tuple of texts that it takes")
    return by_type[schema["type"]]()


def _example_texts(kind: Kind) -> tuple[str, ...]:
    examples = getattr(kind, "examples", None)
    if examples is not None:
        return tuple(examples())
    schema = kind.schema()
    return tuple(str(text) for text in cast(tuple[object, ...], schema.get("examples") or schema.get("enum") or ()))


def _notable(info: ParamInfo) -> list[Any]:
    """Values that usually matter, one that differs from the default first."""
    kind = info.kind
    values: list[Any]
    if isinstance(kind, Integer | Number):
        low, high = cast(float, kind.minimum), cast(float, kind.maximum)
        values = [_number(kind, low + (high - low) * part) for part in (0.4, 0, 1)]
    elif isinstance(kind, Boolean):
        values = [True, False]
    elif isinstance(kind, Choice):
        values = list(cast(tuple[str, ...], kind.choices))
    elif isinstance(kind, Text):
        values = ["é" * max(1, kind.min_length), "x" * _longest(kind)]
    else:
        values = [kind.check(kind.parse(text)) for text in _example_texts(kind)]
    return sorted(values[:MAX_EXAMPLES_PER_PARAMETER], key=lambda value: value in (None, info.default))


def _number(kind: Integer | Number, number: float) -> int | float:
    return int(number) if isinstance(kind, Integer) else round(float(number), kind.decimals)
