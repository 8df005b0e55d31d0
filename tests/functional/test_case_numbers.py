"""Every conformance case of spec image-urls §15 has a test that carries its number."""

import re
from pathlib import Path

CASES = range(1, 148)
NUMBERED = re.compile(r"\bcase\(\s*(\d+),|\bdef test_case_(\d{3})_")


def test_every_case_has_a_test() -> None:
    found = {
        int(match[1] or match[2])
        for module in Path(__file__).parent.glob("test_*.py")
        for match in NUMBERED.finditer(module.read_text(encoding="utf-8"))
    }
    assert sorted(set(CASES) - found) == []
    assert sorted(found - set(CASES)) == []
