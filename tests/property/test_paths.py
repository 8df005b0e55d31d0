"""What holds for every path whatever."""

import posixpath
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from qis_core.domain.paths import ROOT, RepositoryPath
from qis_core.errors import AccessDenied, InvalidRequest, RequestError

parse = RepositoryPath.parse

_PIECES = st.sampled_from(
    ["/", "//", ".", "..", "...", "a", "b", "\\", "~", "é", " ", "%2e", ".h", "\0", "\x7f", "\udcff"]
)
texts = st.one_of(st.text(max_size=40), st.lists(_PIECES, max_size=14).map("".join))
names = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/"), min_size=1, max_size=12).filter(
    lambda name: name not in (".", "..")
)
parts = st.lists(names, max_size=6).map(tuple)
paths = parts.map(RepositoryPath)


def parsed(text: str) -> RepositoryPath:
    """The path, for the texts that are one."""
    try:
        return parse(text)
    except RequestError:
        assume(False)
        raise


@given(texts)
@example("\\..")
@example("a/\\../..")
@example("../a")
def test_a_path_is_inside_the_root_or_refused(text: str) -> None:
    path = parsed(text)
    assert all(part not in ("", ".", "..") and "/" not in part for part in path.parts)
    joined = posixpath.normpath(posixpath.join("/root", *path.parts))
    assert joined == "/root" or joined.startswith("/root/")


@given(texts)
def test_parsing_raises_nothing_unexpected(text: str) -> None:
    with suppress(AccessDenied, InvalidRequest):
        assert isinstance(parse(text), RepositoryPath)


@given(texts)
@example("\\\\a")
@example("/\\a")
def test_parsing_again_changes_nothing(text: str) -> None:
    path = parsed(text)
    assert parse(path.src) == path
    assert parse(path.folder_path) == path
    assert parse(str(path)) == path


@given(parts)
def test_parts_are_kept_as_they_are(given_parts: tuple[str, ...]) -> None:
    assert parse("/" + "/".join(given_parts)).parts == given_parts


@given(parts, st.data())
def test_spellings_of_one_path_are_equal(given_parts: tuple[str, ...], data: st.DataObject) -> None:
    noise = st.sampled_from(["/", "//", "/./", "/x/../", "/././", "///"])
    spelled = data.draw(noise) + "".join(part + data.draw(noise) for part in given_parts)
    assert parse(spelled) == RepositoryPath(given_parts)
    assert hash(parse(spelled)) == hash(RepositoryPath(given_parts))


@given(paths, st.integers(1, 4))
def test_climbing_higher_than_the_root_is_denied(path: RepositoryPath, more: int) -> None:
    climb = "/".join([path.folder_path] + [".."] * (len(path.parts) + more))
    with pytest.raises(AccessDenied):
        parse(climb)


@given(texts, st.sampled_from([chr(code) for code in (*range(32), 127)]), st.integers(0, 40))
def test_no_control_character_gets_through(text: str, control: str, position: int) -> None:
    with pytest.raises(InvalidRequest, match=r"^src: "):
        parse(text[:position] + control + text[position:])


@given(texts)
def test_a_parsed_path_can_be_written_as_utf_8_without_nul(text: str) -> None:
    assert b"\0" not in parsed(text).src.encode("utf-8")


@given(paths)
def test_lineage_is_made_of_parents(path: RepositoryPath) -> None:
    lineage = list(path.lineage())
    assert lineage[0] == path
    assert lineage[-1] == ROOT
    assert all(lower.parent == upper for lower, upper in pairwise(lineage))
    assert all(path.is_within(folder) for folder in lineage)
    assert len(lineage) == len(path.parts) + 1


@given(paths, paths)
def test_within_means_in_the_lineage(path: RepositoryPath, folder: RepositoryPath) -> None:
    assert path.is_within(folder) == (folder in path.lineage())


@given(paths, names)
def test_joining_a_name_and_taking_the_parent_are_opposite(path: RepositoryPath, name: str) -> None:
    below = path / name
    assert below.parent == path
    assert below.name == name
    assert below.is_within(path)
    assert not path.is_within(below)


@given(paths, paths)
def test_equal_stored_forms_mean_equal_paths(one: RepositoryPath, other: RepositoryPath) -> None:
    assert (one.src == other.src) == (one == other) == (one.folder_path == other.folder_path)


@given(paths)
def test_hidden_means_some_part_starts_with_a_dot(path: RepositoryPath) -> None:
    assert path.is_hidden == ("/." in path.folder_path)


@given(st.text("ab/", min_size=1000, max_size=1100))
def test_longer_than_1024_is_refused(text: str) -> None:
    normal = "/".join(part for part in text.split("/") if part)
    try:
        assert parse(text).src == normal
        assert len(normal) <= 1024
    except InvalidRequest:
        assert len(normal) > 1024
