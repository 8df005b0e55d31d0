"""``qis samples``: draw pictures to try things with."""

from pathlib import Path

import click

from qis_web.cli import Cli


@click.command()
@click.argument("path", type=click.Path(file_okay=False, path_type=Path))
@click.pass_obj
def samples(cli: Cli, path: Path) -> None:
    """Draw sample pictures into PATH; those that are there already stay."""
    from qis_core.samples import write_samples  # noqa: PLC0415  loads numpy, which no other command needs

    written = write_samples(path)
    cli.emit([str(file) for file in written], f"{len(written)} pictures in {path}")


COMMANDS = (samples,)
