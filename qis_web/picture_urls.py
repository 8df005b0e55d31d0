"""URLs of pictures as pages show them: thumbnails, examples to copy, both dialects."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from qis_core.domain.images import Size
from qis_core.domain.paths import RepositoryPath
from qis_core.errors import RequestError
from qis_core.imaging.plan import ImagePlan, ImageRequest
from qis_core.services.deliver import ImageCall

THUMBNAIL_PX = 200
#: The one form of a thumbnail, so that all share one derivative (spec image-urls §1).
THUMBNAIL: Mapping[str, object] = {
    "width": THUMBNAIL_PX,
    "height": THUMBNAIL_PX,
    "format": "jpg",
    "colorspace": "srgb",
    "strip": True,
    "stats": False,
}


@dataclass(frozen=True, slots=True)
class Example:
    """Something to ask for, with its parameters."""

    title: str
    values: Mapping[str, object]


EXAMPLES = (
    Example("Original size", {}),
    Example("300 px wide", {"width": 300}),
    Example("Square, cropped to the subject", {"width": 300, "height": 300, "fit": "cover", "focus": "smart"}),
    Example("Best format for the browser", {"width": 600, "format": "auto"}),
    Example("WebP", {"width": 600, "format": "webp"}),
    Example("With a text watermark", {"width": 600, "text": "© Your name"}),
)


#: What the first page makes of one picture.
SHOWCASE = (
    Example("The picture, 220 px high", {"height": 220}),
    Example("A square around what matters", {"width": 220, "height": 220, "fit": "cover", "focus": "smart"}),
    Example(
        "A grey circle",
        {"width": 220, "height": 220, "fit": "cover", "grayscale": True, "round": "50%", "format": "webp"},
    ),
    Example(
        "Strong colours and a text",
        {"height": 220, "saturation": 60, "text": "Hello", "textpos": "c", "textsize": "20%"},
    ),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing made of a picture: ``shown_url`` does not count as a view, ``values`` are ``name=value`` texts."""

    title: str
    path_url: str
    shown_url: str
    size: Size
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PictureUrl:
    """An example for one picture in both dialects; ``size`` and ``format`` of the result are known on its own page."""

    title: str
    path_url: str
    query_url: str
    size: Size | None = None
    format: str = ""


class PictureUrls:
    """Writes URLs below the prefix under which the server runs, signed where callers could not do without."""

    def __init__(self, request: Any) -> None:
        self._request = request
        self._registry = request.qis.registry
        signer = request.qis.signer
        self._sign = signer.sign if signer.mode == "required" and request.identity.is_anonymous else None

    def write(self, wanted: ImageRequest, scheme: str = "query") -> str:
        """The URL of a derivative, from the root of the host."""
        return self._below_prefix(self._registry.url_schemes[scheme].build(wanted, self._registry.parameters))

    def original(self, src: str) -> str:
        """The URL of the file itself."""
        path = self._registry.url_schemes["path"].build(ImageRequest(src), self._registry.parameters)
        return self._below_prefix(path + "/@@original")

    def _below_prefix(self, url: str) -> str:
        url = self._request.script_name + url
        return str(self._sign(url) if self._sign else url)

    def thumbnail(self, src: str) -> str:
        return self.write(ImageRequest(src, values=self._thumbnail))

    def examples(self, src: str) -> tuple[PictureUrl, ...]:
        """Everything that the installed operations and codecs can do."""
        return tuple(self._example(src, example) for example in self._possible)

    def planned_examples(self, path: RepositoryPath) -> Iterator[PictureUrl]:
        """The same for a picture the caller may view, with what each would be; those it cannot be are left out."""
        for example, plan in self._planned(path, EXAMPLES):
            name = "" if example.values.get("format") == "auto" else plan.encode.name
            yield self._example(path.src, example, plan.size, name)

    def showcase(self, path: RepositoryPath) -> Iterator[Shown]:
        """What the first page shows of a picture; raises `NotFound` and the like when it is none."""
        for example, plan in self._planned(path, SHOWCASE):
            shown = self.write(ImageRequest(path.src, values={**example.values, "stats": False}))
            url = self.write(ImageRequest(path.src, values=example.values), "path")
            texts = (f"{name}={self._text(name, value)}" for name, value in example.values.items())
            values = tuple(f"&{text}" if number else text for number, text in enumerate(texts))
            yield Shown(example.title, url, shown, plan.size, values)

    def _text(self, name: str, value: object) -> str:
        return str(self._registry.parameters.get(name).kind.format(value))

    def _planned(self, path: RepositoryPath, examples: Iterable[Example]) -> Iterator[tuple[Example, ImagePlan]]:
        """The examples that can be made of a picture; errors of the picture itself are raised."""
        delivery, identity = self._request.qis.delivery, self._request.identity
        delivery.facts(identity, path)
        for example in filter(self._is_possible, examples):
            try:
                yield example, delivery.prepare(ImageCall(ImageRequest(path.src, values=example.values), identity)).plan
            except RequestError:
                continue

    @cached_property
    def _possible(self) -> tuple[Example, ...]:
        return tuple(filter(self._is_possible, EXAMPLES))

    @cached_property
    def _thumbnail(self) -> Mapping[str, object]:
        return {name: value for name, value in THUMBNAIL.items() if name in self._registry.parameters}

    def _example(self, src: str, example: Example, size: Size | None = None, name: str = "") -> PictureUrl:
        wanted = ImageRequest(src, values=example.values)
        return PictureUrl(example.title, self.write(wanted, "path"), self.write(wanted), size, name)

    def _is_possible(self, example: Example) -> bool:
        parameters = self._registry.parameters
        if any(name not in parameters for name in example.values):
            return False
        try:
            parameters.check(example.values)
        except RequestError:
            return False
        return True
