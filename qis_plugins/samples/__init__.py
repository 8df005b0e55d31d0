"""``qis samples``: pictures to try things with, drawn by our own code."""

from pathlib import Path

import click

from qis_core import hookimpl


@click.command()
@click.argument("path", type=click.Path(file_okay=False, path_type=Path))
def samples(path: Path) -> None:
    """Draw sample pictures into PATH; those that are there already stay."""
    from qis_plugins.samples.drawing import SAMPLES, write_samples  # noqa: PLC0415  loads numpy; workers need none of it

    click.echo(
        f"{len(SAMPLES)} sample pictures in {path}, drawn when missing; this takes up to a minute the first time"
    )
    write_samples(path, on_written=lambda file: click.echo(f"  {file.relative_to(path)}"))


@hookimpl
def qis_commands() -> tuple[object, ...]:
    return (samples,)
