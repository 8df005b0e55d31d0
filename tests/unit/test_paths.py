"""Repository paths, by the examples of the specification (image-urls §10.1, cases 53, 54 and 127 to 134)."""

import dataclasses

import pytest

from qis_core.domain.paths import MAX_PATH_LENGTH, ROOT, RepositoryPath
from qis_core.errors import AccessDenied, InvalidRequest

parse = RepositoryPath.parse


@pytest.mark.parametrize(
    "text",
    [
        "t/l.jpg",
        "/t/l.jpg",
        "/t//l.jpg",
        "t/../t/./l.jpg",
        "t/l.jpg/",
        "//t///l.jpg//",
        "./t/l.jpg",
        "\\t/l.jpg",
        "x/../t/l.jpg/.",
    ],
)
def test_case_133_spellings_of_one_path(text: str) -> None:
    assert parse(text) == parse("t/l.jpg")
    assert parse(text).src == "t/l.jpg"
    assert hash(parse(text)) == hash(parse("t/l.jpg"))


@pytest.mark.parametrize("text", ["", "/", ".", "./", "//", "a/..", "/a/b/../..", "\\"])
def test_spellings_of_the_root(text: str) -> None:
    assert parse(text) == ROOT
    assert parse(text).is_root


@pytest.mark.parametrize(
    "text",
    [
        "../../etc/passwd",
        "~root/../../../etc/passwd",
        "..",
        "/..",
        "a/../..",
        "./..",
        "//..//",
        "a/../../a/l.jpg",
        "\\../x",
    ],
)
def test_case_128_climbing_over_the_root_is_denied(text: str) -> None:
    with pytest.raises(AccessDenied, match=r"^access denied$"):
        parse(text)


@pytest.mark.parametrize("text", ["/etc/passwd", "//etc/passwd"])
def test_case_129_absolute_paths_are_inside_the_root(text: str) -> None:
    assert parse(text).parts == ("etc", "passwd")


@pytest.mark.parametrize("text", ["../images2/leak.jpg", "/../images2/leak.jpg", "t/../../images2/leak.jpg"])
def test_case_130_a_sibling_of_the_root_is_outside(text: str) -> None:
    with pytest.raises(AccessDenied):
        parse(text)


@pytest.mark.parametrize("character", ["\0", "\n", "\r", "\t", "\x1b", "\x1f", "\x7f"])
def test_case_131_control_characters_are_refused(character: str) -> None:
    for text in (f"t/l.jpg{character}.png", character, f"../{character}"):
        with pytest.raises(InvalidRequest, match=r"^overlay: control characters") as caught:
            parse(text, parameter="overlay")
        assert caught.value.parameter == "overlay"


@pytest.mark.parametrize("text", ["\ud800", "a/\udcff.jpg", "\udfff/x"])
def test_broken_unicode_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match=r"^src: broken Unicode"):
        parse(text)


@pytest.mark.parametrize("text", [".hidden.jpg", "t/.hidden/l.jpg", ".t/l.jpg", "...", "..a/l.jpg", "t/.l"])
def test_case_132_paths_with_a_hidden_part_say_so(text: str) -> None:
    assert parse(text).is_hidden


@pytest.mark.parametrize("text", ["", "t/l.jpg", "t./l.", "t/l..jpg", "./t/l.jpg", "t/../l.jpg"])
def test_others_are_not_hidden(text: str) -> None:
    assert not parse(text).is_hidden


def test_case_134_long_paths_are_fine_to_1024_characters() -> None:
    assert len(parse("a" * 240).src) == 240
    longest = "/".join(["é" * 127] * 8) + "x"
    assert len(longest) == MAX_PATH_LENGTH
    assert parse("/" + longest).src == longest


@pytest.mark.parametrize("text", ["a" * 1025, "/" + "a" * 1025, "b/" * 513])
def test_case_054_longer_ones_are_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match=r"^src: 1025 is out of range 1-1024 characters$"):
        parse(text)


def test_length_is_that_of_the_normal_form() -> None:
    assert parse("./" * 2000 + "a//////b").src == "a/b"


@pytest.mark.parametrize(
    "name", ["~root", "~", "%2e%2e", "a\\b", "..a", "a..", "...", " ", "a b", "é", "e\u0301", "日本語", "a:b", "*"]
)
def test_everything_else_is_an_ordinary_character(name: str) -> None:
    assert parse(f"t/{name}/l.jpg").parts == ("t", name, "l.jpg")


def test_names_are_case_sensitive_and_not_normalised() -> None:
    assert parse("A.jpg") != parse("a.jpg")
    assert parse("é.jpg") != parse("e\u0301.jpg")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("\\a/b", ("a", "b")),
        ("\\\\a/b", ("\\a", "b")),
        ("/\\a/b", ("\\a", "b")),
        ("a/\\b", ("a", "\\b")),
        ("a\\b", ("a\\b",)),
    ],
)
def test_one_leading_backslash_is_dropped(text: str, parts: tuple[str, ...]) -> None:
    path = parse(text)
    assert path.parts == parts
    assert parse(path.src) == path, "what is stored is the same path again"
    assert parse(path.folder_path) == path
    assert (path / "c").parts == (*parts, "c")


@pytest.mark.parametrize(
    ("text", "src", "folder_path", "shown"),
    [("", "", "/", "/"), ("a", "a", "/a", "a"), ("/a/b/", "a/b", "/a/b", "a/b")],
)
def test_stored_forms(text: str, src: str, folder_path: str, shown: str) -> None:
    path = parse(text)
    assert (path.src, path.folder_path, str(path)) == (src, folder_path, shown)


@pytest.mark.parametrize(
    ("text", "name", "extension"),
    [
        ("", "", ""),
        ("t/l.jpg", "l.jpg", "jpg"),
        ("t/UPPER.JPG", "UPPER.JPG", "jpg"),
        ("t.x/noext", "noext", ""),
        ("v1.2.tif", "v1.2.tif", "tif"),
        ("l.", "l.", ""),
        (".jpg", ".jpg", "jpg"),
        ("a.tar.GZ", "a.tar.GZ", "gz"),
    ],
)
def test_name_and_extension(text: str, name: str, extension: str) -> None:
    assert (parse(text).name, parse(text).extension) == (name, extension)


def test_lineage_goes_up_to_the_root() -> None:
    assert [path.src for path in parse("a/b/c.jpg").lineage()] == ["a/b/c.jpg", "a/b", "a", ""]
    assert list(ROOT.lineage()) == [ROOT]


def test_parent() -> None:
    assert parse("a/b.jpg").parent == parse("a")
    assert parse("a").parent == ROOT
    assert ROOT.parent == ROOT


@pytest.mark.parametrize(
    ("text", "folder", "expected"),
    [
        ("a/b.jpg", "a", True),
        ("a", "a", True),
        ("a/b", "", True),
        ("ab/c.jpg", "a", False),
        ("a", "a/b", False),
        ("", "a", False),
        ("images2/x", "images", False),
        ("A/b", "a", False),
    ],
)
def test_is_within_compares_whole_parts(text: str, folder: str, expected: bool) -> None:
    assert parse(text).is_within(parse(folder)) is expected


def test_joining() -> None:
    assert parse("a/b.jpg") == ROOT / "a" / "b.jpg"
    assert parse("a") / "b/c.jpg" == parse("a/b/c.jpg")
    assert parse("a/b") / ".." == parse("a")
    with pytest.raises(AccessDenied):
        _ = parse("a") / "../.."
    with pytest.raises(InvalidRequest):
        _ = parse("a") / "b\0"


def test_order_is_by_parts() -> None:
    texts = ["b", "a/c", "a-b", "a", "a/b/c"]
    assert [path.src for path in sorted(parse(text) for text in texts)] == ["a", "a/b/c", "a/c", "a-b", "b"]


def test_paths_do_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        parse("a").parts = ("b",)  # type: ignore[misc]
