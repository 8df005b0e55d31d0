"""Signed URLs (spec image-urls §14, security §3)."""

import base64
import hashlib
import hmac
from urllib.parse import unquote_to_bytes, urlsplit

import pytest

from qis_core.errors import AccessDenied, InvalidRequest, SettingsError
from qis_core.services.signing import SignedParts, SigningSettings, UrlSigner
from qis_core.settings import Secret, Settings

NEW, OLD = "the newest key of all", "a key of last summer"
NOW = 1_800_000_000
URL = "/image?src=t/l.jpg&width=300"


def signer(*keys: str, mode: str = "required") -> UrlSigner:
    return UrlSigner(Settings.of(SigningSettings(mode=mode, keys=tuple(map(Secret, keys)))))


def parts_of(url: str) -> SignedParts:
    """What a server makes of a URL."""
    split = urlsplit(url)
    return SignedParts(unquote_to_bytes(split.path), split.query)


def check(url: str, by: UrlSigner | None = None, *, is_signed_in: bool = False, now: float = NOW) -> None:
    (by or signer(NEW)).check(parts_of(url), is_signed_in=is_signed_in, now=now)


def refusal(url: str, by: UrlSigner | None = None, *, now: float = NOW) -> str:
    with pytest.raises(AccessDenied) as caught:
        check(url, by, now=now)
    return str(caught.value)


def test_a_signature_is_what_the_documentation_says() -> None:
    signed = signer(NEW).sign(URL)
    digest = hmac.new(NEW.encode(), b"qis1\n/image?src=t/l.jpg&width=300", hashlib.sha256).digest()
    assert signed == f"{URL}&sig={base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def test_a_signed_url_is_served() -> None:
    check(signer(NEW).sign(URL))


@pytest.mark.parametrize(
    "url",
    [
        "/image?src=a.jpg",
        "/images/nasa/earth.jpg",
        "/images/nasa/earth.jpg?",
        "/images/a b/naïve — é.jpg?width=5&text=\"a<b>'",
        "/images/100%25/a%2Fb.jpg?fill=%23ff0000",
        "/images/nasa/earth.jpg/@@original?attach=1",
        "https://pictures.example:8443/image?src=a.jpg#top",
        "/image?src=a;b+c.jpg&overlay=%",
    ],
)
def test_every_url_can_be_signed(url: str) -> None:
    signed = signer(NEW).sign(url)
    check(signed)
    assert signed.isascii()
    assert not set(" \"<>'") & set(signed)
    assert "#" not in signed


def test_host_and_scheme_stay_and_are_not_signed() -> None:
    signed = signer(NEW).sign("https://a.example/image?src=x.jpg")
    assert signed.startswith("https://a.example/image?src=x.jpg&sig=")
    check(signed.replace("https://a.example", "http://b.example"))


def test_the_path_may_be_spelled_as_the_client_likes() -> None:
    signed = signer(NEW).sign("/images/a b/é.jpg?width=5")
    assert signed.startswith("/images/a%20b/%C3%A9.jpg?")
    check(signed.replace("a%20b", "%61%20%62").replace("%C3%A9", "%c3%a9"))


@pytest.mark.parametrize(
    "change",
    [
        ("width=300", "width=3000"),
        ("l.jpg", "p.jpg"),
        ("/image", "/images"),
        ("/image", "/original"),
        ("width=300", "width=%3300"),
        ("src=t/l.jpg&width=300", "width=300&src=t/l.jpg"),
        ("&sig=", "&width=5&sig="),
        ("&sig=", "&&sig="),
        ("src=", "Src="),
    ],
)
def test_a_changed_url_is_refused(change: tuple[str, str]) -> None:
    changed = signer(NEW).sign(URL).replace(*change)
    assert refusal(changed) == "sig: the signature does not belong to this URL"


@pytest.mark.parametrize("ending", ["", "=", "x", "&width=5", "&sig=x", "%00", "&", " ", "%20"])
def test_the_signature_stands_at_the_end_and_complete(ending: str) -> None:
    signed = signer(NEW).sign(URL)
    url = signed + ending if ending else signed[:-1]
    assert refusal(url) == "sig: expected 43 characters, once, as the last parameter"


@pytest.mark.parametrize(
    "query",
    [
        "sig=&src=a.jpg",
        "src=a.jpg&sig",
        "src=a.jpg&sig=",
        "src=a.jpg&s%69g=" + "A" * 43,
        "src=a.jpg&sig=" + "A" * 42 + "é",
        "sig=" + "A" * 43 + "&src=a.jpg&sig=" + "A" * 43,
        "s%69g=x&src=a.jpg&sig=" + "A" * 43,
    ],
)
def test_malformed_signatures_are_refused(query: str) -> None:
    with pytest.raises(AccessDenied, match=r"^sig: expected 43 characters, once, as the last parameter$"):
        signer(NEW).check(SignedParts(b"/image", query), now=NOW)


def test_a_signature_alone_is_a_query() -> None:
    signed = signer(NEW).sign("/images/a.jpg")
    assert urlsplit(signed).query.startswith("sig=")
    check(signed)
    assert refusal(signed.replace("a.jpg", "b.jpg"))


def test_another_spelling_of_the_same_bytes_is_refused() -> None:
    """The last character of 43 carries two unused bits: four texts decode to one signature."""
    signed = signer(NEW).sign(URL)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet.index(signed[-1])
    twin = signed[:-1] + alphabet[last ^ 1]
    assert base64.urlsafe_b64decode(twin[-43:] + "=") == base64.urlsafe_b64decode(signed[-43:] + "=")
    assert refusal(twin) == "sig: the signature does not belong to this URL"


class TestExpiry:
    def test_it_is_part_of_what_is_signed(self) -> None:
        signed = signer(NEW).sign(URL, expires_at=NOW + 60)
        assert f"&until={NOW + 60}&sig=" in signed
        assert refusal(signed.replace(f"until={NOW + 60}", f"until={NOW + 600}"))
        assert refusal(signed.replace(f"&until={NOW + 60}", ""))

    @pytest.mark.parametrize(("seconds", "works"), [(-1, False), (0, False), (1, True), (0.5, True)])
    def test_it_ends_at_its_second(self, seconds: float, works: bool) -> None:
        signed = signer(NEW).sign(URL, expires_at=NOW)
        if works:
            check(signed, now=NOW - seconds)
        else:
            assert refusal(signed, now=NOW - seconds) == "until: the URL expired at 2027-01-15T08:00:00Z"

    def test_it_may_be_the_only_parameter(self) -> None:
        signed = signer(NEW).sign("/images/a.jpg", expires_at=NOW + 1)
        assert signed.startswith(f"/images/a.jpg?until={NOW + 1}&sig=")
        check(signed)

    def test_the_first_one_counts(self) -> None:
        query = f"until={NOW - 1}&until={NOW + 99}"
        signature = base64.urlsafe_b64encode(
            hmac.new(NEW.encode(), b"qis1\n/a?" + query.encode(), hashlib.sha256).digest()
        ).decode()
        assert "expired" in refusal(f"/a?{query}&sig={signature.rstrip('=')}")

    @pytest.mark.parametrize("text", ["", "soon", "-5", "1e99", "9" * 40, "1800000060.5", " 1800000060", "٣"])
    def test_a_signed_expiry_that_is_no_time_is_refused(self, text: str) -> None:
        query = f"src=a&until={text}"
        digest = hmac.new(NEW.encode(), b"qis1\n/a?" + query.encode(), hashlib.sha256).digest()
        signature = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        with pytest.raises(AccessDenied, match=r"^until: expected Unix seconds$"):
            signer(NEW).check(SignedParts(b"/a", f"{query}&sig={signature}"), now=NOW)

    def test_the_clock_is_asked_when_no_time_is_given(self) -> None:
        signed = signer(NEW).sign(URL, expires_at=1_000_000_000)
        with pytest.raises(AccessDenied, match="expired at 2001-09-09T01:46:40Z"):
            signer(NEW).check(parts_of(signed))


class TestKeys:
    def test_older_keys_still_check_and_the_newest_signs(self) -> None:
        before, after = signer(OLD), signer(NEW, OLD)
        check(before.sign(URL), after)
        assert after.sign(URL) == signer(NEW).sign(URL)

    def test_a_key_that_is_gone_checks_no_more(self) -> None:
        assert refusal(signer(OLD).sign(URL), signer(NEW)) == "sig: the signature does not belong to this URL"

    @pytest.mark.parametrize("mode", ["optional", "required"])
    def test_they_are_needed_unless_signing_is_off(self, mode: str) -> None:
        with pytest.raises(SettingsError) as caught:
            signer(mode=mode)
        assert caught.value.faults == (f"qis.signing.keys: required; qis.signing.mode is {mode}",)

    def test_short_ones_are_refused_without_showing_them(self) -> None:
        with pytest.raises(SettingsError) as caught:
            signer(NEW, "short")
        assert caught.value.faults == ("qis.signing.keys: a key is too short; expected 16 characters or more",)

    def test_they_may_be_there_while_signing_is_off(self) -> None:
        check(signer(NEW, mode="off").sign(URL), signer(NEW))

    def test_without_one_nothing_can_be_signed(self) -> None:
        with pytest.raises(InvalidRequest, match=r"^no key to sign with; set qis\.signing\.keys$"):
            signer(mode="off").sign(URL)


class TestModes:
    WRONG = URL + "&sig=" + "A" * 43

    def test_off_ignores_signatures(self) -> None:
        check(URL, signer(mode="off"))
        check(self.WRONG, signer(mode="off"))
        check(self.WRONG, signer(NEW, mode="off"))

    def test_optional_wants_right_ones(self) -> None:
        optional = signer(NEW, mode="optional")
        check(URL, optional)
        check(optional.sign(URL), optional)
        assert refusal(self.WRONG, optional) == "sig: the signature does not belong to this URL"

    def test_required_wants_one_from_those_not_signed_in(self) -> None:
        assert refusal(URL) == "this server answers signed URLs only"
        check(URL, is_signed_in=True)

    @pytest.mark.parametrize("mode", ["optional", "required"])
    def test_a_wrong_one_is_refused_from_anybody(self, mode: str) -> None:
        with pytest.raises(AccessDenied):
            check(self.WRONG, signer(NEW, mode=mode), is_signed_in=True)

    def test_an_escaped_ampersand_hides_no_signature(self) -> None:
        """``&amp;`` is repaired later, for parameters; before that it is no signature."""
        assert refusal(signer(NEW).sign(URL).replace("&sig", "&amp;sig")) == "this server answers signed URLs only"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (URL + "&sig=x", "sig: is in the URL already; sign the URL without it"),
        (URL + "&until=5", "until: is in the URL already; sign the URL without it"),
        (URL + "&unti%6C=5", "until: is in the URL already; sign the URL without it"),
        ("image?src=a.jpg", "url: 'image?src=a.jpg' has no path; expected one such as /image?src=a.jpg"),
        ("", "url: '' has no path; expected one such as /image?src=a.jpg"),
        ("https://a.example", "url: 'https://a.example' has no path; expected one such as /image?src=a.jpg"),
        ("http://[bad/image", "url: 'http://[bad/image' is not a URL"),
        ("/a/../image", "url: '/a/../image' has dots for folders in its path; leave them out"),
        ("/a/%2e/image", "url: '/a/%2e/image' has dots for folders in its path; leave them out"),
    ],
)
def test_urls_that_cannot_be_signed(url: str, message: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        signer(NEW).sign(url)
    assert str(caught.value) == message
