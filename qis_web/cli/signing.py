"""``qis sign``: URLs with a signature (spec image-urls §14)."""

import time
from typing import Any, Protocol

import click

from qis_core.services.signing import UrlSigner
from qis_core.settings import Settings

_CENTURY_SECONDS = 3_155_760_000


class SigningCli(Protocol):
    """What this command needs of the command line's shared object."""

    @property
    def settings(self) -> Settings: ...

    def emit(self, value: Any, text: str) -> None:
        """Print *value* as JSON when that was asked for, else *text*."""
        ...


@click.command("sign")
@click.argument("url")
@click.option(
    "--expires-in",
    "expires_in_seconds",
    type=click.IntRange(1, _CENTURY_SECONDS),
    metavar="SECONDS",
    help="How long the URL works; without it, as long as the key is in use.",
)
@click.pass_obj
def sign_url(cli: SigningCli, /, url: str, expires_in_seconds: int | None) -> None:
    """Print URL with a signature made by the newest key of qis.signing.keys."""
    expires_at = None if expires_in_seconds is None else int(time.time()) + expires_in_seconds
    signed = UrlSigner(cli.settings).sign(url, expires_at=expires_at)
    cli.emit({"url": signed, "expires_at": expires_at}, signed)


COMMANDS: tuple[click.Command, ...] = (sign_url,)
