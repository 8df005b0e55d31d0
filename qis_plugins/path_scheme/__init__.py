"""The path scheme: ``/images/folder/picture.jpg?width=200``, walked by traversal."""

from urllib.parse import quote, urlencode

from qis_core import hookimpl
from qis_core.contracts.url_scheme import UrlParts, UrlScheme
from qis_core.imaging.parameters import ParameterTable
from qis_core.imaging.plan import ImageRequest


def parse(url: UrlParts, parameters: ParameterTable) -> ImageRequest:
    """The path names the image; the query holds ``tmp`` and the parameters."""
    template = next((text for name, text in url.query if name == "tmp"), None)
    return ImageRequest(src=url.path, template=template or None, values=parameters.parse(url.query))


def build(request: ImageRequest, parameters: ParameterTable) -> str:
    """The ``/images/`` URL of a request."""
    pairs = [("tmp", request.template)] if request.template is not None else []
    pairs += [(name, parameters.get(name).kind.format(value)) for name, value in request.values.items()]
    path = "/images/" + quote(request.src)
    return f"{path}?{urlencode(pairs, safe='/,:', quote_via=quote)}" if pairs else path


@hookimpl
def qis_url_schemes() -> tuple[UrlScheme, ...]:
    return (UrlScheme("path", ("/images/*traverse",), parse, build, "/images/folder/picture.jpg?width=200"),)
