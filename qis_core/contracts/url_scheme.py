"""What a URL scheme promises: it reads an `ImageRequest` from a URL, and writes one back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qis_core.imaging.plan import ImageRequest

if TYPE_CHECKING:
    from qis_core.imaging.parameters import ParameterTable

#: Decoded name-value pairs of a query string, in order.
Query = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class UrlParts:
    """A URL as a scheme sees it: the decoded path below the scheme's route, and the query."""

    path: str
    query: Query


@dataclass(frozen=True, slots=True)
class UrlScheme:
    """A dialect of image URLs.

    ``patterns`` are Pyramid route patterns; the part matched by ``*path`` arrives as `UrlParts.path`. ``parse`` raises
    `InvalidRequest`; ``build`` is its inverse for requests made of canonical values.
    """

    name: str
    patterns: tuple[str, ...]
    parse: Callable[[UrlParts, "ParameterTable"], ImageRequest]
    build: Callable[[ImageRequest, "ParameterTable"], str]
    summary: str = ""
