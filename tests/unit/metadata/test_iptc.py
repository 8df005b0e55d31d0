"""IPTC-IIM records, by name."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qis_core.imaging.iptc import MAX_DATASETS, MAX_TEXT, describe_iptc, find_in_resources, photoshop_resource
from tests.support.metadata_bytes import dataset, iptc

CITY, KEYWORD, BYLINE, CAPTION = 90, 25, 80, 120


def test_describes_by_name() -> None:
    records = iptc((CITY, "Brussels"), (BYLINE, "A. Photographer"), (CAPTION, "What is to be seen"))
    assert describe_iptc(records) == {
        "City": "Brussels",
        "By-line": "A. Photographer",
        "Caption-Abstract": "What is to be seen",
    }


def test_keywords_are_a_list_even_one() -> None:
    assert describe_iptc(iptc((KEYWORD, "one"))) == {"Keywords": ["one"]}
    assert describe_iptc(iptc((KEYWORD, "one"), (CITY, "X"), (KEYWORD, "two")))["Keywords"] == ["one", "two"]


def test_text_is_latin_unless_marked() -> None:
    assert describe_iptc(iptc((CITY, "Zürich"))) == {"City": "Zürich"}
    assert describe_iptc(iptc((CITY, "Zürich 日本"), utf8=True)) == {"City": "Zürich 日本"}


def test_other_records_and_unknown_datasets_are_passed_over() -> None:
    records = dataset(1, 5, b"destination") + dataset(2, 200, b"custom") + dataset(3, 10, b"x") + iptc((CITY, "X"))
    assert describe_iptc(records) == {"City": "X"}


@pytest.mark.parametrize("broken", [None, b"", b"\x1c", b"\x1c\x02", b"garbage", bytes(100)])
def test_nothing_to_describe(broken: bytes | None) -> None:
    assert describe_iptc(broken) == {}


def test_damage_ends_the_reading() -> None:
    records = iptc((CITY, "X")) + b"\x00rubbish" + iptc((BYLINE, "Y"))
    assert describe_iptc(records) == {"City": "X"}


def test_extended_lengths_end_the_reading() -> None:
    assert describe_iptc(iptc((CITY, "X")) + b"\x1c\x02\x78\x80\x04\0\0\xff\xff" + bytes(9)) == {"City": "X"}


def test_a_value_that_is_cut_off_is_shown_as_far_as_it_goes() -> None:
    assert describe_iptc(iptc((CITY, "Brussels"))[:-3]) == {"City": "Bruss"}


def test_sizes_are_bounded() -> None:
    described = describe_iptc(iptc((CAPTION, "x" * 30_000), *[(KEYWORD, "word")] * 1000))
    assert len(str(described["Caption-Abstract"])) == MAX_TEXT
    assert isinstance(described["Keywords"], list)
    assert len(described["Keywords"]) == MAX_DATASETS - 1


@given(st.binary(max_size=300))
def test_any_bytes_are_survived(data: bytes) -> None:
    json.dumps(describe_iptc(data))
    json.dumps(describe_iptc(b"\x1c\x02" + data))
    find_in_resources(data)
    find_in_resources(b"8BIM" + data)


@given(st.binary(min_size=1, max_size=100), st.binary(max_size=9))
def test_resource_comes_back(records: bytes, other: bytes) -> None:
    before = b"8BIM\x04\x0a\x03abc" + len(other).to_bytes(4) + other + bytes(len(other) % 2)
    assert find_in_resources(before + photoshop_resource(records)) == records


def test_resources_without_iptc() -> None:
    assert find_in_resources(b"") is None
    assert find_in_resources(b"8BIM\x04\x0a\0\0\0\0\0\0") is None
    assert find_in_resources(b"8BIM\x04") is None
