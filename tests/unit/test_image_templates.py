"""Merging templates and their locks (spec image-urls §6, §14)."""

import pytest

from qis_core.domain.image_templates import ImageTemplate, Lock, merge
from qis_core.errors import InvalidRequest


def template(lock: Lock | None = None, /, **values: object) -> ImageTemplate:
    locks = {} if lock is None else dict.fromkeys(values, lock)
    return ImageTemplate("Wall", values, locks)


def test_the_template_fills_in_what_the_url_leaves_out() -> None:
    assert merge({"height": 5}, template(width=200, strip=True)) == {"height": 5, "width": 200, "strip": True}


def test_the_url_wins() -> None:
    assert merge({"width": 100}, template(width=200)) == {"width": 100}


@pytest.mark.parametrize(("name", "value"), [("width", 0), ("strip", False), ("angle", 0.0), ("angle", 360.0)])
def test_a_value_that_changes_nothing_still_wins(name: str, value: object) -> None:
    assert merge({name: value}, template(**{name: 90}))[name] == value


def test_merging_changes_neither_side() -> None:
    given, wall = {"width": 1}, template(height=2)
    merge(given, wall)
    assert given == {"width": 1}
    assert wall.values == {"height": 2}


def test_a_template_is_asked_for_one_value() -> None:
    assert template(expires=60).get("expires", 604800) == 60
    assert template().get("expires", 604800) == 604800


@pytest.mark.parametrize(
    ("lock", "limit", "value"),
    [
        (Lock.FREE, 200, 9999),
        (Lock.FIXED, 200, 200),
        (Lock.FIXED, "rgb", "rgb"),
        (Lock.FIXED, True, True),
        (Lock.AT_MOST, 200, 200),
        (Lock.AT_MOST, 200, 1),
        (Lock.AT_MOST, 0.5, 0.25),
        (Lock.AT_MOST, 0, 0),
        (Lock.AT_LEAST, 0.5, 0.5),
        (Lock.AT_LEAST, 0.5, 1.0),
        (Lock.AT_LEAST, -1, 0),
    ],
)
def test_what_locks_allow(lock: Lock, limit: object, value: object) -> None:
    assert merge({"x": value}, template(lock, x=limit)) == {"x": value}


@pytest.mark.parametrize(
    ("lock", "limit", "value", "words"),
    [
        (Lock.FIXED, 200, 199, "fixes it to 200"),
        (Lock.FIXED, 200, 0, "fixes it to 200"),
        (Lock.FIXED, "a.png", "b.png", "fixes it to a.png"),
        (Lock.FIXED, True, False, "fixes it to True"),
        (Lock.AT_MOST, 200, 201, "allows at most 200"),
        (Lock.AT_MOST, 0.5, 0.50001, "allows at most 0.5"),
        (Lock.AT_LEAST, 0.5, 0.49999, "allows at least 0.5"),
        (Lock.AT_LEAST, 0.5, 0.0, "allows at least 0.5"),
        (Lock.AT_MOST, "m", "a", "allows at most m"),
    ],
)
def test_what_locks_forbid(lock: Lock, limit: object, value: object, words: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        merge({"x": value}, template(lock, x=limit))
    assert str(caught.value) == f"x: {value} is not allowed; template 'Wall' {words}"
    assert caught.value.parameter == "x"


def test_zero_means_automatic_and_is_no_way_around_an_upper_limit() -> None:
    with pytest.raises(InvalidRequest, match=r"^width: 0 is not allowed; template 'Wall' allows at most 800$"):
        merge({"width": 0}, template(Lock.AT_MOST, width=800))


@pytest.mark.parametrize("lock", Lock)
def test_a_locked_value_holds_when_the_url_does_not_give_it(lock: Lock) -> None:
    assert merge({"height": 5}, template(lock, width=800)) == {"width": 800, "height": 5}


def test_a_lock_concerns_its_own_parameter_only() -> None:
    wall = ImageTemplate("Wall", {"width": 800, "height": 600}, {"width": Lock.FIXED})
    assert merge({"height": 10_000}, wall) == {"width": 800, "height": 10_000}
