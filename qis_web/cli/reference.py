"""``qis reference``: the reference pages of this installation, third-party plugins included."""

from pathlib import Path

import click

from qis_web.cli import Cli
from qis_web.reference import PAGES, page_text


@click.command()
@click.argument("page", required=False, type=click.Choice(sorted(PAGES)))
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), help="Write the pages into this folder.")
@click.pass_obj
def reference(cli: Cli, page: str | None, output: Path | None) -> None:
    """Print PAGE as Markdown, or every page."""
    pages = {name: page_text(name, cli.registry) for name in ([page] if page else PAGES)}
    if output is None:
        cli.emit(pages, "\n".join(pages.values()))
        return
    output.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        (output / f"{name}.md").write_text(text, encoding="utf-8")
    cli.emit(sorted(pages), f"{len(pages)} pages in {output}")


COMMANDS = (reference,)
