"""The committed reference pages are what the code declares now."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from qis_web.reference import PAGES

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages written by the command itself, with nothing of this machine's environment."""
    folder = tmp_path_factory.mktemp("reference")
    environ = {name: text for name, text in os.environ.items() if not name.startswith("QIS_")}
    command = [
        sys.executable,
        "-m",
        "qis_web.cli",
        "--data",
        str(folder / "data"),
        "reference",
        "--output",
        str(folder),
    ]
    subprocess.run(command, check=True, env={**environ, "COLUMNS": "80"}, capture_output=True, timeout=100)
    return folder


@pytest.mark.parametrize("name", sorted(PAGES))
def test_page_is_current(written: Path, name: str) -> None:
    now, committed = written / f"{name}.md", REFERENCE / f"{name}.md"
    assert committed.read_text(encoding="utf-8") == now.read_text(encoding="utf-8"), "run: make docs"
