"""``qis plan``: what a URL would give, and why."""

import json
from urllib.parse import parse_qsl, unquote, urlsplit

import click

from qis_core.contracts.url_scheme import UrlParts
from qis_core.domain.access import ANONYMOUS
from qis_core.errors import InvalidRequest
from qis_core.imaging.plan import ImageRequest
from qis_core.services.deliver import ImageCall
from qis_core.services.explain import explain
from qis_web.cli import Cli

_TREE = "/images/"


@click.command()
@click.argument("url")
@click.option("--user", help="Plan for this user instead of an anonymous caller.")
@click.pass_obj
def plan(cli: Cli, url: str, user: str | None) -> None:
    """Print the plan of an image URL: template, rights, steps, key and cache."""
    identity = ANONYMOUS
    if user is not None:
        found = cli.rights.find_identity(cli.accounts.get_user(user).id)
        identity = found or ANONYMOUS
    explanation = explain(cli.application, ImageCall(_request(cli, url), identity))
    cli.emit(explanation, json.dumps(explanation, indent=2, ensure_ascii=False))


def _request(cli: Cli, url: str) -> ImageRequest:
    parts = urlsplit(url)
    query = parse_qsl(parts.query.replace("&amp;", "&"), keep_blank_values=True, errors="replace")
    schemes = cli.application.registry.url_schemes
    if parts.path.startswith(_TREE):
        return schemes["path"].parse(UrlParts(unquote(parts.path[len(_TREE) :]), query), cli.registry.parameters)
    if parts.path == "/image":
        return schemes["query"].parse(UrlParts("", query), cli.registry.parameters)
    raise InvalidRequest(f"{parts.path!r} is no image URL; expected /image?src=… or {_TREE}…", parameter="url")


COMMANDS = (plan,)
