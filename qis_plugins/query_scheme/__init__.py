"""The query scheme: ``/image?src=folder/picture.jpg&width=200`` and its legacy aliases (spec image-urls §1)."""

from urllib.parse import quote, urlencode

from qis_core import hookimpl
from qis_core.contracts.url_scheme import UrlParts, UrlScheme
from qis_core.imaging.parameters import ParameterTable
from qis_core.imaging.plan import ImageRequest

_PATTERNS = ("/image", "/erez/erez", "/erez{number:[1-5]}/erez")
_LEGACY_SUFFIXES = (".tif", ".tiff")


def parse(url: UrlParts, parameters: ParameterTable) -> ImageRequest:
    """Read ``src``, ``tmp`` and the parameters; the first of a repeated name wins."""
    first: dict[str, str] = {}
    for name, text in url.query:
        first.setdefault(name, text)
    src = first.get("src", "")
    return ImageRequest(
        src=src,
        template=first.get("tmp") or None,
        values=parameters.parse(url.query),
        fallback_src=legacy_name(src),
    )


def build(request: ImageRequest, parameters: ParameterTable) -> str:
    """The ``/image`` URL of a request."""
    pairs = [("src", request.src)]
    if request.template is not None:
        pairs.append(("tmp", request.template))
    pairs += [(name, parameters.get(name).kind.format(value)) for name, value in request.values.items()]
    return "/image?" + urlencode(pairs, safe="/,:", quote_via=quote)


def legacy_name(src: str) -> str | None:
    """``a.jpg`` for ``a.jpg.tif``: meant when no file has the longer name (a dot in the six characters before)."""
    for suffix in _LEGACY_SUFFIXES:
        name = src.removesuffix(suffix)
        if name != src and "." in name[-6:]:
            return name
    return None


@hookimpl
def qis_url_schemes() -> tuple[UrlScheme, ...]:
    return (UrlScheme("query", _PATTERNS, parse, build, "/image?src=folder/picture.jpg&width=200"),)
