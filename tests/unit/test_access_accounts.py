"""Names and passwords: what is one name, what may be one."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from qis_core.domain.accounts import MAX_NAME_KEY_LENGTH, check_name, check_password, check_text, name_key
from qis_core.errors import InvalidRequest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Admin", "aDMIN"),
        ("käse", "KÄSE"),
        ("ka\u0308se", "käse"),
        ("straße", "STRASSE"),
        ("ａｄｍｉｎ", "admin"),
        ("ﬁne", "FINE"),
        ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
    ],
)
def test_one_name_in_two_spellings(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("a", "b"), ("käse", "kase"), ("a b", "ab"), ("admin", "аdmin"), ("o", "0")]
)
def test_two_names(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


@given(st.text(max_size=30))
def test_key_of_a_key_is_itself(name: str) -> None:
    assert name_key(name_key(name)) == name_key(name)


@given(st.text(st.characters(max_codepoint=0x24F), max_size=30))
def test_latin_names_are_one_in_upper_and_lower_case(name: str) -> None:
    assume(all(len(letter.upper()) == len(letter.lower()) == 1 for letter in name))
    assume(all(letter.upper().lower() == letter.lower() for letter in name))
    assert name_key(name.upper()) == name_key(name.lower())


@given(st.text(st.sampled_from("aßﷺİ日"), min_size=1, max_size=120))
def test_key_of_a_good_name_fits_its_column(name: str) -> None:
    if len(name_key(name)) <= MAX_NAME_KEY_LENGTH:
        assert check_name(name, parameter="name") == name
    else:
        with pytest.raises(InvalidRequest, match="too many ligatures"):
            check_name(name, parameter="name")


def test_spaces_around_a_name_go() -> None:
    assert check_name("  carla b  ", parameter="username") == "carla b"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "username: 0 characters, expected 1 to 120"),
        (" \t ", "username: 0 characters, expected 1 to 120"),
        ("x" * 121, "username: 121 characters, expected 1 to 120"),
        ("a\0b", "username: control characters are not allowed in a name"),
        ("a\u200bb", "username: control characters are not allowed in a name"),
        ("a\u202eb", "username: control characters are not allowed in a name"),
        ("\ud800", "username: control characters are not allowed in a name"),
    ],
)
def test_what_is_no_name(name: str, message: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        check_name(name, parameter="username")
    assert str(caught.value) == message


def test_texts_have_their_own_limit() -> None:
    assert check_text("x" * 120, parameter="email") == "x" * 120
    assert check_text("x" * 5120, parameter="description", max_length=5120)
    with pytest.raises(InvalidRequest, match="description: 5121 characters, expected at most 5120"):
        check_text("x" * 5121, parameter="description", max_length=5120)


@given(st.text(max_size=7) | st.text(min_size=121, max_size=150))
def test_refused_password_is_never_repeated(password: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        check_password(password)
    assert str(caught.value) == f"password: {len(password)} characters, expected 8 to 120 characters"


@given(st.text(min_size=8, max_size=120))
def test_any_password_of_8_to_120_characters_is_taken_as_it_is(password: str) -> None:
    assert check_password(password) == password
