"""Parameters, templates and locks hold for every value, not only for those somebody thought of."""

import math
from dataclasses import dataclass

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from qis_core.domain.image_templates import ImageTemplate, Lock, merge
from qis_core.errors import InvalidRequest
from qis_core.imaging.parameters import ParameterTable, bound_params, core_params
from qis_core.imaging.params import Boolean, Choice, Integer, Kind, Number, Text, param
from qis_core.settings import Settings


@dataclass(frozen=True, slots=True)
class SampleParams:
    width: int = param("width", Integer(0, 15000), default=0, help="Width")
    angle: float = param("angle", Number(-360, 360), default=0.0, help="Angle", key="rotation")
    flip: str | None = param("flip", Choice(("h", "v"), {"horizontal": "h"}), help="Flip")
    strip: bool = param("strip", Boolean(), default=False, help="Strip")
    text: str | None = param("text", Text(20), help="Text")


TABLE = ParameterTable([*core_params(("jpg", "png")), *bound_params(SampleParams, "sample", Settings.of())])
KINDS: tuple[Kind, ...] = tuple(one.info.kind for one in TABLE)
LOCKS = tuple(Lock)

raw_texts = st.one_of(
    st.text(max_size=30),
    st.integers().map(str),
    st.floats().map(str),
    st.sampled_from(["", " ", "h", "H", "horizontal", "yes", "1e400", "-inf", "+.5", "1_0", "\x00", "٣", "½"]),
)
values_of = {
    "width": st.integers(0, 15000),
    "angle": st.floats(-360, 360).map(lambda number: round(number, 5) + 0.0),
    "flip": st.sampled_from(["h", "v"]),
    "strip": st.booleans(),
    "text": st.text(min_size=1, max_size=20),
    "quality": st.integers(1, 100),
    "expires": st.integers(-1, 31_536_000),
}
requests = st.fixed_dictionaries({}, optional=values_of)


@given(st.sampled_from(KINDS), raw_texts)
@example(KINDS[0], "9" * 5000)
def test_any_text_is_a_value_or_a_value_error(kind: Kind, text: str) -> None:
    try:
        value = kind.parse(text)
        checked = None if value is None else kind.check(value)
    except ValueError as error:
        assert str(error)  # noqa: PT017 - the other way is right too
        return
    assert value is None or kind.check(checked) == checked


@given(st.sampled_from(KINDS), raw_texts)
def test_canonical_text_gives_the_same_value_again(kind: Kind, text: str) -> None:
    try:
        value = kind.parse(text)
        checked = None if value is None else kind.check(value)
    except ValueError:
        return
    if checked not in (None, ""):
        again = kind.parse(kind.format(checked))
        assert again is not None
        assert kind.check(again) == checked


@given(st.integers(), st.integers(-1000, 1000), st.integers(0, 1000))
def test_integers_are_right_exactly_between_their_bounds(number: int, low: int, span: int) -> None:
    kind = Integer(low, low + span)
    if low <= number <= low + span:
        assert kind.check(number) == number
    else:
        with pytest.raises(ValueError, match="is out of range"):
            kind.check(number)


@given(st.floats(), st.floats(-1000, 1000))
def test_numbers_are_right_exactly_between_their_bounds(number: float, low: float) -> None:
    kind = Number(low, low + 10)
    if low <= number <= low + 10:
        assert kind.check(number) == pytest.approx(number, abs=1e-5)
    else:
        with pytest.raises(ValueError, match="is out of range"):
            kind.check(number)


@given(st.floats(-360, 360))
def test_numbers_have_five_decimals_and_no_exponent(number: float) -> None:
    kind = Number(-360, 360)
    parsed = kind.parse(repr(number))
    assert math.isclose(parsed, number, abs_tol=5.001e-6)
    text = kind.format(parsed)
    assert "e" not in text
    assert len(text.partition(".")[2]) <= 5
    assert text != "-0"


@given(st.text(alphabet="hvHVrizontal ", max_size=12))
def test_choices_ignore_case_and_space_around(text: str) -> None:
    kind = Choice(("h", "v"), {"horizontal": "h"})
    value = kind.parse(text)
    assume(value is not None)
    is_known = text.strip().lower() in ("h", "v", "horizontal")
    try:
        assert kind.check(value) in ("h", "v")
    except ValueError:
        assert not is_known
    else:
        assert is_known


@given(st.lists(st.tuples(st.sampled_from(["width", "angle", "flip", "strip", "WIDTH", "x"]), raw_texts), max_size=8))
def test_only_the_first_of_each_known_name_counts(query: list[tuple[str, str]]) -> None:
    first: dict[str, str] = {}
    for name, text in query:
        first.setdefault(name, text)
    assert _outcome(query) == _outcome(list(first.items()))
    known = [(name, text) for name, text in query if name in TABLE]
    assert _outcome(query) == _outcome(known)


@given(requests, st.data())
def test_stored_templates_come_back_the_same(values: dict[str, object], data: st.DataObject) -> None:
    locks = data.draw(st.dictionaries(st.sampled_from(sorted(values)), st.sampled_from(LOCKS[1:]))) if values else {}
    template = ImageTemplate("T", values, locks, "words")
    assert TABLE.template("T", TABLE.stored(template), "words") == template


@given(requests, requests)
def test_without_locks_the_url_wins_and_the_template_fills_in(url: dict[str, object], own: dict[str, object]) -> None:
    merged = merge(url, ImageTemplate("T", own))
    assert merged == own | url
    assert merge({}, ImageTemplate("T", own)) == own
    assert merge(url, ImageTemplate("T")) == url


@given(requests, requests, st.data())
def test_what_a_lock_lets_through_keeps_its_promise(
    url: dict[str, object], own: dict[str, object], data: st.DataObject
) -> None:
    locks = data.draw(st.dictionaries(st.sampled_from(sorted(own)), st.sampled_from(LOCKS))) if own else {}
    try:
        merged = merge(url, ImageTemplate("T", own, locks))
    except InvalidRequest as error:
        name = error.parameter
        assert name in url
        assert url[name] != own[name]
        assert locks[name] is not Lock.FREE
        return
    for name, lock in locks.items():
        assert _keeps(lock, merged[name], own[name])


def _keeps(lock: Lock, value: object, limit: object) -> bool:
    if lock is Lock.FREE or value == limit:
        return True
    if lock is Lock.FIXED or not isinstance(value, int | float) or not isinstance(limit, int | float):
        return False
    return value <= limit if lock is Lock.AT_MOST else value >= limit


def _outcome(query: list[tuple[str, str]]) -> object:
    try:
        return TABLE.parse(query)
    except InvalidRequest as error:
        return error.parameter, str(error)
