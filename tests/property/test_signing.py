"""Whatever is signed is served, and nothing that was touched afterwards."""

from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from qis_core.errors import AccessDenied
from qis_core.services.signing import SignedParts, SigningSettings, UrlSigner
from qis_core.settings import Secret, Settings

NOW = 1_800_000_000
SIGNER = UrlSigner(Settings.of(SigningSettings(mode="required", keys=(Secret("k" * 32), Secret("o" * 32)))))

names = st.text(min_size=1, max_size=8).filter(lambda name: name.strip(".") != "" and "\\" not in name)
paths = st.lists(names.filter(lambda name: not set(name) & set("/?#\t\r\n%")), min_size=1, max_size=4).map(
    lambda parts: "/" + "/".join(parts)
)
words = st.text(max_size=8).filter(lambda word: not set(word) & set("#\t\r\n"))
queries = st.lists(st.tuples(words, words), max_size=4).map(
    lambda pairs: "&".join(f"x{name}={value}" for name, value in pairs)
)
expiries = st.none() | st.integers(NOW + 1, NOW + 10**9)


def encodable(text: str) -> bool:
    return not any(0xD800 <= ord(character) < 0xE000 for character in text)


def received(url: str) -> SignedParts:
    split = urlsplit(url)
    return SignedParts(unquote_to_bytes(split.path), split.query)


@given(paths.filter(encodable), queries.filter(encodable), expiries)
def test_what_is_signed_is_served(path: str, query: str, expires_at: int | None) -> None:
    signed = SIGNER.sign(f"{path}?{query}", expires_at=expires_at)
    SIGNER.check(received(signed), now=NOW)


@given(st.data())
def test_any_change_of_a_character_is_refused(data: st.DataObject) -> None:
    signed = SIGNER.sign("/images/a/b.jpg?width=300&height=200&until2=5", expires_at=NOW + 60)
    parts = received(signed)
    text = parts.path.decode() + "?" + parts.query
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(min_codepoint=33, max_codepoint=126))
    kind = data.draw(st.sampled_from(["replace", "insert", "delete"]))
    changed = {
        "replace": text[:at] + other + text[at + 1 :],
        "insert": text[:at] + other + text[at:],
        "delete": text[:at] + text[at + 1 :],
    }[kind]
    assume(changed != text)
    path, _, query = changed.partition("?")
    with pytest.raises(AccessDenied):
        SIGNER.check(SignedParts(path.encode(), query), now=NOW)


@given(paths.filter(encodable), queries.filter(encodable), queries.filter(encodable))
def test_a_signature_fits_one_query_only(path: str, one: str, other: str) -> None:
    first, second = received(SIGNER.sign(f"{path}?{one}")), received(SIGNER.sign(f"{path}?{other}"))
    assume(first.query.rpartition("sig=")[0] != second.query.rpartition("sig=")[0])
    moved = second.query[:-43] + first.query[-43:]
    with pytest.raises(AccessDenied):
        SIGNER.check(SignedParts(first.path, moved), now=NOW)


@given(st.binary(max_size=40), st.text(max_size=60))
def test_nothing_unsigned_gets_through_and_nothing_else_is_raised(path: bytes, query: str) -> None:
    assume(encodable(query))
    with pytest.raises(AccessDenied):
        SIGNER.check(SignedParts(path, query), now=NOW)


@given(expiries, st.integers(NOW - 10, NOW + 10**9 + 10))
def test_an_expiry_divides_time_in_two(expires_at: int | None, now: int) -> None:
    parts = received(SIGNER.sign("/image?src=a.jpg", expires_at=expires_at))
    if expires_at is None or now < expires_at:
        SIGNER.check(parts, now=now)
    else:
        with pytest.raises(AccessDenied, match="expired"):
            SIGNER.check(parts, now=now)
