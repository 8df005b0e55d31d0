"""Settings: text in, typed sections out, all faults at once."""

import pickle
from dataclasses import FrozenInstanceError, dataclass
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qis_core.errors import SettingsError
from qis_core.settings import (
    RESERVED,
    Secret,
    Settings,
    environment_name,
    load_settings,
    raw_setting,
    section,
    section_name,
    setting,
    type_text,
)


@section("shop")
@dataclass(frozen=True, kw_only=True)
class Shop:
    """One setting of every type."""

    root: Path = setting(help="Folder of goods")
    items: int = setting(5, minimum=1, maximum=9, unit="pieces", help="Goods")
    weight: float = setting(1.5, minimum=0, unit="kg", help="Weight")
    open: bool = setting(True, help="Whether anybody may come in")
    title: str = setting("", help="Words above the door")
    style: Literal["old", "new"] = setting("old", help="Style")
    level: Literal[1, 2, 3] = setting(3, help="Level")
    aisles: tuple[str, ...] = setting(("a", "b"), help="Aisles")
    steps: tuple[int, ...] = setting((), maximum=10, help="Steps")
    attic: Path | None = setting(None, help="Attic")
    lowest: int | None = setting(None, maximum=0, help="At most zero")
    password: Secret = setting(Secret(""), help="Password")
    keys: tuple[Secret, ...] = setting((), help="Keys")


@section("cellar")
@dataclass(frozen=True, kw_only=True)
class Cellar:
    """A second section, with a name that looks like the file of another."""

    depth: int = setting(2, help="Depth")
    map: str = setting("", help="Map")
    map_file: str = setting("", help="Where the map is")


def load(environ: dict[str, str] | None = None, /, **ini: str) -> Shop:
    names = {f"qis.shop.{name}": text for name, text in {"root": "/srv", **ini}.items()}
    return load_settings(names, environ or {}, [Shop])[Shop]


def faults_of(environ: dict[str, str] | None = None, /, **ini: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(environ, **ini)
    return caught.value.faults


def test_defaults_hold_where_nothing_is_given() -> None:
    assert load() == Shop(root=Path("/srv"))


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("root", "/a b/c", Path("/a b/c")),
        ("items", " 7 ", 7),
        ("weight", "2", 2.0),
        ("weight", "2.5e1", 25.0),
        ("open", "no", False),
        ("open", "OFF", False),
        ("open", "0", False),
        ("open", "Yes", True),
        ("open", "1", True),
        ("title", "  a = b # c ", "a = b # c"),
        ("title", "", ""),
        ("style", " new ", "new"),
        ("level", "2", 2),
        ("aisles", "x, y\n z", ("x", "y", "z")),
        ("aisles", "", ()),
        ("steps", "1 2,3", (1, 2, 3)),
        ("attic", "", None),
        ("attic", "/x", Path("/x")),
        ("lowest", "-3", -3),
        ("lowest", " ", None),
    ],
)
def test_text_becomes_a_typed_value(name: str, text: str, value: object) -> None:
    found = getattr(load(**{name: text}), name)
    assert found == value
    assert type(found) is type(value)


def test_paths_know_the_home_folder_and_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/nobody")
    assert load(root="~/x").root == Path("/home/nobody/x")
    assert load(root="$HOME/y").root == Path("/home/nobody/y")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("items", "many", "'many' is not an integer"),
        ("items", "1.5", "'1.5' is not an integer"),
        ("items", "", "'' is not an integer"),
        ("items", "0", "0 is out of range; expected 1 to 9 pieces"),
        ("items", "10", "10 is out of range; expected 1 to 9 pieces"),
        ("weight", "heavy", "'heavy' is not a number"),
        ("weight", "-0.1", "-0.1 is out of range; expected at least 0 kg"),
        ("weight", "nan", "nan is not a number that can be used"),
        ("weight", "inf", "inf is not a number that can be used"),
        ("open", "perhaps", "'perhaps' is neither yes nor no"),
        ("style", "baroque", "'baroque' is not a valid choice; expected one of old, new"),
        ("level", "4", "'4' is not a valid choice; expected one of 1, 2, 3"),
        ("steps", "3 11", "11 is out of range; expected at most 10"),
        ("steps", "3 x", "'x' is not an integer"),
        ("lowest", "1", "1 is out of range; expected at most 0"),
    ],
)
def test_a_wrong_value_is_named_with_what_would_be_right(name: str, text: str, message: str) -> None:
    assert faults_of(**{name: text}) == (f"qis.shop.{name}: {message}",)


@pytest.mark.parametrize("items", ["1", "9"])
def test_bounds_belong_to_the_range(items: str) -> None:
    assert load(items=items).items == int(items)


def test_a_setting_without_default_is_required() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({}, {}, [Shop])
    assert caught.value.faults == ("qis.shop.root: required; Folder of goods",)


def test_all_faults_are_reported_together() -> None:
    ini = {"qis.shop.items": "0", "qis.shop.style": "x", "qis.cellar.depth": "deep", "qis.shop.colour": "red"}
    with pytest.raises(SettingsError) as caught:
        load_settings(ini, {"QIS_NONSENSE": "1"}, [Shop, Cellar])
    names = sorted(fault.partition(":")[0] for fault in caught.value.faults)
    assert names == [
        "QIS_NONSENSE",
        "qis.cellar.depth",
        "qis.shop.colour",
        "qis.shop.items",
        "qis.shop.root",
        "qis.shop.style",
    ]
    assert str(caught.value).splitlines() == list(caught.value.faults)


@pytest.mark.parametrize(
    ("ini", "environ", "fault"),
    [
        ({"qis.shop.itms": "1"}, {}, "qis.shop.itms: unknown setting; did you mean qis.shop.items?"),
        ({}, {"QIS_SHOP_ITMES": "1"}, "QIS_SHOP_ITMES: unknown setting; did you mean QIS_SHOP_ITEMS?"),
        ({"qis.plugin": "x"}, {}, "qis.plugin: unknown setting; did you mean qis.plugins?"),
        ({"qis.zzzzzzzz": "x"}, {}, "qis.zzzzzzzz: unknown setting"),
        ({}, {"QIS_ZZZZZZ_FILE": "/none"}, "QIS_ZZZZZZ_FILE: unknown setting"),
    ],
)
def test_unknown_names_are_faults_with_a_suggestion(ini: dict[str, str], environ: dict[str, str], fault: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"qis.shop.root": "/srv", **ini}, environ, [Shop])
    assert caught.value.faults == (fault,)


def test_names_of_others_are_left_alone() -> None:
    ini = {"qis.shop.root": "/srv", "pyramid.reload": "x", "sqlalchemy.url": "y"}
    assert load_settings(ini, {"PATH": "/bin", "qis_shop_items": "3"}, [Shop])[Shop].items == 5


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_reserved_names_belong_to_no_section(name: str) -> None:
    settings = load_settings({name: "x"}, {environment_name(name): "y"}, [Cellar])
    assert [value.origin for value in settings.values()] == ["default", "default", "default"]


def test_the_environment_wins_over_the_file() -> None:
    settings = load_settings({"qis.shop.root": "/ini", "qis.shop.items": "2"}, {"QIS_SHOP_ITEMS": "3"}, [Shop])
    assert settings[Shop].items == 3
    assert settings[Shop].root == Path("/ini")


def test_values_tell_where_they_come_from() -> None:
    settings = load_settings({"qis.shop.root": "/ini"}, {"QIS_SHOP_ITEMS": "3"}, [Shop, Cellar])
    origins = {value.name: value.origin for value in settings.values()}
    assert origins["qis.shop.root"] == "ini"
    assert origins["qis.shop.items"] == "QIS_SHOP_ITEMS"
    assert origins["qis.cellar.depth"] == "default"
    assert len(origins) == 16


def test_values_describe_their_setting() -> None:
    settings = load_settings({"qis.shop.root": "/ini"}, {}, [Shop])
    items = next(value for value in settings.values() if value.name == "qis.shop.items")
    assert (items.value, items.default, items.type_text) == (5, 5, "integer")
    assert (items.info.minimum, items.info.maximum, items.info.unit) == (1, 9, "pieces")
    root = next(value for value in settings.values() if value.name == "qis.shop.root")
    assert root.default is None


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("s3cret\n", encoding="utf-8")
    settings = load_settings({"qis.shop.root": "/"}, {"QIS_SHOP_PASSWORD_FILE": str(file)}, [Shop])
    assert settings[Shop].password.reveal() == "s3cret"
    assert {value.origin for value in settings.values()} == {"default", "ini", "QIS_SHOP_PASSWORD_FILE"}


def test_the_file_wins_over_the_ini(tmp_path: Path) -> None:
    (tmp_path / "items").write_text("4", encoding="utf-8")
    assert load({"QIS_SHOP_ITEMS_FILE": str(tmp_path / "items")}, items="3").items == 4


@pytest.mark.parametrize("order", [1, -1])
def test_a_value_and_its_file_cannot_both_be_given(tmp_path: Path, order: int) -> None:
    (tmp_path / "items").write_text("4", encoding="utf-8")
    both = [("QIS_SHOP_ITEMS", "3"), ("QIS_SHOP_ITEMS_FILE", str(tmp_path / "items"))][::order]
    (fault,) = faults_of(dict(both))
    assert fault == f"{both[1][0]}: {both[0][0]} is given too; keep one of them"


def test_an_unreadable_file_is_a_fault_that_does_not_show_its_path(tmp_path: Path) -> None:
    (fault,) = faults_of({"QIS_SHOP_PASSWORD_FILE": str(tmp_path / "absent")})
    assert fault == "QIS_SHOP_PASSWORD_FILE: cannot read the file it names: No such file or directory"
    (tmp_path / "binary").write_bytes(b"\xff\xfe\xff")
    (fault,) = faults_of({"QIS_SHOP_PASSWORD_FILE": str(tmp_path / "binary")})
    assert fault == "QIS_SHOP_PASSWORD_FILE: the file it names is not UTF-8 text"


def test_a_setting_whose_name_ends_in_file_is_itself(tmp_path: Path) -> None:
    settings = load_settings({}, {"QIS_CELLAR_MAP_FILE": "plan.txt"}, [Cellar])
    assert (settings[Cellar].map, settings[Cellar].map_file) == ("", "plan.txt")


@pytest.mark.parametrize(
    ("ini", "environ", "expected"),
    [
        ({}, {}, None),
        ({"qis.plugins": "a b"}, {}, "a b"),
        ({"qis.plugins": "a b"}, {"QIS_PLUGINS": "c"}, "c"),
    ],
)
def test_reserved_settings_are_read_raw(ini: dict[str, str], environ: dict[str, str], expected: str | None) -> None:
    assert raw_setting("qis.plugins", ini, environ) == expected


def test_reserved_settings_can_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("pass word\n", encoding="utf-8")
    environ = {"QIS_ADMIN_PASSWORD_FILE": str(tmp_path / "password")}
    assert raw_setting("qis.admin_password", {"qis.admin_password": "ini"}, environ) == "pass word"
    with pytest.raises(SettingsError, match=r"^QIS_ADMIN_PASSWORD_FILE: cannot read the file it names"):
        raw_setting("qis.admin_password", {}, {"QIS_ADMIN_PASSWORD_FILE": str(tmp_path / "absent")})


def test_secrets_never_show() -> None:
    secret = Secret("hunter2")
    settings = Settings.of(Shop(root=Path("/"), password=secret, keys=(secret,)))
    for text in (str(secret), repr(secret), f"{secret}", repr(settings[Shop]), str(list(settings.values()))):
        assert "hunter2" not in text
    assert (str(secret), repr(secret)) == ("***", "Secret('***')")
    assert (str(Secret("")), repr(Secret(""))) == ("", "Secret('')")
    assert secret.reveal() == "hunter2"


def test_secrets_compare_by_text() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert not Secret("")
    assert Secret("0")


def test_secret_keys_are_a_list() -> None:
    assert [key.reveal() for key in load(keys="one, two").keys] == ["one", "two"]


def test_sections_cannot_be_changed() -> None:
    shop = load()
    with pytest.raises(FrozenInstanceError):
        shop.items = 6


def test_settings_of_ready_sections() -> None:
    settings = Settings.of(Shop(root=Path("/x"), items=8))
    assert settings[Shop].items == 8
    assert settings[Cellar] == Cellar()
    assert settings[Cellar] is settings[Cellar]


def test_replacing_a_section_leaves_the_others() -> None:
    first = load_settings({"qis.shop.root": "/srv"}, {"QIS_CELLAR_DEPTH": "9"}, [Shop, Cellar])
    second = first.replace(Shop(root=Path("/y")))
    assert (second[Shop].root, second[Cellar].depth, first[Shop].root) == (Path("/y"), 9, Path("/srv"))


def test_settings_travel_to_other_processes() -> None:
    settings = load_settings({"qis.shop.root": "/srv"}, {"QIS_SHOP_PASSWORD": "x"}, [Shop, Cellar])
    copy = pickle.loads(pickle.dumps(settings))
    assert copy[Shop] == settings[Shop]
    assert [value.origin for value in copy.values()] == [value.origin for value in settings.values()]


def test_a_section_named_twice_is_read_once() -> None:
    settings = load_settings({"qis.cellar.depth": "4"}, {}, [Cellar, Cellar])
    assert [value.name for value in settings.values()] == ["qis.cellar.depth", "qis.cellar.map", "qis.cellar.map_file"]


@pytest.mark.parametrize(
    ("hint", "text"),
    [
        (int, "integer"),
        (float, "number"),
        (bool, "yes or no"),
        (str, "text"),
        (Path, "path"),
        (Secret, "secret text"),
        (Literal["a", 2], "one of a, 2"),
        (tuple[int, ...], "list of integer"),
        (Path | None, "path or nothing"),
    ],
)
def test_types_have_plain_names(hint: object, text: str) -> None:
    assert type_text(hint) == text


def test_names_of_sections_and_variables() -> None:
    assert section_name(Shop) == "shop"
    assert environment_name("qis.shop.items") == "QIS_SHOP_ITEMS"


@given(st.integers(-100, 100))
def test_integers_are_exactly_those_in_range(number: int) -> None:
    if 1 <= number <= 9:
        assert load(items=str(number)).items == number
    else:
        assert "out of range" in faults_of(items=str(number))[0]


@given(st.lists(st.integers(-(10**6), 10)))
def test_lists_keep_their_order(numbers: list[int]) -> None:
    assert load(steps=", ".join(map(str, numbers))).steps == tuple(numbers)


@given(st.sampled_from(["root", "items", "weight", "open", "style", "steps", "lowest"]), st.text())
def test_any_text_is_read_or_refused_with_a_settings_error(name: str, text: str) -> None:
    faults: tuple[str, ...] = ()
    try:
        load(**{name: text})
    except SettingsError as error:
        faults = error.faults
    assert all(fault.startswith(f"qis.shop.{name}: ") for fault in faults)
