"""Parameters: what text means, which values are right, how faults are named (spec image-urls §2)."""

from dataclasses import dataclass, replace

import pytest

from qis_core.errors import InvalidRequest, PluginError
from qis_core.imaging.parameters import (
    RESERVED_NAMES,
    OwnedParam,
    ParameterTable,
    bound_params,
    core_params,
)
from qis_core.imaging.params import (
    Boolean,
    Choice,
    Integer,
    Kind,
    Number,
    ParamInfo,
    Text,
    build,
    declared,
    field_types,
    one_of,
    param,
)
from qis_core.settings import Settings, section, setting


@section("lamp")
@dataclass(frozen=True, kw_only=True)
class LampSettings:
    brightest: int = setting(7, help="Brightest")
    colors: tuple[str, ...] = setting(("red", "blue"), help="Colours")


@dataclass(frozen=True, slots=True)
class LampParams:
    """One parameter of each kind."""

    percent: int = param("lamp", Integer(0, lambda settings: settings[LampSettings].brightest), default=3, help="Light")
    warmth: float = param("warmth", Number(-1, 1), default=0.0, help="Warmth", unit="K", key="lamp_warmth")
    color: str | None = param("color", Choice(lambda settings: settings[LampSettings].colors), help="Colour")
    is_on: bool = param("on", Boolean(), default=False, help="On or off", key=None)
    label: str | None = param("label", Text(5), help="Words", url=False)


@pytest.fixture
def table() -> ParameterTable:
    return ParameterTable(
        [*core_params(("jpg", "png", "auto")), *bound_params(LampParams, "lamp", Settings.of(LampSettings()))]
    )


INTEGER, NUMBER, BOOLEAN = Integer(-5, 15000), Number(-360, 360), Boolean()
CHOICE, TEXT = Choice(("rgb", "gray"), {"srgb": "rgb", "grey": "gray"}), Text(5)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (INTEGER, "200", 200),
        (INTEGER, " +7 ", 7),
        (INTEGER, "-5", -5),
        (INTEGER, "007", 7),
        (INTEGER, "", 0),
        (INTEGER, "  ", 0),
        (NUMBER, "45", 45.0),
        (NUMBER, " -0.5 ", -0.5),
        (NUMBER, ".5", 0.5),
        (NUMBER, "1.", 1.0),
        (NUMBER, "1e2", 100.0),
        (NUMBER, "1.5E-3", 0.0015),
        (NUMBER, "0.123456789", 0.12346),
        (NUMBER, "", 0.0),
        (NUMBER, "inf", float("inf")),
        (BOOLEAN, "1", True),
        (BOOLEAN, " T ", True),
        (BOOLEAN, "y", True),
        (BOOLEAN, "TRUE", True),
        (BOOLEAN, "Yes", True),
        (BOOLEAN, "0", False),
        (BOOLEAN, "on", False),
        (BOOLEAN, "2", False),
        (BOOLEAN, "junk", False),
        (BOOLEAN, "", False),
        (CHOICE, " SRGB ", "srgb"),
        (CHOICE, "", None),
        (CHOICE, "  ", None),
        (TEXT, "Abc d", "Abc d"),
        (TEXT, "", None),
    ],
)
def test_text_means_a_value(kind: Kind, text: str, value: object) -> None:
    parsed = kind.parse(text)
    assert parsed == value
    assert type(parsed) is type(value)


def test_a_negative_zero_is_zero() -> None:
    assert str(NUMBER.parse("-0.000001")) == "0.0"
    assert str(NUMBER.check(-0.0)) == "0.0"


@pytest.mark.parametrize("text", ["abc", "1e2", "200.0", "1_000", "0x10", "--1", "1 2", "１２", "٣", "1\x00"])
def test_text_that_is_no_integer(text: str) -> None:
    with pytest.raises(ValueError, match="is not an integer; expected an integer from -5 to 15000"):
        INTEGER.parse(text)


@pytest.mark.parametrize("text", ["abc", "nan", "NaN", "-nan", "1_0.5", "1,5", "0x1p3", "e5", ".", "1e", "1e1.5", "٣"])
def test_text_that_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number; expected a number from -360 to 360"):
        NUMBER.parse(text)


@pytest.mark.parametrize(("kind", "digits"), [(INTEGER, 19), (INTEGER, 5000)])
def test_a_number_of_many_digits_is_out_of_range(kind: Kind, digits: int) -> None:
    with pytest.raises(ValueError, match="9…' is out of range" if digits > 40 else "is out of range"):
        kind.parse("9" * digits)


def test_long_wrong_text_is_not_repeated_in_full() -> None:
    with pytest.raises(ValueError, match="is not an integer") as caught:
        INTEGER.parse("x" * 5000)
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (INTEGER, -5),
        (INTEGER, 15000),
        (NUMBER, -360.0),
        (NUMBER, 360.0),
        (BOOLEAN, False),
        (CHOICE, "gray"),
        (TEXT, "a"),
        (TEXT, "abcde"),
    ],
)
def test_bounds_are_inclusive(kind: Kind, value: object) -> None:
    assert kind.check(value) == value


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (INTEGER, -6, "-6 is out of range; expected an integer from -5 to 15000"),
        (INTEGER, 15001, "15001 is out of range"),
        (NUMBER, 360.1, "360.1 is out of range; expected a number from -360 to 360"),
        (NUMBER, float("inf"), "inf is out of range"),
        (NUMBER, float("nan"), "nan is out of range"),
        (CHOICE, "cmyk", "'cmyk' is not a valid choice; expected one of rgb, gray"),
        (TEXT, "abcdef", "6 is out of range, too long; expected 1 to 5 characters"),
        (Text(5, 3), "ab", "2 is out of range, too short; expected 3 to 5 characters"),
        (Choice(()), "x", "'x' is not a valid choice; expected nothing: no choice is installed"),
    ],
)
def test_values_out_of_range(kind: Kind, value: object, message: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is compared below
        kind.check(value)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (INTEGER, "5"),
        (INTEGER, 5.0),
        (INTEGER, True),
        (INTEGER, None),
        (NUMBER, "5"),
        (NUMBER, False),
        (BOOLEAN, 1),
        (BOOLEAN, "true"),
        (CHOICE, 1),
        (TEXT, 1),
        (TEXT, ["a"]),
        (CHOICE, {"a": 1}),
    ],
)
def test_values_of_another_type_are_refused(kind: Kind, value: object) -> None:
    with pytest.raises(ValueError, match="is not right; expected"):
        kind.check(value)


@pytest.mark.parametrize(
    ("kind", "value", "canonical"),
    [
        (NUMBER, 45, 45.0),
        (NUMBER, 0.1234567, 0.12346),
        (CHOICE, "SRGB", "rgb"),
        (CHOICE, " grey ", "gray"),
    ],
)
def test_checking_gives_the_canonical_value(kind: Kind, value: object, canonical: object) -> None:
    checked = kind.check(value)
    assert checked == canonical
    assert type(checked) is type(canonical)


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (INTEGER, -5, "-5"),
        (NUMBER, 100.0, "100"),
        (NUMBER, 0.0, "0"),
        (NUMBER, 0.5, "0.5"),
        (NUMBER, 0.00001, "0.00001"),
        (BOOLEAN, True, "1"),
        (BOOLEAN, False, "0"),
        (CHOICE, "rgb", "rgb"),
        (TEXT, "a b", "a b"),
    ],
)
def test_values_are_written_the_shortest_way(kind: Kind, value: object, text: str) -> None:
    assert kind.format(value) == text


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        (INTEGER, {"type": "integer", "minimum": -5, "maximum": 15000}),
        (NUMBER, {"type": "number", "minimum": -360, "maximum": 360}),
        (CHOICE, {"type": "string", "enum": ["rgb", "gray", "srgb", "grey"]}),
        (TEXT, {"type": "string", "minLength": 1, "maxLength": 5}),
        (BOOLEAN, {"type": "string", "enum": ["1", "0", "true", "false", "yes", "no"]}),
    ],
)
def test_kinds_have_a_schema(kind: Kind, schema: dict[str, object]) -> None:
    assert kind.schema() == schema


def test_long_lists_of_choices_are_cut() -> None:
    names = [f"name{number}" for number in range(25)]
    assert one_of(names).endswith("name19 and 5 more")
    assert one_of(names[:20]).endswith("name18, name19")
    assert one_of(["only"]) == "one of only"
    with pytest.raises(ValueError, match="and 5 more"):
        Choice(tuple(names)).check("x")


def test_bounds_and_choices_come_from_the_settings() -> None:
    settings = Settings.of(LampSettings(brightest=2, colors=("green",)))
    infos = {one.info.name: one.info for one in bound_params(LampParams, "lamp", settings)}
    assert infos["lamp"].kind == Integer(0, 2)
    assert infos["color"].kind == Choice(("green",))
    assert infos["warmth"].kind == Number(-1, 1)
    assert infos["on"].kind == Boolean()
    assert infos["label"].kind == Text(5)
    number = Number(lambda given: -given[LampSettings].brightest, 1)
    assert number.bind(settings) == Number(-2, 1)


def test_a_declaration_tells_everything() -> None:
    percent, warmth, color, is_on, label = declared(LampParams)
    assert (percent.name, percent.field, percent.key, percent.default) == ("lamp", "percent", "lamp", 3)
    assert (warmth.key, warmth.unit, warmth.help) == ("lamp_warmth", "K", "Warmth")
    assert (color.default, is_on.key, label.url, is_on.url) == (None, None, False, True)


def test_building_takes_defaults_for_what_is_missing() -> None:
    assert build(LampParams, {"lamp": 5, "on": True, "width": 9}) == LampParams(percent=5, is_on=True)
    assert build(LampParams, {}) == LampParams()


def test_field_types_are_the_annotations() -> None:
    assert field_types(LampParams)["percent"] is int


def test_faults_name_the_parameter() -> None:
    info = ParamInfo("width", Integer(0, 9), 0, "Width", "width", "width")
    with pytest.raises(
        InvalidRequest, match=r"^width: 'x' is not an integer; expected an integer from 0 to 9$"
    ) as caught:
        info.parse("x")
    assert caught.value.parameter == "width"
    with pytest.raises(InvalidRequest, match=r"^width: 10 is out of range"):
        info.check(10)


class TestTable:
    def test_it_holds_everything_with_its_owner(self, table: ParameterTable) -> None:
        owners = {one.info.name: one.owner for one in table}
        assert owners["quality"] == "qis"
        assert owners["warmth"] == "lamp"
        assert "warmth" in table
        assert "nothing" not in table
        assert table.get("format").kind == Choice(("jpg", "png", "auto"))

    def test_a_query_becomes_typed_values(self, table: ParameterTable) -> None:
        query = [("quality", "80"), ("warmth", "0.5"), ("on", "yes"), ("color", "RED"), ("format", "PNG")]
        assert table.parse(query) == {"quality": 80, "warmth": 0.5, "on": True, "color": "red", "format": "png"}

    def test_the_first_of_a_repeated_name_wins(self, table: ParameterTable) -> None:
        assert table.parse([("lamp", "1"), ("lamp", "junk"), ("lamp", "2")]) == {"lamp": 1}
        assert table.parse([("color", ""), ("color", "red")]) == {}

    @pytest.mark.parametrize("name", ["LAMP", "foo", "", "label", "expires", "src", "lamp_warmth"])
    def test_unknown_names_and_those_of_templates_are_ignored(self, table: ParameterTable, name: str) -> None:
        assert table.parse([(name, "5")]) == {}

    def test_blank_numbers_are_zero_and_blank_texts_are_not_given(self, table: ParameterTable) -> None:
        query = [("lamp", ""), ("warmth", ""), ("on", ""), ("color", ""), ("format", " ")]
        assert table.parse(query) == {"lamp": 0, "warmth": 0.0, "on": False}

    def test_parsing_checks_types_and_not_ranges(self, table: ParameterTable) -> None:
        assert table.parse([("lamp", "99"), ("color", "pink")]) == {"lamp": 99, "color": "pink"}
        with pytest.raises(InvalidRequest, match=r"^lamp: 'x' is not an integer"):
            table.parse([("lamp", "x")])

    def test_checking_finds_what_is_out_of_range(self, table: ParameterTable) -> None:
        assert table.check({"lamp": 7, "warmth": 1}) == {"lamp": 7, "warmth": 1.0}
        with pytest.raises(InvalidRequest, match=r"^lamp: 8 is out of range; expected an integer from 0 to 7"):
            table.check({"lamp": 8})

    def test_one_name_has_one_owner(self, table: ParameterTable) -> None:
        again = next(one for one in table if one.info.name == "lamp")
        with pytest.raises(PluginError, match=r"^parameter 'lamp' is claimed by 'lamp' and by 'torch'$"):
            ParameterTable([*table, OwnedParam(again.info, "torch")])

    def test_one_template_attribute_has_one_owner(self, table: ParameterTable) -> None:
        info = ParamInfo("torch", Integer(0, 9), 0, "Torch", "torch", "lamp_warmth")
        with pytest.raises(
            PluginError, match=r"^template attribute 'lamp_warmth' is claimed by 'lamp' and by 'torch'$"
        ):
            ParameterTable([*table, OwnedParam(info, "torch")])

    @pytest.mark.parametrize("name", sorted(RESERVED_NAMES))
    def test_names_with_a_meaning_cannot_be_claimed(self, name: str) -> None:
        info = ParamInfo(name, Integer(0, 9), 0, "Torch", "torch", None)
        with pytest.raises(PluginError, match=rf"^parameter '{name}' of 'torch' has a name with a meaning of its own$"):
            ParameterTable([OwnedParam(info, "torch")])


class TestTemplates:
    def test_stored_attributes_become_url_values(self, table: ParameterTable) -> None:
        stored = {
            "lamp_warmth": {"value": 1},
            "lamp": {"value": 5, "override": "lte"},
            "expiry_secs": {"value": 60, "override": "no"},
            "record_stats": {"value": False, "override": "yes"},
            "attachment": {"value": True},
            "label": {"value": "abc"},
        }
        template = table.template("T", stored, "words")
        assert template.values == {
            "warmth": 1.0, "lamp": 5, "expires": 60, "stats": False, "attach": True, "label": "abc",
        }  # fmt: skip
        assert {name: lock.value for name, lock in template.locks.items()} == {"lamp": "lte", "expires": "no"}
        assert (template.name, template.description) == ("T", "words")

    def test_storing_undoes_reading(self, table: ParameterTable) -> None:
        stored = {
            "lamp_warmth": {"value": 0.5, "override": "gte"},
            "dpi_x": {"value": 300},
            "quality": {"value": 80, "override": "no"},
        }
        assert table.stored(table.template("T", stored)) == stored

    def test_url_names_and_second_keys_are_understood(self, table: ParameterTable) -> None:
        for key in ("dpi", "dpi_x", "dpi_y"):
            assert table.template("T", {key: {"value": 72}}).values == {"dpi": 72}
        assert table.template("T", {"warmth": {"value": 1}}).values == {"warmth": 1.0}

    @pytest.mark.parametrize("entry", [{}, {"value": None}, {"value": ""}])
    def test_blank_attributes_are_not_set(self, table: ParameterTable, entry: dict[str, object]) -> None:
        assert table.template("T", {"color": entry, "lamp": entry}).values == {}

    @pytest.mark.parametrize("value", [0, False])
    def test_zero_and_false_are_values(self, table: ParameterTable, value: object) -> None:
        key = "record_stats" if value is False else "lamp"
        assert list(table.template("T", {key: {"value": value}}).values.values()) == [value]

    @pytest.mark.parametrize("key", ["on", "xref", "cache", "recache", "src", "WIDTH", "colour", ""])
    def test_other_attributes_are_refused(self, table: ParameterTable, key: str) -> None:
        with pytest.raises(InvalidRequest, match="not a template attribute; expected one of attachment, ") as caught:
            table.template("T", {key: {"value": 1}})
        assert caught.value.parameter == key

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("quality", 0),
            ("quality", 101),
            ("expiry_secs", -2),
            ("expiry_secs", 31_536_001),
            ("lamp", 8),
            ("lamp", "5"),
            ("lamp", 1.5),
            ("record_stats", "yes"),
            ("format", "eggs"),
            ("color", ["red"]),
        ],
    )
    def test_case_107_values_are_checked_like_those_of_urls(
        self, table: ParameterTable, key: str, value: object
    ) -> None:
        with pytest.raises(InvalidRequest, match="expected"):
            table.template("T", {key: {"value": value}})

    @pytest.mark.parametrize("rule", ["maybe", None, 1, "", ["no"]])
    def test_unknown_locks_are_refused(self, table: ParameterTable, rule: object) -> None:
        with pytest.raises(InvalidRequest, match=r"^lamp: override .* expected one of yes, no, lte, gte$"):
            table.template("T", {"lamp": {"value": 1, "override": rule}})

    @pytest.mark.parametrize(
        ("key", "text", "value"),
        [
            ("quality", "80", 80),
            ("lamp_warmth", "-0.5", -0.5),
            ("record_stats", "no", False),
            ("format", " JPG", "jpg"),
            ("label", "Aa", "Aa"),
            ("format", "", None),
            ("lamp", "", 0),
            ("dpi_y", "72", 72),
        ],
    )
    def test_values_from_a_shell(self, table: ParameterTable, key: str, text: str, value: object) -> None:
        assert table.parse_text(key, text) == value

    @pytest.mark.parametrize(("key", "text"), [("quality", "0"), ("quality", "x"), ("on", "1"), ("nonsense", "1")])
    def test_wrong_values_from_a_shell(self, table: ParameterTable, key: str, text: str) -> None:
        with pytest.raises(InvalidRequest, match="expected") as caught:
            table.parse_text(key, text)
        assert caught.value.parameter == key


def test_core_parameters_have_their_documented_bounds() -> None:
    infos = {one.info.name: one.info for one in core_params(("jpg",))}
    assert infos["page"].kind == Integer(0, 999_999)
    assert infos["quality"].kind == Integer(1, 100)
    assert infos["dpi"].kind == Integer(0, 32_000)
    assert infos["expires"].kind == Integer(-1, 31_536_000)
    assert not infos["expires"].url
    with pytest.raises(InvalidRequest, match=r"^xref: 1025 is out of range, too long"):
        infos["xref"].check("x" * 1025)
    assert infos["xref"].check("x" * 1024) == "x" * 1024


def test_info_can_be_copied_with_another_kind() -> None:
    (info, *_) = declared(LampParams)
    assert replace(info, kind=Boolean()).field == "percent"
