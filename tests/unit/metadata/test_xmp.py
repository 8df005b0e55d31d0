"""XMP packets are read safely and shown by their own names."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qis_core.imaging.xmp import MAX_PACKET_BYTES, MAX_PROPERTIES, MAX_TEXT, MAX_VALUES, describe_xmp, upright
from tests.support.metadata_bytes import xmp

BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><x>&c;</x>"""
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'


def bag(kind: str, *values: str) -> str:
    items = "".join(f"<rdf:li>{value}</rdf:li>" for value in values)
    return f"<rdf:{kind}>{items}</rdf:{kind}>"


def test_describes_attributes_and_elements() -> None:
    packet = xmp("<dc:format>image/jpeg</dc:format>", 'xmp:Rating="4" tiff:Orientation="6"')
    assert describe_xmp(packet) == {"dc:format": "image/jpeg", "xmp:Rating": "4", "tiff:Orientation": "6"}


def test_arrays_are_lists_and_languages_one_text() -> None:
    packet = xmp(
        f"<dc:subject>{bag('Bag', 'one', 'two')}</dc:subject>"
        f"<dc:creator>{bag('Seq', 'A. Photographer')}</dc:creator>"
        f"<dc:title>{bag('Alt', 'Titel', 'Titre')}</dc:title>"
    )
    assert describe_xmp(packet) == {
        "dc:subject": ["one", "two"],
        "dc:creator": ["A. Photographer"],
        "dc:title": "Titel",
    }


def test_structures_and_empty_properties_are_left_out() -> None:
    packet = xmp('<xmp:Thing rdf:parseType="Resource"><xmp:Part>1</xmp:Part></xmp:Thing><dc:title/>')
    assert describe_xmp(packet) == {}


def test_names_of_strangers_keep_their_prefix() -> None:
    packet = xmp('<my:Own xmlns:my="http://example.com/mine/">yes</my:Own>')
    assert describe_xmp(packet) == {"my:Own": "yes"}


@pytest.mark.parametrize("hostile", [BOMB, OUTSIDE], ids=["bomb", "outside"])
def test_hostile_packets_give_nothing(hostile: bytes) -> None:
    started = time.monotonic()
    assert describe_xmp(hostile) == {}
    assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    "broken",
    [
        None,
        b"",
        b"no xml",
        b"<a><b></a>",
        xmp("<dc:title>")[:200],
        b"<?xml version='1.0' encoding='none-such'?><a/>",
        b"\xff\xfe" * 50,
        b"\0" * 50,
    ],
)
def test_broken_packets_give_nothing(broken: bytes | None) -> None:
    assert describe_xmp(broken) == {}


def test_sizes_are_bounded() -> None:
    long_bag = f"<dc:subject>{bag('Bag', *['word'] * 1000)}</dc:subject>"
    many = "".join(f"<xmp:P{number}>x</xmp:P{number}>" for number in range(1000))
    described = describe_xmp(xmp(f"<dc:title>{'x' * 50_000}</dc:title>{long_bag}{many}"))
    assert len(str(described["dc:title"])) == MAX_TEXT
    assert isinstance(described["dc:subject"], list)
    assert len(described["dc:subject"]) == MAX_VALUES
    assert len(described) == MAX_PROPERTIES
    assert describe_xmp(xmp(f"<dc:title>{'x' * MAX_PACKET_BYTES}</dc:title>")) == {}


@given(st.binary(max_size=200))
def test_any_bytes_are_survived(data: bytes) -> None:
    json.dumps(describe_xmp(data))
    json.dumps(describe_xmp(xmp(data.decode("latin-1"))))
    upright(data)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    "written", ['tiff:Orientation="{}"', "tiff:Orientation='{}'", "<tiff:Orientation>{}</tiff:Orientation>"]
)
def test_upright_in_every_spelling(written: str, orientation: int) -> None:
    text = written.format(orientation)
    before = xmp(text) if text.startswith("<") else xmp("", text)
    after = upright(before)
    assert describe_xmp(after) == {"tiff:Orientation": "1"}
    assert after == before.replace(text.encode(), written.format(1).encode())


def test_upright_leaves_other_packets() -> None:
    packet = xmp("<dc:format>image/jpeg</dc:format>", 'xmp:Rating="4"')
    assert upright(packet) == packet
    assert upright(None) is None
    assert upright(b"") == b""
