"""Docs and tests are bound to the hooks: a new one without either fails here."""

import inspect
from pathlib import Path

import pytest

from qis_web.reference import hook_functions
from tests.services import test_hooks

HOOKS = hook_functions()
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "hooks.md"


def test_there_are_hooks_of_all_three_kinds() -> None:
    names = [name for name, _ in HOOKS]
    assert len(names) == 18
    assert sum(name.startswith("qis_after_") for name in names) == 5


@pytest.mark.parametrize("name", [name for name, _ in HOOKS])
def test_hook_has_a_test(name: str) -> None:
    assert inspect.isfunction(getattr(test_hooks, f"test_hook_{name}", None))


@pytest.mark.parametrize(("name", "signature"), [(name, str(inspect.signature(hook))) for name, hook in HOOKS])
def test_hook_is_documented_with_its_signature(name: str, signature: str) -> None:
    assert f"{name}{signature}" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "hook"), HOOKS)
def test_hook_is_typed_and_explained(name: str, hook: object) -> None:
    signature = inspect.signature(hook)  # type: ignore[arg-type]
    assert inspect.getdoc(hook), name
    assert signature.return_annotation is not inspect.Signature.empty
    assert all(one.annotation is not inspect.Parameter.empty for one in signature.parameters.values())
