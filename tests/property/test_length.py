"""Lengths in pixels or percent: ``round``, ``textsize``."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qis_core.domain.images import Size
from qis_plugins.operations.length import Length, in_pixels

KIND = Length(2000)
numbers = st.floats(0, 2000).map(lambda number: f"{number:.2f}")


@given(numbers, st.sampled_from(["", "%"]), st.sampled_from(["", " ", "+"]))
def test_text_of_a_value_is_the_value(number: str, unit: str, before: str) -> None:
    if unit and float(number) > 100:
        return
    value = KIND.check(KIND.parse(before + number + unit))
    assert KIND.check(KIND.parse(KIND.format(value))) == value


@given(st.text(max_size=20))
def test_any_text_is_a_length_or_a_fault(text: str) -> None:
    message = ""
    try:
        assert float(str(KIND.check(KIND.parse(text))).removesuffix("%")) >= 0
    except ValueError as error:
        message = str(error)
    assert not message or "expected 0 to 2000 pixels" in message


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(0, 100))
def test_percent_is_of_the_shorter_side(width: int, height: int, percent: int) -> None:
    assert in_pixels(f"{percent}%", Size(width, height)) == pytest.approx(min(width, height) * percent / 100, abs=0.01)


@given(st.integers(0, 2000))
def test_pixels_are_pixels(pixels: int) -> None:
    assert in_pixels(str(pixels), Size(10, 10)) == pixels


@pytest.mark.parametrize("spellings", [("5", "5.0", "05", " 5 ", "+5"), ("2.5%", "2.50%", "2.5 %"), ("0", "0%", "")])
def test_spellings_are_one_value(spellings: tuple[str, ...]) -> None:
    assert len({KIND.parse(text) for text in spellings}) == 1


@pytest.mark.parametrize("text", ["-1", "x", "1e3", "5px", "%", "1%%", "nan", "inf", "٣", "1_0"])
def test_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="is not a length"):
        KIND.parse(text)


@pytest.mark.parametrize("value", [5, None, 2.5, True])
def test_values_are_texts(value: object) -> None:
    with pytest.raises(ValueError, match="is not right"):
        KIND.check(value)
