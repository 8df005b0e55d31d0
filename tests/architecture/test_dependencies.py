"""Dependencies point one way (design §2.1), and the tree holds no leftovers."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("qis_core", "qis_plugins", "qis_web")
LEFTOVERS = re.compile(r"NotImplementedError|\bTODO\b|\bFIXME\b|\bXXX\b|pragma: no cover")


def sources() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def test_import_contracts_hold() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", tuple(sources()), ids=lambda path: str(path.relative_to(ROOT)))
def test_file_has_no_leftovers_and_says_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not LEFTOVERS.search(text)
    assert not text.strip() or ast.get_docstring(ast.parse(text)), "a module without docstring"


def test_every_image_open_names_its_formats() -> None:
    """Pillow opens dozens of formats by default; each open must pass an allow-list (security §1)."""
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Image.open":
                assert any(keyword.arg == "formats" for keyword in node.keywords), f"{path}:{node.lineno}"


def test_functions_stay_short() -> None:
    longest = max(
        (node.end_lineno or 0) - node.lineno + 1
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert longest <= 50
